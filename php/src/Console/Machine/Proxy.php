<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Machine;

/**
 * Which proxy a server is reached through, by the extension's rules: `squeeze_graph.proxy`, else the usual environment
 * variables. NO_PROXY counts for both, and loopback is never reached through one.
 */
final class Proxy
{
    /**
     * @param string $configured squeeze_graph.proxy
     * @param string $authFile squeeze_graph.proxy_auth_file
     * @param array<string, string> $environment
     */
    public function __construct(
        private readonly string $configured,
        private readonly string $authFile,
        private readonly array $environment,
    ) {
    }

    /**
     * What is set, without passwords.
     *
     * @return array<string, string> value by name
     */
    public function settings(): array
    {
        $set = array_filter([
            'squeeze_graph.proxy' => $this->configured,
            'HTTPS_PROXY' => $this->variable('HTTPS_PROXY'),
            'HTTP_PROXY' => $this->variable('HTTP_PROXY'),
            'ALL_PROXY' => $this->variable('ALL_PROXY'),
            'NO_PROXY' => $this->variable('NO_PROXY'),
        ]);

        return array_map(self::withoutPassword(...), $set);
    }

    public static function withoutPassword(string $address): string
    {
        // To the last @: a password may hold such a sign, and a slash, unescaped.
        return (string) preg_replace('~^((?:[a-z0-9+.-]+://)?).*@~i', '$1…@', $address);
    }

    /** The address of the proxy as it is set, with a scheme; null: the server is reached directly. */
    public function of(Server $server): ?string
    {
        $address = $this->configured
            ?: $this->variable($server->secure ? 'HTTPS_PROXY' : 'HTTP_PROXY')
            ?: $this->variable('ALL_PROXY');
        if ($address === '' || $server->isLoopback() || $this->isExcepted($server->host)) {
            return null;
        }

        return str_contains($address, '://') ? $address : 'http://' . $address;
    }

    /**
     * What it is told about who asks.
     *
     * @return ?string user:password
     */
    public function credentials(string $address): ?string
    {
        if ($this->configured !== '' && $this->authFile !== '') {
            $line = strtok((string) @file_get_contents($this->authFile), "\r\n");

            return $line === false ? null : rtrim($line);
        }
        $parts = parse_url($address);

        return is_array($parts) && isset($parts['user']) ? rawurldecode($parts['user'] . ':' . ($parts['pass'] ?? '')) : null;
    }

    private function isExcepted(string $host): bool
    {
        foreach (array_filter(array_map(trim(...), explode(',', $this->variable('NO_PROXY')))) as $exception) {
            $domain = strtolower(ltrim($exception, '.'));
            $same = $exception === '*' || $domain === strtolower($host) || str_ends_with(strtolower($host), '.' . $domain);
            if ($same || self::isWithin($host, $exception)) {
                return true;
            }
        }

        return false;
    }

    /** Whether an address is one of a network such as 10.0.0.0/8. */
    private static function isWithin(string $address, string $network): bool
    {
        $parts = explode('/', $network, 2);
        $bits = $parts[1] ?? null;
        $one = @inet_pton($address);
        $other = @inet_pton($parts[0]);
        if ($bits === null || !ctype_digit($bits) || $one === false || $other === false || strlen($one) !== strlen($other)) {
            return false;
        }
        $whole = min(intdiv((int) $bits, 8), strlen($one));
        $mask = $whole < strlen($one) ? 0xff << (8 - (int) $bits % 8) & 0xff : 0;

        return strncmp($one, $other, $whole) === 0
            && ($mask === 0 || (ord($one[$whole]) & $mask) === (ord($other[$whole]) & $mask));
    }

    private function variable(string $name): string
    {
        return ($this->environment[$name] ?? '') ?: ($this->environment[strtolower($name)] ?? '');
    }
}
