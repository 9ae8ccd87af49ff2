<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * Where a script's words go: results to standard output, as lines for people or as JSON; the rest to standard error.
 */
final class Output
{
    private readonly ProgressBar $bar;

    /**
     * @param bool $json one JSON object a line on standard output, instead of sentences
     * @param bool $quiet only what someone has to know
     */
    public function __construct(private readonly bool $json, private readonly bool $quiet)
    {
        $this->bar = new ProgressBar(STDERR);
    }

    /**
     * @param array<string, mixed> $data
     */
    public function record(string $type, array $data): void
    {
        if ($this->json) {
            $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE;
            $this->write(STDOUT, json_encode(['type' => $type] + $data, $flags));
        }
    }

    /**
     * For people who look on.
     */
    public function say(string $line): void
    {
        if (!$this->json && !$this->quiet) {
            $this->write(STDOUT, $line);
        }
    }

    /**
     * For people who have to do something.
     */
    public function tell(string $line): void
    {
        if (!$this->json) {
            $this->write(STDOUT, $line);
        }
    }

    /**
     * Beside the results: notes and trouble of the script itself.
     */
    public function note(string $line): void
    {
        $this->write(STDERR, $line);
    }

    public function progress(int $done, int $total, string $label): void
    {
        if (!$this->quiet) {
            $this->bar->show($done, $total, self::harmless($label));
        }
    }

    public function endProgress(): void
    {
        $this->bar->clear();
    }

    /**
     * @param resource $stream
     */
    private function write(mixed $stream, string $line): void
    {
        $this->bar->clear();
        fwrite($stream, self::harmless($line) . "\n");
    }

    /**
     * What comes from mails and servers must not steer the terminal: neither control characters nor those that turn
     * the direction of writing.
     */
    private static function harmless(string $line): string
    {
        return preg_replace('/(?![\t\n])[\p{Cc}\x{202a}-\x{202e}\x{2066}-\x{2069}]/u', '?', $line)
            ?? (string) preg_replace('/(?![\t\n])[^\x20-\x7e]/', '?', $line);
    }
}
