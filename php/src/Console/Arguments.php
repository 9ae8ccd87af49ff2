<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * A command line of long options. Strict where getopt() is silent: an unknown option, a missing value, or a word
 * that belongs to no option is an error.
 */
final class Arguments
{
    /**
     * @param list<array{string, ?string}> $given name and value, in the order of the command line
     */
    private function __construct(private readonly array $given)
    {
    }

    /**
     * @param list<string> $words without the script's name
     * @param array<string, bool> $options name => whether it takes a value
     * @throws UsageException
     */
    public static function parse(array $words, array $options): self
    {
        $given = [];
        while ($words !== []) {
            $word = array_shift($words);
            if (!str_starts_with($word, '--')) {
                throw new UsageException('Unexpected argument: %s', $word);
            }
            $parts = explode('=', substr($word, 2), 2);
            [$name, $value] = [$parts[0], $parts[1] ?? null];
            if (!array_key_exists($name, $options)) {
                throw new UsageException('Unknown option: --%s', $name);
            }
            if (!$options[$name]) {
                if ($value !== null) {
                    throw new UsageException('Option --%s takes no value', $name);
                }
            } else {
                $value ??= array_shift($words);
                if ($value === null || $value === '') {
                    throw new UsageException('Option --%s needs a value', $name);
                }
            }
            $given[] = [$name, $value];
        }

        return new self($given);
    }

    /**
     * Only these options, which take a value, wherever they stand on a command line that somebody else reads.
     *
     * @param list<string> $words without the program's name
     * @param list<string> $names
     */
    public static function among(array $words, array $names): self
    {
        $given = [];
        for ($index = 0; $index < count($words) && $words[$index] !== '--'; $index++) {
            if (preg_match('/^--([a-z-]+)(?:=(.*))?$/Ds', $words[$index], $part) === 1 && in_array($part[1], $names, true)) {
                $given[] = [$part[1], $part[2] ?? $words[++$index] ?? ''];
            }
        }

        return new self($given);
    }

    public function has(string $name): bool
    {
        return in_array($name, array_column($this->given, 0), true);
    }

    /**
     * The value given last.
     */
    public function value(string $name): ?string
    {
        $values = $this->values($name);

        return $values === [] ? null : $values[array_key_last($values)];
    }

    /**
     * @return list<string>
     */
    public function values(string $name): array
    {
        $values = [];
        foreach ($this->given as [$option, $value]) {
            if ($option === $name && $value !== null) {
                $values[] = $value;
            }
        }

        return $values;
    }

    /**
     * A whole number of at least $least.
     *
     * @throws UsageException
     */
    public function number(string $name, int $least): ?int
    {
        $value = $this->value($name);
        if ($value === null) {
            return null;
        }
        $number = filter_var($value, FILTER_VALIDATE_INT);
        if ($number === false || $number < $least) {
            throw new UsageException('Option --%s needs a whole number of at least %d, not %s', $name, $least, $value);
        }

        return $number;
    }

    /**
     * The tenants to work for, each as settings for with_settings(): a --key-file belongs to the --store before it.
     * Without any --store the configured one is meant.
     *
     * @return non-empty-list<array<string, string>>
     * @throws UsageException
     */
    public function tenants(): array
    {
        /** @var list<array<string, string>> $tenants */
        $tenants = [];
        foreach ($this->given as [$name, $value]) {
            if ($name === 'store') {
                $tenants[] = ['squeeze_graph.store' => (string) $value];
            } elseif ($name === 'key-file') {
                $last = array_pop($tenants) ?? [];
                if (isset($last['squeeze_graph.key_file'])) {
                    throw new UsageException('Each --key-file belongs to the --store before it; two came in a row');
                }
                $tenants[] = $last + ['squeeze_graph.key_file' => (string) $value];
            }
        }
        foreach ($tenants as $tenant) {
            if (count($tenants) > 1 && !isset($tenant['squeeze_graph.store'])) {
                throw new UsageException('Each --key-file belongs to the --store before it; the first came before any --store');
            }
        }

        return $tenants === [] ? [[]] : $tenants;
    }
}
