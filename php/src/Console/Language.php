<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * Which language a program speaks: that of --lang, else the terminal's, else the one of php.ini.
 */
final class Language
{
    /**
     * @param list<string> $words of the command line
     * @param array<string, string> $environment
     */
    public static function spoken(array $words, array $environment): string
    {
        $asked = Arguments::among($words, ['lang'])->value('lang');
        if (in_array($asked, ['en', 'de'], true)) {
            return $asked;
        }
        $locale = ($environment['LC_ALL'] ?? '') ?: ($environment['LC_MESSAGES'] ?? '') ?: ($environment['LANG'] ?? '');
        // C and POSIX are what a machine has that was never told a language, and what cron has.
        $told = preg_match('/^(C|POSIX)?(\.|$)/D', $locale) !== 1;

        return match (true) {
            $told => preg_match('/^de([_.@-]|$)/Di', $locale) === 1 ? 'de' : 'en',
            default => ini_get('squeeze_graph.language') === 'de' ? 'de' : 'en',
        };
    }

    /**
     * @param list<string> $words of the command line
     * @throws UsageException --lang names a language that is not spoken here
     */
    public static function check(array $words): void
    {
        $asked = Arguments::among($words, ['lang'])->value('lang');
        if ($asked !== null && !in_array($asked, ['en', 'de'], true)) {
            throw new UsageException('Option --lang needs en or de, not %s', $asked);
        }
    }
}
