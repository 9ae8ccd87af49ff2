<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Symfony\Component\Console\Exception\RuntimeException;

/**
 * The key file of a store, held while its key is changed: of two rotations at once the second would take out a key that the first still needs.
 *
 * The lock is on the file that stands there now and passes to the one that replaces it. It ends with its process, so a rotation that was
 * killed is in nobody's way; the next one goes on from what it left.
 */
final class KeyFile
{
    /** @var resource */
    private $held;

    /**
     * @throws RuntimeException it can not be read, or another rotation is running
     */
    public function __construct(private readonly string $path, private readonly Words $words)
    {
        $held = @fopen($path, 'rb');
        if ($held === false) {
            throw new RuntimeException($words->text('The key is not in a file (%s): rotate it where it comes from.', $path));
        }
        if (!flock($held, LOCK_EX | LOCK_NB) || !$this->stillIs($held)) {
            throw new RuntimeException($words->text('Another rotation of the key is running (%s).', $path));
        }
        $this->held = $held;
        // Of a rotation that was killed before this file had its name: nothing was ever sealed with it.
        @unlink($this->next());
    }

    /** The keys that it holds, one a line. */
    public function read(): string
    {
        return (string) stream_get_contents($this->held, -1, 0);
    }

    /**
     * Replaces it, with its owner and mode: a reader sees the one or the other whole.
     *
     * @throws RuntimeException it can not be written; the old one stays
     */
    public function replace(#[\SensitiveParameter] string $keys): void
    {
        $new = $this->next();
        $before = umask(0077);
        $stream = @fopen($new, 'xb');
        umask($before);
        if ($stream === false) {
            throw new RuntimeException($this->words->text('%s can not be made', $new));
        }
        $owner = (int) fileowner($this->path);
        $group = (int) filegroup($this->path);
        $written = flock($stream, LOCK_EX) && fwrite($stream, $keys) === strlen($keys) && fsync($stream);
        if (!$written || ((int) fileowner($new) !== $owner && !chown($new, $owner)) || !chgrp($new, $group) || !rename($new, $this->path)) {
            @unlink($new);

            throw new RuntimeException($this->words->text('%s can not be written', $this->path));
        }
        $this->held = $stream;
    }

    private function next(): string
    {
        return $this->path . '.new';
    }

    /**
     * Whether what was opened is what stands there now: a rotation may have replaced it in between.
     *
     * @param resource $opened
     */
    private function stillIs($opened): bool
    {
        clearstatcache(true, $this->path);
        $there = @stat($this->path);
        $here = fstat($opened);

        return $there !== false && $here !== false && [$there['dev'], $there['ino']] === [$here['dev'], $here['ino']];
    }
}
