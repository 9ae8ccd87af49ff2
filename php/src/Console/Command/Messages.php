<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * What lies in a folder, a line a mail, as the pages come.
 */
final class Messages extends Command
{
    protected function configure(): void
    {
        $this->setName('messages')->describe('Lists the mails of a folder')->needsAccount()
            ->addArgument('folder', InputArgument::OPTIONAL, $this->text('the folder; none: the account\'s inbox folder'))
            ->addOption('limit', 'l', InputOption::VALUE_REQUIRED, $this->text('at most so many'), '50')
            ->addOption('unread', null, InputOption::VALUE_NONE, $this->text('unread ones only'))
            ->addOption('oldest-first', null, InputOption::VALUE_NONE, $this->text('oldest first'));
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $folder = $input->getArgument('folder');
        $messages = $this->client->listMessages(
            self::account($input),
            is_string($folder) ? $folder : null,
            limit: self::number($input, 'limit', 1),
            unreadOnly: $input->getOption('unread') === true,
            newestFirst: $input->getOption('oldest-first') !== true,
        );
        $any = false;
        foreach ($messages as $message) {
            $any = true;
            if (self::wantsJson($input)) {
                self::json($output, 'message', $message->jsonSerialize());
                continue;
            }
            $output->writeln(sprintf(
                '%s %s%s %s %s',
                $message->receivedAt?->format('Y-m-d H:i') ?? str_repeat(' ', 16),
                $message->isRead ? ' ' : '•',
                $message->hasAttachments ? '+' : ' ',
                Text::column($message->from->address ?? '', 30),
                Text::line($message->subject ?? $this->text('no subject')),
            ));
        }
        if (!$any && !self::wantsJson($input)) {
            $output->writeln($this->text('no mails'));
        }

        return ExitCode::AllWell;
    }
}
