<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

/**
 * The file names that attachments get, by the extension's rules: `NNN-<name>`, without what any system stumbles over, at
 * most 120 bytes, the extension whole.
 *
 * @internal
 */
final class FileName
{
    private const LIMIT = 120;
    private const EXTENSION = 16;
    private const UNSAFE = '~[\p{Cc}/\\\\:*?"<>|\x{61c}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{206f}\x{feff}\x{fff0}-\x{ffff}]~u';

    /** @param int $position from 1 */
    public static function of(int $position, string $name, bool $isMail): string
    {
        $normal = class_exists(\Normalizer::class) ? (string) \Normalizer::normalize($name) : $name;
        $tame = preg_replace([self::UNSAFE, '/^[.\s]+|[.\s]+$/u'], ['_', ''], $normal) ?? '';
        $tame = $tame === '' ? 'attachment' : $tame;
        if ($isMail && preg_match('/\.eml$/Di', $tame) !== 1) {
            $tame .= '.eml';
        }
        $number = sprintf('%03d-', $position);

        return $number . self::shortened($tame, self::LIMIT - strlen($number));
    }

    private static function shortened(string $name, int $room): string
    {
        if (strlen($name) <= $room) {
            return $name;
        }
        preg_match('/^(.*?)(\.[^.]{1,' . self::EXTENSION . '})?$/Dsu', $name, $part);
        $extension = $part[2] ?? '';
        if (strlen($extension) > self::EXTENSION + 1) {
            $extension = '';
        }
        $stem = substr($name, 0, strlen($name) - strlen($extension));
        $cut = mb_strcut($stem, 0, $room - strlen($extension), 'UTF-8');

        return (preg_replace('/[.\s]+$/u', '', $cut) ?? $cut) . $extension;
    }
}
