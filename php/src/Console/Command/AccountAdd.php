<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Prompt;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\Console\UsageException;
use Symfony\Component\Console\Completion\CompletionInput;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Creates or changes an account: by options, by JSON, and by questions for what is still missing. A secret is read from
 * a file or typed unseen; on the command line every user of the machine could read it.
 */
final class AccountAdd extends Command
{
    /** Settings that are text. */
    private const SETTINGS = [
        'tenant-id' => 'tenant: GUID or domain',
        'client-id' => 'application (client) ID',
        'redirect-uri' => 'redirect URI, exactly as registered',
        'user' => 'who is to sign in',
        'mailbox' => 'shared mailbox; none: the signed-in user\'s',
        'folder-inbox' => 'folder to read from',
        'folder-processed' => 'folder for processed mails',
        'folder-error' => 'folder for rejected mails',
        'client-certificate' => 'certificate instead of a secret (path of a PEM file)',
        'client-key' => 'private key of the certificate (path of a PEM file)',
        'secret-expires-at' => 'when the secret ends (a date)',
        'protocol' => 'delegated or application',
        'cloud' => 'global, usgov, usgov-dod or china',
        'authority-url' => 'another sign-in server',
        'graph-url' => 'another Graph server',
    ];

    /** What a new account is asked for, in this order. */
    private const ASKED = ['tenant-id', 'client-id', 'redirect-uri', 'user', 'mailbox', 'folder-inbox', 'folder-processed', 'folder-error'];

    /** What it is asked for in the place of a secret. */
    private const CERTIFICATE = ['client-certificate', 'client-key'];

    /** What an empty answer stands for. */
    private const DEFAULTS = [
        // The one of `sign-in`: the account page gives its own with each sign-in.
        'redirect_uri' => 'http://localhost/callback',
        'folder_inbox' => 'wellknown:inbox',
        'folder_processed' => '/Verarbeitet',
        'folder_error' => '/Fehler',
    ];

    protected function configure(): void
    {
        $this->setName('account:add')->describe('Creates or changes an account')->needsAccount();
        foreach (self::SETTINGS as $name => $description) {
            $this->addOption($name, null, InputOption::VALUE_REQUIRED, $this->text($description));
        }
        $this->addOption('client-secret-file', null, InputOption::VALUE_REQUIRED, $this->text('file with the client secret; - for standard input'));
        $this->addOption('settings', null, InputOption::VALUE_REQUIRED, $this->text('file with settings as JSON; - for standard input'));
        $this->addOption('disable', null, InputOption::VALUE_NONE, $this->text('the job leaves it alone'));
        $this->addOption('enable', null, InputOption::VALUE_NONE, $this->text('the job renews it'));
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $account = $this->account($input);
        /** @var array{tenant_id?: string, client_secret?: string} $settings of any keys and types: saving judges them */
        $settings = $this->given($input);
        $wrong = $this->wrongSecret($settings['client_secret'] ?? null);
        if ($wrong !== null) {
            throw new UsageException($wrong);
        }
        $needsSignIn = $input->isInteractive() && !$this->client->hasAccount($account)
            ? $this->create($account, $settings, $this->prompt($input, $output), $output)
            : $this->client->saveAccount($account, $settings);
        if (self::wantsJson($input)) {
            $this->json($output, 'account', ['account' => $account, 'needsSignIn' => $needsSignIn]);
        } else {
            $output->writeln(sprintf('<info>✓</info> %s', Text::line($this->text('%s is saved', $account))));
            if ($needsSignIn) {
                $output->writeln('  → ' . Text::line($this->text('Someone has to sign in now: squeeze-graph sign-in %s', Text::word($account))));
            }
        }

        return ExitCode::AllWell;
    }

    protected function fixedValues(CompletionInput $input): array
    {
        return match (true) {
            $input->mustSuggestOptionValuesFor('protocol') => ['delegated', 'application'],
            $input->mustSuggestOptionValuesFor('cloud') => ['global', 'usgov', 'usgov-dod', 'china'],
            default => [],
        };
    }

    protected function storedValues(CompletionInput $input): array
    {
        foreach (['folder-inbox', 'folder-processed', 'folder-error'] as $option) {
            if ($input->mustSuggestOptionValuesFor($option)) {
                return $this->folderValues($input);
            }
        }

        return parent::storedValues($input);
    }

    /** @return array<array-key, mixed> what the command line says; options win over a file */
    private function given(InputInterface $input): array
    {
        $file = self::option($input, 'settings');
        $settings = $file === null ? [] : self::readJson($file);
        foreach (array_keys(self::SETTINGS) as $name) {
            $value = self::option($input, $name);
            if ($value !== null) {
                $settings[strtr($name, '-', '_')] = $value;
            }
        }
        $secret = self::option($input, 'client-secret-file');
        if ($secret !== null) {
            $settings['client_secret'] = rtrim(self::read($secret), "\r\n");
        }
        if ($input->getOption('disable') === true || $input->getOption('enable') === true) {
            $settings['enabled'] = $input->getOption('disable') !== true;
        }

        return $settings;
    }

    /**
     * Asks for what is missing until it can be saved. No answer is lost: each is offered again, what an option said too.
     *
     * @param array<array-key, mixed> $given
     */
    private function create(string $account, array $given, Prompt $prompt, OutputInterface $output): bool
    {
        $asked = array_flip(array_map(static fn (string $name): string => strtr($name, '-', '_'), [...self::ASKED, ...self::CERTIFICATE]));
        $answers = [];
        while (true) {
            $before = $answers;
            $answers = $this->ask($prompt, $given, $before);
            try {
                /** @var array{tenant_id?: string} $settings of any keys and types: saving judges them */
                $settings = $given + $answers;

                return $this->client->saveAccount($account, $settings);
            } catch (ConfigurationException $error) {
                if ($answers === $before) {
                    throw $error;
                }
                $this->problem(self::errors($output), $error->getProblem(), $account);
                foreach (array_keys($asked) as $key) {
                    $said = $given[$key] ?? null;
                    if (is_string($said)) {
                        $answers[$key] = $said;
                    }
                }
                $given = array_diff_key($given, $asked);
            }
        }
    }

    /**
     * @param array<array-key, mixed> $given
     * @param array<string, ?string> $before the answers of the last round
     * @return array<string, ?string>
     */
    private function ask(Prompt $prompt, array $given, array $before): array
    {
        $delegated = ($given['protocol'] ?? 'delegated') === 'delegated';
        $needed = ['tenant_id', 'client_id', $delegated ? 'redirect_uri' : 'mailbox'];
        $missing = fn (?string $answer): ?string => $answer === null ? $this->text('This is needed.') : null;
        $answers = [];
        foreach (self::ASKED as $name) {
            $key = strtr($name, '-', '_');
            // An application signs itself in.
            if (array_key_exists($key, $given) || (!$delegated && in_array($key, ['redirect_uri', 'user'], true))) {
                continue;
            }
            $question = $key === 'mailbox' && !$delegated ? 'mailbox' : self::SETTINGS[$name];
            $default = $before[$key] ?? self::DEFAULTS[$key] ?? null;
            $answers[$key] = $prompt->ask($this->text($question), $default, in_array($key, $needed, true) ? $missing : null);
        }

        return isset($given['client_secret']) ? $answers : $answers + $this->askForProof($prompt, $given, $before, $missing);
    }

    /**
     * What the app registration is proved with: a secret or, for whoever enters none, a certificate, which knows its own end.
     *
     * @param array<array-key, mixed> $given
     * @param array<string, ?string> $before the answers of the last round
     * @param \Closure(?string): ?string $missing
     * @return array<string, ?string>
     */
    private function askForProof(Prompt $prompt, array $given, array $before, \Closure $missing): array
    {
        $secret = $before['client_secret'] ?? null;
        $certificate = $before['client_certificate'] ?? null;
        $answers = [];
        while (!isset($given['client_certificate']) && !isset($answers['client_certificate'])) {
            $typed = $prompt->askUnseen(
                $secret === null
                    ? $this->text('client secret (its value, it is not shown; nothing: a certificate)')
                    : $this->text('client secret (nothing: the one you typed)'),
                fn (?string $answer): ?string => $this->told($this->wrongSecret($answer)),
            );
            if ($typed !== null || $secret !== null) {
                $answers['client_secret'] = $typed ?? $secret;
                if (!isset($given['secret_expires_at'])) {
                    $answers['secret_expires_at'] = $prompt->ask($this->text('when the secret ends (a date)'), $before['secret_expires_at'] ?? null);
                }

                return $answers;
            }
            $answers['client_certificate'] = $prompt->ask(
                $certificate === null
                    ? $this->text('certificate instead of a secret (path of a PEM file; nothing: back to the secret)')
                    : $this->text(self::SETTINGS['client-certificate']),
                $certificate,
            );
        }
        if (!isset($given['client_key'])) {
            $answers['client_key'] = $prompt->ask($this->text(self::SETTINGS['client-key']), $before['client_key'] ?? null, $missing);
        }

        return $answers;
    }

    /** Said now and not after a sign-in: Microsoft makes no secret that looks so, and lists its ID beside it. */
    private function wrongSecret(mixed $secret): ?string
    {
        return is_string($secret) && preg_match('/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iD', trim($secret)) === 1
            ? 'This is the ID of the secret. Enter the text of the column "Value" of the app registration.'
            : null;
    }

    private function told(?string $english): ?string
    {
        return $english === null ? null : $this->text($english);
    }
}
