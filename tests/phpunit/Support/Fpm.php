<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * PHP-FPM with the extension, for as long as this object lives, and requests to it.
 */
final class Fpm
{
    /** @var resource */
    private $master;
    private readonly string $socket;
    /** @var list<string> what each request makes as its first deed */
    private array $marks = [];

    /**
     * @param string $folder for its socket, log and scripts
     * @param array<string, string|int> $pool settings of the pool
     * @param array<string, string> $ini php.ini settings of the whole server
     * @param array<string, string|int> $global settings of the master
     * @param ?int $user who runs it; null: whoever runs this
     */
    public function __construct(private readonly string $folder, array $pool = [], array $ini = [], array $global = [], ?int $user = null)
    {
        // Where Debian has it, or beside a PHP that was built by itself.
        $beside = dirname(PHP_BINARY, 2) . '/sbin/php-fpm';
        $binary = $beside . PHP_MAJOR_VERSION . '.' . PHP_MINOR_VERSION;
        $binary = is_file($binary) ? $binary : $beside;
        $this->socket = $folder . '/fpm.sock';
        $root = $user === null && posix_geteuid() === 0;
        // Started as root it must be told to stay what it is, so that one user owns the store.
        $pool += ($root ? ['user' => 'root', 'group' => 'root'] : []) + [
            'listen' => $this->socket,
            'pm' => 'static',
            'pm.max_children' => 2,
            'clear_env' => 'no',
            'php_admin_value[squeeze_graph.store]' => $folder . '/store.sqlite',
            'php_admin_value[display_errors]' => '1',
        ];
        $global += ['error_log' => $folder . '/fpm.log', 'daemonize' => 'no'];
        $lines = ['[global]'];
        foreach ($global as $name => $value) {
            $lines[] = $name . ' = ' . $value;
        }
        $lines[] = '[www]';
        foreach ($pool as $name => $value) {
            $lines[] = $name . ' = ' . $value;
        }
        file_put_contents($folder . '/fpm.conf', implode("\n", $lines) . "\n");
        $command = [$binary, '-F', '-O', '-y', $folder . '/fpm.conf', ...($root ? ['-R'] : [])];
        foreach ($ini + ['extension' => Php::extension(), 'squeeze_graph.custom_endpoints' => '1'] as $name => $value) {
            array_push($command, '-d', $name . '=' . $value);
        }
        if ($user !== null) {
            array_unshift($command, 'setpriv', '--reuid=' . $user, '--clear-groups', '--');
        }
        if (!is_executable($binary)) {
            throw new \RuntimeException('PHP-FPM is not installed: run tools/setup');
        }
        $this->master = proc_open($command, [['file', '/dev/null', 'r'], ['file', '/dev/null', 'w'], ['file', $folder . '/fpm.err', 'w']], $pipes)
            ?: throw new \RuntimeException('PHP-FPM can not be started');
        $end = microtime(true) + 20;
        while (!file_exists($this->socket) && proc_get_status($this->master)['running'] && microtime(true) < $end) {
            usleep(10_000);
        }
        if (!file_exists($this->socket)) {
            throw new \RuntimeException('PHP-FPM did not start: ' . $this->log());
        }
    }

    public function __destruct()
    {
        proc_terminate($this->master, SIGQUIT);
        proc_close($this->master);
        Php::assertEngineIsContent($this->log());
    }

    /**
     * Runs statements in a request.
     */
    public function web(string $code): string
    {
        return $this->start($code)();
    }

    /**
     * Sends a request.
     *
     * @return \Closure(): string waits for its answer
     */
    public function start(string $code): \Closure
    {
        $script = $this->folder . '/request-' . bin2hex(random_bytes(4)) . '.php';
        $this->marks[] = $mark = $script . '.begun';
        file_put_contents($script, "<?php\nnamespace Squeeze\\Graph;\ntouch('{$mark}');\n" . $code);
        $process = proc_open(
            ['cgi-fcgi', '-bind', '-connect', $this->socket],
            [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']],
            $pipes,
            null,
            ['SCRIPT_FILENAME' => $script, 'SCRIPT_NAME' => '/' . basename($script), 'REQUEST_METHOD' => 'GET', 'SERVER_PROTOCOL' => 'HTTP/1.1', 'PATH' => (string) getenv('PATH')],
        ) ?: throw new \RuntimeException('cgi-fcgi is not installed: run tools/setup');

        return function () use ($process, $pipes): string {
            $answer = stream_get_contents($pipes[1]);
            proc_close($process);

            return explode("\r\n\r\n", $answer, 2)[1] ?? throw new \RuntimeException('no answer: ' . $answer . $this->log());
        };
    }

    /**
     * Waits until a worker has begun with each request that was sent.
     */
    public function begun(float $seconds = 20): void
    {
        $end = microtime(true) + $seconds;
        while (array_filter($this->marks, static fn (string $mark): bool => !file_exists($mark)) !== []) {
            if (microtime(true) > $end) {
                throw new \RuntimeException('a request has not begun: ' . $this->log());
            }
            usleep(5_000);
        }
    }

    /**
     * Asks for a script as a web server would.
     *
     * @param array<string, string> $parameters of FastCGI
     * @return string the answer with its headers
     */
    public function ask(string $script, array $parameters, string $body = ''): string
    {
        $parameters += [
            'SCRIPT_FILENAME' => $script,
            'REQUEST_METHOD' => $body === '' ? 'GET' : 'POST',
            'SERVER_PROTOCOL' => 'HTTP/1.1',
            'CONTENT_TYPE' => 'application/x-www-form-urlencoded',
            'CONTENT_LENGTH' => (string) strlen($body),
            'PATH' => (string) getenv('PATH'),
        ];
        $process = proc_open(
            ['cgi-fcgi', '-bind', '-connect', $this->socket],
            [['pipe', 'r'], ['pipe', 'w'], ['file', '/dev/null', 'w']],
            $pipes,
            null,
            $parameters,
        ) ?: throw new \RuntimeException('cgi-fcgi is not installed: run tools/setup');
        fwrite($pipes[0], $body);
        fclose($pipes[0]);
        $answer = stream_get_contents($pipes[1]);
        proc_close($process);

        return $answer;
    }

    public function pid(): int
    {
        return proc_get_status($this->master)['pid'];
    }

    public function signal(int $signal): void
    {
        proc_terminate($this->master, $signal);
    }

    /**
     * Waits until the master has ended.
     *
     * @return float seconds
     */
    public function ended(float $seconds = 30): float
    {
        $begun = microtime(true);
        while (proc_get_status($this->master)['running']) {
            if (microtime(true) - $begun > $seconds) {
                throw new \RuntimeException('PHP-FPM did not end: ' . $this->log());
            }
            usleep(5_000);
        }

        return microtime(true) - $begun;
    }

    public function log(): string
    {
        return @file_get_contents($this->folder . '/fpm.err') . @file_get_contents($this->folder . '/fpm.log');
    }
}
