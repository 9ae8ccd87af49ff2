<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Symfony\Component\Console\Exception\RuntimeException;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Rotates the key of the store: a new one on top of the key file, everything sealed anew, the old ones out. Others may
 * read and write meanwhile.
 */
final class KeyRotate extends Command
{
    protected function configure(): void
    {
        $this->setName('key:rotate')->describe('Puts a new key into the key file and seals the store anew');
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        // The store and its key exist from here on, and the key file is the one in force.
        $this->client->listAccounts();
        $file = (string) ini_get('squeeze_graph.key_file');
        if ($file === '') {
            $file = ini_get('squeeze_graph.store') . '.key';
        }
        $old = @file_get_contents($file);
        if ($old === false) {
            throw new RuntimeException($this->text('The key is not in a file (%s): rotate it where it comes from.', $file));
        }
        $new = bin2hex(random_bytes(32)) . "\n";
        self::replace($file, $new . $old);
        $rows = $this->client->resealStore();
        self::replace($file, $new);
        if (self::wantsJson($input)) {
            self::json($output, 'rotated', ['keyFile' => $file, 'rows' => $rows]);
        } else {
            $output->writeln(sprintf('<info>✓</info> %s', $this->text('%d rows are sealed with the new key. Back up %s.', $rows, $file)));
        }

        return ExitCode::AllWell;
    }

    /** Beside the old file and renamed, with its owner and mode: a reader sees the one or the other whole. */
    private static function replace(string $file, string $text): void
    {
        $new = $file . '.new';
        $before = umask(0077);
        $stream = @fopen($new, 'xb');
        umask($before);
        if ($stream === false) {
            throw new RuntimeException(sprintf('%s can not be made', $new));
        }
        $owner = (int) fileowner($file);
        $group = (int) filegroup($file);
        $written = fwrite($stream, $text) === strlen($text) && fsync($stream) && fclose($stream);
        if (!$written || ((int) fileowner($new) !== $owner && !chown($new, $owner)) || !chgrp($new, $group) || !rename($new, $file)) {
            @unlink($new);

            throw new RuntimeException(sprintf('%s can not be written', $file));
        }
    }
}
