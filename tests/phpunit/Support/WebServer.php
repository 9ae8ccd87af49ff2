<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * The account page under PHP's built-in web server, for as long as this object lives.
 */
final class WebServer
{
    private const PAGE = __DIR__ . '/../../../php/web/public';

    public readonly string $url;
    /** What lets a browser in. */
    public readonly string $link;
    private readonly Php $server;

    /**
     * @param array<string, mixed> $configuration of the page
     * @param array<string, string> $settings of php.ini
     */
    public function __construct(string $folder, array $configuration, array $settings = [])
    {
        $file = $folder . '/page-' . bin2hex(random_bytes(4)) . '.php';
        file_put_contents($file, '<?php return ' . var_export($configuration, true) . ';');
        $listener = stream_socket_server('tcp://127.0.0.1:0') ?: throw new \RuntimeException('no port is free');
        $port = (int) substr((string) strrchr((string) stream_socket_get_name($listener, false), ':'), 1);
        fclose($listener);
        $token = bin2hex(random_bytes(32));
        mkdir($folder . '/sessions-' . $port, 0700);
        $this->server = Php::start(
            ['-S', '127.0.0.1:' . $port, '-t', self::PAGE, self::PAGE . '/index.php'],
            $settings + ['session.save_path' => $folder . '/sessions-' . $port],
            ['SQUEEZE_GRAPH_WEB_CONFIG' => $file, 'SQUEEZE_GRAPH_WEB_TOKEN' => $token],
        );
        // By name: Microsoft, and so the sandbox, allows http:// for localhost.
        $this->url = 'http://localhost:' . $port;
        $this->link = $this->url . '/?token=' . $token;
        $end = microtime(true) + 10;
        while (($socket = @fsockopen('127.0.0.1', $port)) === false) {
            if (!$this->server->running() || microtime(true) > $end) {
                throw new \RuntimeException('the web server did not start: ' . $this->server->errors());
            }
            usleep(10_000);
        }
        fclose($socket);
    }

    public function __destruct()
    {
        $this->server->signal(SIGTERM);
        $this->server->wait(10);
    }

    /** What it wrote to standard error: a line for each request, and PHP's errors. */
    public function log(): string
    {
        $this->server->running();

        return $this->server->errors();
    }
}
