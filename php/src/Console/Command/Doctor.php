<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Account;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\KeyFile;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\GraphException;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Looks at this machine: PHP, settings, store, key, clock, proxy, CA, DNS. What depends on an account is what `test` is for.
 */
final class Doctor extends Command
{
    private const HOSTS = ['login.microsoftonline.com', 'graph.microsoft.com'];
    private const SETTINGS = [
        'store', 'key_file', 'connect_timeout', 'timeout', 'retry_budget', 'concurrency', 'proxy', 'proxy_auth_file',
        'ca_file', 'custom_endpoints', 'language', 'log', 'log_level',
    ];

    private ExitCode $exit;

    protected function configure(): void
    {
        $this->setName('doctor')->describe('Looks at this machine: PHP, settings, store, key, clock, proxy, CA, DNS');
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $this->exit = ExitCode::AllWell;
        $user = self::user((int) getmyuid(), function_exists('posix_geteuid') ? posix_geteuid() : null);
        $this->tell($input, $output, 'php', 'ok', sprintf('%s %s, %s, %s', PHP_VERSION, PHP_SAPI, PHP_ZTS ? 'ZTS' : 'NTS', PHP_OS_FAMILY));
        $this->tell($input, $output, 'extension', 'ok', sprintf('squeeze_graph %s', phpversion('squeeze_graph') ?: '?'));
        $this->tell($input, $output, 'php.ini', 'ok', php_ini_loaded_file() ?: '–');
        $this->tell($input, $output, 'user', 'ok', $user);
        foreach (self::SETTINGS as $name) {
            $value = ini_get('squeeze_graph.' . $name);
            $default = (string) get_cfg_var('squeeze_graph.' . $name);
            if (is_string($value) && $value !== '') {
                $shown = $name === 'proxy' ? (string) preg_replace('~//[^/@]*@~', '//…@', $value) : $value;
                $this->tell($input, $output, $name, $name === 'custom_endpoints' && $value === '1' ? 'warning' : 'ok', $shown . ($default === $value ? ' (php.ini)' : ''));
            }
        }
        $this->store($input, $output);
        $this->key($input, $output);
        $this->network($input, $output);

        return $this->exit;
    }

    private function store(InputInterface $input, OutputInterface $output): void
    {
        $path = (string) ini_get('squeeze_graph.store');
        try {
            $accounts = $this->client->listAccounts();
        } catch (GraphException $error) {
            $this->tell($input, $output, $this->text('store'), 'failed', $error->getMessage());

            return;
        }
        $disabled = count(array_filter($accounts, static fn (Account $account): bool => !$account->enabled));
        $counted = $this->text('accounts: %d, disabled: %d', count($accounts), $disabled);
        $this->tell($input, $output, $this->text('store'), 'ok', sprintf('%s, %s', self::file($path), $counted));
        $free = @disk_free_space(dirname($path));
        if ($free !== false) {
            $this->tell($input, $output, $this->text('disk'), $free < 100_000_000 ? 'warning' : 'ok', $this->text('%d MB free', (int) ($free / 1_000_000)));
        }
        foreach ($accounts as $account) {
            $exit = self::exitFor($account->status);
            if ($account->enabled && $exit !== ExitCode::AllWell) {
                $this->tell($input, $output, $account->account, 'warning', $account->status->problem?->explanation ?? '');
            }
        }
    }

    private function key(InputInterface $input, OutputInterface $output): void
    {
        $file = KeyFile::inForce();
        if (!is_file($file)) {
            $given = getenv('SQUEEZE_GRAPH_KEY') !== false;
            $this->tell($input, $output, $this->text('key'), $given ? 'ok' : 'warning', $given ? 'SQUEEZE_GRAPH_KEY' : $this->text('no key file'));

            return;
        }
        $open = ((int) fileperms($file) & 0077) !== 0;
        $this->tell($input, $output, $this->text('key'), $open ? 'warning' : 'ok', self::file($file));
    }

    private function network(InputInterface $input, OutputInterface $output): void
    {
        $proxy = array_filter([
            'squeeze_graph.proxy' => ini_get('squeeze_graph.proxy'),
            'HTTPS_PROXY' => getenv('HTTPS_PROXY') ?: getenv('https_proxy'),
            'NO_PROXY' => getenv('NO_PROXY') ?: getenv('no_proxy'),
        ]);
        $shown = array_map(
            // To the last @: a password may hold such a sign, and a slash, unescaped.
            static fn (string $name, string $value): string => $name . '=' . preg_replace('~^([a-z0-9]+://)?.*@~i', '$1…@', $value),
            array_keys($proxy),
            $proxy,
        );
        $this->tell($input, $output, $this->text('proxy'), 'ok', $shown === [] ? $this->text('none') : implode(' ', $shown));
        $bundle = openssl_get_cert_locations()['default_cert_file'] ?? '';
        $candidates = array_filter(['/etc/ssl/certs/ca-certificates.crt', $bundle], is_file(...));
        $found = array_values($candidates)[0] ?? null;
        $this->tell($input, $output, 'CA', $found === null ? 'warning' : 'ok', $found ?? $this->text('no bundle of the system was found'));
        foreach ($this->servers() as [$host, $port, $secure]) {
            $addresses = filter_var($host, FILTER_VALIDATE_IP) !== false ? [$host] : (gethostbynamel($host) ?: []);
            $direct = $addresses !== [] || $proxy !== [];
            $this->tell($input, $output, 'DNS ' . $host, $direct ? 'ok' : 'failed', $addresses === [] ? $this->text('no address') : implode(', ', $addresses));
            if ($addresses !== [] && $proxy === []) {
                $this->connect($input, $output, $host, $port, $secure);
            }
        }
    }

    /**
     * The servers that the accounts name, else Microsoft's.
     *
     * @return list<array{string, int, bool}> host, port, whether over TLS
     */
    private function servers(): array
    {
        $servers = [];
        try {
            foreach ($this->client->listAccounts() as $account) {
                foreach ([$account->authorityUrl, $account->graphUrl] as $url) {
                    $parts = $url === null ? false : parse_url($url);
                    if (is_array($parts) && isset($parts['host'])) {
                        $secure = ($parts['scheme'] ?? '') !== 'http';
                        $servers[] = [$parts['host'], $parts['port'] ?? ($secure ? 443 : 80), $secure];
                    }
                }
            }
        } catch (GraphException) {
            // Told with the store.
        }

        return $servers === []
            ? array_map(static fn (string $host): array => [$host, 443, true], self::HOSTS)
            : array_values(array_unique($servers, SORT_REGULAR));
    }

    private function connect(InputInterface $input, OutputInterface $output, string $host, int $port, bool $secure): void
    {
        $began = hrtime(true);
        $stream = @stream_socket_client(sprintf('%s://%s:%d', $secure ? 'ssl' : 'tcp', $host, $port), $code, $message, 10);
        if ($stream === false) {
            $this->tell($input, $output, $this->text('connection'), 'failed', sprintf('%s:%d: %s', $host, $port, $message ?: error_get_last()['message'] ?? '?'));

            return;
        }
        $this->tell($input, $output, $this->text('connection'), 'ok', sprintf('%s:%d, %d ms', $host, $port, (hrtime(true) - $began) / 1_000_000));
        stream_set_timeout($stream, 10);
        fwrite($stream, sprintf("HEAD / HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", $host));
        $head = (string) stream_get_contents($stream, 16_384);
        fclose($stream);
        if (preg_match('/^Date: (.+)\r$/mi', $head, $part) === 1 && ($time = strtotime($part[1])) !== false) {
            $skew = $time - time();
            $this->tell($input, $output, $this->text('clock'), abs($skew) > 60 ? 'warning' : 'ok', $this->text('differs from the server by %d s', $skew));
        }
    }

    private function tell(InputInterface $input, OutputInterface $output, string $what, string $status, string $detail): void
    {
        if ($status === 'failed') {
            $this->exit = ExitCode::Configuration;
        }
        if (self::wantsJson($input)) {
            self::json($output, 'check', compact('what', 'status', 'detail'));

            return;
        }
        $mark = ['ok' => '<info>✓</info>', 'warning' => '<comment>!</comment>', 'failed' => '<error>✗</error>'][$status] ?? '-';
        $output->writeln(sprintf('%s %s %s', $mark, Text::column($what, 30), Text::line($detail)));
    }

    private static function file(string $path): string
    {
        return sprintf('%s (%s, %o)', $path, self::user((int) @fileowner($path), null), (int) @fileperms($path) & 07777);
    }

    private static function user(int $script, ?int $effective): string
    {
        $id = $effective ?? $script;
        $entry = function_exists('posix_getpwuid') ? posix_getpwuid($id) : false;

        return is_array($entry) ? $entry['name'] : (string) $id;
    }
}
