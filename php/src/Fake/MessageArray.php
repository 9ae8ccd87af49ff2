<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\Message;
use Squeeze\Graph\Messages;

/**
 * A list of messages that is read anew at each walk.
 *
 * @internal
 */
final class MessageArray implements Messages
{
    /**
     * @param \Closure(): list<Message> $read
     * @param \Closure(): int $count
     */
    public function __construct(private readonly \Closure $read, private readonly \Closure $count)
    {
    }

    /** @return \Iterator<int, Message> */
    public function getIterator(): \Iterator
    {
        return new \ArrayIterator(($this->read)());
    }

    public function total(): int
    {
        return ($this->count)();
    }
}
