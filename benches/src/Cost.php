<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * A figure with a limit.
 */
final class Cost implements \JsonSerializable
{
    public function __construct(public readonly string $what, public readonly float $is, public readonly float $most, public readonly string $unit)
    {
    }

    public function holds(): bool
    {
        return round($this->is, 1) <= $this->most;
    }

    public function told(): string
    {
        return sprintf('%-56s %s (≤ %s %s)', $this->what, $this->text(), $this->most, $this->holds() ? '✓' : '✗');
    }

    public function text(): string
    {
        return trim((fmod($this->is, 1.0) === 0.0 ? (string) (int) $this->is : sprintf('%.1f', $this->is)) . ' ' . $this->unit);
    }

    public function jsonSerialize(): mixed
    {
        return ['what' => $this->what, 'is' => round($this->is, 2), 'most' => $this->most, 'unit' => $this->unit, 'holds' => $this->holds()];
    }
}
