<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Squeeze\Graph\Account;
use Squeeze\Graph\Client;
use Squeeze\Graph\FolderNotFoundException;
use Squeeze\Graph\GraphException;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * The folders that imported and rejected mails go to, where a mailbox does not have them yet: offers to create them.
 */
final class MissingFolders
{
    /** @param ?Prompt $prompt null: there is nobody to ask, so that only the command is told */
    public function __construct(private readonly Client $client, private readonly Words $words, private readonly ?Prompt $prompt)
    {
    }

    public function offer(Account $account, OutputInterface $output): void
    {
        foreach ([$account->folderProcessed, $account->folderError] as $folder) {
            if ($folder === null || preg_match('~^\s*(id:|wellknown:[^/]*$)~i', $folder) === 1) {
                continue;
            }
            try {
                $this->client->findFolder($account->account, $folder);
            } catch (FolderNotFoundException) {
                $this->create($account->account, $folder, $output);
            } catch (GraphException) {
                // Told by `test`; a new folder is no cure for it.
                return;
            }
        }
    }

    private function create(string $account, string $folder, OutputInterface $output): void
    {
        if ($this->prompt === null) {
            $command = sprintf('squeeze-graph folders %s --create %s', Text::word($account), Text::word($folder));
            $output->writeln('  → ' . Text::line($this->words->text('The mailbox has no folder %s. Create it: %s', $folder, $command)));

            return;
        }
        if ($this->prompt->confirm($this->words->text('The mailbox has no folder %s. Create it?', $folder), true)) {
            $created = $this->client->createFolder($account, $folder);
            $output->writeln(sprintf('<info>✓</info> %s', Text::line($this->words->text('%s is there', $created->path))));
        }
    }
}
