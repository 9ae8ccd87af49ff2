<?php

/**
 * Loads the page's classes, the library's, and Twig: Composer's where there is a vendor folder, else Debian's php-twig.
 */

declare(strict_types=1);

require_once __DIR__ . '/../../src/autoload.php';

spl_autoload_register(static function (string $class): void {
    $prefix = 'Squeeze\\Graph\\Web\\';
    if (str_starts_with($class, $prefix)) {
        $file = __DIR__ . '/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});

foreach (
    [
        // As a package of Composer, in a checkout, on Debian.
        __DIR__ . '/../../../../autoload.php',
        __DIR__ . '/../../vendor/autoload.php',
        __DIR__ . '/../../../vendor/autoload.php',
        '/usr/share/php/Twig/autoload.php',
    ] as $file
) {
    if (!class_exists(Twig\Environment::class) && is_file($file)) {
        require_once $file;
    }
}
