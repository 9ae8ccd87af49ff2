<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * A server, or a proxy, that notes what it is sent and answers nothing useful.
 */
final class Trap
{
    public readonly string $url;
    /** @var resource kept: it ends with it */
    private $process;

    public function __construct(private readonly string $file)
    {
        touch($file);
        $this->process = proc_open([PHP_BINARY, '-n', __DIR__ . '/trap.php', $file], [['pipe', 'r'], ['pipe', 'w']], $pipes)
            ?: throw new \RuntimeException('The trap can not be started');
        $this->url = 'http://127.0.0.1:' . trim((string) fgets($pipes[1]));
    }

    /**
     * Every byte it was sent.
     */
    public function caught(): string
    {
        return (string) file_get_contents($this->file);
    }

    /**
     * @return list<string> the hosts it was asked for as a proxy, sorted
     */
    public function hosts(): array
    {
        preg_match_all('/^[A-Z]+ (?:https?:\/\/)?([^\s\/:]+)/m', $this->caught(), $found);
        $hosts = array_values(array_unique($found[1]));
        sort($hosts);

        return $hosts;
    }
}
