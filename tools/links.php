<?php

declare(strict_types=1);

// usage: php tools/links.php FOLDER
// Checks that every link of the HTML files in a folder leads to a file there and to a place in it. Links to other hosts are left alone.

/**
 * @return array<string, \DOMDocument> by path
 */
function pages(string $folder): array
{
    $pages = [];
    foreach (new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator($folder, \FilesystemIterator::SKIP_DOTS)) as $file) {
        if ($file->getExtension() === 'html') {
            $pages[$file->getPathname()] = new \DOMDocument();
            @$pages[$file->getPathname()]->loadHTMLFile($file->getPathname());
        }
    }

    return $pages;
}

/**
 * @return list<string>
 */
function values(\DOMDocument $page, string $expression): array
{
    return array_map(static fn (\DOMNode $node): string => $node->nodeValue, iterator_to_array((new \DOMXPath($page))->query($expression)));
}

$folder = realpath($argv[1] ?? '');
if ($folder === false) {
    fwrite(STDERR, "usage: php tools/links.php FOLDER\n");
    exit(64);
}
$pages = pages($folder);
$broken = $checked = 0;
foreach ($pages as $path => $page) {
    // Scripts and style sheets are mdBook's own affair.
    foreach (values($page, '//main//a/@href | //main//img/@src') as $link) {
        if (preg_match('/^[a-z]+:/i', $link) === 1 || str_starts_with($link, '//')) {
            continue;
        }
        $checked++;
        [$file, $anchor] = explode('#', $link, 2) + [1 => ''];
        $target = $file === '' ? $path : realpath(dirname($path) . '/' . rawurldecode($file));
        if ($target === false || ($anchor !== '' && isset($pages[$target]) && !in_array(rawurldecode($anchor), values($pages[$target], '//@id'), true))) {
            $broken++;
            fwrite(STDERR, sprintf("%s: %s leads nowhere\n", substr($path, strlen($folder) + 1), $link));
        }
    }
}
fwrite(STDERR, sprintf("%d pages, %d links, %d broken\n", count($pages), $checked, $broken));
exit($broken > 0 || $checked === 0 ? 1 : 0);
