<?php

/**
 * A server nobody should ever talk to: it writes down what it is sent and refuses. Argument: the file to write to. The port is the first
 * line of standard output. It ends with its standard input.
 */

declare(strict_types=1);

$server = stream_socket_server('tcp://127.0.0.1:0') ?: exit(1);
echo parse_url('tcp://' . stream_socket_get_name($server, false), PHP_URL_PORT), "\n";
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
    stream_set_timeout($connection, 1);
    $bytes = '';
    while (preg_match('/\r\n\r\n/', $bytes) !== 1 && ($more = fread($connection, 65_536)) !== '' && $more !== false) {
        $bytes .= $more;
    }
    $missing = preg_match('/^content-length: (\d+)/im', $bytes, $length) === 1 ? (int) $length[1] - strlen(strstr($bytes, "\r\n\r\n")) + 4 : 0;
    if ($missing > 0) {
        $bytes .= stream_get_contents($connection, $missing);
    }
    file_put_contents($argv[1], $bytes . "\n", FILE_APPEND);
    @fwrite($connection, "HTTP/1.1 403 Trapped\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    fclose($connection);
}
