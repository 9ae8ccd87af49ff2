<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * Thrown by an import's handler: the mail goes to `folder_error`.
 */
final class RejectMessage extends \Exception
{
    public function __construct(string $reason)
    {
        parent::__construct($reason);
    }
}
