<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * A fenced block of a Markdown page: its info string says what it is and whether it runs.
 */
final class Sample
{
    public readonly string $language;
    /** @var list<string> the words of the info string between the language and `no-run` */
    public readonly array $words;
    /** Why it does not run; null where it does. */
    public readonly ?string $reason;

    public function __construct(
        public readonly string $page,
        public readonly int $line,
        public readonly string $info,
        public readonly string $text,
    ) {
        [$head, $reason] = preg_split('/\s*\bno-run\b\s*/', trim($info), 2) + [1 => null];
        $words = preg_split('/\s+/', (string) $head, -1, PREG_SPLIT_NO_EMPTY) ?: [''];
        $this->language = array_shift($words);
        $this->words = $words;
        $this->reason = $reason;
    }

    public function has(string $word): bool
    {
        return in_array($word, $this->words, true);
    }

    public function place(): string
    {
        return sprintf('%s:%d', $this->page, $this->line);
    }
}
