<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Client;
use Squeeze\Graph\ExtensionClient;
use Squeeze\Graph\Tests\Support\ClientBehaviour;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\World;

final class ExtensionClientTest extends GraphTestCase
{
    use ClientBehaviour;

    protected function setUp(): void
    {
        parent::setUp();
        $this->signedIn();
    }

    protected function client(): Client
    {
        return new ExtensionClient();
    }

    protected function arrives(string $subject, array $attachments = ['invoice.pdf' => '%PDF']): string
    {
        return $this->sandbox->deliver(World::USER, Mail::mime($subject, $attachments));
    }
}
