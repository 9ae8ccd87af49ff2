<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Exception\InvalidOptionException;
use Symfony\Component\Console\Exception\RuntimeException;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;
use Symfony\Component\Console\Style\SymfonyStyle;

/**
 * Creates or changes an account: by options, by JSON, and by questions for what is still missing. A secret is read from
 * a file or typed unseen; on the command line every user of the machine could read it.
 */
final class AccountAdd extends Command
{
    /** Settings that are text: option => whether it has to be there for a new account. */
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
    private const ASKED = ['tenant-id', 'client-id', 'redirect-uri', 'user', 'mailbox', 'folder-inbox', 'folder-processed', 'folder-error'];

    protected function configure(): void
    {
        $this->setName('account:add')->describe('Creates or changes an account')->needsAccount();
        foreach (self::SETTINGS as $name => $description) {
            $this->addOption($name, null, InputOption::VALUE_REQUIRED, $this->text($description));
        }
        $this->addOption('client-secret-file', null, InputOption::VALUE_REQUIRED, $this->text('file with the client secret; =- for standard input'));
        $this->addOption('settings', null, InputOption::VALUE_REQUIRED, $this->text('file with settings as JSON; =- for standard input'));
        $this->addOption('disable', null, InputOption::VALUE_NONE, $this->text('the job leaves it alone'));
        $this->addOption('enable', null, InputOption::VALUE_NONE, $this->text('the job renews it'));
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $account = self::account($input);
        $settings = [];
        $file = self::option($input, 'settings');
        if ($file !== null) {
            $settings = json_decode(self::read($file), true);
            if (!is_array($settings)) {
                throw new InvalidOptionException(sprintf('%s holds no JSON object', $file));
            }
        }
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
        if ($input->isInteractive() && !$this->client->hasAccount($account)) {
            $settings = $this->ask(new SymfonyStyle($input, $output), $settings);
        }
        $given = $settings['client_secret'] ?? null;
        // Said now and not after a sign-in: Microsoft makes no secret that looks so, and lists its ID beside it.
        if (is_string($given) && preg_match('/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iD', trim($given)) === 1) {
            throw new InvalidOptionException($this->text('This is the ID of the secret. Enter the text of the column "Value" of the app registration.'));
        }
        $needsSignIn = $this->client->saveAccount($account, $settings);
        if (self::wantsJson($input)) {
            self::json($output, 'account', ['account' => $account, 'needsSignIn' => $needsSignIn]);
        } else {
            $output->writeln(sprintf('<info>✓</info> %s', Text::line($this->text('%s is saved', $account))));
            if ($needsSignIn) {
                $output->writeln('  → ' . Text::line($this->text('Someone has to sign in now: squeeze-graph sign-in %s', $account)));
            }
        }

        return ExitCode::AllWell;
    }

    /**
     * @param array<array-key, mixed> $settings
     * @return array<array-key, mixed>
     */
    private function ask(SymfonyStyle $style, array $settings): array
    {
        $defaults = ['folder_inbox' => 'wellknown:inbox', 'folder_processed' => '/Verarbeitet', 'folder_error' => '/Fehler'];
        foreach (self::ASKED as $name) {
            $key = strtr($name, '-', '_');
            if (!array_key_exists($key, $settings)) {
                $answer = $style->ask($this->text(self::SETTINGS[$name]), $defaults[$key] ?? null);
                if (is_string($answer)) {
                    $settings[$key] = $answer;
                }
            }
        }
        if (!isset($settings['client_secret']) && !isset($settings['client_certificate'])) {
            $settings['client_secret'] = $style->askHidden($this->text('client secret (its value; it is not shown)'));
            $settings['secret_expires_at'] ??= $style->ask($this->text('when the secret ends (a date)'));
        }

        return $settings;
    }

    private static function read(string $file): string
    {
        $text = @file_get_contents($file === '-' ? 'php://stdin' : $file);
        if ($text === false) {
            throw new RuntimeException(sprintf('%s can not be read', $file));
        }

        return $text;
    }
}
