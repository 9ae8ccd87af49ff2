<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Machine;

use Squeeze\Graph\Account;

/**
 * A server that accounts talk to.
 */
final class Server
{
    /** Authority and Graph of Microsoft's clouds. */
    private const CLOUDS = [
        'global' => ['https://login.microsoftonline.com', 'https://graph.microsoft.com'],
        'usgov' => ['https://login.microsoftonline.us', 'https://graph.microsoft.us'],
        'usgov-dod' => ['https://login.microsoftonline.us', 'https://dod-graph.microsoft.us'],
        'china' => ['https://login.partner.microsoftonline.cn', 'https://microsoftgraph.chinacloudapi.cn'],
    ];

    public function __construct(public readonly string $host, public readonly int $port, public readonly bool $secure)
    {
    }

    /**
     * The servers of the accounts that are not disabled; Microsoft's where there is none.
     *
     * @param list<Account> $accounts
     * @return list<self>
     */
    public static function of(array $accounts): array
    {
        $urls = [];
        foreach ($accounts as $account) {
            if ($account->enabled) {
                $cloud = self::CLOUDS[$account->cloud] ?? self::CLOUDS['global'];
                array_push($urls, $account->authorityUrl ?? $cloud[0], $account->graphUrl ?? $cloud[1]);
            }
        }
        $servers = [];
        foreach (array_unique($urls === [] ? self::CLOUDS['global'] : $urls) as $url) {
            $parts = parse_url($url);
            if (is_array($parts) && isset($parts['host'])) {
                $secure = ($parts['scheme'] ?? '') !== 'http';
                $server = new self(trim($parts['host'], '[]'), $parts['port'] ?? ($secure ? 443 : 80), $secure);
                $servers[$server->name()] = $server;
            }
        }

        return array_values($servers);
    }

    public function name(): string
    {
        return sprintf('%s:%d', str_contains($this->host, ':') ? '[' . $this->host . ']' : $this->host, $this->port);
    }

    public function isLoopback(): bool
    {
        return $this->host === 'localhost' || $this->host === '::1' || preg_match('/^127\.\d+\.\d+\.\d+$/D', $this->host) === 1;
    }

    /**
     * What its name stands for, by this machine's resolver.
     *
     * @return list<string> addresses, of both kinds
     */
    public function addresses(): array
    {
        if (filter_var($this->host, FILTER_VALIDATE_IP) !== false) {
            return [$this->host];
        }
        if ($this->host === 'localhost') {
            return ['127.0.0.1', '::1'];
        }
        $addresses = gethostbynamel($this->host) ?: [];
        if (function_exists('socket_addrinfo_lookup')) {
            foreach (@socket_addrinfo_lookup($this->host, null, ['ai_socktype' => SOCK_STREAM]) ?: [] as $found) {
                $socket = socket_addrinfo_explain($found)['ai_addr'] ?? null;
                $address = is_array($socket) ? $socket['sin6_addr'] ?? $socket['sin_addr'] ?? null : null;
                $addresses[] = is_string($address) ? $address : '';
            }
        } else {
            $address = static fn (mixed $record): mixed => is_array($record) ? $record['ipv6'] ?? null : null;
            array_push($addresses, ...array_filter(array_map($address, @dns_get_record($this->host, DNS_AAAA) ?: []), is_string(...)));
        }

        return array_values(array_unique(array_filter($addresses)));
    }
}
