<?php

/**
 * Loads the classes of this folder where no Composer does it.
 */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $prefix = 'Squeeze\\Graph\\';
    if (str_starts_with($class, $prefix)) {
        $file = __DIR__ . '/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
