<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * The extension's list of messages as {@see Messages}: an extension can not implement an interface of a library.
 *
 * @internal
 */
final class ExtensionMessages implements Messages
{
    public function __construct(private readonly MessageList $list)
    {
    }

    /** @return \Iterator<int, Message> */
    public function getIterator(): \Iterator
    {
        return $this->list->getIterator();
    }

    public function total(): int
    {
        return $this->list->total();
    }
}
