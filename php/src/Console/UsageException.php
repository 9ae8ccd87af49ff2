<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * The command line can not be understood. The message says why.
 */
final class UsageException extends \InvalidArgumentException
{
}
