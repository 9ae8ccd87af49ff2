<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * What came of one row at one distance.
 */
final class Line implements \JsonSerializable
{
    /**
     * @param array<string, list<Run>> $runs by way
     */
    public function __construct(public readonly Row $row, public readonly int $latency, private readonly array $runs)
    {
    }

    public function has(string $way): bool
    {
        return isset($this->runs[$way]);
    }

    /** Median of the seconds. */
    public function seconds(string $way): float
    {
        return self::median(array_map(static fn (Run $run): float => $run->seconds, $this->runs[$way]));
    }

    /** Median of the client's processor time, seconds. */
    public function cpu(string $way): float
    {
        return self::median(array_map(static fn (Run $run): float => $run->cpu, $this->runs[$way]));
    }

    /** Time as a share of the plain script's. */
    public function ratio(string $way = 'ours'): float
    {
        return $this->seconds($way) / $this->seconds('plain');
    }

    /** Processor time as a share of the plain script's. */
    public function cpuRatio(string $way = 'ours'): float
    {
        return $this->cpu($way) / max(1e-4, $this->cpu('plain'));
    }

    public function target(): ?float
    {
        return $this->row->targets()[$this->latency] ?? null;
    }

    public function holds(): bool
    {
        return $this->target() === null || round($this->ratio(), 3) <= $this->target();
    }

    /** The first run, for what is counted rather than timed. */
    public function first(string $way): Run
    {
        return $this->runs[$way][0];
    }

    /** The most of any run. */
    public function most(string $way, string $what): int
    {
        return max(array_map(static fn (Run $run): int => $what === 'peak' ? $run->peak : $run->{$what}(), $this->runs[$way]));
    }

    /** A line for whoever waits. */
    public function told(): string
    {
        $ways = '';
        foreach (array_keys($this->runs) as $way) {
            $run = $this->first($way);
            $ways .= sprintf('  %s %s (cpu %s, %d req, %d conn, %d hs, %.0f MB)', $way, self::time($this->seconds($way)), self::time($this->cpu($way)), $run->requests(), $run->connections(), $run->handshakes(), $run->peak / 1e6);
        }

        return sprintf(
            '%-13s %2d ms  ratio %.3f%s cpu %.2f%s',
            $this->row->name(),
            $this->latency,
            $this->ratio(),
            $this->target() === null ? '' : sprintf(' (≤ %s %s)', $this->target(), $this->holds() ? '✓' : '✗'),
            $this->cpuRatio(),
            $ways,
        );
    }

    public function jsonSerialize(): mixed
    {
        $ways = [];
        foreach (array_keys($this->runs) as $way) {
            $ways[$way] = [
                'seconds' => array_map(static fn (Run $run): float => round($run->seconds, 6), $this->runs[$way]),
                'median' => round($this->seconds($way), 6),
                'cpu' => round($this->cpu($way), 6),
                'requests' => $this->first($way)->requests(),
                'connections' => $this->first($way)->connections(),
                'handshakes' => $this->first($way)->handshakes(),
                'in_flight' => $this->most($way, 'inFlight'),
                'peak' => $this->most($way, 'peak'),
            ];
        }

        return ['row' => $this->row->name(), 'latency' => $this->latency, 'ratio' => round($this->ratio(), 4), 'target' => $this->target(), 'holds' => $this->holds(), 'ways' => $ways];
    }

    public static function time(float $seconds): string
    {
        return $seconds < 0.1 ? sprintf('%.1f ms', $seconds * 1e3) : ($seconds < 1 ? sprintf('%.0f ms', $seconds * 1e3) : sprintf('%.2f s', $seconds));
    }

    /**
     * @param list<float> $values
     */
    public static function median(array $values): float
    {
        sort($values);
        $middle = intdiv(count($values), 2);

        return count($values) % 2 === 1 ? $values[$middle] : ($values[$middle - 1] + $values[$middle]) / 2;
    }
}
