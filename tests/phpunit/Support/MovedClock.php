<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * The wall clock of other PHP processes, set as a test wants it; what they run can set it, too.
 *
 * Only the wall clock: what counts the seconds since boot goes on, as on a machine whose clock is set.
 */
final class MovedClock
{
    private string $file;

    public function __construct(private string $folder)
    {
        $this->file = $folder . '/clock';
        file_put_contents($this->file, pack('q2', 0, 0));
    }

    /**
     * @param int $seconds how far the clock is from the right time
     */
    public function move(int $seconds): void
    {
        $this->write($seconds, 0);
    }

    public function stopAt(int $instant): void
    {
        $this->write(0, $instant);
    }

    /**
     * Statements that define `stop_clock_at(int $instant)` and `move_clock(int $seconds)` in such a process.
     */
    public static function functions(): string
    {
        return <<<'PHP'
            function set_clock(int ...$setting): void { $file = fopen(getenv('MOVED_CLOCK'), 'r+'); fwrite($file, pack('q2', ...$setting)); fclose($file); }
            function stop_clock_at(int $instant): void { set_clock(0, $instant); }
            function move_clock(int $seconds): void { set_clock($seconds, 0); }
            PHP;
    }

    /**
     * @return array<string, string> the environment of a process that shall have this clock
     */
    public function environment(): array
    {
        return ['LD_PRELOAD' => $this->library(), 'MOVED_CLOCK' => $this->file];
    }

    private function write(int ...$setting): void
    {
        // In place: the file is mapped, and must not become shorter for a moment.
        $file = fopen($this->file, 'r+');
        fwrite($file, pack('q2', ...$setting));
        fclose($file);
    }

    private function library(): string
    {
        $library = $this->folder . '/clock.so';
        if (!is_file($library)) {
            exec(sprintf('cc -shared -fPIC -O1 -o %s %s 2>&1', escapeshellarg($library), escapeshellarg(__DIR__ . '/clock.c')), $output, $status);
            if ($status !== 0) {
                throw new \RuntimeException("clock.c can not be compiled:\n" . implode("\n", $output));
            }
        }

        return $library;
    }
}
