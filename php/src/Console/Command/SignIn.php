<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\LoopbackListener;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\TokenStatus;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Signs a person in with the browser of this machine. The redirect is caught by a listener on loopback, so that the app
 * needs `http://localhost/callback` among its redirect URIs: Microsoft lets the port be any there.
 */
final class SignIn extends Command
{
    protected function configure(): void
    {
        $this->setName('sign-in')->describe('Signs a person in with the browser')->needsAccount()
            ->addOption('timeout', null, InputOption::VALUE_REQUIRED, $this->text('seconds to wait for the browser'), '600')
            ->addOption('path', null, InputOption::VALUE_REQUIRED, $this->text('path of the redirect URI on localhost'), '/callback')
            ->addOption('login-hint', null, InputOption::VALUE_REQUIRED, $this->text('whom to offer first'))
            ->addOption('no-browser', null, InputOption::VALUE_NONE, $this->text('only print the URL'));
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $account = self::account($input);
        $seconds = self::number($input, 'timeout', 1) ?? 600;
        $listener = new LoopbackListener('/' . ltrim(self::option($input, 'path') ?? 'callback', '/'));
        $session = bin2hex(random_bytes(16));
        // Only this sign-in comes back here; what the web pages use stays what it is.
        $url = $this->client->authorizationUrl(
            $account,
            $session,
            loginHint: self::option($input, 'login-hint'),
            redirectUri: $listener->uri(),
        );
        if (self::wantsJson($input)) {
            self::json($output, 'url', ['account' => $account, 'url' => $url]);
        } else {
            $output->writeln($this->text('Sign in with this page:'));
            $output->writeln($url, OutputInterface::OUTPUT_RAW);
        }
        if ($input->getOption('no-browser') !== true && !self::wantsJson($input)) {
            self::open($url);
        }
        $status = $failure = null;
        $came = $listener->wait($seconds, function (array $query) use ($session, &$status, &$failure): string {
            try {
                $status = $this->client->exchangeCode($query, $session);

                return $this->text('Signed in as %s. You can close this page.', $status->signedInAs ?? '?');
            } catch (GraphException $error) {
                $failure = $error;

                return $error->getMessage();
            }
        });
        if ($failure instanceof GraphException) {
            throw $failure;
        }
        if (!$came || !$status instanceof TokenStatus) {
            $output->writeln($this->text('Nobody signed in within %d seconds. Nothing has changed; start again when you like.', $seconds));

            return ExitCode::TryAgain;
        }
        if (self::wantsJson($input)) {
            self::json($output, 'status', $status->jsonSerialize());
        } else {
            $output->writeln(sprintf('<info>✓</info> %s', Text::line($this->text('Signed in as %s', $status->signedInAs ?? '?'))));
        }

        return ExitCode::AllWell;
    }

    /** Where there is a desktop; elsewhere the printed URL has to do. */
    private static function open(string $url): void
    {
        if (!in_array(getenv('DISPLAY'), [false, ''], true) || !in_array(getenv('WAYLAND_DISPLAY'), [false, ''], true)) {
            $null = ['file', '/dev/null', 'w'];
            $process = @proc_open(['xdg-open', $url], [['file', '/dev/null', 'r'], $null, $null], $pipes);
            if (is_resource($process)) {
                proc_close($process);
            }
        }
    }
}
