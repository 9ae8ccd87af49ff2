<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\Tests\Support\Browser;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\WebServer;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\has_account;
use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\token_status;
use function Squeeze\Graph\with_settings;

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
        $browser->waitFor('Client ID fehlt.');
        self::assertStringContainsString('Das Konto ist nicht gespeichert', $this->focused(), 'the summary of errors has the focus');

        $this->enter(['Konto' => 'rechnungen', 'Benutzer' => World::USER, 'Verarbeitet' => '/Verarbeitet', 'Fehler' => '/Fehler']);
        $browser->press('Speichern');
        $browser->waitFor('Die Authentifizierung muss gesondert gestartet werden');
        self::assertStringContainsString('Die Authentifizierung muss', $this->focused());
        self::assertSame('NeverSignedIn', token_status('rechnungen')->state->name, 'saving signs nobody in');

        $browser->press('Authentifizieren');
        $this->signInAtMicrosoft(World::USER);
        $browser->waitFor('rechnungen ist authentifiziert. Angemeldet als ' . World::USER);
        self::assertSame($this->server->url . '/default/', $browser->address(), 'neither code nor state stay in the address');
        self::assertStringContainsString('gültig', $browser->text());
        self::assertGreaterThan(0.9, $browser->script('const bar = document.querySelector("progress"); return bar.value / bar.max;'));

        $browser->press('E-Mail-Verbindung testen');
        $browser->waitFor('Die Verbindung funktioniert');
        $steps = ['Zugriffstoken', 'Rechte am Postfach', 'Ordner „Posteingang“', 'Ordner „Verarbeitet“', 'Ordner „Fehler“', 'refresh-tokens'];
        foreach ($steps as $step) {
            self::assertStringContainsString($step, $browser->text());
        }
        self::assertFalse($browser->has('//li[@class="failed"]'));

        $browser->press('Zurück zu den Konten');
        $browser->press('Bearbeiten');
        self::assertSame('', $browser->value('Client Secret'), 'a secret never comes back');
        self::assertStringNotContainsString(World::SECRET, html_entity_decode($browser->source()));
        $browser->fill('Fehler', '/Fehlr');
        $browser->press('Speichern');
        $browser->waitFor('Die Anmeldung gilt weiter');
        $browser->press('E-Mail-Verbindung testen');
        $browser->waitFor('Die Verbindung funktioniert nicht.');
        self::assertStringContainsString('ähnlich: /Fehler', $browser->text('//li[@class="failed"]'));
        self::assertCount(1, $browser->all('//li[@class="failed"]'));

        $browser->press('Ordner /Fehlr anlegen');
        $browser->waitFor('Den Ordner /Fehlr gibt es.');
        $browser->waitFor('Die Verbindung funktioniert');
        self::assertFalse($browser->has('//li[@class="failed"]'), 'tested again');
        $this->assertClean();
    }

    public function testAWrongPersonIsRefusedAndTheTokensStay(): void
    {
        $this->account('rechnungen', ['redirect_uri' => 'https://host.example/oauth.php']);
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
        self::assertSame('https://host.example/oauth.php', get_account('rechnungen')->redirectUri, 'the host\'s own stays');
        $this->assertClean();
    }

    public function testADeclinedConsentIsSaidAndCanBeTriedAgain(): void
    {
        $this->account('invoices');
        $browser = $this->begin('en', 390);
        $browser->press('Authenticate');
        $this->signInAtMicrosoft(World::USER, 'Cancel', $this->look(...));
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

    public function testAnAdministratorConsentsWherePeopleMayNot(): void
    {
        $endpoints = ['authority_url' => $this->sandbox->about('authority_url'), 'graph_url' => $this->sandbox->about('graph_url')];
        $this->account('invoices', ['client_id' => 'c0ffee00-0006-4000-8000-000000000001', 'user' => null]);
        $browser = $this->begin('en', configuration: ['tenants' => ['nord' => ['account' => $endpoints], 'sued' => ['account' => $endpoints]]]);
        $browser->press('sued');
        $browser->press('Authenticate');
        $browser->waitFor('Email or phone');
        $browser->fill('Email', World::COLLEAGUE);
        $browser->press('Next');
        $browser->fill('Password', self::PASSWORD);
        $browser->press('Sign in');
        $browser->press('Return to the application');
        $browser->waitFor('The sign-in of invoices did not work.');
        self::assertStringContainsString('the Microsoft 365 administrator', $browser->text('//*[@id="notice"]'));
        $browser->press('Consent as administrator');
        $this->signInAtMicrosoft('admin@contoso.example');
        $browser->waitFor('The administrator has consented for invoices.');
        $browser->press('Authenticate');
        $browser->waitFor('Email or phone');
        $browser->fill('Email', World::COLLEAGUE);
        $browser->press('Next');
        $browser->fill('Password', self::PASSWORD);
        $browser->press('Sign in');
        $browser->waitFor('invoices is authenticated. Signed in as ' . World::COLLEAGUE);
        self::assertSame($this->server->url . '/sued/', $browser->address());
        $this->assertClean();
    }

    public function testTheKeyboardAloneIsEnough(): void
    {
        $this->account('invoices');
        $browser = $this->begin('en');
        $this->tabTo('Authenticate invoices');
        $browser->keys(Browser::ENTER);
        $browser->waitFor('Email or phone');
        // Every page of the sign-in begins at its field; the address is there already.
        $browser->keys(Browser::ENTER);
        $browser->waitFor('Enter password');
        $browser->keys(self::PASSWORD . Browser::ENTER);
        $browser->waitFor('Enter code');
        $browser->keys(self::CODE . Browser::ENTER);
        $browser->waitFor('Permissions requested');
        $browser->keys(Browser::ENTER);
        $browser->waitFor('invoices is authenticated');
        self::assertStringContainsString('invoices is authenticated', $this->focused(), 'the outcome has the focus and so is read out');

        $this->tabTo('Choose folders invoices');
        $browser->keys(Browser::ENTER);
        $browser->waitFor('Folders of invoices');
        $browser->keys(Browser::TAB);
        self::assertStringContainsString('Skip to the content', $this->focused());
        $this->tabTo('Processed: /Verarbeitet');
        $browser->keys(Browser::UP);
        self::assertTrue($browser->has('//input[@name="folder_processed" and @value="/RSS-Feeds"]'));
        $browser->keys(Browser::ENTER);
        $browser->waitFor('The folders of invoices are saved.');
        self::assertSame('/RSS-Feeds', get_account('invoices')->folderProcessed);
        $this->assertClean();
    }

    public function testEverythingWorksWithoutScripts(): void
    {
        $browser = $this->begin('de', scripts: false);
        $browser->press('Neues Konto');
        $this->enter(['Konto' => 'rechnungen', 'Benutzer' => World::USER, 'Verarbeitet' => '/Verarbeitet', 'Fehler' => '/Fehler']);
        $browser->press('Speichern');
        $browser->press('Authentifizieren');
        $this->signInAtMicrosoft(World::USER);
        $browser->waitFor('rechnungen ist authentifiziert');
        $browser->press('E-Mail-Verbindung testen');
        $browser->waitFor('Die Verbindung funktioniert');
        $browser->press('Zurück');
        $browser->press('Ordner wählen');
        $browser->fill('Neuer Ordner', '/Kunden/Erledigt');
        $browser->press('Ordner anlegen');
        $browser->waitFor('Den Ordner /Kunden/Erledigt gibt es.');
        $browser->click('//input[@name="folder_processed" and @value="/Kunden/Erledigt"]');
        $browser->press('Ordner speichern');
        $browser->waitFor('sind gespeichert');
        self::assertSame('/Kunden/Erledigt', get_account('rechnungen')->folderProcessed);
        $browser->press('Löschen');
        $browser->waitFor('rechnungen löschen?');
        $browser->press('Löschen');
        $browser->waitFor('rechnungen ist gelöscht.');
        $this->assertClean();
    }

    public function testOneRedirectUriServesSeveralTenants(): void
    {
        $endpoints = ['authority_url' => $this->sandbox->about('authority_url'), 'graph_url' => $this->sandbox->about('graph_url')];
        $stores = [];
        foreach (['nord', 'sued'] as $tenant) {
            $stores[$tenant] = $this->folder . '/' . $tenant . '.sqlite';
            with_settings(['store' => $stores[$tenant]], fn () => $this->account('invoices'));
        }
        $browser = $this->begin('en', configuration: ['tenants' => [
            'nord' => ['label' => 'Nord GmbH', 'store' => $stores['nord'], 'account' => $endpoints],
            'sued' => ['label' => 'Süd AG', 'store' => $stores['sued'], 'account' => $endpoints],
        ]]);
        $browser->press('Süd AG');
        $browser->press('Authenticate');
        $this->signInAtMicrosoft(World::USER);
        $browser->waitFor('invoices is authenticated');
        self::assertSame($this->server->url . '/sued/', $browser->address());
        $states = array_map(static fn (string $store): string => with_settings(['store' => $store], static fn (): string => token_status('invoices')->state->name), $stores);
        self::assertSame(['nord' => 'NeverSignedIn', 'sued' => 'Valid'], $states);
        $this->assertClean();
    }

    public function testACallbackAndAFormOfElsewhereAreRefused(): void
    {
        $this->account('invoices');
        $browser = $this->begin('en');
        $this->signedIn('other', ['redirect_uri' => World::REDIRECT_URI]);
        $browser->open('data:text/html,' . rawurlencode(sprintf(
            '<form method="post" action="%s/default/delete"><input name="account" value="invoices"><button>Win</button></form>',
            $this->server->url,
        )));
        $browser->press('Win');
        // The browser keeps its cookie to itself then.
        $browser->waitFor('You may not see this page.');
        self::assertTrue(has_account('invoices'));

        $url = authorization_url('invoices', 'another browser', route: 'default');
        $browser->open(str_replace(World::REDIRECT_URI, $this->server->url . '/callback', $this->sandbox->walk($url)));
        $browser->waitFor('The sign-in of invoices did not work.');
        self::assertStringContainsString('sign_in_wrong_session', $browser->text('//*[@id="notice"]'));
        self::assertSame('NeverSignedIn', token_status('invoices')->state->name);
        $browser->open($this->server->url . '/callback?code=x&state=y');
        $browser->waitFor('belongs to no sign-in');
    }

    public function testTheLogTellsOfRefreshesAndImports(): void
    {
        $this->signedIn('invoices');
        $browser = $this->begin('en');
        $browser->press('Renew token');
        $browser->waitFor('The token of invoices is renewed.');
        ini_set('squeeze_graph.log', $this->folder . '/graph.log');
        ini_set('squeeze_graph.log_level', 'info');
        $this->sandbox->deliver(World::USER, Mail::mime('Rechnung', ['a.pdf' => 'x']));
        import_messages('invoices', static fn () => null);
        $browser->press('Log');
        $browser->waitFor('What has happened');
        self::assertMatchesRegularExpression('/Import ended.*imported: 1.*Token renewed/s', $browser->text());
        with_settings(['store' => $this->folder . '/another.sqlite'], static fn () => refresh_tokens());
        refresh_tokens();
        $browser->press('Log');
        $browser->waitFor('Run of the job ended');
        self::assertSame(1, substr_count($browser->text(), 'Run of the job ended'), 'nothing of another store');
        $this->assertClean();
    }

    /** @return array<string, array{string, int, bool}> */
    public static function views(): array
    {
        return [
            'phone, German' => ['de', 390, false],
            'desk, English, dark' => ['en', 1280, true],
        ];
    }

    /**
     * @dataProvider views
     */
    public function testEveryPageFitsAndCanBeReadAndNamed(string $language, int $width, bool $dark): void
    {
        $this->signedIn('invoices', ['secret_expires_at' => '2027-01-01']);
        $this->account('a-rather-long-name-of-an-account-that-somebody-has-chosen', ['user' => null, 'mailbox' => World::SHARED]);
        ini_set('squeeze_graph.log', $this->folder . '/graph.log');
        ini_set('squeeze_graph.log_level', 'info');
        $this->signedIn('over', ['folder_processed' => null, 'folder_error' => null, 'enabled' => false]);
        adopt_token('over', ['expires_at' => time() - 60] + export_token('over'));
        foreach (['sign-in' => 50173, 'secret' => 7000222] as $name => $code) {
            $this->signedIn($name, ['mailbox' => World::SHARED]);
            $this->sandbox->fault(['path' => '/token', 'count' => 1, 'entra' => ['code' => $code]]);
            $this->thrown(GraphException::class, static fn () => refresh_token($name));
        }
        refresh_tokens();
        import_messages('invoices', static fn () => null);
        save_account('invoices', ['folder_error' => '/Nirgends']);
        $browser = $this->begin($language, $width, dark: $dark);
        $here = $this->server->url . '/default/';
        $this->look('list');
        $pages = ['account', 'account?account=invoices', 'account?account=nobody', 'nothing'];
        foreach ([...$pages, 'folders?account=invoices', 'delete?account=invoices', 'test?account=invoices'] as $page) {
            $browser->open($here . $page);
            $this->look($page);
        }
        $browser->open($here . 'account');
        $browser->click('//button[@class="first"]');
        $browser->waitForElement('//*[@id="errors"]');
        $this->look('errors');
        $browser->open($here . 'test?account=invoices');
        $browser->click('//button[@class="first"]');
        $browser->waitFor('/Nirgends');
        $this->look('test');
        $browser->open($here . 'log');
        $browser->waitFor($language === 'de' ? 'importiert: 0' : 'imported: 0');
        $this->look('log');
        $browser->open($here . '../callback?error=access_denied&state=x');
        $this->look('refused');
    }

    /** What can be told of a page without a person's eye: it fits, everything is named, text stands out from its ground. */
    private function look(string $page): void
    {
        $browser = $this->browser;
        $fits = $browser->script('return [document.documentElement.scrollWidth, innerWidth];');
        self::assertLessThanOrEqual($fits[1], $fits[0], $page . ' is wider than the window');
        self::assertCount(1, $browser->all('//h1'), $page);
        self::assertCount(1, $browser->all('//main'), $page);
        self::assertNotSame('', $browser->title());
        $named = ['button', 'link', 'textbox', 'searchbox', 'combobox', 'radio', 'checkbox', 'Date', 'progressbar', 'table', 'navigation', 'article', 'region'];
        foreach ($browser->accessible() as ['role' => $role, 'name' => $name]) {
            if (in_array($role, $named, true)) {
                self::assertNotSame('', $name, sprintf('a %s on %s has no name', $role, $page));
            }
        }
        self::assertSame([], $browser->script((string) file_get_contents(__DIR__ . '/contrast.js')), $page);
        $pictures = getenv('SQUEEZE_GRAPH_PICTURES');
        if (is_string($pictures) && $pictures !== '') {
            self::assertTrue(is_dir($pictures) || mkdir($pictures, 0777, true), $pictures);
            $name = preg_replace('/\W+/', '-', sprintf('%s %s', $this->dataName(), $page));
            file_put_contents(sprintf('%s/%s.png', $pictures, $name), $browser->picture());
        }
    }

    private function tabTo(string $name): void
    {
        for ($presses = 0; $presses < 200; ++$presses) {
            $this->browser->keys(Browser::TAB);
            $text = $this->browser->script('const e = document.activeElement; return (e.labels?.[0] ?? e).textContent;');
            if (trim((string) preg_replace('/\s+/', ' ', $text)) === $name) {
                return;
            }
        }
        self::fail($name . ' is not reached with the tabulator');
    }

    /**
     * @param array<string, mixed> $configuration of the page
     */
    private function begin(string $language, int $width = 1280, array $configuration = [], bool $scripts = true, bool $dark = false): Browser
    {
        $endpoints = ['authority_url' => $this->sandbox->about('authority_url'), 'graph_url' => $this->sandbox->about('graph_url')];
        $this->server = new WebServer($this->folder, $configuration + [
            'tenants' => ['default' => ['account' => $endpoints, 'log' => $this->folder . '/graph.log', 'log_level' => 'info']],
        ]);
        $this->browser = new Browser($this->folder, $language, $width, dark: $dark, scripts: $scripts);
        $this->browser->open($this->server->link);

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

    /** Address, password, second factor (where the person has one) and consent. @param ?\Closure(string): void $look at each page */
    private function signInAtMicrosoft(string $person, string $decision = 'Accept', ?\Closure $look = null): void
    {
        $browser = $this->browser;
        $look ??= static fn () => null;
        $browser->waitFor('Email or phone');
        $look('address');
        $browser->fill('Email', $person);
        $browser->press('Next');
        $browser->waitFor('Enter password');
        $look('password');
        $browser->fill('Password', self::PASSWORD);
        $browser->press('Sign in');
        if ($person === World::USER) {
            $browser->waitFor('Enter code');
            $look('code');
            $browser->fill('Code', self::CODE);
            $browser->press('Verify');
        }
        $browser->waitFor('Permissions requested');
        $look('consent');
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
