<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * The settings of one account, without the secret.
 */
final class AccountShow extends Command
{
    protected function configure(): void
    {
        $this->setName('account:show')->describe('Shows the settings of an account')->needsAccount();
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $account = $this->client->getAccount($this->account($input));
        if (self::wantsJson($input)) {
            $this->json($output, 'account', $account->jsonSerialize());
        } else {
            foreach ($account->toSettings() as $name => $value) {
                $shown = match (true) {
                    is_array($value) => implode(' ', $value),
                    is_bool($value) => $this->text($value ? 'yes' : 'no'),
                    default => (string) ($value ?? '–'),
                };
                $output->writeln(sprintf('%s %s', Text::column($name, 20), Text::line($shown)));
            }
            $output->writeln(sprintf('%s %s', Text::column('client_secret', 20), $this->text($account->hasSecret ? 'is stored' : '–')));
            $output->writeln(sprintf('%s %s', Text::column($this->text('state'), 20), $this->state($account->status, $account->enabled)));
        }

        return self::exitFor($account->status, $account->enabled);
    }
}
