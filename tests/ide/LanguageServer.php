<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Ide;

/**
 * A language server as an editor speaks to it: JSON-RPC over standard input and output.
 */
final class LanguageServer
{
    /** How long an answer may take, in seconds. */
    private const PATIENCE = 120;

    /** @var resource */
    private $process;
    /** @var array<int, resource> */
    private array $pipes = [];
    private string $unread = '';
    private int $last = 0;

    /** @var list<array<string, mixed>> what it told by itself and nobody has looked at */
    private array $told = [];

    /**
     * @param list<string> $command
     * @param array<string, mixed> $settings what an editor's settings would say of it
     */
    public function __construct(array $command, private readonly string $folder, private readonly array $settings, string $storage)
    {
        $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], STDERR], $this->pipes);
        $this->process = $process ?: throw new \RuntimeException('the language server can not be started');
        $root = self::uri($folder);
        $this->ask('initialize', [
            'processId' => getmypid(),
            'rootUri' => $root,
            'workspaceFolders' => [['uri' => $root, 'name' => 'project']],
            'initializationOptions' => ['storagePath' => $storage, 'globalStoragePath' => $storage, 'clearCache' => true],
            'capabilities' => [
                'workspace' => ['configuration' => true, 'workspaceFolders' => true],
                'textDocument' => ['hover' => ['contentFormat' => ['markdown']], 'publishDiagnostics' => ['relatedInformation' => true]],
            ],
        ]);
        $this->tell('initialized', new \stdClass());
        $this->next('indexingEnded');
    }

    public function __destruct()
    {
        proc_terminate($this->process, SIGKILL);
        proc_close($this->process);
    }

    /**
     * Opens a text as a file of the project.
     *
     * @return list<string> the errors and warnings it finds; a hint (a parameter that nobody reads) is neither
     */
    public function open(string $name, string $text): array
    {
        $uri = self::uri("$this->folder/$name");
        $this->tell('textDocument/didOpen', ['textDocument' => ['uri' => $uri, 'languageId' => 'php', 'version' => 1, 'text' => $text]]);
        do {
            $found = $this->next('textDocument/publishDiagnostics');
        } while ($found['uri'] !== $uri);

        $wrong = array_filter($found['diagnostics'], static fn (array $one): bool => ($one['severity'] ?? 1) <= 2);

        return array_map(static fn (array $one): string => sprintf('%s:%d: %s', $name, $one['range']['start']['line'] + 1, $one['message']), array_values($wrong));
    }

    /**
     * @param int $offset bytes of $text before the place
     */
    public function at(string $request, string $name, string $text, int $offset): mixed
    {
        $before = substr($text, 0, $offset);
        $line = substr_count($before, "\n");
        $column = $offset - ($line === 0 ? 0 : (int) strrpos($before, "\n") + 1);

        return $this->ask('textDocument/' . $request, [
            'textDocument' => ['uri' => self::uri("$this->folder/$name")],
            'position' => ['line' => $line, 'character' => $column],
        ]);
    }

    private static function uri(string $path): string
    {
        return 'file://' . implode('/', array_map(rawurlencode(...), explode('/', $path)));
    }

    private function ask(string $method, mixed $parameters): mixed
    {
        $id = ++$this->last;
        $this->send(['id' => $id, 'method' => $method, 'params' => $parameters]);
        do {
            $message = $this->read();
            if (isset($message['method'])) {
                $this->told[] = $message;
            }
        } while (isset($message['method']) || $message['id'] !== $id);

        return isset($message['error']) ? throw new \RuntimeException($method . ': ' . $message['error']['message']) : $message['result'];
    }

    private function tell(string $method, mixed $parameters): void
    {
        $this->send(['method' => $method, 'params' => $parameters]);
    }

    /** What it tells next of a kind. */
    private function next(string $method): mixed
    {
        while (true) {
            $message = array_shift($this->told) ?? $this->read();
            if (($message['method'] ?? '') === $method) {
                return $message['params'] ?? null;
            }
        }
    }

    /** @param array<string, mixed> $message */
    private function send(array $message): void
    {
        $text = json_encode(['jsonrpc' => '2.0'] + $message, JSON_THROW_ON_ERROR);
        fwrite($this->pipes[0], sprintf("Content-Length: %d\r\n\r\n%s", strlen($text), $text));
    }

    /**
     * The next message that is not a question to the editor; those are answered.
     *
     * @return array<string, mixed>
     */
    private function read(): array
    {
        while (true) {
            $message = $this->message();
            if (!isset($message['id'], $message['method'])) {
                return $message;
            }
            $asked = $message['method'] === 'workspace/configuration' ? $message['params']['items'] : null;
            $this->send(['id' => $message['id'], 'result' => $asked === null ? null : array_fill(0, count($asked), $this->settings)]);
        }
    }

    /** @return array<string, mixed> */
    private function message(): array
    {
        while (preg_match('/^Content-Length: (\d+)\r\n(?:[^\r\n]+\r\n)*\r\n/i', $this->unread, $head) !== 1 || strlen($this->unread) < strlen($head[0]) + (int) $head[1]) {
            $ready = [$this->pipes[1]];
            $none = null;
            $bytes = stream_select($ready, $none, $none, self::PATIENCE) === 1 ? fread($this->pipes[1], 65_536) : '';
            if ($bytes === '' || $bytes === false) {
                throw new \RuntimeException('the language server does not answer');
            }
            $this->unread .= $bytes;
        }
        $text = substr($this->unread, strlen($head[0]), (int) $head[1]);
        $this->unread = substr($this->unread, strlen($head[0]) + (int) $head[1]);

        return json_decode($text, true, 512, JSON_THROW_ON_ERROR);
    }
}
