<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Client;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\ConnectionException;
use Squeeze\Graph\Fake\Problems;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\RefreshOutcome;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\Tests\Support\ClientBehaviour;
use Squeeze\Graph\TokenState;

final class FakeClientTest extends TestCase
{
    use ClientBehaviour;

    private FakeClient $fake;
    private int $now;

    protected function setUp(): void
    {
        $this->now = time();
        $this->fake = new FakeClient(fn (): \DateTimeImmutable => new \DateTimeImmutable('@' . $this->now));
        $this->fake->addAccount('invoices');
    }

    protected function client(): Client
    {
        return $this->fake;
    }

    protected function arrives(string $subject, array $attachments = ['invoice.pdf' => '%PDF']): string
    {
        return $this->fake->mailbox('invoices')->deliver($subject, $attachments);
    }

    public function testTroubleIsToldWhenAskedFor(): void
    {
        $trouble = new ConnectionException(Problems::of('connection_refused', 'Nobody is there.'));
        $this->fake->failNext('findFolder', $trouble);
        self::assertTrue($this->throws(ConnectionException::class, fn () => $this->fake->findFolder('invoices', 'inbox')));
        self::assertSame('inbox', $this->fake->findFolder('invoices', 'inbox')->wellKnownName);
        self::assertSame(['findFolder', 'findFolder'], array_slice(array_column($this->fake->calls(), 'method'), -2));
        self::assertTrue($this->throws(\ValueError::class, fn () => $this->fake->failNext('findFoldre', $trouble)));
    }

    public function testACertificateTakesThePlaceOfASecretAndTheOtherWayRound(): void
    {
        $pair = ['client_certificate' => '/etc/app.pem', 'client_key' => '/etc/app.key'];
        self::assertFalse($this->fake->saveAccount('invoices', $pair));
        $account = $this->fake->getAccount('invoices');
        self::assertSame([false, '/etc/app.pem', '/etc/app.key'], [$account->hasSecret, $account->clientCertificate, $account->clientKey]);
        self::assertFalse($this->fake->saveAccount('invoices', $account->toSettings()));
        self::assertTrue($this->fake->saveAccount('invoices', ['tenant_id' => 'fabrikam.example']));
        self::assertTrue($this->throws(ConfigurationException::class, fn () => $this->fake->saveAccount('invoices', ['client_key' => null])));
        $this->fake->saveAccount('invoices', ['client_secret' => 'x'] + $account->toSettings());
        $account = $this->fake->getAccount('invoices');
        self::assertSame([true, null, null], [$account->hasSecret, $account->clientCertificate, $account->clientKey]);
    }

    public function testTokensEndWithTime(): void
    {
        $token = $this->fake->accessToken('invoices');
        $this->now += 3_600;
        self::assertSame(TokenState::Expired, $this->fake->tokenStatus('invoices')->state);
        self::assertTrue($this->fake->isTokenExpired('invoices'));
        self::assertNotSame($token, $this->fake->accessToken('invoices'));
        $this->fake->expireToken('invoices');
        self::assertSame(RefreshOutcome::Refreshed, $this->fake->refreshTokens()->results[0]->outcome);
    }

    public function testAnEndedSignInAsksForAPerson(): void
    {
        $this->fake->endSignIn('invoices');
        $this->fake->expireToken('invoices');
        self::assertTrue($this->throws(SignInRequiredException::class, fn () => $this->fake->listFolders('invoices')));
        self::assertSame(RefreshOutcome::SignInRequired, $this->fake->refreshTokens()->results[0]->outcome);
        self::assertSame(TokenState::SignInRequired, $this->fake->tokenStatus('invoices')->state);
        $url = $this->fake->authorizationUrl('invoices');
        parse_str((string) parse_url($url, PHP_URL_QUERY), $query);
        self::assertSame('https://host.example/callback', $query['redirect_uri']);
        $elsewhere = $this->fake->authorizationUrl('invoices', redirectUri: 'http://localhost:8123/callback');
        self::assertStringContainsString('redirect_uri=http%3A%2F%2Flocalhost%3A8123%2Fcallback&', $elsewhere);
        self::assertSame('https://host.example/callback', $this->fake->getAccount('invoices')->redirectUri);
        self::assertSame(TokenState::Valid, $this->fake->exchangeCode(['state' => $query['state'], 'code' => 'any'])->state);
    }

    /** The fake is for machines without the extension, too. */
    public function testItWorksWithoutTheExtension(): void
    {
        $code = sprintf('require %s;', var_export(__DIR__ . '/../../php/src/autoload.php', true)) . <<<'PHP'
            $client = new Squeeze\Graph\FakeClient();
            $client->addAccount('invoices');
            $client->mailbox('invoices')->deliver('Invoice 17', ['17.pdf' => '%PDF']);
            $report = $client->importMessages('invoices', function (Squeeze\Graph\IncomingMessage $mail): void {
                echo $mail->message->subject, ' ', file_get_contents($mail->attachments[0]->path), "\n";
            });
            echo extension_loaded('squeeze_graph') ? 'with' : 'without', ' ', $report->imported, ' ';
            echo count($client->mailbox('invoices')->messagesIn('/Verarbeitet')), "\n";
            PHP;
        $php = escapeshellarg(PHP_BINARY) . ' -n';
        $own = explode("\n", (string) shell_exec($php . ' -m'));
        $php .= in_array('mbstring', $own, true) ? '' : ' -d extension=mbstring';
        exec($php . ' -r ' . escapeshellarg($code) . ' 2>&1', $lines, $status);
        self::assertSame(['Invoice 17 %PDF', 'without 1 1'], $lines);
        self::assertSame(0, $status);
    }
}
