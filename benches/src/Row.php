<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * One job, done in up to three ways that must come to the same result.
 *
 * `prepare` and `end` run in the bench itself; `ours`, `plain` and `batch` run in a new process each, which is what is measured.
 */
abstract class Row
{
    /** What it is called on the command line. */
    abstract public function name(): string;

    /** What it is called in the table. */
    abstract public function title(): string;

    /**
     * The most that ours may take, as a share of the plain script's time.
     *
     * @return array<int, float> latency in milliseconds => ratio
     */
    abstract public function targets(): array;

    /** A row whose runs take half a minute needs no more rounds than this. */
    public function mostRounds(): int
    {
        return 9;
    }

    /** Made once for each latency, before the first run. */
    public function setUp(Scene $scene): void
    {
    }

    /**
     * Puts everything into the state in which a run begins.
     *
     * @return array<string, mixed> what the run is told, beside where the server is
     */
    abstract public function prepare(Scene $scene, string $way): array;

    /**
     * @param array<string, mixed> $given
     */
    abstract public function ours(array $given): mixed;

    /**
     * @param array<string, mixed> $given
     */
    abstract public function plain(array $given): mixed;

    /**
     * With curl_multi and `$batch`; null where that changes nothing.
     *
     * @param array<string, mixed> $given
     */
    public function batch(array $given): mixed
    {
        return null;
    }

    /** Whether there is a way with curl_multi and `$batch`. */
    public function hasBatch(): bool
    {
        return (new \ReflectionMethod($this, 'batch'))->class !== self::class;
    }

    /** What the server says afterwards: has to be the same, too. */
    public function end(Scene $scene): mixed
    {
        return null;
    }

    /** Runs one way; most rows have it done by a process that measures itself. */
    public function run(Scene $scene, string $way): Run
    {
        return Run::inWorker($this, $scene, $way, $this->prepare($scene, $way));
    }
}
