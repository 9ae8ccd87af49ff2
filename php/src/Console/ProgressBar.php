<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * One line that is drawn again and again on a terminal, and nothing anywhere else: neither in a log nor on a terminal that
 * can not go back in a line.
 */
final class ProgressBar
{
    private const WIDTH = 24;

    private bool $drawn = false;
    private readonly bool $shown;
    private ?int $columns = null;

    /**
     * @param resource $stream
     */
    public function __construct(private readonly mixed $stream)
    {
        $this->shown = stream_isatty($stream) && !in_array(getenv('TERM'), ['dumb', ''], true);
    }

    public function show(int $done, int $total, string $label): void
    {
        $filled = $total > 0 ? intdiv(self::WIDTH * min($done, $total), $total) : 0;
        $bar = str_repeat('█', $filled) . str_repeat('░', self::WIDTH - $filled);
        $this->announce(sprintf('%s %d/%d  %s', $bar, $done, $total, $label));
    }

    /** What is going on, where nobody knows how much of it is done. */
    public function announce(string $text): void
    {
        if ($this->shown) {
            // A line that goes on below could not be wiped away.
            $width = ($this->columns ??= self::columns()) - 1;
            $text = function_exists('mb_strimwidth') ? mb_strimwidth($text, 0, $width, '…') : substr($text, 0, $width);
            fwrite($this->stream, "\r\e[K" . $text);
            $this->drawn = true;
        }
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

    private static function columns(): int
    {
        $size = explode(' ', trim((string) @shell_exec('stty size </dev/tty 2>/dev/null')));
        $told = (int) ($size[1] ?? 0) ?: (int) getenv('COLUMNS');

        return $told > self::WIDTH ? $told : 80;
    }
}
