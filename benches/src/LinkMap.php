<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * Where every function of a library lies, as lld writes it (`-Map`).
 *
 * What can be put in another order is a section: that of one function, named after it, or one of assembler, which goes by any of its symbols.
 */
final class LinkMap
{
    /**
     * @param array<int, array{int, string}> $sections start => end and name, by start
     */
    private function __construct(private readonly array $sections)
    {
    }

    public static function read(string $file): self
    {
        $sections = [];
        $start = null;
        foreach (file($file) ?: throw new \RuntimeException("{$file} can not be read") as $line) {
            // Address, the same for loading, size, alignment; then 1 blank before an output section, 9 before one of the input, 17 before a symbol.
            if (!preg_match('/^ *([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+) +\d+( +)(.+)$/', $line, $match)) {
                continue;
            }
            [, $address, $size, $indent, $name] = $match;
            if (strlen($indent) === 9) {
                $start = null;
                if (preg_match('/:\(\.text(?:\.(?:hot|unlikely))?(?:\.(.+))?\)$/', $name, $section) && hexdec($size) > 0) {
                    $start = (int) hexdec($address);
                    $sections[$start] = [$start + (int) hexdec($size), $section[1] ?? ''];
                }
            } elseif ($start !== null && $sections[$start][1] === '') {
                $sections[$start][1] = $name;
            }
        }
        ksort($sections);

        return new self(array_filter($sections, static fn (array $section): bool => $section[1] !== ''));
    }

    /**
     * All functions, in their order.
     *
     * @return list<string>
     */
    public function names(): array
    {
        return array_values(array_unique(array_column($this->sections, 1)));
    }

    /**
     * Those in which the addresses lie.
     *
     * @param list<int> $addresses
     *
     * @return list<string>
     */
    public function functions(array $addresses): array
    {
        sort($addresses);
        $found = [];
        $sections = $this->sections;
        $start = key($sections);
        foreach ($addresses as $address) {
            while ($start !== null && $sections[$start][0] <= $address) {
                next($sections);
                $start = key($sections);
            }
            if ($start !== null && $start <= $address) {
                $found[$sections[$start][1]] = true;
            }
        }

        return array_map(strval(...), array_keys($found));
    }
}
