<?php

declare(strict_types=1);

namespace Squeeze\Graph\Testing;

/**
 * The sandbox: Microsoft Entra ID and Microsoft Graph on loopback, as strict as the real ones, and able to misbehave.
 *
 * It ends with this object or with the process. Its program, `squeeze-graph-sandbox`, comes with the Debian package, or is
 * made by `tools/build`: see {@see binary()}.
 */
class Sandbox
{
    /** A tenant, an app in it, and the app's secret. */
    public const TENANT = '11111111-aaaa-4bbb-8ccc-000000000001';
    public const CLIENT = 'c0ffee00-0001-4000-8000-000000000001';
    public const SECRET = 'sbx8Q~c0ntoso+web/secret=Value.1%';
    public const REDIRECT_URI = 'http://localhost/callback';
    /** A person with a mailbox, and a shared mailbox that this person has full access to. */
    public const USER = 'anna.gruber@contoso.example';
    public const SHARED = 'rechnung@contoso.example';

    /** Where the Debian package has the program. */
    private const PACKAGED = '/usr/lib/squeeze-graph';

    /** @var resource kept: the sandbox ends when its standard input is closed, with this resource or this process */
    protected $process;
    /** @var resource its standard input */
    protected $input;
    /** @var array<string, string> */
    private array $about = [];
    private int $delivered = 0;

    /**
     * @param list<string> $options of the program, such as `--tls` and a folder for its certificate
     * @throws \RuntimeException the program is not there, or does not start
     */
    public function __construct(array $options = [])
    {
        $pipes = [];
        $process = proc_open([self::binary(), '--exit-with-stdin', ...$options], [['pipe', 'r'], ['pipe', 'w']], $pipes);
        $pipes = self::resources($pipes);
        if ($process === false || !isset($pipes[0], $pipes[1])) {
            throw new \RuntimeException('The sandbox can not be started');
        }
        $this->process = $process;
        $this->input = $pipes[0];
        $about = json_decode((string) fgets($pipes[1]), true);
        if (!is_array($about)) {
            throw new \RuntimeException('The sandbox did not say where it is');
        }
        foreach ($about as $what => $value) {
            $this->about[(string) $what] = is_string($value) ? $value : '';
        }
    }

    /**
     * The path of its program: what the environment variable SQUEEZE_GRAPH_SANDBOX names, else where the Debian package
     * puts it, else what `tools/build` made in this checkout, else what is on the PATH.
     *
     * @throws \RuntimeException there is none, or the variable names none
     */
    public static function binary(): string
    {
        $named = getenv('SQUEEZE_GRAPH_SANDBOX');
        if (is_string($named) && $named !== '') {
            return is_file($named) && is_executable($named)
                ? $named
                : throw new \RuntimeException(sprintf('SQUEEZE_GRAPH_SANDBOX names no program: %s', $named));
        }
        $folders = explode(PATH_SEPARATOR, (string) getenv('PATH'));
        foreach ([self::PACKAGED, __DIR__ . '/../../../target/built', ...array_filter($folders)] as $folder) {
            $program = $folder . '/squeeze-graph-sandbox';
            if (is_file($program) && is_executable($program)) {
                return $program;
            }
        }

        throw new \RuntimeException(
            'squeeze-graph-sandbox is not there. The Debian package of the extension brings it; else build it with '
            . 'tools/build in a checkout, and set SQUEEZE_GRAPH_SANDBOX to its path.',
        );
    }

    /**
     * The settings of an account at the sandbox, for save_account(). Needs squeeze_graph.custom_endpoints = 1.
     *
     * @param array<string, mixed> $changes
     * @return array<string, mixed>
     */
    public function settings(array $changes = []): array
    {
        return $changes + [
            'tenant_id' => self::TENANT,
            'client_id' => self::CLIENT,
            'client_secret' => self::SECRET,
            'redirect_uri' => self::REDIRECT_URI,
            'user' => self::USER,
            'folder_processed' => '/Verarbeitet',
            'folder_error' => '/Fehler',
            'authority_url' => $this->about('authority_url'),
            'graph_url' => $this->about('graph_url'),
        ];
    }

    /**
     * Where it is: `authority_url`, `graph_url` or `control_url`.
     */
    public function about(string $what): string
    {
        return $this->about[$what];
    }

    /**
     * Walks through the pages of a sign-in as a person with a browser would.
     *
     * @param array<string, string|true> $options of `squeeze-graph-sandbox sign-in`
     * @return string where the browser is sent in the end
     */
    public function walk(string $url, array $options = []): string
    {
        $command = [self::binary(), 'sign-in', '--url', $url];
        foreach ($options as $name => $value) {
            $command[] = '--' . $name;
            if ($value !== true) {
                $command[] = $value;
            }
        }
        $pipes = [];
        $process = proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
        $pipes = self::resources($pipes);
        if ($process === false || !isset($pipes[1], $pipes[2])) {
            throw new \RuntimeException('The sandbox can not be started');
        }
        $output = (string) stream_get_contents($pipes[1]);
        $errors = (string) stream_get_contents($pipes[2]);
        if (proc_close($process) !== 0) {
            throw new \RuntimeException('The sign-in did not come back: ' . $output . $errors);
        }

        return trim($output);
    }

    /**
     * @param array<string, string|true> $options
     * @return array<array-key, string> the query of the callback
     */
    public function signIn(string $url, array $options = []): array
    {
        parse_str((string) parse_url($this->walk($url, $options), PHP_URL_QUERY), $query);

        return array_filter($query, is_string(...));
    }

    /**
     * Calls the control endpoint.
     *
     * @throws \RuntimeException it says no
     */
    public function control(string $method, string $path, mixed $body = null): mixed
    {
        $context = stream_context_create([
            'http' => [
                'method' => $method,
                'header' => 'Content-Type: application/json',
                'content' => $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR),
                'ignore_errors' => true,
                'timeout' => 30,
            ],
            // Its own child on loopback, whose certificate may be bad on purpose.
            'ssl' => ['verify_peer' => false, 'verify_peer_name' => false],
        ]);
        $answer = file_get_contents($this->about('control_url') . $path, false, $context);
        $status = (int) explode(' ', $http_response_header[0])[1];
        if ($answer === false || $status >= 300) {
            throw new \RuntimeException(sprintf('control %s %s: %d %s', $method, $path, $status, $answer));
        }

        return $answer === '' ? null : json_decode($answer, true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * The world as it was at the start, no faults, the right time.
     */
    public function reset(): void
    {
        $this->control('POST', '/reset');
    }

    /**
     * Makes requests go wrong.
     *
     * @param array<string, mixed> $rule what is matched, how often, and what happens
     */
    public function fault(array $rule): void
    {
        $this->control('POST', '/faults', $rule);
    }

    /**
     * @param array<string, mixed> $settings
     */
    public function set(array $settings): void
    {
        $this->control('PATCH', '/settings', $settings);
    }

    /**
     * How often endpoints were asked whose name contains a text.
     */
    public function asked(string $endpoint): int
    {
        $count = 0;
        foreach ($this->list($this->control('GET', '/counters'), 'endpoints') as $name => $times) {
            $count += str_contains((string) $name, $endpoint) && is_int($times) ? $times : 0;
        }

        return $count;
    }

    /**
     * Puts a mail into an inbox, each a second after the one before.
     *
     * @param list<array<string, mixed>> $references links to files in the cloud
     * @return string its immutable id
     */
    public function deliver(string $mailbox, string $mime, array $references = []): string
    {
        $mail = $this->control('POST', '/mails', [
            'mailbox' => $mailbox,
            'base64' => base64_encode($mime),
            'references' => $references,
            'received' => time() - 86_400 + $this->delivered++,
        ]);

        return $this->ids([$mail])[0];
    }

    /**
     * Puts many made-up mails with an attachment of $bytes into an inbox.
     *
     * @return list<string> the immutable ids of all mails there
     */
    public function generate(string $mailbox, int $count, int $bytes = 100): array
    {
        $this->control('POST', '/mails/generate', ['mailbox' => $mailbox, 'count' => $count, 'size' => $bytes]);

        $found = $this->control('GET', '/messages?folder=/Posteingang&mailbox=' . rawurlencode($mailbox));

        return $this->ids($this->list($found, 'messages'));
    }

    /**
     * The pipes that proc_open() has made.
     *
     * @return array<array-key, resource> by number
     */
    private static function resources(mixed $pipes): array
    {
        return is_array($pipes) ? array_filter($pipes, is_resource(...)) : [];
    }

    /**
     * A list or map in an answer of the control endpoint.
     *
     * @return array<array-key, mixed>
     */
    private function list(mixed $answer, string $key): array
    {
        $list = is_array($answer) ? $answer[$key] ?? null : null;

        return is_array($list) ? $list : throw new \RuntimeException(sprintf('The sandbox told no %s', $key));
    }

    /**
     * @param array<array-key, mixed> $mails
     * @return list<string>
     */
    private function ids(array $mails): array
    {
        $ids = [];
        foreach ($mails as $mail) {
            $id = is_array($mail) ? $mail['immutableId'] ?? null : null;
            $ids[] = is_string($id) ? $id : throw new \RuntimeException('The sandbox told no id of a mail');
        }

        return $ids;
    }
}
