<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** There is no account of that name. */
class AccountNotFoundException extends ConfigurationException
{
}
