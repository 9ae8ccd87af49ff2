<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** The user must sign in (again). */
class SignInRequiredException extends GraphException
{
}
