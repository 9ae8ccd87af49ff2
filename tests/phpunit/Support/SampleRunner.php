<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

use function Squeeze\Graph\authorization_url;

/**
 * Runs the samples of a page, one after another, in a folder of their own.
 *
 * The folder shows the repository's files under their names, so that `php/bin/squeeze-graph` is there. What lies outside of it
 * on a reader's machine, such as /var/lib/squeeze-graph, is a folder below it here, in the sample and in what it prints.
 */
final class SampleRunner
{
    private const SESSION = 'sessionofthebrowser0123456';
    private const SECONDS = 60;
    /** Folders that samples name by absolute paths. */
    private const PLACES = ['/var/lib/squeeze-graph', '/var/log/squeeze-graph', '/etc/squeeze-graph', '/srv', '/tmp'];
    /** Commands by their names on the path, with a package's names for the scripts. */
    private const COMMANDS = [
        'squeeze-graph' => 'squeeze-graph',
        'refresh-tokens' => 'refresh-tokens',
        'import-emails' => 'import-emails',
        'squeeze-graph-refresh-tokens' => 'refresh-tokens',
        'squeeze-graph-import-emails' => 'import-emails',
    ];

    private readonly string $work;
    private readonly string $root;
    private int $number = 0;
    /** What the last sample printed. */
    private ?string $printed = null;

    public function __construct(private readonly Sandbox $sandbox, private readonly string $folder, private readonly string $language)
    {
        $this->work = $folder . '/work';
        $this->root = $folder . '/root';
        foreach ([$this->work, $this->work . '/vendor', $folder . '/bin', ...array_map(fn (string $place): string => $this->root . $place, self::PLACES)] as $needed) {
            mkdir($needed, 0700, true);
        }
        $repository = (string) realpath(Markdown::ROOT);
        foreach (['php', 'examples', 'tools', 'stubs', 'docs', 'target'] as $name) {
            symlink($repository . '/' . $name, $this->work . '/' . $name);
        }
        file_put_contents($this->work . '/vendor/autoload.php', sprintf("<?php\nrequire %s;\n", var_export($repository . '/php/src/autoload.php', true)));
        $this->command('php', Php::command($this->settings()));
        foreach (self::COMMANDS as $name => $script) {
            $this->command($name, [...Php::command($this->settings()), $repository . '/php/bin/' . $script]);
        }
        $this->command('squeeze-graph-sandbox', [Sandbox::binary()]);
        $this->command('phpunit', [...Php::command($this->settings()), $this->phpunit()]);
    }

    /**
     * @return string|null what is wrong with it
     */
    public function run(Sample $sample): ?string
    {
        if ($sample->reason !== null) {
            return $sample->language === 'php' ? $this->parse($sample) : null;
        }

        return match ($sample->language) {
            'php' => $this->php($sample),
            'text' => $sample->has('output') ? $this->output($sample) : null,
            'console' => $this->console($sample),
            'ini' => self::ini($sample->text),
            'json' => self::json($sample->text),
            'sql' => self::sql($sample->text),
            default => self::names($sample),
        };
    }

    /**
     * @return string|null how what is printed differs from what a page shows
     */
    public static function difference(string $shown, string $printed): ?string
    {
        $pattern = '';
        foreach (explode("\n", rtrim(self::settled($shown))) as $line) {
            $pattern .= $line === '…' ? '(?:.*\n)*?' : strtr(preg_quote($line, '/'), ['…' => '.*?']) . '\n';
        }

        return preg_match('/\A' . $pattern . '\z/u', rtrim(self::settled($printed)) . "\n") === 1 ? null : sprintf("it shows:\n%s\nbut what is printed is:\n%s", $shown, $printed);
    }

    /**
     * The text without what differs from run to run or from terminal to terminal.
     */
    private static function settled(string $text): string
    {
        return (string) preg_replace(
            ['/\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:Z| UTC|\+00:00)?)?/', '/\b\d+(?:\.\d+)? (?:d|h|min|ms|s)\b(?: \d+ (?:h|min|s)\b)?/', '/[ \t]+/', '/ $/m'],
            ['<time>', '<duration>', ' ', ''],
            $text,
        );
    }

    private function php(Sample $sample): ?string
    {
        $file = $this->write($sample);
        $prelude = sprintf("<?php\nsession_id('%s');\nrequire_once 'vendor/autoload.php';\n", self::SESSION);
        if ($sample->has('callback')) {
            $query = $this->sandbox->signIn(authorization_url('invoices', self::SESSION));
            $prelude .= sprintf('$_GET = %s;', var_export($query, true));
        }
        file_put_contents($this->folder . '/prelude.php', $prelude);
        $settings = ['auto_prepend_file' => $this->folder . '/prelude.php'];
        if ($sample->has('empty-store')) {
            $settings['squeeze_graph.store'] = sprintf('%s/empty-%d.sqlite', $this->folder, $this->number);
        }
        $command = Php::command($settings + $this->settings());
        if ($sample->has('phpunit')) {
            $command = [...Php::command($this->settings()), $this->phpunit(), '--no-configuration', '--bootstrap', 'vendor/autoload.php', $file];
        }
        [$status, $this->printed, $errors] = $this->start([...$command, ...($sample->has('phpunit') ? [] : [$file])]);

        return $status === 0 && $errors === '' ? null : sprintf("it ends with %d:\n%s%s", $status, $errors, $this->printed);
    }

    private function parse(Sample $sample): ?string
    {
        [$status, $output, $errors] = $this->start([PHP_BINARY, '-n', '-l', $this->write($sample)]);

        return $status === 0 ? null : $errors . $output;
    }

    private function write(Sample $sample): string
    {
        $code = str_starts_with($sample->text, '<?php') ? $sample->text : "<?php\n\ndeclare(strict_types=1);\n\n" . $sample->text;
        $name = sprintf('sample-%d.php', ++$this->number);
        foreach ($sample->words as $word) {
            $name = str_starts_with($word, 'file:') ? substr($word, 5) : $name;
        }
        // PHPUnit finds a class by the name of its file.
        if ($sample->has('phpunit') && preg_match('/^(?:final )?class (\w+)/m', $code, $class) === 1) {
            $name = $class[1] . '.php';
        }
        file_put_contents($this->work . '/' . $name, $this->moved($code));

        return $this->work . '/' . $name;
    }

    private function output(Sample $sample): ?string
    {
        return $this->printed === null ? 'there is no sample above it that prints' : self::difference($sample->text, $this->printed);
    }

    /**
     * All commands of a block run in one shell, so that `$?`, variables and the folder go on.
     */
    private function console(Sample $sample): ?string
    {
        $commands = $shown = [];
        foreach (explode("\n", rtrim($sample->text)) as $line) {
            $continues = $commands !== [] && $shown[array_key_last($shown)] === '' && str_ends_with($commands[array_key_last($commands)], '\\');
            if (str_starts_with($line, '$ ')) {
                $commands[] = substr($line, 2);
                $shown[] = '';
            } elseif ($commands === []) {
                return 'it does not begin with "$ "';
            } elseif ($continues) {
                $commands[array_key_last($commands)] .= "\n" . preg_replace('/^> /', '', $line);
            } else {
                $shown[array_key_last($shown)] .= $line . "\n";
            }
        }
        $script = '';
        foreach ($commands as $command) {
            // A line that says how it ended, which no command prints, and the status as it was for the next one.
            $script .= $this->moved($command) . "\n" . '__status=$?; printf \'\036%d\n\' "$__status"; ( exit "$__status" )' . "\n";
        }
        file_put_contents($this->folder . '/script', $script);
        [, $printed, ] = $this->start(['bash', '-c', 'exec 2>&1; source ' . escapeshellarg($this->folder . '/script')]);
        $parts = preg_split('/\036(\d+)\n/', $printed, -1, PREG_SPLIT_DELIM_CAPTURE) ?: [];
        foreach ($commands as $index => $command) {
            $output = $parts[2 * $index] ?? '';
            if (!isset($parts[2 * $index + 1])) {
                return sprintf("%s: the shell ended, or its time was up:\n%s", $command, $output);
            }
            if ($parts[2 * $index + 1] !== '0' && ($commands[$index + 1] ?? '') !== 'echo $?') {
                return sprintf("%s ends with %s:\n%s", $command, $parts[2 * $index + 1], $output);
            }
            $difference = $shown[$index] === '' ? null : self::difference($shown[$index], $output);
            if ($difference !== null) {
                return $command . ': ' . $difference;
            }
        }
        $this->printed = null;

        return null;
    }

    private static function ini(string $text): ?string
    {
        $read = parse_ini_string($text, true, INI_SCANNER_RAW);
        if ($read === false || $read === []) {
            return 'it can not be read';
        }
        preg_match_all('/\bsqueeze_graph\.(\w+)/', (string) preg_replace('/^\s*;.*$/m', '', $text), $named);
        $unknown = array_filter($named[0], static fn (string $name): bool => ini_get($name) === false && !preg_match('/\.(?:so|ini)$/', $name));

        return $unknown === [] ? null : 'there is no setting ' . implode(', ', $unknown);
    }

    private static function json(string $text): ?string
    {
        json_decode($text);
        if (json_last_error() === JSON_ERROR_NONE) {
            return null;
        }
        // One object a line, as the scripts print it.
        foreach (explode("\n", trim($text)) as $line) {
            json_decode($line);
            if (json_last_error() !== JSON_ERROR_NONE) {
                return json_last_error_msg();
            }
        }

        return null;
    }

    private static function sql(string $text): ?string
    {
        try {
            (new \PDO('sqlite::memory:'))->exec($text);
        } catch (\PDOException $error) {
            return $error->getMessage();
        }

        return null;
    }

    /**
     * Of what other programs read, the names of ours have to exist.
     */
    private static function names(Sample $sample): ?string
    {
        foreach (preg_split('/[\s;<>"\'=]+/', (string) preg_replace('/^\s*#.*$/m', '', $sample->text), -1, PREG_SPLIT_NO_EMPTY) as $word) {
            $file = preg_match('#(?:^|/)(php/(?:bin|web|src)/\S*)$#', $word, $found) === 1 ? $found[1] : null;
            if ($file !== null && !file_exists(Markdown::ROOT . '/' . $file)) {
                return sprintf('%s does not exist', $file);
            }
            if (preg_match('#^/usr/bin/(squeeze-graph\S*)$#', $word, $found) === 1 && !isset(self::COMMANDS[$found[1]])) {
                return sprintf('no package has %s', $found[1]);
            }
        }
        $line = match ($sample->language) {
            'cron' => '/^(?:#.*|[A-Z_]+=.*|(?:[\d*\/,-]+\s+){5}[a-z_][\w-]*\s+\S.*|)$/D',
            'systemd' => '/^(?:#.*|\[[A-Z]\w+\]|[A-Z]\w+=.*|)$/D',
            default => '/^.*$/D',
        };
        foreach (explode("\n", $sample->text) as $text) {
            if (preg_match($line, $text) !== 1) {
                return sprintf('it is not %s: %s', $sample->language, $text);
            }
        }

        return null;
    }

    /**
     * @return array<string, string>
     */
    private function settings(): array
    {
        return [
            'session.save_path' => $this->folder,
            'sys_temp_dir' => $this->folder,
            'include_path' => '.:' . $this->work . ':/usr/share/php',
            'squeeze_graph.language' => $this->language,
            'squeeze_graph.retry_budget' => '5',
        ];
    }

    /**
     * @param list<string> $command
     */
    private function command(string $name, array $command): void
    {
        file_put_contents($this->folder . '/bin/' . $name, "#!/bin/sh\nexec " . implode(' ', array_map('escapeshellarg', $command)) . " \"\$@\"\n");
        chmod($this->folder . '/bin/' . $name, 0700);
    }

    private function phpunit(): string
    {
        return (string) realpath($_SERVER['SCRIPT_FILENAME']);
    }

    /**
     * The text with the places of a reader's machine moved into the folder.
     */
    private function moved(string $text): string
    {
        $places = implode('|', array_map(static fn (string $place): string => preg_quote($place, '~'), self::PLACES));

        return (string) preg_replace('~(?<![\w./-])(?=(?:' . $places . ')(?:/|\b))~', $this->root, $text);
    }

    /**
     * @param list<string> $command
     * @return array{int, string, string} status, output, errors
     */
    private function start(array $command): array
    {
        $environment = [
            'PATH' => $this->folder . '/bin:' . getenv('PATH'),
            'HOME' => $this->folder,
            'TMPDIR' => $this->folder,
            'LC_ALL' => $this->language === 'de' ? 'de_DE.UTF-8' : 'C.UTF-8',
            'COLUMNS' => '120',
            // For tools/php, which brings the extension itself.
            'PHP' => PHP_BINARY,
            'SQUEEZE_GRAPH_SANDBOX' => Sandbox::binary(),
        ];
        $files = [['file', '/dev/null', 'r'], ['file', $this->folder . '/output', 'w'], ['file', $this->folder . '/errors', 'w']];
        $process = proc_open(['timeout', '--kill-after=5', (string) self::SECONDS, ...$command], $files, $pipes, $this->work, $environment + getenv());
        $status = $process === false ? 127 : proc_close($process);
        $read = fn (string $name): string => str_replace([$this->root, $this->folder . '/store.sqlite'], ['', '/var/lib/squeeze-graph/store.sqlite'], (string) file_get_contents($this->folder . '/' . $name));

        return [$status, $read('output'), $read('errors')];
    }
}
