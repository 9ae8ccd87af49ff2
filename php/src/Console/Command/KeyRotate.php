<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\KeyFile;
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

    protected function takesSeveralStores(InputInterface $input): bool
    {
        return true;
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        // The store and its key exist from here on, and the key file is the one in force.
        $this->client->listAccounts();
        $file = (string) ini_get('squeeze_graph.key_file');
        if ($file === '') {
            $file = ini_get('squeeze_graph.store') . '.key';
        }
        $keys = new KeyFile($file, $this->application->words);
        $new = bin2hex(random_bytes(32)) . "\n";
        $keys->replace($new . $keys->read());
        $rows = $this->client->resealStore();
        $keys->replace($new);
        if (self::wantsJson($input)) {
            $this->json($output, 'rotated', ['keyFile' => $file, 'rows' => $rows]);
        } else {
            $output->writeln(sprintf('<info>✓</info> %s', $this->text('%d rows are sealed with the new key. Back up %s.', $rows, $file)));
        }

        return ExitCode::AllWell;
    }
}
