<?php

declare(strict_types=1);

// Tests that need the extension must not pass by not running.
if (!extension_loaded('squeeze_graph')) {
    fwrite(STDERR, "The extension squeeze_graph is not loaded. Run: tools/test phpunit\n");
    exit(78);
}
if (!filter_var(ini_get('squeeze_graph.custom_endpoints'), FILTER_VALIDATE_BOOL)) {
    fwrite(STDERR, "squeeze_graph.custom_endpoints is off, so the sandbox can not be used. Run: tools/test phpunit\n");
    exit(78);
}

spl_autoload_register(static function (string $class): void {
    $prefix = 'Squeeze\\Graph\\Tests\\';
    if (str_starts_with($class, $prefix)) {
        $file = __DIR__ . '/' . strtr(substr($class, strlen($prefix)), '\\', '/') . '.php';
        if (is_file($file)) {
            require $file;
        }
    }
});
require __DIR__ . '/../../php/src/autoload.php';
// What programs print is compared in English, whatever this terminal speaks.
putenv('LC_ALL=C.UTF-8');
