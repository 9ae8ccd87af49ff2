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
     * @param \Closure(array<array-key, mixed>): bool $wanted
     * @return list<array<array-key, mixed>> each with `time`, `level` and `message`
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
            $record = json_decode($lines[$line], true);
            if (is_array($record) && $this->isRecord($record) && $wanted($record)) {
                $records[] = $record;
            }
        }

        return $records;
    }

    /** @param array<array-key, mixed> $record */
    private function isRecord(array $record): bool
    {
        $time = $record['time'] ?? null;

        return is_string($record['level'] ?? null)
            && is_string($record['message'] ?? null)
            && is_string($time)
            && preg_match('/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/D', $time) === 1;
    }
}
