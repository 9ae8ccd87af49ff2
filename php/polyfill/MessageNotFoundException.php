<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** There is no such message (any more). */
class MessageNotFoundException extends GraphException
{
}
