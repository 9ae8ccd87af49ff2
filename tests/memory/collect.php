<?php

declare(strict_types=1);

// Taken in front of each script under valgrind: PHP, unless it is a debug build, leaves cycles of objects where they are when it ends.
register_shutdown_function(static function (): void {
    register_shutdown_function(gc_collect_cycles(...));
});
