<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\LoopbackListener;
use Squeeze\Graph\Console\MissingFolders;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\TokenStatus;
use Symfony\Component\Console\Exception\RuntimeException;
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
        $account = $this->account($input);
        $seconds = self::number($input, 'timeout', 1) ?? 600;
        $session = bin2hex(random_bytes(16));
        $listener = $this->listener('/' . ltrim(self::option($input, 'path') ?? 'callback', '/'));
        // Only this sign-in comes back here; what the web pages use stays what it is.
        $url = $this->client->authorizationUrl(
            $account,
            $session,
            loginHint: self::option($input, 'login-hint'),
            redirectUri: $listener->uri(),
        );
        if (self::wantsJson($input)) {
            $this->json($output, 'url', ['account' => $account, 'url' => $url]);
        } else {
            $output->writeln($this->text('Sign in with this page:'));
            $output->writeln($url, OutputInterface::OUTPUT_RAW);
            if ($input->getOption('no-browser') !== true) {
                self::open($url);
            }
        }
        $status = $this->wait($listener, $seconds, $url, $session);
        if ($status === null) {
            $sorry = $this->text('Nobody signed in within %d seconds. Nothing has changed; start again when you like.', $seconds);
            if (self::wantsJson($input)) {
                $this->json($output, 'error', ['account' => $account, 'message' => $sorry]);
            }
            self::errors($output)->writeln($sorry);

            return ExitCode::TryAgain;
        }
        if (self::wantsJson($input)) {
            $this->json($output, 'status', $status->jsonSerialize());
        } else {
            $output->writeln(sprintf('<info>✓</info> %s', Text::line($this->text('Signed in as %s', $status->signedInAs ?? '?'))));
            $prompt = $input->isInteractive() ? $this->prompt($input, $output) : null;
            (new MissingFolders($this->client, $this->application->words, $prompt))->offer($this->client->getAccount($account), $output);
        }

        return ExitCode::AllWell;
    }

    private function listener(string $path): LoopbackListener
    {
        try {
            return new LoopbackListener($path, $this->text('This is not the sign-in that is waited for. Nothing has changed.'));
        } catch (\RuntimeException $error) {
            throw new RuntimeException($this->text('No port of this machine can be opened for the browser to come back to: %s', $error->getMessage()), 0, $error);
        }
    }

    /**
     * @return ?TokenStatus null: nobody came
     * @throws GraphException who came could not be signed in
     */
    private function wait(LoopbackListener $listener, int $seconds, string $url, string $session): ?TokenStatus
    {
        parse_str((string) parse_url($url, PHP_URL_QUERY), $asked);
        $status = $failure = null;
        $listener->wait($seconds, function (array $query) use ($asked, $session, &$status, &$failure): ?string {
            // Anybody on this machine can come here; only the browser that was sent away knows the state.
            if (!is_string($query['state'] ?? null) || $query['state'] !== ($asked['state'] ?? null)) {
                return null;
            }
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

        return $status;
    }

    /** Where there is a desktop; elsewhere the printed URL has to do. The browser may stay, so nobody waits for it. */
    private static function open(string $url): void
    {
        if (!in_array(getenv('DISPLAY'), [false, ''], true) || !in_array(getenv('WAYLAND_DISPLAY'), [false, ''], true)) {
            exec('xdg-open ' . escapeshellarg($url) . ' </dev/null >/dev/null 2>&1 &');
        }
    }
}
