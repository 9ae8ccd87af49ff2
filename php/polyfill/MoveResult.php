<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What became of one of several moves. */
final class MoveResult implements \JsonSerializable
{
    use Polyfill\PlainValue;

    /** The id as it was given. */
    public readonly string $id;
    /** The message afterwards; null if it was not moved. */
    public readonly ?Message $message;
    /** Why it was not moved. */
    public readonly ?Problem $problem;
}
