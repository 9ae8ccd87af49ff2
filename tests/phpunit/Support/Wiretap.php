<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * The gateway between the extension and the sandbox that learns every secret that passes.
 */
final class Wiretap
{
    /** How it can answer instead of passing a request on: with what it was sent, or with nothing that can be read. */
    public const CARELESS = ['says-400', 'says-401', 'says-403', 'says-404', 'says-429', 'says-500', 'page', 'cut', 'types', 'moved', 'next', 'plain'];

    public readonly string $url;
    /** @var resource kept: it ends with it */
    private $process;

    public function __construct(Sandbox $sandbox, private readonly string $folder)
    {
        $this->process = proc_open([PHP_BINARY, '-n', __DIR__ . '/wiretap.php', $sandbox->about('url'), $folder], [['pipe', 'r'], ['pipe', 'w']], $pipes)
            ?: throw new \RuntimeException('The gateway can not be started');
        $this->url = 'http://127.0.0.1:' . trim((string) fgets($pipes[1]));
    }

    /**
     * What has passed so far.
     *
     * @return list<array{string, string}> its kind and the secret
     */
    public function secrets(): array
    {
        $lines = file($this->folder . '/secrets', FILE_IGNORE_NEW_LINES) ?: [];

        return array_map(static fn (string $line): array => json_decode($line, true, 2, JSON_THROW_ON_ERROR), $lines);
    }
}
