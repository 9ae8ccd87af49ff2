<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Account;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\KeyFile;
use Squeeze\Graph\Console\Machine\Connection;
use Squeeze\Graph\Console\Machine\Proxy;
use Squeeze\Graph\Console\Machine\Server;
use Squeeze\Graph\Console\Machine\Trust;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\GraphException;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Looks at this machine: PHP, settings, store, key, clock, proxy, CA, DNS. What depends on an account is what `test` is for.
 */
final class Doctor extends Command
{
    private const SETTINGS = [
        'store', 'key_file', 'connect_timeout', 'timeout', 'retry_budget', 'concurrency', 'proxy', 'proxy_auth_file',
        'ca_file', 'custom_endpoints', 'language', 'log', 'log_level',
    ];

    private InputInterface $input;
    private OutputInterface $output;
    private ExitCode $exit;

    protected function configure(): void
    {
        $this->setName('doctor')->describe('Looks at this machine: PHP, settings, store, key, clock, proxy, CA, DNS');
    }

    protected function takesSeveralStores(InputInterface $input): bool
    {
        return true;
    }

    protected function worksWithoutTheExtension(): bool
    {
        return true;
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        [$this->input, $this->output, $this->exit] = [$input, $output, ExitCode::AllWell];
        $this->php();
        $accounts = [];
        if ($this->application->hasTheExtension()) {
            $this->settings();
            $accounts = $this->store();
            $this->key();
        }
        $this->network($accounts);

        return $this->exit;
    }

    private function php(): void
    {
        $this->tell('php', 'PHP', 'ok', sprintf('%s %s, %s, %s', PHP_VERSION, PHP_SAPI, PHP_ZTS ? 'ZTS' : 'NTS', PHP_OS_FAMILY));
        $loaded = $this->application->hasTheExtension();
        $detail = $loaded ? sprintf('squeeze_graph %s', phpversion('squeeze_graph') ?: '?') : $this->application->words->notLoaded();
        $this->tell('extension', $this->text('extension'), $loaded ? 'ok' : 'failed', $detail);
        $this->tell('php.ini', 'php.ini', 'ok', php_ini_loaded_file() ?: '–');
        $this->tell('user', $this->text('user'), 'ok', self::user(function_exists('posix_geteuid') ? posix_geteuid() : (int) getmyuid()));
    }

    private function settings(): void
    {
        $given = array_merge(...$this->application->tenants());
        foreach (self::SETTINGS as $short) {
            $name = 'squeeze_graph.' . $short;
            $value = (string) ini_get($name);
            $asked = get_cfg_var($name);
            // The language in force is that of this command; the rest is php.ini's, or was given here.
            $differs = $short === 'language' ? !in_array($asked, [false, 'en', 'de'], true) : $asked !== $value;
            if (is_string($asked) && $differs && !isset($given[$name])) {
                // PHP drops a value that a setting does not take, and goes on with the default.
                $this->tell($name, $name, 'warning', $this->text('php.ini says %s, which is no value of this setting; %s is in force', self::shown($asked), self::shown($value)));
            } elseif ($value !== '') {
                $risky = $short === 'custom_endpoints' && $value === '1';
                $this->tell($name, $name, $risky ? 'warning' : 'ok', self::shown($value) . ($asked === $value ? ' (php.ini)' : ''));
            }
        }
    }

    /** @return list<Account> */
    private function store(): array
    {
        $path = (string) ini_get('squeeze_graph.store');
        try {
            $accounts = $this->client->listAccounts();
        } catch (GraphException $error) {
            $this->tell('store', $this->text('store'), 'failed', $error->getMessage());

            return [];
        }
        $disabled = count(array_filter($accounts, static fn (Account $account): bool => !$account->enabled));
        $counted = $this->text('accounts: %d, disabled: %d', count($accounts), $disabled);
        $this->tell('store', $this->text('store'), 'ok', sprintf('%s, %s', self::file($path), $counted));
        $free = @disk_free_space(dirname($path));
        if ($free !== false) {
            $this->tell('disk', $this->text('disk'), $free < 100_000_000 ? 'warning' : 'ok', $this->text('%d MB free', (int) ($free / 1_000_000)));
        }
        foreach ($accounts as $account) {
            if (self::exitFor($account->status, $account->enabled) !== ExitCode::AllWell) {
                $explanation = $account->status->problem->explanation ?? $this->text('state ' . $account->status->state->name);
                $this->tell('account', $account->account, 'warning', $explanation . ' → ' . $this->next($account));
            }
        }

        return $accounts;
    }

    private function key(): void
    {
        $file = KeyFile::inForce();
        if (!is_file($file)) {
            $given = getenv('SQUEEZE_GRAPH_KEY') !== false;
            $this->tell('key', $this->text('key'), $given ? 'ok' : 'warning', $given ? 'SQUEEZE_GRAPH_KEY' : $this->text('no key file'));

            return;
        }
        $open = ((int) fileperms($file) & 0077) !== 0;
        $this->tell('key', $this->text('key'), $open ? 'warning' : 'ok', self::file($file));
    }

    /** @param list<Account> $accounts */
    private function network(array $accounts): void
    {
        $setting = static function (string $name): string {
            $value = ini_get('squeeze_graph.' . $name) ?: get_cfg_var('squeeze_graph.' . $name);

            return is_string($value) ? $value : '';
        };
        $proxy = new Proxy($setting('proxy'), $setting('proxy_auth_file'), getenv());
        $set = $proxy->settings();
        $shown = array_map(static fn (string $name, string $value): string => $name . '=' . $value, array_keys($set), $set);
        $this->tell('proxy', $this->text('proxy'), 'ok', $shown === [] ? $this->text('none') : implode(' ', $shown));
        $trust = new Trust($setting('ca_file'), getenv());
        $files = implode(' + ', array_filter([$trust->system, $trust->extra]));
        $this->tell('ca', 'CA', match (true) {
            !$trust->extraIsUsable() => 'failed',
            $files === '' => 'warning',
            default => 'ok',
        }, match (true) {
            !$trust->extraIsUsable() => $this->text('%s holds no certificate in PEM', $trust->extra),
            $files === '' => $this->text('no bundle of the system was found'),
            default => $files,
        });
        $connection = new Connection($proxy, $trust, max(1, (int) $setting('connect_timeout') ?: 10));
        foreach (Server::of($accounts) as $server) {
            $this->server($server, $proxy, $connection);
        }
    }

    private function server(Server $server, Proxy $proxy, Connection $connection): void
    {
        $through = $proxy->of($server);
        $addresses = $server->addresses();
        $this->tell('dns', 'DNS ' . $server->host, $addresses !== [] || $through !== null ? 'ok' : 'failed', match (true) {
            $addresses !== [] => implode(', ', $addresses),
            $through !== null => $this->text('no address here; the proxy resolves it'),
            default => $this->text('no address'),
        });
        if ($addresses === [] && $through === null) {
            return;
        }
        $way = $server->name() . ($through === null ? '' : ' ' . $this->text('through %s', Proxy::withoutPassword($through)));
        if (!$connection->canBeTried($server)) {
            $this->tell('connection', $this->text('connection'), 'skipped', $this->text('%s: can not be tried from here; "squeeze-graph test" does', $way));

            return;
        }
        try {
            ['milliseconds' => $milliseconds, 'skew' => $skew] = $connection->ask($server);
        } catch (\RuntimeException $error) {
            $this->tell('connection', $this->text('connection'), 'failed', $error->getMessage());

            return;
        }
        $this->tell('connection', $this->text('connection'), 'ok', sprintf('%s, %d ms', $way, $milliseconds));
        if ($skew !== null) {
            $this->tell('clock', $this->text('clock'), abs($skew) > 60 ? 'warning' : 'ok', $this->text('differs from the server by %d s', $skew));
        }
    }

    /**
     * @param string $id the same in every language
     */
    private function tell(string $id, string $label, string $status, string $detail): void
    {
        if ($status === 'failed') {
            $this->exit = ExitCode::Configuration;
        }
        if (self::wantsJson($this->input)) {
            $this->json($this->output, 'check', compact('id', 'label', 'status', 'detail'));

            return;
        }
        $mark = ['ok' => '<info>✓</info>', 'warning' => '<comment>!</comment>', 'failed' => '<error>✗</error>'][$status] ?? '-';
        $this->output->writeln(sprintf('%s %s %s', $mark, Text::column($label, 30), Text::line($detail)));
    }

    private static function shown(string $value): string
    {
        return $value === '' ? "''" : Proxy::withoutPassword($value);
    }

    private static function file(string $path): string
    {
        return sprintf('%s (%s, %o)', $path, self::user((int) @fileowner($path)), (int) @fileperms($path) & 07777);
    }

    private static function user(int $id): string
    {
        $entry = function_exists('posix_getpwuid') ? posix_getpwuid($id) : false;

        return is_array($entry) ? $entry['name'] : (string) $id;
    }
}
