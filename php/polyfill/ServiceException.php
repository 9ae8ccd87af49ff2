<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Microsoft answered with an error, or with something that can not be used. */
class ServiceException extends GraphException
{
}
