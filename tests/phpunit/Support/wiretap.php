<?php

/**
 * A gateway in front of the sandbox that writes down every secret that passes, and that can answer like a careless server: with what it
 * was sent in its error messages.
 *
 * Arguments: the sandbox's URL, and a folder: `mode` is read from there before each request, `secrets` gets a JSON line a secret. The
 * port is the first line of standard output. It ends with its standard input.
 */

declare(strict_types=1);

[, $sandbox, $folder] = $argv;
$server = stream_socket_server('tcp://127.0.0.1:0') ?: exit(1);
$own = 'http://' . stream_socket_get_name($server, false);
echo parse_url($own, PHP_URL_PORT), "\n";
$noted = [];

/** Keeps a secret that passed. */
function note(string $kind, mixed $value): void
{
    global $noted, $folder;
    if (is_string($value) && strlen($value) >= 8 && !isset($noted[$value])) {
        $noted[$value] = true;
        file_put_contents($folder . '/secrets', json_encode([$kind, $value], JSON_THROW_ON_ERROR) . "\n", FILE_APPEND);
    }
}

/** @return array{string, string, array<string, string>, string}|null method, target, header fields, body */
function request(mixed $connection): ?array
{
    $bytes = '';
    while (!str_contains($bytes, "\r\n\r\n")) {
        $more = fread($connection, 65_536);
        if ($more === '' || $more === false) {
            return null;
        }
        $bytes .= $more;
    }
    [$head, $body] = explode("\r\n\r\n", $bytes, 2);
    $lines = explode("\r\n", $head);
    [$method, $target] = explode(' ', array_shift($lines));
    $fields = [];
    foreach ($lines as $line) {
        [$name, $value] = explode(':', $line, 2);
        $fields[strtolower($name)] = trim($value);
    }
    while (strlen($body) < (int) ($fields['content-length'] ?? 0) && !feof($connection)) {
        $body .= fread($connection, 65_536);
    }

    return [$method, $target, $fields, $body];
}

/**
 * @param array<string, string> $fields
 * @return array{string, string} the head's first lines and the body
 */
function forwarded(string $sandbox, string $own, string $method, string $target, array $fields, string $body): array
{
    unset($fields['connection'], $fields['content-length'], $fields['accept-encoding']);
    $context = stream_context_create(['http' => [
        'method' => $method,
        'header' => array_map(static fn (string $name, string $value): string => "$name: $value", array_keys($fields), $fields),
        'content' => $body,
        'ignore_errors' => true,
        'follow_location' => 0,
        'protocol_version' => 1.1,
        'timeout' => 30,
    ]]);
    $answer = (string) file_get_contents($sandbox . $target, false, $context);
    $head = [];
    foreach ($http_response_header as $line) {
        if (preg_match('/^(transfer-encoding|content-length|connection):/i', $line) === 0) {
            $head[] = str_replace($sandbox, $own, $line);
        }
    }

    return [implode("\r\n", $head), str_contains($target, '/$value') ? $answer : str_replace($sandbox, $own, $answer)];
}

/**
 * An answer of a server that tells what it was sent.
 *
 * @param array<string, string> $fields
 * @return array{string, string}
 */
function careless(string $mode, string $target, array $fields, string $body): array
{
    parse_str($body, $form);
    $bearer = $fields['authorization'] ?? '';
    $plain = implode(' ', array_filter($form, is_string(...)));
    $sent = trim("$bearer $plain");
    $told = trim("$bearer $body $plain " . base64_encode($sent) . ' ' . rawurlencode($sent));
    $first = $form['refresh_token'] ?? $form['code'] ?? $form['client_secret'] ?? substr($bearer, 7);
    $json = "Content-Type: application/json\r\nrequest-id: $first\r\nclient-request-id: $first\r\nx-ms-request-id: $first";
    $status = (int) (substr($mode, 5) ?: 400);
    if (str_starts_with($mode, 'says-')) {
        $error = str_contains($target, '/token')
            ? ['error' => 'invalid_grant', 'error_description' => "AADSTS70000: you sent $told", 'error_codes' => [70000], 'suberror' => $first, 'trace_id' => $first, 'correlation_id' => $first, 'error_uri' => "https://login.example/?$body"]
            : ['error' => ['code' => $first, 'message' => "you sent $told", 'innerError' => ['code' => $first, 'request-id' => $first, 'message' => $told]]];

        return ["HTTP/1.1 $status Told\r\n$json\r\nWWW-Authenticate: Bearer error=\"invalid_token\", error_description=\"$bearer\"", json_encode($error, JSON_THROW_ON_ERROR)];
    }
    $fresh = 'fresh-' . bin2hex(random_bytes(24));
    note('a token in an answer that can not be read', $fresh);

    return match ($mode) {
        'page' => ["HTTP/1.1 400 Told\r\nContent-Type: text/html", "<html><title>$first</title>$told</html>"],
        'cut' => ["HTTP/1.1 200 OK\r\n$json", "{\"access_token\":\"$fresh\",\"refresh_token\":\"$fresh-r\",\"id\":\"$first\",\"value\":[{\"id\":\"$first\""],
        'types' => ["HTTP/1.1 200 OK\r\n$json", json_encode(['access_token' => [$fresh], 'token_type' => $first, 'expires_in' => $fresh, 'scope' => [$first], 'value' => $fresh, 'id' => [$first], 'displayName' => [$fresh]], JSON_THROW_ON_ERROR)],
        'moved' => ["HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/?" . http_build_query(['sent' => $sent]), $told],
        'next' => ["HTTP/1.1 200 OK\r\n$json", json_encode(['value' => [], '@odata.nextLink' => 'https://elsewhere.example/?' . http_build_query(['sent' => $sent])], JSON_THROW_ON_ERROR)],
        default => ["HTTP/1.1 500 Told\r\n$json", $told],
    };
}

stream_set_blocking(STDIN, false);
for (;;) {
    $ready = [STDIN, $server];
    $none = null;
    stream_select($ready, $none, $none, null);
    if (in_array(STDIN, $ready, true) && fread(STDIN, 1) === '' && feof(STDIN)) {
        exit(0);
    }
    if (!in_array($server, $ready, true) || ($connection = stream_socket_accept($server, 0)) === false) {
        continue;
    }
    stream_set_timeout($connection, 5);
    $request = request($connection);
    if ($request !== null) {
        [$method, $target, $fields, $body] = $request;
        parse_str($body, $form);
        foreach (['client_secret', 'code', 'code_verifier', 'refresh_token'] as $name) {
            note($name, $form[$name] ?? null);
        }
        note('access_token', substr($fields['authorization'] ?? '', 7));
        $mode = trim((string) @file_get_contents($folder . '/mode'));
        [$head, $answer] = $mode === ''
            ? forwarded($sandbox, $own, $method, $target, $fields, $body)
            : careless($mode, $target, $fields, $body);
        if ($mode === '' && str_contains($target, '/token')) {
            $tokens = json_decode($answer, true);
            if (isset($tokens['id_token'])) {
                // It says who issued it: the authority that was asked.
                [$first, $claims, $signature] = explode('.', $tokens['id_token']);
                $claims = str_replace($sandbox, $own, (string) base64_decode(strtr($claims, '-_', '+/')));
                $claims = rtrim(strtr(base64_encode($claims), '+/', '-_'), '=');
                $tokens['id_token'] = "$first.$claims.$signature";
                $answer = json_encode($tokens, JSON_THROW_ON_ERROR);
            }
            foreach (['access_token', 'refresh_token', 'id_token'] as $name) {
                note($name, $tokens[$name] ?? null);
            }
        }
        @fwrite($connection, "$head\r\nConnection: close\r\nContent-Length: " . strlen($answer) . "\r\n\r\n$answer");
    }
    fclose($connection);
}
