<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * SIGINT, SIGTERM or SIGHUP arrived.
 *
 * An \Error on purpose: thrown while a mail is being handled it ends the import, and does not count as a failed attempt of that mail.
 */
final class Interrupted extends \Error
{
}
