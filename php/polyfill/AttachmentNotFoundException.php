<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** There is no such attachment. */
class AttachmentNotFoundException extends GraphException
{
}
