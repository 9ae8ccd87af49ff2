<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * A program as somebody uses it who sits at a terminal: input, output and errors are one pseudo terminal.
 */
final class Terminal
{
    /** @var resource */
    private $process;
    /** @var array<int, resource> */
    private array $pipes = [];
    private string $output = '';
    private ?int $status = null;

    /**
     * @param list<string> $arguments of PHP
     * @param array<string, string> $environment added to this process's
     * @param bool $piped standard output goes elsewhere, as behind a `|`; only the rest is at the terminal
     */
    public function __construct(array $arguments, array $environment = [], private readonly bool $piped = false)
    {
        $process = proc_open(
            [...Php::command(), ...$arguments],
            [['pty'], $piped ? ['pipe', 'w'] : ['pty'], ['pty']],
            $this->pipes,
            null,
            $environment + ['TERM' => 'xterm'] + getenv(),
        );
        $this->process = $process ?: throw new \RuntimeException('PHP can not be started');
        foreach ($this->pipes as $pipe) {
            stream_set_blocking($pipe, false);
        }
    }

    /** Of a test that failed on its way: nobody will answer any more. */
    public function __destruct()
    {
        if ($this->status === null) {
            proc_terminate($this->process, SIGKILL);
        }
    }

    public function type(string $text): self
    {
        fwrite($this->pipes[0], $text);

        return $this;
    }

    public function signal(int $signal): self
    {
        proc_terminate($this->process, $signal);

        return $this;
    }

    /** Waits until the terminal shows a text, and forgets what stood there before it. */
    public function waitFor(string $text, float $seconds = 30): self
    {
        $end = microtime(true) + $seconds;
        while (($at = strpos($this->output, $text)) === false) {
            $this->read();
            if (microtime(true) > $end) {
                throw new \RuntimeException(sprintf("the terminal did not show %s; it showed:\n%s", $text, $this->output));
            }
            usleep(5_000);
        }
        $this->output = substr($this->output, $at);

        return $this;
    }

    public function wait(float $seconds = 30): self
    {
        $end = microtime(true) + $seconds;
        while ($this->status === null) {
            $this->read();
            $status = proc_get_status($this->process);
            if (!$status['running']) {
                $this->status = $status['signaled'] ? 128 + $status['termsig'] : $status['exitcode'];
            } elseif (microtime(true) > $end) {
                proc_terminate($this->process, SIGKILL);
                throw new \RuntimeException(sprintf("the program did not end within %d s; the terminal showed:\n%s", $seconds, $this->output));
            }
            usleep(5_000);
        }
        $this->read();

        return $this;
    }

    public function status(): int
    {
        return $this->status ?? throw new \LogicException('the program still runs');
    }

    /** What stands on the terminal. */
    public function shown(): string
    {
        return $this->output;
    }

    /** What went behind the `|`. */
    public function piped(): string
    {
        return $this->piped ? (string) stream_get_contents($this->pipes[1]) : '';
    }

    /** Whether the terminal shows what is typed. */
    public function echoes(): bool
    {
        $stty = proc_open(['stty', '-a'], [$this->pipes[0], ['pipe', 'w'], ['file', '/dev/null', 'w']], $pipes);
        $modes = (string) stream_get_contents($pipes[1]);
        proc_close($stty);

        return preg_match('/(?<!-)\becho\b/', $modes) === 1;
    }

    private function read(): void
    {
        // Without the colours.
        $this->output = (string) preg_replace('/\e\[[\d;]*m/', '', $this->output . @fread($this->pipes[2], 65_536));
    }
}
