<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Symfony\Component\Console\Formatter\OutputFormatter;

/**
 * Text of mails and servers, made fit for a terminal: neither control characters nor those that turn the direction of
 * writing get through, nor anything that Symfony's Console would read as its own marks.
 */
final class Text
{
    /** One line of plain text. */
    public static function plain(string $text): string
    {
        return preg_replace('/[\p{Cc}\x{202a}-\x{202e}\x{2066}-\x{2069}]/u', '?', $text)
            ?? (string) preg_replace('/[^\x20-\x7e]/', '?', $text);
    }

    /** One line for Symfony's formatter. */
    public static function line(string $text): string
    {
        return OutputFormatter::escape(self::plain($text));
    }

    /** As a shell has to be given it. */
    public static function word(string $text): string
    {
        return preg_match('~^[\w./:@+=,-]+$~Du', $text) === 1 ? $text : "'" . str_replace("'", "'\\''", $text) . "'";
    }

    /** Cut or filled to a width in columns. */
    public static function column(string $text, int $width): string
    {
        $text = mb_strimwidth(self::plain($text), 0, $width, '…');

        return OutputFormatter::escape($text) . str_repeat(' ', max(0, $width - mb_strwidth($text)));
    }

    /** @param array<string, mixed> $data */
    public static function json(array $data): string
    {
        $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE;

        return json_encode($data, $flags);
    }
}
