<?php

/**
 * An HTTP proxy that tunnels (CONNECT, RFC 9110 section 9.3.6) whatever host is asked for to one port of loopback.
 *
 * usage: php connect-proxy.php TARGET_PORT [USER:PASSWORD]
 * Prints its own port, and a line for each tunnel that is asked for. Ends when standard input is closed.
 */

declare(strict_types=1);

$target = (int) $argv[1];
$credentials = $argv[2] ?? null;
$listener = stream_socket_server('tcp://127.0.0.1:0');
echo substr((string) strrchr((string) stream_socket_get_name($listener, false), ':'), 1), "\n";

/** @var array<int, resource> $heads who has not said yet where to */
$heads = [];
$said = [];
/** @var array<int, resource> $peers the other end of a tunnel */
$peers = [];
$open = [];
$close = static function ($socket) use (&$heads, &$said, &$peers, &$open): void {
    $id = (int) $socket;
    unset($heads[$id], $said[$id], $open[$id]);
    if (isset($peers[$id])) {
        $peer = $peers[$id];
        unset($peers[$id], $peers[(int) $peer], $open[(int) $peer]);
        fclose($peer);
    }
    fclose($socket);
};
while (true) {
    $ready = [STDIN, $listener, ...array_values($heads), ...array_values($open)];
    $none = null;
    stream_select($ready, $none, $none, null);
    foreach ($ready as $socket) {
        $id = get_resource_id($socket);
        if ($socket === STDIN) {
            exit(0);
        }
        if ($socket === $listener) {
            $client = stream_socket_accept($listener);
            $heads[(int) $client] = $client;
            $said[(int) $client] = '';
            continue;
        }
        $bytes = is_resource($socket) ? (string) fread($socket, 65_536) : '';
        if ($bytes === '') {
            if (is_resource($socket)) {
                $close($socket);
            }
            continue;
        }
        if (isset($peers[$id])) {
            fwrite($peers[$id], $bytes);
            continue;
        }
        $said[$id] .= $bytes;
        if (!str_contains($said[$id], "\r\n\r\n")) {
            continue;
        }
        $wanted = $credentials === null ? null : 'proxy-authorization: basic ' . base64_encode($credentials);
        $allowed = $wanted === null || in_array(strtolower($wanted), array_map('strtolower', explode("\r\n", $said[$id])), true);
        echo strtok($said[$id], "\r\n"), $allowed ? ' 200' : ' 407', "\n";
        if (!$allowed) {
            fwrite($socket, "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n");
            $close($socket);
            continue;
        }
        $server = stream_socket_client('tcp://127.0.0.1:' . $target);
        fwrite($socket, "HTTP/1.1 200 Connection established\r\n\r\n");
        unset($heads[$id]);
        [$peers[$id], $peers[(int) $server], $open[$id], $open[(int) $server]] = [$server, $socket, $socket, $server];
    }
}
