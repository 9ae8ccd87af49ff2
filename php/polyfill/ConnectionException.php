<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Microsoft could not be reached: DNS, network, proxy, TLS. */
class ConnectionException extends GraphException
{
}
