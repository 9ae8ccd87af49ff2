<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Verdict of one check of a connection test. */
enum CheckStatus: string
{
    case Ok = 'ok';
    /** Works, but somebody should look. */
    case Warning = 'warning';
    case Failed = 'failed';
    /** Not tried: something before it failed, or it does not apply. */
    case Skipped = 'skipped';
}
