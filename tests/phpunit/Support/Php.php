<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * Another PHP process with the extension, as cron or a worker would be.
 */
final class Php
{
    /** @var resource */
    private $process;
    /** @var array<int, resource> */
    private array $pipes = [];
    private string $output = '';
    private string $errors = '';
    private ?int $status = null;

    /**
     * @param list<string> $arguments of PHP: the script and its own arguments
     * @param array<string, string> $settings php.ini settings
     * @param array<string, string> $environment added to this process's
     */
    private function __construct(array $arguments, array $settings, array $environment)
    {
        $process = proc_open(
            [...self::command($settings), ...$arguments],
            [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']],
            $this->pipes,
            null,
            $environment + getenv(),
        );
        $this->process = $process ?: throw new \RuntimeException('PHP can not be started');
        foreach ($this->pipes as $pipe) {
            stream_set_blocking($pipe, false);
        }
    }

    /**
     * @param array<string, string> $settings
     * @return list<string> PHP with the same extension and, unless told otherwise, the same store as this process
     */
    public static function command(array $settings = []): array
    {
        $settings += [
            'squeeze_graph.custom_endpoints' => '1',
            'squeeze_graph.store' => (string) ini_get('squeeze_graph.store'),
        ];
        $command = [PHP_BINARY, '-d', 'extension=' . self::extension(), '-d', 'display_errors=stderr', '-d', 'log_errors=0'];
        foreach ($settings as $name => $value) {
            array_push($command, '-d', sprintf('%s="%s"', $name, $value));
        }

        return $command;
    }

    /**
     * The file of the extension that is loaded here.
     */
    public static function extension(): string
    {
        $file = getenv('SQUEEZE_GRAPH_EXTENSION');

        return $file === false || $file === '' ? 'squeeze_graph' : $file;
    }

    /**
     * @param list<string> $arguments
     * @param array<string, string> $settings
     * @param array<string, string> $environment
     */
    public static function start(array $arguments, array $settings = [], array $environment = []): self
    {
        return new self($arguments, $settings, $environment);
    }

    /**
     * @param list<string> $arguments
     * @param array<string, string> $settings
     * @param array<string, string> $environment
     */
    public static function run(array $arguments, array $settings = [], array $environment = [], float $seconds = 60): self
    {
        return self::start($arguments, $settings, $environment)->wait($seconds);
    }

    /**
     * Runs statements that may use the functions of Squeeze\Graph by their short names.
     *
     * @param array<string, string> $settings
     */
    public static function code(string $code, array $settings = [], float $seconds = 60): self
    {
        return self::startCode($code, $settings)->wait($seconds);
    }

    /**
     * @param array<string, string> $settings
     */
    public static function startCode(string $code, array $settings = []): self
    {
        return self::start(['-r', 'namespace Squeeze\Graph; ' . $code], $settings);
    }

    public function pid(): int
    {
        return proc_get_status($this->process)['pid'];
    }

    /**
     * Nothing happens once it is known to have ended: its id may be another process's by then.
     */
    public function signal(int $signal): void
    {
        if ($this->status === null) {
            proc_terminate($this->process, $signal);
        }
    }

    public function running(): bool
    {
        $this->read();

        return $this->status === null && $this->look();
    }

    public function wait(float $seconds = 60): self
    {
        $end = microtime(true) + $seconds;
        while ($this->running()) {
            if (microtime(true) > $end) {
                proc_terminate($this->process, SIGKILL);
                throw new \RuntimeException(sprintf("a PHP process did not end within %d s; it wrote:\n%s%s", $seconds, $this->output, $this->errors));
            }
            usleep(5_000);
        }
        $this->read();

        return $this;
    }

    /**
     * Waits until it has written a text.
     */
    public function waitFor(string $text, float $seconds = 30): self
    {
        $end = microtime(true) + $seconds;
        while (!str_contains($this->output, $text)) {
            if (!$this->running() && !str_contains($this->output, $text)) {
                throw new \RuntimeException(sprintf("a PHP process ended before it wrote %s; it wrote:\n%s%s", $text, $this->output, $this->errors));
            }
            if (microtime(true) > $end) {
                throw new \RuntimeException(sprintf('a PHP process did not write %s', $text));
            }
            usleep(5_000);
        }

        return $this;
    }

    public function output(): string
    {
        return $this->output;
    }

    public function errors(): string
    {
        return $this->errors;
    }

    /**
     * The exit status; 128 + n after signal n.
     */
    public function status(): int
    {
        return $this->status ?? throw new \LogicException('the process still runs');
    }

    /**
     * Standard output as JSON lines.
     *
     * @return list<array<string, mixed>>
     */
    public function lines(): array
    {
        $decode = static fn (string $line): array => json_decode($line, true, 512, JSON_THROW_ON_ERROR);

        return array_map($decode, array_values(array_filter(explode("\n", $this->output))));
    }

    private function read(): void
    {
        if ($this->pipes !== []) {
            $this->output .= stream_get_contents($this->pipes[1]);
            $this->errors .= stream_get_contents($this->pipes[2]);
        }
    }

    private function look(): bool
    {
        $status = proc_get_status($this->process);
        if (!$status['running']) {
            $this->status = $status['signaled'] ? 128 + $status['termsig'] : $status['exitcode'];
            $this->read();
            self::assertEngineIsContent($this->output . $this->errors);
        }

        return $status['running'];
    }

    /**
     * A PHP that was built with debugging looks at itself when a process ends, and only says what it found.
     *
     * @throws \RuntimeException it found something
     */
    public static function assertEngineIsContent(string $text): void
    {
        if (preg_match('/Freeing 0x[0-9a-f]+ \(|memory leaks? detected|zend_mm_heap corrupted|Arginfo \/ zpp mismatch|Assertion .{1,200}? failed/', $text, $found) === 1) {
            throw new \RuntimeException(sprintf("PHP found something wrong with itself (%s):\n%s", $found[0], substr($text, -4_000)));
        }
    }
}
