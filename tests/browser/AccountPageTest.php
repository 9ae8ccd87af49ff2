<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\Browser;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\WebServer;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\export_token;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\token_status;

/**
 * The account page and the sandbox's sign-in pages in Chromium, as an administrator uses them.
 */
final class AccountPageTest extends GraphTestCase
{
    private const PASSWORD = 'Geheim-123!';
    private const CODE = '246810';

    private ?WebServer $server = null;
    private ?Browser $browser = null;

    protected function setUp(): void
    {
        if (!Browser::available()) {
            self::markTestSkipped('chromium and chromedriver are not installed: run tools/setup browser');
        }
        parent::setUp();
    }

    protected function tearDown(): void
    {
        $this->browser = null;
        $this->server = null;
        if (isset($this->folder)) {
            parent::tearDown();
        }
    }

    public function testAnAdministratorSavesAuthenticatesAndTestsAndFindsAWrongFolder(): void
    {
        $browser = $this->begin('de');
        $browser->press('Neues Konto');
        $browser->press('Speichern');
        self::assertStringContainsString('Client ID fehlt.', $browser->text());
        self::assertStringContainsString('Das Konto ist nicht gespeichert', $this->focused(), 'the summary of errors has the focus');

        $this->enter(['Konto' => 'rechnungen', 'Benutzer' => World::USER, 'Verarbeitet' => '/Verarbeitet', 'Fehler' => '/Fehler']);
        $browser->press('Speichern');
        self::assertStringContainsString('Die Authentifizierung muss gesondert gestartet werden', $this->focused());
        self::assertSame('NeverSignedIn', token_status('rechnungen')->state->name, 'saving signs nobody in');

        $browser->press('Authentifizieren');
        $this->signInAtMicrosoft(World::USER);
        $browser->waitFor('rechnungen ist authentifiziert. Angemeldet als ' . World::USER);
        self::assertSame($this->server->url . '/default/', $browser->address(), 'neither code nor state stay in the address');
        self::assertStringContainsString('gültig', $browser->text());
        self::assertGreaterThan(0.9, $browser->script('const bar = document.querySelector("progress"); return bar.value / bar.max;'));

        $browser->press('E-Mail-Verbindung testen');
        $browser->waitFor('Die Verbindung funktioniert');
        foreach (['Zugriffstoken', 'Rechte am Postfach', 'Ordner „Posteingang“', 'Ordner „Verarbeitet“', 'Ordner „Fehler“', 'refresh-tokens'] as $step) {
            self::assertStringContainsString($step, $browser->text());
        }
        self::assertFalse($browser->has('//li[@class="failed"]'));

        $browser->press('Zurück zu den Konten');
        $browser->press('Bearbeiten');
        self::assertSame('', $browser->value('Client Secret'), 'a secret never comes back');
        self::assertStringNotContainsString(World::SECRET, html_entity_decode($browser->source()));
        $browser->fill('Fehler', '/Fehlr');
        $browser->press('Speichern');
        self::assertStringContainsString('Die Anmeldung gilt weiter', $browser->text());
        $browser->press('E-Mail-Verbindung testen');
        $browser->waitFor('Die Verbindung funktioniert nicht.');
        self::assertStringContainsString('ähnlich: /Fehler', $browser->text('//li[@class="failed"]'));
        self::assertCount(1, $browser->all('//li[@class="failed"]'));
        $this->assertClean();
    }

    public function testAWrongPersonIsRefusedAndTheTokensStay(): void
    {
        $this->account('rechnungen', ['redirect_uri' => 'http://localhost/callback']);
        $browser = $this->begin('de');
        $browser->press('Authentifizieren');
        $this->signInAtMicrosoft(World::USER);
        $browser->waitFor('ist authentifiziert');
        $before = export_token('rechnungen')['refresh_token'];

        // Somebody else at the same machine.
        $browser->forget($this->sandbox->about('authority_url'), 'ESTSAUTH');
        $browser->open($this->server->url . '/');
        $browser->press('Authentifizieren');
        $this->signInAtMicrosoft(World::COLLEAGUE);
        $browser->waitFor('Für rechnungen hat sich jemand anderes angemeldet. Geändert ist nichts.');
        self::assertStringContainsString('wer sich anmeldet', $browser->text('//*[@id="notice"]'), 'who acts');
        self::assertStringContainsString('wrong_account', $browser->text('//*[@id="notice"]'), 'the code');
        self::assertSame($before, export_token('rechnungen')['refresh_token']);
        self::assertSame(World::USER, get_account('rechnungen')->signedInAs);
        $this->assertClean();
    }

    public function testADeclinedConsentIsSaidAndCanBeTriedAgain(): void
    {
        $this->account('invoices');
        $browser = $this->begin('en');
        $browser->press('Authenticate');
        $this->signInAtMicrosoft(World::USER, 'Cancel');
        $browser->waitFor('The sign-in of invoices was declined at Microsoft. Nothing has changed.');
        $notice = $browser->text('//*[@id="notice"]');
        self::assertStringContainsString('AADSTS65004', $notice);
        self::assertMatchesRegularExpression('/Correlation ID:?\s*[0-9a-f-]{36}/', $notice);
        self::assertStringContainsString('never signed in', $browser->text());

        $browser->press('Authenticate');
        $this->signInAtMicrosoft(World::USER);
        $browser->waitFor('invoices is authenticated');
        $browser->back();
        self::assertStringNotContainsString('Error', $browser->title(), 'going back repeats nothing');
        self::assertSame('Valid', token_status('invoices')->state->name);
        $this->assertClean();
    }

    /**
     * @param array<string, mixed> $configuration of the page
     */
    private function begin(string $language, int $width = 1280, array $configuration = [], bool $scripts = true): Browser
    {
        $endpoints = ['authority_url' => $this->sandbox->about('authority_url'), 'graph_url' => $this->sandbox->about('graph_url')];
        $this->server = new WebServer($this->folder, $configuration + [
            'tenants' => ['default' => ['account' => $endpoints, 'log' => $this->folder . '/graph.log', 'log_level' => 'info']],
        ]);
        $this->browser = new Browser($this->folder, $language, $width, 844, scripts: $scripts);
        $this->browser->open($this->server->url . '/');

        return $this->browser;
    }

    /** @param array<string, string> $fields by label; those of the app registration are added */
    private function enter(array $fields): void
    {
        $registration = ['Client ID' => World::CLIENT, 'Client Secret' => World::SECRET, 'Tenant ID' => World::TENANT];
        foreach ($fields + $registration as $label => $value) {
            $this->browser->fill($label, $value);
        }
    }

    /** Address, password, second factor (where the person has one) and consent. */
    private function signInAtMicrosoft(string $person, string $decision = 'Accept'): void
    {
        $browser = $this->browser;
        $browser->waitFor('Email or phone');
        $browser->fill('Email', $person);
        $browser->press('Next');
        $browser->waitFor('Enter password');
        $browser->fill('Password', self::PASSWORD);
        $browser->press('Sign in');
        if ($person === World::USER) {
            $browser->waitFor('Enter code');
            $browser->fill('Code', self::CODE);
            $browser->press('Verify');
        }
        $browser->waitFor('Permissions requested');
        $browser->press($decision);
    }

    private function focused(): string
    {
        return $this->browser->script('return document.activeElement.innerText;');
    }

    /** Nothing was blocked by the policy, nothing failed in a script, PHP complained of nothing. */
    private function assertClean(): void
    {
        $expected = static fn (string $message): bool => !str_contains($message, 'status of 422');
        self::assertSame([], array_values(array_filter($this->browser->complaints(), $expected)));
        self::assertDoesNotMatchRegularExpression('/PHP (Warning|Notice|Deprecated|Fatal)|account page:/', $this->server->log());
    }
}
