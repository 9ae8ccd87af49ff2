<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * Catches the redirect at the end of a sign-in on this machine: `http://localhost:PORT/…`, for which Microsoft lets the
 * port be any (RFC 8252, section 7.3). It answers that one request with a page, and everything else with 404.
 */
final class LoopbackListener
{
    /** @var resource */
    private $server;

    public function __construct(private readonly string $path = '/callback')
    {
        $server = @stream_socket_server('tcp://127.0.0.1:0', $code, $message);
        $this->server = $server ?: throw new \RuntimeException(sprintf('No port on 127.0.0.1 can be opened: %s', $message));
    }

    public function uri(): string
    {
        $address = (string) stream_socket_get_name($this->server, false);

        return 'http://localhost:' . substr($address, (int) strrpos($address, ':') + 1) . $this->path;
    }

    /**
     * Waits for the browser.
     *
     * @param callable(array<mixed>): string $answer gets the query, returns the text to show
     * @return bool false: nobody came within $seconds
     */
    public function wait(int $seconds, callable $answer): bool
    {
        $end = microtime(true) + $seconds;
        while (($left = $end - microtime(true)) > 0) {
            $browser = @stream_socket_accept($this->server, $left);
            if ($browser === false) {
                continue;
            }
            stream_set_timeout($browser, 5);
            $request = explode(' ', (string) fgets($browser, 16_384));
            while (!in_array(fgets($browser, 16_384), [false, "\r\n", "\n"], true)) {
            }
            $url = parse_url($request[1] ?? '') ?: [];
            if ($request[0] !== 'GET' || ($url['path'] ?? '') !== $this->path) {
                $this->respond($browser, '404 Not Found', 'Not found');
                continue;
            }
            parse_str($url['query'] ?? '', $query);
            $this->respond($browser, '200 OK', $answer($query));

            return true;
        }

        return false;
    }

    /**
     * @param resource $browser
     */
    private function respond(mixed $browser, string $status, string $text): void
    {
        $page = sprintf(
            "<!doctype html><meta charset=\"utf-8\"><title>%1\$s</title><p style=\"font:1.2em sans-serif;margin:3em\">%1\$s</p>\n",
            htmlspecialchars($text),
        );
        fwrite($browser, sprintf(
            "HTTP/1.1 %s\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n%s",
            $status,
            strlen($page),
            $page,
        ));
        fclose($browser);
    }
}
