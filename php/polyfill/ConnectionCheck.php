<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** One check of a connection test. */
final class ConnectionCheck implements \JsonSerializable
{
    use Polyfill\PlainValue;

    /** A constant name, e.g. `folder_inbox`. */
    public readonly string $id;
    /** Its name in the language of `squeeze_graph.language`. */
    public readonly string $label;
    public readonly CheckStatus $status;
    /** What was seen, in the same language. */
    public readonly string $detail;
    public readonly ?Problem $problem;
}
