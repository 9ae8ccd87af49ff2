<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** The token store can not be used; the message names path, owner and what to do. */
class StoreException extends GraphException
{
}
