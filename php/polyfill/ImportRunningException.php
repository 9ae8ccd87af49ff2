<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** This inbox is being imported already. */
class ImportRunningException extends GraphException
{
}
