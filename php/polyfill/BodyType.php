<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Form of a message's body. */
enum BodyType: string
{
    case Text = 'text';
    case Html = 'html';
}
