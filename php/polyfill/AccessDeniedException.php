<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Signed in, but not allowed to do this. */
class AccessDeniedException extends GraphException
{
}
