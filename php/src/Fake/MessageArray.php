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
    private function __construct(private readonly \Closure $read, private readonly \Closure $count)
    {
    }

    /**
     * What fits a query, of messages in the order of their receipt.
     *
     * @param \Closure(): list<Message> $read
     */
    public static function query(\Closure $read, ?int $limit, ?\DateTimeInterface $since, bool $unreadOnly, bool $newestFirst): self
    {
        $all = static fn (): array => array_values(array_filter(
            $read(),
            static fn (Message $message): bool => ($since === null || $message->receivedAt >= $since)
                && !($unreadOnly && $message->isRead),
        ));

        return new self(
            static fn (): array => array_slice($newestFirst ? array_reverse($all()) : $all(), 0, $limit),
            static fn (): int => count($all()),
        );
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
