<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What an import's `$accept` decides about a mail. */
enum Disposition: string
{
    /** Download it and hand it to the handler. */
    case Import = 'import';
    /** Leave it in the inbox. */
    case Leave = 'leave';
    /** Move it to `folder_processed` without importing it. */
    case Processed = 'processed';
    /** Move it to `folder_error` without importing it. */
    case Error = 'error';
}
