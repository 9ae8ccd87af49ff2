<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What became of one mail of an import. */
enum ImportOutcome: string
{
    case Imported = 'imported';
    case Rejected = 'rejected';
    case Left = 'left';
    /** `$accept` decided against it. */
    case Filtered = 'filtered';
    case Failed = 'failed';
}
