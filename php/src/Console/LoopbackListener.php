<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * Catches the redirect at the end of a sign-in on this machine: `http://localhost:PORT/…`, for which Microsoft lets the
 * port be any (RFC 8252, section 7.3). Everything else that comes to the port is answered with 404 and ends nothing;
 * nobody who connects and says nothing holds the others up, as browsers do that connect ahead of time.
 */
final class LoopbackListener
{
    /** How many bytes a request may have: codes of Microsoft have some thousand. */
    private const LIMIT = 65_536;

    /** How long a request may take to arrive, seconds. */
    private const PATIENCE = 10;

    /** @var resource */
    private $server;

    /** @var array<int, array{resource, string, float}> who is connected: what came so far, until when it is waited for */
    private array $browsers = [];

    /**
     * @param string $elsewhere what is shown to those who come for something else
     * @throws \RuntimeException no port is free
     */
    public function __construct(private readonly string $path = '/callback', private readonly string $elsewhere = 'Not found')
    {
        $server = @stream_socket_server('tcp://127.0.0.1:0', $code, $message);
        $this->server = $server ?: throw new \RuntimeException(is_string($message) ? $message : '');
    }

    public function uri(): string
    {
        $address = (string) stream_socket_get_name($this->server, false);

        return 'http://localhost:' . substr($address, (int) strrpos($address, ':') + 1) . $this->path;
    }

    /**
     * Waits for the browser.
     *
     * @param callable(array<mixed>): ?string $answer gets the query, returns the text to show; null: it is not the one
     *     that is waited for
     * @return bool false: nobody came within $seconds
     */
    public function wait(int $seconds, callable $answer): bool
    {
        $end = microtime(true) + $seconds;
        while (microtime(true) < $end) {
            foreach ($this->requests($end) as $index => $request) {
                $query = $this->query($request);
                $text = $query === null ? null : $answer($query);
                $this->respond($index, $text);
                if ($text !== null) {
                    $this->browsers = [];

                    return true;
                }
            }
        }
        $this->browsers = [];

        return false;
    }

    /**
     * Waits a little, and gives the requests that have arrived.
     *
     * @return array<int, string> by index of the browser
     */
    private function requests(float $end): array
    {
        $ready = [];
        foreach ($this->browsers as [$browser]) {
            $ready[] = $browser;
        }
        $ready[] = $this->server;
        $none = null;
        // At most a second: whoever says nothing is let go of in time, and a signal that came just before is met.
        $left = (int) (1_000_000 * max(0.0, min(1.0, $end - microtime(true))));
        if ((int) @stream_select($ready, $none, $none, intdiv($left, 1_000_000), $left % 1_000_000) > 0) {
            foreach ($ready as $stream) {
                get_resource_id($stream) === get_resource_id($this->server) ? $this->accept() : $this->read($stream);
            }
        }
        $requests = [];
        foreach ($this->browsers as $index => [, $received, $until]) {
            if (preg_match('/\r?\n\r?\n/', $received) === 1) {
                $requests[$index] = $received;
            } elseif (strlen($received) > self::LIMIT || microtime(true) > $until) {
                unset($this->browsers[$index]);
            }
        }

        return $requests;
    }

    private function accept(): void
    {
        $browser = @stream_socket_accept($this->server, 0);
        if ($browser !== false) {
            stream_set_blocking($browser, false);
            $this->browsers[(int) $browser] = [$browser, '', microtime(true) + self::PATIENCE];
        }
    }

    /**
     * @param resource $browser
     */
    private function read(mixed $browser): void
    {
        $part = @fread($browser, 8_192);
        if ($part === false || ($part === '' && feof($browser))) {
            unset($this->browsers[(int) $browser]);
        } else {
            $this->browsers[(int) $browser][1] .= $part;
        }
    }

    /** @return ?array<mixed> null: it is not the redirect */
    private function query(string $request): ?array
    {
        $words = explode(' ', $request, 3);
        $url = parse_url($words[1] ?? '') ?: [];
        if ($words[0] !== 'GET' || ($url['path'] ?? '') !== $this->path) {
            return null;
        }
        parse_str($url['query'] ?? '', $query);

        return $query;
    }

    private function respond(int $index, ?string $text): void
    {
        $browser = $this->browsers[$index][0];
        unset($this->browsers[$index]);
        $page = sprintf(
            "<!doctype html><meta charset=\"utf-8\"><title>%1\$s</title><p style=\"font:1.2em sans-serif;margin:3em\">%1\$s</p>\n",
            htmlspecialchars($text ?? $this->elsewhere),
        );
        stream_set_blocking($browser, true);
        stream_set_timeout($browser, 5);
        @fwrite($browser, sprintf(
            "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n%s",
            $text === null ? '404 Not Found' : '200 OK',
            strlen($page),
            $page,
        ));
        fclose($browser);
    }
}
