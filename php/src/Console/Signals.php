<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * SIGINT, SIGTERM and SIGHUP become an {@see Interrupted} wherever the program is, so that what it holds is let go of.
 */
final class Signals
{
    public static function listen(): void
    {
        if (!function_exists('pcntl_async_signals')) {
            return;
        }
        pcntl_async_signals(true);
        foreach ([SIGINT, SIGTERM, SIGHUP] as $signal) {
            // What the signal came into is not started anew: the program would wait on, and never get to know of it.
            pcntl_signal($signal, static function (int $signal): never {
                throw new Interrupted(sprintf('signal %d', $signal));
            }, false);
        }
    }
}
