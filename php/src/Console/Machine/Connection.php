<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Machine;

/**
 * Goes the way to a server as the extension does, through the proxy and with its trust, and asks what time it is there.
 */
final class Connection
{
    /** @param int $seconds to connect, and to wait for each answer */
    public function __construct(private readonly Proxy $proxy, private readonly Trust $trust, private readonly int $seconds)
    {
    }

    /**
     * Whether this program can go that way.
     */
    public function canBeTried(Server $server): bool
    {
        $proxy = $this->proxy->of($server);

        return (!$server->secure || extension_loaded('openssl')) && ($proxy === null || preg_match('~^http://~i', $proxy) === 1);
    }

    /**
     * @return array{milliseconds: int, skew: ?int} how long it took until connected; the server's clock minus ours, seconds
     * @throws \RuntimeException why it can not be reached
     */
    public function ask(Server $server): array
    {
        $began = hrtime(true);
        $stream = $this->connect($server);
        $milliseconds = (int) ((hrtime(true) - $began) / 1_000_000);
        $through = $this->proxy->of($server);
        $target = $server->secure || $through === null ? '/' : sprintf('http://%s/', $server->name());
        $head = $this->request($stream, sprintf("HEAD %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n", $target, $server->name(), $server->secure ? '' : $this->authorization($through)));
        fclose($stream);
        $time = preg_match('/^Date: (.+?)\r?$/mi', $head, $part) === 1 ? strtotime($part[1]) : false;

        return ['milliseconds' => $milliseconds, 'skew' => $time === false ? null : $time - time()];
    }

    /**
     * @return resource
     */
    private function connect(Server $server): mixed
    {
        $context = stream_context_create(['ssl' => array_filter([
            'peer_name' => $server->host,
            'cafile' => $this->trust->file(),
        ])]);
        $proxy = $this->proxy->of($server);
        $parts = $proxy === null ? [] : parse_url($proxy);
        $address = $proxy === null ? $server->name() : sprintf('%s:%d', $parts['host'] ?? '', $parts['port'] ?? 80);
        $stream = @stream_socket_client('tcp://' . $address, $code, $message, $this->seconds, STREAM_CLIENT_CONNECT, $context);
        if ($stream === false) {
            throw new \RuntimeException(sprintf('%s: %s', $address, is_string($message) && $message !== '' ? $message : self::reason()));
        }
        stream_set_timeout($stream, $this->seconds);
        if ($server->secure) {
            if ($proxy !== null) {
                $this->tunnel($stream, $server, $proxy);
            }
            if (@stream_socket_enable_crypto($stream, true, STREAM_CRYPTO_METHOD_TLS_CLIENT) !== true) {
                throw new \RuntimeException(sprintf('%s: %s', $server->name(), self::reason()));
            }
        }

        return $stream;
    }

    /**
     * @param resource $stream
     */
    private function tunnel(mixed $stream, Server $server, string $proxy): void
    {
        $answer = $this->request($stream, sprintf("CONNECT %1\$s HTTP/1.1\r\nHost: %1\$s\r\n%2\$s\r\n", $server->name(), $this->authorization($proxy)));
        if (preg_match('~^HTTP/1\.[01] 2\d\d~', $answer) !== 1) {
            throw new \RuntimeException(sprintf('%s: %s', Proxy::withoutPassword($proxy), trim((string) strtok($answer, "\r\n")) ?: self::reason()));
        }
    }

    private function authorization(?string $proxy): string
    {
        $credentials = $proxy === null ? null : $this->proxy->credentials($proxy);

        return $credentials === null ? '' : sprintf("Proxy-Authorization: Basic %s\r\n", base64_encode($credentials));
    }

    /**
     * Sends a head, and reads one: byte for byte to its end, because TLS may begin right behind it.
     *
     * @param resource $stream
     */
    private function request(mixed $stream, string $head): string
    {
        fwrite($stream, $head);
        $end = microtime(true) + $this->seconds;
        $answer = '';
        while (!str_ends_with($answer, "\r\n\r\n") && strlen($answer) < 16_384 && microtime(true) < $end) {
            $line = fgets($stream, 4_096);
            if ($line === false) {
                break;
            }
            $answer .= $line;
        }

        return $answer;
    }

    /** What PHP said last, without its own names. */
    private static function reason(): string
    {
        $message = error_get_last()['message'] ?? '?';

        return trim((string) preg_replace(['/^.*?\(\): /', '/\s+/'], ['', ' '], $message));
    }
}
