<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * The end of a log of JSON lines. However long the file is, only its last part is read.
 */
final class LogFile
{
    private const TAIL_BYTES = 262_144;

    public function __construct(private readonly string $path)
    {
    }

    /**
     * Records from the end; a line that is none is passed over.
     *
     * @param \Closure(LogRecord): bool $wanted
     * @return list<LogRecord>
     */
    public function newest(int $limit, \Closure $wanted): array
    {
        $file = @fopen($this->path, 'rb');
        if ($file === false) {
            return [];
        }
        $size = (int) (fstat($file)['size'] ?? 0);
        fseek($file, -min($size, self::TAIL_BYTES), SEEK_END);
        $tail = (string) stream_get_contents($file, self::TAIL_BYTES);
        fclose($file);
        $lines = explode("\n", $tail);
        if ($size > self::TAIL_BYTES) {
            // The first line is cut.
            array_shift($lines);
        }
        $records = [];
        for ($line = count($lines) - 1; $line >= 0 && count($records) < $limit; --$line) {
            $record = LogRecord::read($lines[$line]);
            if ($record !== null && $wanted($record)) {
                $records[] = $record;
            }
        }

        return $records;
    }
}
