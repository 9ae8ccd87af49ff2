<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\ImportEmails;
use Squeeze\Graph\Console\UsageException;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Imports the mails of one account into folders, as `import-emails` does for all.
 */
final class Import extends Command
{
    protected function configure(): void
    {
        $this->setName('import')->describe('Imports the mails of an account into folders')->needsAccount()
            ->addOption('directory', 'd', InputOption::VALUE_REQUIRED, $this->text('where to'))
            ->addOption('limit', 'l', InputOption::VALUE_REQUIRED, $this->text('at most so many'));
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $directory = self::option($input, 'directory') ?? throw new UsageException('Option --directory is missing');
        $limit = self::number($input, 'limit', 1);
        $script = ['--directory', $directory, '--account', $this->account($input), '--lang', $this->application->words->language];
        if ($limit !== null) {
            array_push($script, '--limit', (string) $limit);
        }

        return ExitCode::from((new ImportEmails())->main(['squeeze-graph import', ...$script, ...self::shared($input, $output)]));
    }

    /** @return list<string> what the scripts of php/bin call the same */
    public static function shared(InputInterface $input, OutputInterface $output): array
    {
        return [...(self::wantsJson($input) ? ['--json'] : []), ...($output->isQuiet() ? ['--quiet'] : [])];
    }
}
