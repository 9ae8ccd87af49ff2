<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * How large a test is: small in tools/test, as large as a proof asks for by an environment variable.
 */
final class Size
{
    public static function of(string $variable, int $small): int
    {
        $asked = getenv($variable);
        if ($asked === false || $asked === '') {
            return $small;
        }
        if (!ctype_digit($asked)) {
            throw new \InvalidArgumentException(sprintf('%s=%s is not a number', $variable, $asked));
        }

        return (int) $asked;
    }

    /**
     * Tells a proof what was seen. Standard error, because PHPUnit takes output on standard output for a mistake.
     */
    public static function figure(string $text): void
    {
        fwrite(STDERR, "\nfigure: PHP: " . $text . "\n");
    }

    /**
     * Whether a proof runs, which is told figures.
     */
    public static function isFull(string $variable): bool
    {
        return (string) getenv($variable) !== '';
    }
}
