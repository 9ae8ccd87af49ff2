<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\Message;
use Symfony\Component\Console\Completion\CompletionInput;
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
        $limit = self::number($input, 'limit', 1) ?? 50;
        $messages = $this->client->listMessages(
            $this->account($input),
            is_string($folder) ? $folder : null,
            // One more tells whether these are all.
            limit: $limit + 1,
            unreadOnly: $input->getOption('unread') === true,
            newestFirst: $input->getOption('oldest-first') !== true,
        );
        $shown = 0;
        foreach ($messages as $message) {
            if ($shown === $limit) {
                self::errors($output)->writeln($this->text('There are more than these %d: --limit shows them.', $limit));
                break;
            }
            $shown++;
            if (self::wantsJson($input)) {
                $this->json($output, 'message', $message->jsonSerialize());
            } else {
                $output->writeln($this->row($message));
            }
        }
        if ($shown === 0 && !self::wantsJson($input)) {
            $output->writeln($this->text('no mails'));
        }

        return ExitCode::AllWell;
    }

    protected function storedValues(CompletionInput $input): array
    {
        return $input->mustSuggestArgumentValuesFor('folder') ? $this->folderValues($input) : parent::storedValues($input);
    }

    private function row(Message $message): string
    {
        return sprintf(
            '%s %s%s %s %s',
            $message->receivedAt === null ? str_repeat(' ', 20) : self::time($message->receivedAt),
            $message->isRead ? ' ' : '•',
            $message->hasAttachments ? '+' : ' ',
            Text::column($message->from->address ?? '', 30),
            Text::line($message->subject ?? $this->text('no subject')),
        );
    }
}
