<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * The mails of these tests.
 */
final class Mail extends \Squeeze\Graph\Testing\Mail
{
}
