<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * PHP-FPM with one worker, and as much of a FastCGI client as it takes to ask it.
 *
 * Records are laid out as the FastCGI specification (version 1.0, section 3.3) says.
 */
final class Fpm
{
    /** @var resource */
    private $process;
    private readonly string $socket;

    public function __construct(Scene $scene, string $way)
    {
        $this->socket = $scene->newFolder('fpm') . '/socket';
        $root = posix_geteuid() === 0;
        file_put_contents($scene->folder . '/fpm/fpm.conf', implode("\n", [
            '[global]',
            'error_log = ' . $scene->folder . '/fpm/log',
            'daemonize = no',
            '[www]',
            'listen = ' . $this->socket,
            'pm = static',
            'pm.max_children = 1',
            'clear_env = no',
            ...($root ? ['user = root', 'group = root'] : []),
            '',
        ]));
        $binary = sprintf('/usr/sbin/php-fpm%d.%d', PHP_MAJOR_VERSION, PHP_MINOR_VERSION);
        $command = [$binary, '-F', '-O', '-y', $scene->folder . '/fpm/fpm.conf', ...($root ? ['-R'] : [])];
        if ($way === 'ours') {
            foreach (Process::settings($scene->store(), $scene->server->ca) as $name => $value) {
                array_push($command, '-d', $name . '=' . $value);
            }
        }
        $this->process = proc_open($command, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', $scene->folder . '/fpm/errors', 'w']], $pipes) ?: throw new \RuntimeException('PHP-FPM can not be started');
        for ($waited = 0; !file_exists($this->socket); $waited++) {
            if ($waited > 1_000) {
                throw new \RuntimeException('PHP-FPM does not come up: ' . file_get_contents($scene->folder . '/fpm/errors'));
            }
            usleep(10_000);
        }
    }

    public function __destruct()
    {
        proc_terminate($this->process, SIGQUIT);
        proc_close($this->process);
    }

    /** User and system time of the worker, seconds. */
    public function cpu(): float
    {
        $fields = explode(' ', substr((string) strrchr((string) file_get_contents("/proc/{$this->worker()}/stat"), ')'), 2));

        return ((int) $fields[11] + (int) $fields[12]) / 100;
    }

    /** The most memory the worker ever had, bytes. */
    public function peak(): int
    {
        return Process::status('VmHWM', $this->worker());
    }

    private function worker(): string
    {
        $master = (string) proc_get_status($this->process)['pid'];

        return trim((string) file_get_contents("/proc/{$master}/task/{$master}/children"));
    }

    /** Runs a script and returns what it wrote. */
    public function request(string $script, string $query): string
    {
        $parameters = '';
        foreach (['SCRIPT_FILENAME' => $script, 'SCRIPT_NAME' => '/' . basename($script), 'REQUEST_METHOD' => 'GET', 'QUERY_STRING' => $query, 'SERVER_PROTOCOL' => 'HTTP/1.1'] as $name => $value) {
            $parameters .= pack('CN', strlen($name), strlen($value) | 0x80000000) . $name . $value;
        }
        $socket = stream_socket_client('unix://' . $this->socket) ?: throw new \RuntimeException('PHP-FPM does not listen');
        // begin (responder), parameters, their end, no input
        fwrite($socket, self::record(1, pack('nCx5', 1, 0)) . self::record(4, $parameters) . self::record(4, '') . self::record(5, ''));
        $output = '';
        while (strlen($header = (string) fread($socket, 8)) === 8) {
            ['type' => $type, 'length' => $length, 'padding' => $padding] = unpack('Cversion/Ctype/nid/nlength/Cpadding/Creserved', $header) ?: [];
            $content = '';
            while (strlen($content) < $length + $padding) {
                $content .= fread($socket, $length + $padding - strlen($content));
            }
            $content = substr($content, 0, $length);
            match ($type) {
                6 => $output .= $content,
                7 => throw new \RuntimeException($content),
                default => null,
            };
        }
        fclose($socket);
        [$headers, $body] = explode("\r\n\r\n", $output, 2) + ['', ''];
        if (str_contains($headers, 'Status: 5')) {
            throw new \RuntimeException($output);
        }

        return $body;
    }

    private static function record(int $type, string $content): string
    {
        return pack('CCnnCC', 1, $type, 1, strlen($content), 0, 0) . $content;
    }
}
