<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

/**
 * What can name a folder, and the names of a path. Whether there is such a folder is the mailbox's question.
 *
 * @internal
 */
final class FolderName
{
    private const LIMIT = 16_384;

    /**
     * What is wrong with a name, as PHP words it ("must not be empty"); null if it can be one.
     */
    public static function complaint(string $name): ?string
    {
        $begun = self::begun($name);
        $path = preg_replace('/^(?:wellknown:|\/)/', '', $begun) ?? $begun;

        return match (true) {
            $name === '' => 'must not be empty',
            strlen($name) > self::LIMIT => sprintf('must be at most %d bytes long', self::LIMIT),
            str_contains($name, "\0") => 'must not contain any null bytes',
            str_starts_with($begun, 'id:') => preg_match('/^id:[^\s\p{Cc}]+$/Du', $begun) === 1
                ? null
                : 'must name a folder\'s id after "id:"',
            in_array('', self::split($path), true) => 'must not contain an empty name between two slashes',
            $begun === 'wellknown:' => 'must name a well-known folder after "wellknown:"',
            default => null,
        };
    }

    /** Without blanks in front, where no name begins with them: before `/`, `id:` and `wellknown:`. */
    public static function begun(string $name): string
    {
        return preg_replace('~^\s+(?=/|id:|wellknown:)~u', '', $name) ?? $name;
    }

    /**
     * The names of a path, unescaped. One `/` at the end is forgiven; a backslash before anything but `/` and `\` is a
     * backslash.
     *
     * @return list<string>
     */
    public static function split(string $path): array
    {
        $parts = preg_split('~(?<!\\\\)(?:\\\\\\\\)*\K/~', $path);
        $parts = array_map(
            static fn (string $part): string => preg_replace('~\\\\([/\\\\])~', '$1', $part) ?? $part,
            $parts === false ? [$path] : $parts,
        );
        if (end($parts) === '') {
            array_pop($parts);
        }

        return $parts;
    }
}
