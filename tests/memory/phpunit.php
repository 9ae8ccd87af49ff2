<?php

declare(strict_types=1);

// PHPUnit under valgrind: its own script lets PHP end in the middle of a method, and PHP then loses the object that the method is of.
const PHPUNIT_COMPOSER_INSTALL = 'PHPUnit/Autoload.php';

require PHPUNIT_COMPOSER_INSTALL;

PHPUnit\TextUI\Command::main(false);
