<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A setting, of php.ini or of an account, is wrong or missing. */
class ConfigurationException extends GraphException
{
}
