<?php

/**
 * Loads the classes of this library where no Composer does it: those of this folder, and the extension's own values,
 * enums and exceptions where the extension is not there to bring them.
 */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $prefix = 'Squeeze\\Graph\\';
    if (str_starts_with($class, $prefix)) {
        $name = strtr(substr($class, strlen($prefix)), '\\', '/');
        foreach ([__DIR__, __DIR__ . '/../polyfill'] as $folder) {
            $file = $folder . '/' . $name . '.php';
            if (is_file($file)) {
                require $file;

                return;
            }
        }
    }
});
