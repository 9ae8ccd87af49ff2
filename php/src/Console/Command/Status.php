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

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        /** @var list<string> $names */
        $names = $input->getArgument('accounts');
        if ($names === []) {
            $names = array_map(static fn (Account $account): string => $account->account, $this->client->listAccounts());
        }
        $exit = ExitCode::AllWell;
        foreach ($names as $name) {
            $status = $this->client->tokenStatus($name);
            $exit = $exit->and(self::exitFor($status));
            if (self::wantsJson($input)) {
                self::json($output, 'status', $status->jsonSerialize());
                continue;
            }
            $output->writeln(sprintf('%s: %s', Text::line($name), $this->state($status)));
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
                self::problem($output, $status->problem);
            }
        }

        return $exit;
    }
}
