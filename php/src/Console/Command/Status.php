<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Account;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * How sign-ins stand. Looks into the store only.
 */
final class Status extends Command
{
    protected function configure(): void
    {
        $this->setName('status')->describe('Tells how the sign-in of an account, or of all, stands')
            ->addArgument('accounts', InputArgument::IS_ARRAY, $this->text('the accounts; none: all'));
    }

    /** Named accounts are those of one store: in another they would be unknown. */
    protected function takesSeveralStores(InputInterface $input): bool
    {
        return $input->getArgument('accounts') === [];
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        /** @var list<string> $names */
        $names = $input->getArgument('accounts');
        $accounts = $names === []
            ? $this->client->listAccounts()
            : array_map(fn (string $name): Account => $this->client->getAccount(self::accountName($name)), $names);
        $exit = ExitCode::AllWell;
        foreach ($accounts as $account) {
            $exit = $exit->and(self::exitFor($account->status, $account->enabled));
            if (self::wantsJson($input)) {
                $this->json($output, 'status', $account->status->jsonSerialize());
            } else {
                $this->show($account, $output);
            }
        }
        if ($accounts === [] && !self::wantsJson($input)) {
            $output->writeln($this->text('no account is set up'));
        }

        return $exit;
    }

    private function show(Account $account, OutputInterface $output): void
    {
        $status = $account->status;
        $output->writeln(sprintf('%s: %s', Text::line($account->account), $this->state($status, $account->enabled)));
        $lines = [
            'signed in as' => $status->signedInAs,
            'access token ends' => $status->expiresAt === null ? null : sprintf('%s (%s)', self::time($status->expiresAt), $this->left($status->expiresAt)),
            'last renewed' => $status->refreshedAt === null ? null : self::time($status->refreshedAt),
            'sign-in ends' => $status->signInExpiresAt === null ? null : self::time($status->signInExpiresAt),
            'permissions missing' => $status->missingScopes === [] ? null : implode(' ', $status->missingScopes),
            'clock differs by' => abs($status->clockSkew) > 60 ? $status->clockSkew . ' s' : null,
        ];
        foreach (array_filter($lines) as $label => $value) {
            $output->writeln(sprintf('  %s %s', Text::column($this->text($label), 24), Text::line($value)));
        }
        if ($status->problem !== null) {
            $this->problem($output, $status->problem, $account->account);
        } elseif ($this->next($account) !== '') {
            $output->writeln('  → ' . Text::line($this->next($account)));
        }
    }
}
