<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Client;
use Squeeze\Graph\ExtensionClient;
use Squeeze\Graph\Tests\Support\ClientBehaviour;
use Squeeze\Graph\Tests\Support\ClientRules;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\KeyPair;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\with_settings;

final class ExtensionClientTest extends GraphTestCase
{
    use ClientBehaviour;
    use ClientRules;

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

    protected function arrivesWithEveryKind(): string
    {
        $mime = Mail::mime('Invoice 17', [
            '17.pdf' => '%PDF',
            'logo.png' => 'a picture',
            "\0item" => Mail::mime('Your request', [], 'Please send it.'),
        ]);
        $inline = str_replace(
            "Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename*=UTF-8''logo.png",
            "Content-Type: image/png\r\nContent-ID: <logo@mail>\r\nContent-Disposition: inline; filename=logo.png",
            $mime,
            $replaced,
        );
        self::assertSame(1, $replaced);

        return $this->sandbox->deliver(World::USER, $inline, [['name' => 'Plan.xlsx', 'url' => 'https://contoso.example/plan', 'size' => 17]]);
    }

    protected function signedInAt(string $url): array
    {
        return $this->sandbox->signIn($url);
    }

    protected function certificate(string $name): array
    {
        return KeyPair::lay(KeyPair::APP, $this->folder, $name);
    }

    protected function whileRenewalsFail(string $trouble, callable $run): mixed
    {
        if ($trouble === 'host') {
            // A file of certificates that is not there is missed where one is needed.
            $token = export_token('invoices');
            $elsewhere = ['authority_url' => 'https://graph.invalid', 'graph_url' => 'https://graph.invalid'];
            $this->account('invoices', $elsewhere);
            adopt_token('invoices', $token);

            return with_settings(['ca_file' => $this->folder . '/none.pem'], $run);
        }
        $how = $trouble === 'passing' ? ['status' => 503, 'body' => ''] : ['entra' => ['code' => 7_000_222]];
        $this->sandbox->fault(['path' => '/token', 'count' => null] + $how);

        return with_settings(['retry_budget' => 0], $run);
    }
}
