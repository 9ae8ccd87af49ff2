<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * A small disk of its own (tmpfs), which a test can fill, make read-only and mend. Mounting needs the right to: see available().
 */
final class Disk
{
    private static ?bool $available = null;

    public function __construct(public readonly string $folder, string $size)
    {
        mkdir($folder, 0700);
        if (!self::mount('-t', 'tmpfs', '-o', 'mode=0700,size=' . $size, 'tmpfs', $folder)) {
            throw new \RuntimeException('a disk can not be mounted here');
        }
    }

    /**
     * Whether this process may mount: as root, and not in every container.
     */
    public static function available(): bool
    {
        if (self::$available === null) {
            $folder = sys_get_temp_dir() . '/squeeze-graph-disk-' . bin2hex(random_bytes(6));
            try {
                (new self($folder, '64k'))->remove();
                self::$available = true;
            } catch (\RuntimeException) {
                self::$available = false;
            }
            @rmdir($folder);
        }

        return self::$available;
    }

    /**
     * Takes all room but so many bytes.
     */
    public function fill(int $left = 0): void
    {
        $file = fopen($this->folder . '/filler', 'c');
        fseek($file, 0, SEEK_END);
        while (@fwrite($file, str_repeat('x', 4096)) === 4096 && fflush($file)) {
        }
        fclose($file);
        if ($left > 0) {
            $file = fopen($this->folder . '/filler', 'r+');
            ftruncate($file, max(0, fstat($file)['size'] - $left));
            fclose($file);
        }
    }

    public function clear(): void
    {
        @unlink($this->folder . '/filler');
    }

    /**
     * Read-only or writable. A disk with a file that is open for writing can not be made read-only: nobody may have the store open.
     */
    public function setReadOnly(bool $readOnly): void
    {
        if (!self::mount('-o', $readOnly ? 'remount,ro' : 'remount,rw', $this->folder)) {
            throw new \RuntimeException('the disk is in use');
        }
    }

    public function remove(): void
    {
        self::run('umount', '-l', $this->folder);
    }

    private static function mount(string ...$arguments): bool
    {
        return self::run('mount', ...$arguments);
    }

    private static function run(string ...$command): bool
    {
        $process = proc_open($command, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', '/dev/null', 'w']], $pipes);

        return $process !== false && proc_close($process) === 0;
    }
}
