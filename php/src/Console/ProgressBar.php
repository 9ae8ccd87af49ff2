<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * One line that is drawn again and again on a terminal, and nothing anywhere else.
 */
final class ProgressBar
{
    private const WIDTH = 24;

    private bool $drawn = false;
    private readonly bool $shown;

    /**
     * @param resource $stream
     */
    public function __construct(private readonly mixed $stream)
    {
        $this->shown = stream_isatty($stream);
    }

    public function show(int $done, int $total, string $label): void
    {
        if (!$this->shown) {
            return;
        }
        $filled = $total > 0 ? intdiv(self::WIDTH * min($done, $total), $total) : 0;
        $bar = str_repeat('█', $filled) . str_repeat('░', self::WIDTH - $filled);
        fwrite($this->stream, sprintf("\r\e[K%s %d/%d  %s", $bar, $done, $total, $label));
        $this->drawn = true;
    }

    /**
     * Makes room for a line of text.
     */
    public function clear(): void
    {
        if ($this->drawn) {
            fwrite($this->stream, "\r\e[K");
            $this->drawn = false;
        }
    }
}
