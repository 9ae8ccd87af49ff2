<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * What callgrind wrote of a process (`--dump-instr=yes`; valgrind's manual, "Callgrind format specification").
 */
final class Profile
{
    /**
     * The addresses that ran in an object file, by its own count.
     *
     * @return list<int>
     */
    public static function executed(string $profile, string $object): array
    {
        $executed = [];
        $names = [];
        $isOurs = false;
        $address = 0;
        $lines = fopen($profile, 'r') ?: throw new \RuntimeException("{$profile} can not be read");
        while (($line = fgets($lines)) !== false) {
            if (preg_match('/^c?ob=(\(\d+\))(?: (.*))?$/', rtrim($line), $match)) {
                // Named once, and by its number from then on.
                $names[$match[1]] = $match[2] ?? $names[$match[1]];
                $isOurs = $line[0] === 'o' ? $names[$match[1]] === $object : $isOurs;
            } elseif (preg_match('/^(?:0x([0-9a-f]+)|([+-])(\d+)|\*) /', $line, $match)) {
                $address = match (true) {
                    ($match[1] ?? '') !== '' => (int) hexdec($match[1]),
                    isset($match[3]) => $address + (int) ($match[2] . $match[3]),
                    default => $address,
                };
                if ($isOurs) {
                    $executed[$address] = true;
                }
            }
        }
        fclose($lines);

        return array_keys($executed);
    }
}
