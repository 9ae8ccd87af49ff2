<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * A page of the documentation as a reader's renderer takes it apart: samples, headings, links.
 */
final class Markdown
{
    public const ROOT = __DIR__ . '/../../..';

    /** @var list<Sample> */
    public readonly array $samples;
    /** The page without its samples, line by line. */
    public readonly string $prose;

    public function __construct(public readonly string $page)
    {
        $samples = $prose = $block = [];
        $fence = null;
        $begin = 0;
        $info = '';
        foreach (explode("\n", (string) file_get_contents(self::ROOT . '/' . $page)) as $index => $line) {
            $inside = $fence !== null;
            if ($fence === null && preg_match('/^( *)(`{3,}|~{3,})(.*)$/', $line, $found) === 1) {
                [, $indent, $fence, $info] = $found;
                $begin = $index + 1;
                $block = [];
            } elseif ($fence !== null && trim($line) === $fence) {
                $text = $block === [] ? '' : implode("\n", $block) . "\n";
                $samples[] = new Sample($page, $begin, $info, (string) preg_replace(sprintf('/^ {0,%d}/m', strlen($indent)), '', $text));
                $fence = null;
            } elseif ($fence !== null) {
                $block[] = $line;
            }
            $prose[] = $inside || $fence !== null ? '' : $line;
        }
        if ($fence !== null) {
            throw new \RuntimeException(sprintf('%s:%d: the block does not end', $page, $begin));
        }
        $this->samples = $samples;
        $this->prose = implode("\n", $prose);
    }

    /**
     * The pages of the repository for its users, by their paths.
     *
     * @return list<string>
     */
    public static function pages(): array
    {
        $pages = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'benches/README.md', 'examples/README.md', 'php/README.md', 'php/web/README.md', 'stubs/README.md'];
        $files = new \RecursiveIteratorIterator(new \RecursiveDirectoryIterator(self::ROOT . '/docs', \FilesystemIterator::SKIP_DOTS));
        foreach ($files as $file) {
            if ($file->getExtension() === 'md') {
                $pages[] = substr($file->getPathname(), strlen(self::ROOT) + 1);
            }
        }
        sort($pages);

        return $pages;
    }

    /**
     * Where links lead, without those to other hosts.
     *
     * @return list<string>
     */
    public function links(): array
    {
        // Inline code shows brackets that are none.
        $text = preg_replace('/(`+)(?!`).*?(?<!`)\1(?!`)/', '', $this->prose);
        preg_match_all('/\]\(\s*<?([^)\s>]*)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)|(?:href|src)="([^"]+)"/m', (string) $text, $found, PREG_SET_ORDER);
        $links = array_map(static fn (array $match): string => end($match), $found);

        return array_values(array_filter($links, static fn (string $link): bool => $link !== '' && preg_match('/^[a-z]+:/i', $link) !== 1));
    }

    /**
     * What a link may name after `#`: the headings as GitHub and mdBook name them, and places that have a name of their own.
     *
     * @return list<string>
     */
    public function anchors(): array
    {
        preg_match_all('/<a (?:id|name)="([^"]+)"/', $this->prose, $named);
        $anchors = $named[1];
        preg_match_all('/^#{1,6}\s+(.+?)\s*#*$/m', $this->prose, $headings);
        foreach ($headings[1] as $heading) {
            $plain = preg_replace(['/!?\[([^\]]*)\]\([^)]*\)/', '/[`*]/'], ['$1', ''], $heading);
            $slug = strtr(preg_replace('/[^\p{L}\p{N}\s_-]/u', '', mb_strtolower((string) $plain)), ' ', '-');
            $anchor = $slug;
            for ($number = 1; in_array($anchor, $anchors, true); $number++) {
                $anchor = $slug . '-' . $number;
            }
            $anchors[] = $anchor;
        }

        return $anchors;
    }

    /**
     * The texts in backticks.
     *
     * @return list<string>
     */
    public function code(): array
    {
        preg_match_all('/(?<!`)`([^`\n]+)`(?!`)/', $this->prose, $found);

        return $found[1];
    }
}
