<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * A line of the log: when, how bad and what, and whatever else it says.
 */
final class LogRecord
{
    /** @param array<array-key, mixed> $facts all that the line says, by name */
    private function __construct(
        public readonly string $time,
        public readonly string $level,
        public readonly string $message,
        public readonly array $facts,
    ) {
    }

    /** Null: the line is none. */
    public static function read(string $line): ?self
    {
        $facts = json_decode($line, true);
        if (!is_array($facts)) {
            return null;
        }
        [$time, $level, $message] = [$facts['time'] ?? null, $facts['level'] ?? null, $facts['message'] ?? null];
        if (!is_string($level) || !is_string($message) || !is_string($time)) {
            return null;
        }

        return preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/D', $time) === 1 ? new self($time, $level, $message, $facts) : null;
    }

    /** A fact that is a text; null: it is not there, or none. */
    public function text(string $name): ?string
    {
        $fact = $this->facts[$name] ?? null;

        return is_string($fact) ? $fact : null;
    }
}
