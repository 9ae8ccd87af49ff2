<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Importance of a message. */
enum Importance: string
{
    case Low = 'low';
    case Normal = 'normal';
    case High = 'high';
}
