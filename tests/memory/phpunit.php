<?php

declare(strict_types=1);

// PHPUnit under valgrind: its own script ends PHP in the middle of a method, and PHP then loses the object that the method is of.
ob_start();
register_shutdown_function(static function (): void {
});
require 'PHPUnit/autoload.php';
ob_end_clean();
exit(PHPUnit\TextUI\Command::main(false));
