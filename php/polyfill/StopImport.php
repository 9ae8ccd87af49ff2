<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * Thrown by an import's handler: the run ends, this mail stays, the report of what is done is returned.
 */
final class StopImport extends \Exception
{
}
