<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support\Faults;

/**
 * A proxy as companies have one, which leads to a sandbox whatever host is asked for.
 */
final class ConnectProxy
{
    public readonly int $port;
    /** @var resource */
    private $process;
    /** @var array<int, resource> */
    private array $pipes = [];

    public function __construct(int $target, ?string $credentials = null)
    {
        $command = [PHP_BINARY, '-n', __DIR__ . '/connect-proxy.php', (string) $target, ...($credentials === null ? [] : [$credentials])];
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $this->pipes) ?: throw new \RuntimeException('no proxy');
        $this->port = (int) fgets($this->pipes[1]);
    }

    /**
     * Ends it; what it was asked for, a line each.
     *
     * @return list<string>
     */
    public function end(): array
    {
        fclose($this->pipes[0]);
        $lines = explode("\n", trim((string) stream_get_contents($this->pipes[1])));
        proc_close($this->process);

        return array_values(array_filter($lines));
    }
}
