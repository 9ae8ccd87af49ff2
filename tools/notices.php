<?php

declare(strict_types=1);

// usage: php tools/notices.php
// Prints the notices of what is linked into the extension and the sandbox: each crate with its licence, and each text once.
// Reads what Cargo has downloaded already. Fails when a crate has no licence text and none is known for it.

// Files with the words of licences, for crates that name one and bring no text.
const WORDS = ['MIT' => 'LICENSE-MIT', 'Apache-2.0' => 'LICENSE-APACHE'];
// What is linked in and is no crate of its own.
const NOT_CRATES = [
    'SQLite' => "https://sqlite.org\n    In the public domain.",
    'Time zone database' => "https://www.iana.org/time-zones\n    In the public domain.",
    'The Rust standard library' => "https://www.rust-lang.org\n    Copyright (c) The Rust Project Contributors. MIT OR Apache-2.0, texts below.",
];

/**
 * The crates that are linked in: what the programs need, without what only builds or tests them.
 *
 * @param array<string, mixed> $metadata
 * @return array<string, array<string, mixed>> by name and version
 */
function linked(array $metadata): array
{
    $packages = array_column($metadata['packages'], null, 'id');
    $nodes = array_column($metadata['resolve']['nodes'], null, 'id');
    $found = [];
    $open = $metadata['workspace_members'];
    while (($id = array_pop($open)) !== null) {
        if (isset($found[$id])) {
            continue;
        }
        $found[$id] = $packages[$id];
        foreach ($nodes[$id]['deps'] as $dependency) {
            if (in_array(null, array_column($dependency['dep_kinds'], 'kind'), true)) {
                $open[] = $dependency['pkg'];
            }
        }
    }
    $foreign = array_filter($found, static fn (array $package): bool => !in_array($package['id'], $metadata['workspace_members'], true));
    $named = array_combine(array_map(static fn (array $package): string => $package['name'] . ' ' . $package['version'], $foreign), $foreign);
    ksort($named);

    return $named;
}

/**
 * A crate's licence and notices; of licences to choose from, MIT.
 *
 * @param array<string, mixed> $package
 * @return list<string>
 */
function texts(array $package): array
{
    $folder = dirname($package['manifest_path']);
    $files = array_filter(glob($folder . '/*') ?: [], static fn (string $file): bool => is_file($file)
        && preg_match('/^(?:UN)?LICEN[CS]E|^COPYING|^COPYRIGHT|^NOTICE/i', basename($file)) === 1);
    if ($package['license_file'] !== null) {
        $files[] = $folder . '/' . $package['license_file'];
    }
    $choice = preg_match('~\bMIT\b~', (string) $package['license']) === 1 && preg_match('~ OR |/~', (string) $package['license']) === 1;
    $mit = array_filter($files, static fn (string $file): bool => preg_match('/MIT/i', basename($file)) === 1);
    if ($choice && $mit !== []) {
        $files = array_filter($files, static fn (string $file): bool => preg_match('/APACHE|UNLICENSE|BSD|ZLIB|BOOST|0BSD|LGPL|CC0/i', basename($file)) !== 1);
    }
    if ($files === []) {
        foreach (WORDS as $licence => $file) {
            if (preg_match('/(?<![\w-])' . preg_quote($licence, '/') . '(?![\w-])/', (string) $package['license']) === 1) {
                $words = (string) file_get_contents(dirname(__DIR__) . '/' . $file);

                return [preg_replace('/^Copyright \(c\) .*$/m', 'Copyright (c) ' . (authors($package) ?: 'the authors of ' . $package['name']), $words)];
            }
        }
    }

    return array_map(static fn (string $file): string => (string) file_get_contents($file), array_unique(array_map(realpath(...), $files)));
}

/**
 * @param array<string, mixed> $package
 */
function authors(array $package): string
{
    return implode(', ', array_map(static fn (string $author): string => trim((string) preg_replace('/<[^>]*>/', '', $author)), $package['authors']));
}

exec('rustc -vV', $compiler);
preg_match('/^host: (\S+)$/m', implode("\n", $compiler), $host);
exec(sprintf(
    'cargo metadata --format-version 1 --locked --filter-platform %s --manifest-path %s',
    escapeshellarg($host[1] ?? ''),
    escapeshellarg(dirname(__DIR__) . '/Cargo.toml'),
), $json, $status);
if ($status !== 0) {
    fwrite(STDERR, "notices: cargo metadata failed\n");
    exit(70);
}
$crates = linked(json_decode(implode("\n", $json), true, flags: JSON_THROW_ON_ERROR));

$numbers = $bodies = [];
$list = $bare = '';
foreach ($crates as $name => $package) {
    $refers = [];
    foreach (texts($package) as $body) {
        $body = trim(str_replace("\r\n", "\n", $body));
        // The same text in other line breaks is the same text.
        $key = strtolower((string) preg_replace('/\W+/u', ' ', $body));
        $numbers[$key] ??= count($numbers) + 1;
        $bodies[$numbers[$key]] = $body;
        $refers[] = $numbers[$key];
    }
    if ($refers === []) {
        $bare .= sprintf("notices: %s (%s) has no licence text\n", $name, $package['license'] ?? 'no licence');
    }
    $list .= sprintf(
        "%s\n    %s\n%s    %s, text %s\n",
        $name,
        $package['repository'] ?? $package['homepage'] ?? 'a Rust package of that name',
        authors($package) === '' ? '' : '    by ' . authors($package) . "\n",
        $package['license'] ?? 'see its text',
        implode(', ', $refers),
    );
}
if ($bare !== '' || $crates === []) {
    fwrite(STDERR, $bare === '' ? "notices: no crates\n" : $bare);
    exit(70);
}
foreach (NOT_CRATES as $name => $note) {
    $list .= "$name\n    $note\n";
}
ksort($bodies);
echo "What squeeze_graph contains of others. Each part with where it is from, its licence, and the number of the text below.\n\n", $list;
foreach ($bodies as $number => $body) {
    printf("\n%s\nText %d\n%s\n\n%s\n", str_repeat('=', 78), $number, str_repeat('=', 78), $body);
}
