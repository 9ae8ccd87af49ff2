<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Account;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Helper\Table;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;
use Symfony\Component\Console\Terminal;

/**
 * All accounts at a glance, and the command to type for those that are not well.
 */
final class AccountList extends Command
{
    /** Addresses are cut to no less, columns. */
    private const ADDRESS = 12;

    protected function configure(): void
    {
        $this->setName('account:list')->describe('Lists the accounts and how they stand');
    }

    protected function takesSeveralStores(InputInterface $input): bool
    {
        return true;
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $accounts = $this->client->listAccounts();
        $exit = ExitCode::AllWell;
        foreach ($accounts as $account) {
            $exit = $exit->and(self::exitFor($account->status, $account->enabled));
            if (self::wantsJson($input)) {
                $this->json($output, 'account', $account->jsonSerialize());
            }
        }
        if ($accounts === [] && !self::wantsJson($input)) {
            $output->writeln($this->text('no account is set up'));
        } elseif (!self::wantsJson($input)) {
            $this->draw($accounts, stream_isatty(STDOUT) ? (new Terminal())->getWidth() : PHP_INT_MAX, $output);
        }

        return $exit;
    }

    /** @param list<Account> $accounts */
    private function draw(array $accounts, int $width, OutputInterface $output): void
    {
        $rows = [array_map($this->text(...), ['account', 'state', 'expires in', 'signed in as', 'mailbox', 'what to do'])];
        foreach ($accounts as $account) {
            $rows[] = [
                $account->account,
                strip_tags($this->state($account->status, $account->enabled)),
                $this->left($account->status->expiresAt),
                $account->status->signedInAs ?? '–',
                $account->mailbox ?? $account->status->signedInAs ?? '–',
                $this->next($account),
            ];
        }
        $limit = self::addressWidth($rows, $width);
        // Where not even that helps, the commands stand below.
        $below = $limit < self::ADDRESS;
        if ($below) {
            foreach ($rows as $index => $row) {
                $rows[$index] = array_slice($row, 0, 5);
            }
            $limit = max(self::ADDRESS, self::addressWidth($rows, $width));
        }
        $table = new Table($output);
        $table->setStyle('compact');
        $table->setHeaders(array_map(Text::line(...), $rows[0]));
        foreach ($accounts as $index => $account) {
            $row = $rows[$index + 1];
            $cells = array_map(Text::line(...), $row);
            $cells[1] = $this->state($account->status, $account->enabled);
            $cells[3] = Text::line(mb_strimwidth($row[3], 0, $limit, '…'));
            $cells[4] = Text::line(mb_strimwidth($row[4], 0, $limit, '…'));
            $table->addRow($cells);
        }
        $table->render();
        foreach ($below ? array_filter(array_map($this->next(...), $accounts)) : [] as $command) {
            $output->writeln('→ ' . Text::line($command));
        }
    }

    /**
     * How wide the two columns of addresses may be, so that a line of the table is one of the terminal where that can be.
     *
     * @param non-empty-list<list<string>> $rows
     */
    private static function addressWidth(array $rows, int $width): int
    {
        $widths = array_map(static fn (int $column): int => max(0, ...array_map(mb_strwidth(...), array_column($rows, $column))), array_keys($rows[0]));
        $left = $width - ($widths[0] + $widths[1] + $widths[2] + ($widths[5] ?? 0) + count($widths));
        $longest = max($widths[3], $widths[4]);
        if ($widths[3] + $widths[4] <= $left) {
            return $longest;
        }
        // What the shorter of the two does not need is the other's.
        $shorter = min($widths[3], $widths[4]);

        return $shorter <= intdiv($left, 2) ? $left - $shorter : intdiv($left, 2);
    }
}
