<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What an attachment is. */
enum AttachmentKind: string
{
    /** A file. */
    case File = 'file';
    /** A mail, event or contact; its bytes are MIME. */
    case Item = 'item';
    /** A link; it has no bytes. */
    case Reference = 'reference';
}
