<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * The command line of tools/bench.
 */
final class Options
{
    public const USAGE = 'usage: tools/bench [ROW…] [--rounds N] [--latency 30,0] [--http2] [--json] [--write] [--list]';

    /**
     * @param list<string> $rows names; empty: all, and the costs beside them
     * @param list<int> $latencies milliseconds
     */
    private function __construct(
        public readonly array $rows,
        public readonly int $rounds,
        public readonly array $latencies,
        public readonly bool $http2,
        public readonly bool $json,
        public readonly bool $write,
    ) {
    }

    /**
     * @param list<string> $arguments
     */
    public static function read(array $arguments): self
    {
        $rows = [];
        $values = ['--rounds' => '3', '--latency' => '30,0'];
        $flags = [];
        while ($arguments !== []) {
            $argument = array_shift($arguments);
            if (isset($values[$argument])) {
                $values[$argument] = array_shift($arguments) ?? self::refuse($argument . ' needs a value');
            } elseif (in_array($argument, ['--http2', '--json', '--write'], true)) {
                $flags[] = $argument;
            } elseif ($argument === '--help' || $argument === '-h') {
                echo self::USAGE, "\n", "See benches/README.md.\n";
                exit(0);
            } elseif ($argument === '--list') {
                foreach (Rows::all() as $row) {
                    printf("%-14s %s\n", $row->name(), $row->title());
                }
                printf("%-14s %s\n", Costs::NAME, 'what the extension costs beside time, and its limits');
                exit(0);
            } elseif (str_starts_with($argument, '-')) {
                self::refuse('unknown option: ' . $argument);
            } else {
                $rows[] = $argument;
            }
        }
        $names = [Costs::NAME, ...array_map(static fn (Row $row): string => $row->name(), Rows::all())];
        foreach (array_diff($rows, $names) as $unknown) {
            self::refuse(sprintf('no row "%s"; there are: %s', $unknown, implode(', ', $names)));
        }
        if (!ctype_digit($values['--rounds']) || (int) $values['--rounds'] < 1) {
            self::refuse('--rounds needs a number from 1');
        }
        if (preg_match('/^\d+(,\d+)*$/', $values['--latency']) !== 1) {
            self::refuse('--latency needs milliseconds, separated by commas');
        }
        if ($rows !== [] && in_array('--write', $flags, true)) {
            self::refuse('--write takes all rows');
        }

        return new self(
            $rows,
            (int) $values['--rounds'],
            array_map(intval(...), explode(',', $values['--latency'])),
            in_array('--http2', $flags, true),
            in_array('--json', $flags, true),
            in_array('--write', $flags, true),
        );
    }

    /** A folder of its own on the disk that the checkout is on: a store in memory would make commits look cheap. */
    public static function workFolder(): string
    {
        $folder = sprintf('%s/bench-%d', getenv('SQUEEZE_GRAPH_BENCH_FOLDER') ?: sys_get_temp_dir(), getmypid());
        mkdir($folder, 0700, true);

        return (string) realpath($folder);
    }

    public function wants(string $name): bool
    {
        return $this->rows === [] || in_array($name, $this->rows, true);
    }

    private static function refuse(string $why): never
    {
        fwrite(STDERR, "tools/bench: {$why}\n" . self::USAGE . "\n");
        exit(64);
    }
}
