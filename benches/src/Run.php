<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * What one run took and what came of it.
 */
final class Run
{
    /**
     * @param float $seconds by the clock
     * @param float $cpu user and system time of the client, seconds
     * @param int $peak bytes of memory at most
     * @param mixed $result what the ways must agree on
     * @param array<string, mixed> $counters of the server
     */
    public function __construct(
        public readonly float $seconds,
        public readonly float $cpu,
        public readonly int $peak,
        public readonly mixed $result,
        public readonly array $counters,
    ) {
    }

    /**
     * @param array<string, mixed> $given
     */
    public static function inWorker(Row $row, Scene $scene, string $way, array $given): self
    {
        $given += $scene->given();
        $scene->server->forget();
        $told = Process::worker($row, $way, $given, $scene);
        $counters = $scene->server->counters();
        // By the row's own words and by the server's.
        $result = ['said' => $told['result'], 'is' => $row->end($scene)];

        return new self($told['seconds'], $told['cpu'], $told['peak'], $result, $counters);
    }

    public function requests(): int
    {
        return $this->counters['requests'];
    }

    public function connections(): int
    {
        return $this->counters['connections'];
    }

    public function handshakes(): int
    {
        return $this->counters['full_handshakes'] + $this->counters['resumed_handshakes'];
    }

    /** The most requests at a time on one mailbox. */
    public function inFlight(): int
    {
        return max([0, ...array_map(static fn (array $mailbox): int => $mailbox['max'], array_values($this->counters['mailboxes']))]);
    }
}
