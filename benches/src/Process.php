<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * Other PHP processes: with the extension, or without it.
 */
final class Process
{
    /** @var list<string> the program, with its arguments, under which processes with the extension run, if any */
    public static array $under = [];

    /**
     * @return list<string>
     */
    public static function command(string $way, string $store, string $ca, bool $bare = false): array
    {
        $command = [...($way === 'ours' ? self::$under : []), PHP_BINARY, ...($bare ? ['-n'] : [])];
        if ($way === 'ours') {
            foreach (self::settings($store, $ca) as $name => $value) {
                array_push($command, '-d', $name . '=' . $value);
            }
        }

        return $command;
    }

    /**
     * @return array<string, string> php.ini settings of a process that uses the extension
     */
    public static function settings(string $store, string $ca): array
    {
        return [
            'extension' => (string) getenv('SQUEEZE_GRAPH_EXTENSION'),
            'squeeze_graph.custom_endpoints' => '1',
            'squeeze_graph.store' => $store,
            'squeeze_graph.ca_file' => $ca,
        ];
    }

    /**
     * Runs a row in a process of its own and returns what it measured.
     *
     * @param array<string, mixed> $given
     * @return array{seconds: float, cpu: float, peak: int, result: mixed}
     */
    public static function worker(Row $row, string $way, array $given, Scene $scene): array
    {
        $file = $scene->folder . '/given.json';
        file_put_contents($file, json_encode($given, JSON_THROW_ON_ERROR));
        $output = self::run([...self::command($way, $scene->store(), $scene->server->ca), dirname(__DIR__) . '/worker.php', $row->name(), $way, $file]);

        return json_decode($output, true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * @param list<string> $command
     */
    public static function run(array $command): string
    {
        $process = proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes) ?: throw new \RuntimeException('PHP can not be started');
        $output = (string) stream_get_contents($pipes[1]);
        $errors = (string) stream_get_contents($pipes[2]);
        if (proc_close($process) !== 0 || $errors !== '') {
            throw new \RuntimeException(implode(' ', $command) . "\n" . $output . $errors);
        }

        return $output;
    }

    /** User and system time of all processes that this one has waited for, seconds. */
    public static function cpuOfChildren(): float
    {
        return self::sum(getrusage(1) ?: []);
    }

    /** The same of this process. */
    public static function cpu(): float
    {
        return self::sum(getrusage() ?: []);
    }

    /**
     * @param array<string, int> $usage
     */
    private static function sum(array $usage): float
    {
        return $usage['ru_utime.tv_sec'] + $usage['ru_stime.tv_sec'] + ($usage['ru_utime.tv_usec'] + $usage['ru_stime.tv_usec']) / 1e6;
    }

    /** The most memory this process ever had, bytes. */
    public static function peak(): int
    {
        return self::status('VmHWM');
    }

    /** A figure of `/proc/self/status` in bytes. */
    public static function status(string $name, string $process = 'self'): int
    {
        preg_match('/^' . $name . ':\s+(\d+) kB/m', (string) file_get_contents('/proc/' . $process . '/status'), $match);

        return 1024 * (int) ($match[1] ?? 0);
    }
}
