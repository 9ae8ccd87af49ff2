<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A mail address with the name beside it. */
final class Address implements \JsonSerializable
{
    use Polyfill\PlainValue;

    public readonly ?string $name;
    public readonly string $address;
}
