<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Account;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\ConnectionException;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Problem;
use Squeeze\Graph\TokenStatus;
use Squeeze\Graph\Web\AccountRow;
use Squeeze\Graph\Web\Configuration;
use Squeeze\Graph\Web\FolderChooser;
use Squeeze\Graph\Web\LogFile;
use Squeeze\Graph\Web\LogRecord;
use Squeeze\Graph\Web\Request;
use Squeeze\Graph\Web\Response;
use Squeeze\Graph\Web\Session;
use Squeeze\Graph\Web\Site;
use Squeeze\Graph\Web\Tenant;
use Squeeze\Graph\Web\TenantLog;
use Squeeze\Graph\Web\View;
use Squeeze\Graph\Web\Words;

require_once __DIR__ . '/../../php/web/src/autoload.php';

/**
 * The account page without a browser, on a client in memory.
 */
final class WebTest extends TestCase
{
    private const SERVER = ['REMOTE_ADDR' => '127.0.0.1', 'HTTP_HOST' => 'localhost:8080', 'HTTP_ACCEPT_LANGUAGE' => 'en'];
    private const TOKEN = '0123456789abcdef0123456789abcdef';
    private const FORM = [
        'name' => 'invoices', 'protocol' => 'delegated', 'user' => 'anna.gruber@contoso.example', 'mailbox' => '',
        'client_id' => 'c0ffee00-0001-4000-8000-000000000001', 'client_secret' => 'the-secret-of-the-app', 'secret_expires_at' => '',
        'tenant_id' => 'contoso.example', 'folder_inbox' => 'wellknown:inbox', 'folder_processed' => '/Verarbeitet',
        'folder_error' => '/Fehler', 'enabled' => '1',
    ];

    private FakeClient $client;
    private Session $session;
    private Configuration $configuration;

    protected function setUp(): void
    {
        $this->client = new FakeClient();
        $this->session = new Session();
        $this->configuration = self::configuration();
    }

    public function testBothLanguagesSayTheSameThings(): void
    {
        $texts = array_map(static fn (string $language): array => require __DIR__ . '/../../php/web/lang/' . $language . '.php', ['en', 'de']);
        self::assertSame(array_keys($texts[0]), array_keys($texts[1]));
        foreach ($texts[0] as $key => $text) {
            preg_match_all('/\{\w+\}/', $text, $here);
            preg_match_all('/\{\w+\}/', $texts[1][$key], $there);
            self::assertEqualsCanonicalizing($here[0], $there[0], $key);
        }
    }

    public function testSavingStartsNoSignInButSaysThatOneIsNeeded(): void
    {
        $saved = $this->post('/default/account', self::FORM);
        self::assertSame([303, '/default/'], [$saved->status, $saved->headers()['Location']]);
        $list = $this->get('/default/');
        self::assertStringContainsString('Authentication has to be started separately', $list->body);
        self::assertStringNotContainsString('authorizationUrl', json_encode(array_column($this->client->calls(), 'method')));
        self::assertStringNotContainsString('Authentication has to be started', $this->get('/default/')->body, 'it is told once');
    }

    public function testNoSecretComesBack(): void
    {
        $this->post('/default/account', self::FORM);
        $this->post('/default/account', ['account' => 'invoices', 'tenant_id' => '', 'client_secret' => 'another-secret'] + self::FORM);
        $wrong = $this->post('/default/account', ['account' => 'invoices', 'tenant_id' => '', 'client_secret' => 'another-secret'] + self::FORM);
        $pages = [$wrong, $this->get('/default/'), $this->get('/default/account', ['account' => 'invoices'])];
        foreach ($pages as $page) {
            self::assertStringNotContainsString('the-secret-of-the-app', $page->body);
            self::assertStringNotContainsString('another-secret', $page->body);
        }
        self::assertStringContainsString('Stored. Empty: it stays as it is.', $pages[2]->body);
    }

    public function testWhatIsMissingIsSaidAtItsField(): void
    {
        $page = $this->post('/default/account', ['tenant_id' => '', 'client_id' => ''] + self::FORM);
        self::assertSame(422, $page->status);
        self::assertFalse($this->client->hasAccount('invoices'));
        foreach (['tenant_id' => 'Tenant ID is missing.', 'client_id' => 'Client ID is missing.'] as $field => $text) {
            self::assertStringContainsString(sprintf('<a href="#%s">%s</a>', $field, $text), $page->body);
            self::assertMatchesRegularExpression(sprintf('/<input id="%s"[^>]* aria-invalid="true" aria-describedby="error-%1$s/', $field), $page->body);
        }
        self::assertStringContainsString('value="anna.gruber@contoso.example"', $page->body, 'what was entered stays');
    }

    public function testANameIsNotTakenTwice(): void
    {
        $this->post('/default/account', self::FORM);
        self::assertStringContainsString('There is an account of that name already.', $this->post('/default/account', self::FORM)->body);
    }

    public function testNothingIsPostedWithoutTheTokenOfTheBrowser(): void
    {
        $this->client->addAccount('invoices');
        foreach (['/default/account', '/default/delete', '/default/sign-in', '/default/admin-consent', '/default/renew', '/default/test', '/default/folders', '/default/new-folder', '/language'] as $path) {
            foreach (['', 'wrong', (new Session())->csrf()] as $csrf) {
                $form = ['csrf' => $csrf, 'account' => 'invoices', 'path' => 'x'] + self::FORM;
                $page = $this->answer(new Request('POST', $path, [], $form, self::SERVER));
                self::assertSame(403, $page->status, $path);
            }
            $page = $this->answer(new Request('POST', $path, [], ['csrf' => [$this->session->csrf()]], self::SERVER));
            self::assertSame(403, $page->status, $path);
        }
        self::assertTrue($this->client->hasAccount('invoices'));
    }

    public function testWhatChangesSomethingIsNoGet(): void
    {
        $this->client->addAccount('invoices');
        foreach (['/default/sign-in', '/default/renew', '/default/new-folder', '/language'] as $path) {
            self::assertSame(405, $this->get($path, ['account' => 'invoices'])->status, $path);
        }
        self::assertSame(405, $this->answer(new Request('DELETE', '/default/account', [], [], self::SERVER))->status);
        self::assertSame(404, $this->get('/default/nothing')->status);
        self::assertSame(404, $this->get('/nobody/')->status);
        self::assertSame(404, $this->get('/default/account', ['account' => 'nobody'])->status);
    }

    public function testEveryAnswerIsStrict(): void
    {
        $this->client->addAccount('invoices');
        foreach ([$this->get('/default/'), $this->get('/nothing'), $this->post('/default/test', ['account' => 'invoices']), (new Site(new Configuration(), $this->client))->answer(new Request('GET', '/'), fn (): Session => self::fail('a session'))] as $answer) {
            $headers = $answer->headers();
            self::assertStringContainsString("default-src 'none'", $headers['Content-Security-Policy']);
            self::assertStringContainsString("form-action 'self'; frame-ancestors 'none'; base-uri 'none'", $headers['Content-Security-Policy']);
            self::assertStringNotContainsString('unsafe', $headers['Content-Security-Policy']);
            self::assertSame(['no-store', 'no-referrer', 'nosniff'], [$headers['Cache-Control'], $headers['Referrer-Policy'], $headers['X-Content-Type-Options']]);
            self::assertStringNotContainsString(' style=', $answer->body);
            self::assertDoesNotMatchRegularExpression('/ on\w+=|<script(?! src=)/', $answer->body);
        }
    }

    public function testTextOfOthersIsNeverMarkup(): void
    {
        $evil = '<script>alert(1)</script>"\'&';
        $this->client->addAccount($evil, ['mailbox' => 'x@y.example', 'user' => null]);
        $this->client->mailbox($evil)->addFolder('/<img src=x>');
        $this->post('/default/test', ['account' => $evil]);
        foreach (['', 'account', 'folders', 'delete', 'test', 'log'] as $page) {
            $body = $this->get('/default/' . $page, ['account' => $evil])->body;
            self::assertStringNotContainsString('<script>', $body, $page);
            self::assertStringNotContainsString('<img', $body, $page);
        }
    }

    /** @return array<string, array{array<string, string>, bool}> what a browser with the link may see */
    public static function visitors(): array
    {
        return [
            'this machine' => [[], true],
            'this machine over IPv6' => [['REMOTE_ADDR' => '::1', 'HTTP_HOST' => '[::1]:8080'], true],
            'elsewhere' => [['REMOTE_ADDR' => '192.0.2.1'], false],
            'elsewhere over IPv6' => [['REMOTE_ADDR' => '2001:db8::1'], false],
            'a name that was turned to this machine' => [['HTTP_HOST' => 'evil.example'], false],
            'no name' => [['HTTP_HOST' => ''], false],
            'through a proxy' => [['HTTP_X_FORWARDED_FOR' => '192.0.2.1'], false],
            'through another proxy' => [['HTTP_FORWARDED' => 'for=192.0.2.1'], false],
        ];
    }

    /**
     * @dataProvider visitors
     * @param array<string, string> $server
     */
    public function testOnlyThisMachineMayComeInByTheLinkUnlessTheHostDecides(array $server, bool $mayComeIn): void
    {
        $request = new Request('GET', '/default/', [], [], ['HTTP_COOKIE' => 'squeeze_graph=x'] + $server + self::SERVER);
        $link = new Request('GET', '/', ['token' => self::TOKEN], [], $server + self::SERVER);
        // Without the link nobody, whatever a request looks like: one through a proxy that says nothing of itself looks local.
        $this->configuration = new Configuration();
        self::assertStringContainsString('does not say who may', $this->answer($request)->body);
        self::assertSame(403, $this->answer($link)->status);
        $this->configuration = new Configuration([], self::TOKEN);
        self::assertSame(403, $this->answer($request)->status);

        $come = $this->answer($link);
        self::assertSame($mayComeIn ? 303 : 403, $come->status);
        self::assertSame($mayComeIn ? '/' : null, $come->headers()['Location'] ?? null, 'the token leaves the address');
        self::assertSame($mayComeIn ? 200 : 403, $this->answer($request)->status);

        $this->configuration = new Configuration(['access' => static fn (Request $request, ?string $tenant): bool => false], self::TOKEN);
        self::assertSame([403, 403], [$this->answer($request)->status, $this->answer($link)->status], 'the host decides');
        $this->configuration = new Configuration(['access' => static fn (Request $request, ?string $tenant): bool => $tenant !== 'sued', 'tenants' => ['default' => [], 'sued' => []]]);
        self::assertSame(200, $this->answer($request)->status);
        self::assertSame(403, $this->answer(new Request('GET', '/sued/', [], [], $server))->status);
    }

    public function testALinkIsOfOneStartAndIsNotGuessed(): void
    {
        $this->configuration = new Configuration([], self::TOKEN);
        $request = new Request('GET', '/default/', [], [], ['HTTP_COOKIE' => 'host=1; squeeze_graph=x'] + self::SERVER);
        foreach (['', 'wrong', [self::TOKEN], substr(self::TOKEN, 1)] as $wrong) {
            self::assertSame(403, $this->answer(new Request('GET', '/', ['token' => $wrong], [], self::SERVER))->status);
            self::assertSame(403, $this->answer($request)->status);
        }
        $this->answer(new Request('GET', '/', ['token' => self::TOKEN], [], self::SERVER));
        self::assertSame(200, $this->answer($request)->status);
        self::assertStringNotContainsString(self::TOKEN, serialize($this->session));
        $this->configuration = new Configuration([], strrev(self::TOKEN));
        self::assertSame(403, $this->answer($request)->status, 'started anew');
        $this->expectException(\UnexpectedValueException::class);
        new Configuration([], 'short');
    }

    public function testNoSessionIsBegunForWhoMayNotComeIn(): void
    {
        foreach ([null, self::TOKEN] as $token) {
            $site = new Site(new Configuration([], $token), $this->client);
            foreach ([['REMOTE_ADDR' => '192.0.2.1', 'HTTP_COOKIE' => 'squeeze_graph=x'], self::SERVER, ['HTTP_COOKIE' => 'my_squeeze_graph=x'] + self::SERVER] as $server) {
                $answer = $site->answer(new Request('GET', '/', [], [], $server), fn (): Session => self::fail('a session'));
                self::assertSame(403, $answer->status);
            }
        }
    }

    public function testOneRedirectUriServesSeveralTenants(): void
    {
        $this->configuration = self::configuration(['redirect_uri' => 'https://host.example/graph/callback', 'tenants' => ['nord' => [], 'sued' => []]]);
        $this->client->addAccount('invoices');
        foreach (['nord', 'sued'] as $tenant) {
            $leaving = $this->post('/' . $tenant . '/sign-in', ['account' => 'invoices']);
            self::assertSame(1, preg_match('/<a class="button first" id="leave" href="([^"]+)"/', $leaving->body, $link));
            parse_str((string) parse_url(html_entity_decode($link[1]), PHP_URL_QUERY), $asked);
            self::assertSame('https://host.example/graph/callback', $asked['redirect_uri']);
            $back = $this->get('/callback', ['code' => 'the-code', 'state' => $asked['state']]);
            self::assertSame([303, '/' . $tenant . '/'], [$back->status, $back->headers()['Location']], 'without code and state');
            self::assertStringContainsString('invoices is authenticated', $this->get('/' . $tenant . '/')->body);
        }
        $nobodys = $this->get('/callback', ['code' => 'x', 'state' => 'unknown']);
        self::assertSame([303, '/'], [$nobodys->status, $nobodys->headers()['Location']], 'of no tenant');
        self::assertStringContainsString('It is not known to which tenant this belongs.', $this->get('/')->body);
    }

    public function testTheRedirectUriOfAnAccountStaysTheHosts(): void
    {
        $this->client->addAccount('invoices', ['redirect_uri' => 'https://host.example/oauth.php']);
        foreach (['sign-in', 'admin-consent'] as $way) {
            $leaving = html_entity_decode($this->post('/default/' . $way, ['account' => 'invoices'])->body);
            self::assertStringContainsString('redirect_uri=' . urlencode('http://localhost:8080/callback'), $leaving, 'this page\'s own');
        }
        $same = ['client_secret' => '', 'client_id' => $this->client->getAccount('invoices')->clientId];
        self::assertSame(303, $this->post('/default/account', ['account' => 'invoices'] + $same + self::FORM)->status);
        self::assertSame('https://host.example/oauth.php', $this->client->getAccount('invoices')->redirectUri);
        $form = $this->get('/default/account', ['account' => 'invoices'])->body;
        foreach (['http://localhost:8080/callback', 'https://host.example/oauth.php', 'has to be registered as well'] as $shown) {
            self::assertStringContainsString($shown, $form);
        }
        $this->post('/default/account', ['name' => 'new'] + self::FORM);
        self::assertSame('http://localhost:8080/callback', $this->client->getAccount('new')->redirectUri, 'a new one gets this page\'s');
        self::assertStringNotContainsString('has to be registered as well', $this->get('/default/account', ['account' => 'new'])->body);
    }

    public function testWhateverFailsAtTheCallbackLeavesItsAddress(): void
    {
        $this->client->addAccount('invoices');
        preg_match('/[?&;]state=([^&"]+)/', $this->post('/default/sign-in', ['account' => 'invoices'])->body, $state);
        $away = Problem::fromArray(['code' => 'dns_failed', 'message' => '', 'since' => new \DateTimeImmutable(), 'explanation' => 'The name was not found.', 'remedy' => 'Wait.', 'actor' => 'nobody', 'retryable' => true]);
        $this->client->failNext('exchangeCode', new ConnectionException($away, 'invoices'));
        $back = $this->get('/callback', ['code' => 'the-code', 'state' => $state[1]]);
        self::assertSame([303, '/default/'], [$back->status, $back->headers()['Location']]);
        $list = $this->get('/default/')->body;
        self::assertMatchesRegularExpression('/The sign-in of invoices did not work\..*The name was not found\..*Authenticate/s', $list);
    }

    public function testASettingOfATenantThatCanNotBeHadIsTold(): void
    {
        $refused = Problem::fromArray(['code' => 'setting_refused', 'message' => '', 'since' => new \DateTimeImmutable(), 'explanation' => 'The store can not be changed here.', 'remedy' => 'Change php.ini.', 'actor' => 'host', 'retryable' => false]);
        $this->client->failNext('withSettings', new ConfigurationException($refused));
        $page = $this->get('/default/');
        self::assertSame(500, $page->status);
        self::assertStringContainsString('The store can not be changed here.', $page->body);
    }

    public function testADayIsTheSameInEveryZone(): void
    {
        $this->client->addAccount('invoices', ['secret_expires_at' => '2027-01-01']);
        foreach (['America/Los_Angeles', 'UTC', 'Pacific/Kiritimati'] as $zone) {
            $this->configuration = self::configuration(['timezone' => $zone]);
            self::assertStringContainsString('<dd>2027-01-01</dd>', $this->get('/default/')->body, $zone);
        }
    }

    public function testTheCallbackBelongsToTheBrowserThatBegan(): void
    {
        $this->client->addAccount('invoices');
        $leaving = $this->post('/default/sign-in', ['account' => 'invoices']);
        preg_match('/[?&;]state=([^&"]+)/', $leaving->body, $state);
        $this->session = new Session();
        $this->get('/callback', ['code' => 'the-code', 'state' => $state[1]]);
        self::assertStringContainsString('The sign-in was begun in another browser.', $this->get('/default/')->body);
    }

    public function testTheLanguageIsTheBrowsersUntilSomebodyChoosesAnother(): void
    {
        foreach (['de-AT,de;q=0.9,en;q=0.8' => 'de', 'fr,en;q=0.5,de;q=0.3' => 'en', 'fr' => 'en', '' => 'en'] as $header => $language) {
            self::assertSame($language, Words::preferred($header), $header);
        }
        self::assertStringContainsString('<html lang="en">', $this->get('/default/')->body);
        $answer = $this->post('/language', ['to' => 'de', 'back' => '/default/log']);
        self::assertSame('/default/log', $answer->headers()['Location']);
        self::assertStringContainsString('<html lang="de">', $this->get('/default/')->body);
        foreach (['//evil.example/', '/\\evil.example', 'https://evil.example', "/default/\r\nX: y", ''] as $elsewhere) {
            self::assertSame('/', $this->post('/language', ['to' => 'de', 'back' => $elsewhere])->headers()['Location'], $elsewhere);
        }
    }

    public function testTheFoldersAreChosenInTheTree(): void
    {
        $this->client->addAccount('invoices', ['folder_error' => 'Fehler']);
        $this->client->mailbox('invoices')->addFolder('/Kunden/Muster\/AG');
        $page = $this->get('/default/folders', ['account' => 'invoices'])->body;
        self::assertMatchesRegularExpression('/name="folder_inbox" value="wellknown:inbox" checked/', $page);
        self::assertMatchesRegularExpression('/name="folder_error" value="\/Fehler" checked/', $page, 'a plain name is the folder that it finds');
        self::assertStringContainsString('<th scope="row" class="depth-1">Muster/AG', $page);
        $twice = $this->post('/default/folders', ['account' => 'invoices', 'folder_inbox' => '/Fehler', 'folder_error' => '/Fehler']);
        self::assertSame(422, $twice->status);
        $this->post('/default/folders', ['account' => 'invoices', 'folder_inbox' => 'wellknown:inbox', 'folder_error' => '/Kunden/Muster\/AG']);
        self::assertSame('/Kunden/Muster\/AG', $this->client->getAccount('invoices')->folderError);
        $this->post('/default/new-folder', ['account' => 'invoices', 'path' => '/Neu/Darunter']);
        self::assertSame('Darunter', $this->client->findFolder('invoices', '/Neu/Darunter')->name);
    }

    public function testABarRunsOut(): void
    {
        $this->client->addAccount('invoices');
        self::assertMatchesRegularExpression('/<progress [^>]*max="3\d{3}" value="3\d{3}"/', $this->get('/default/')->body);
        $this->client->expireToken('invoices');
        $body = $this->get('/default/')->body;
        self::assertMatchesRegularExpression('/<progress [^>]*value="0"[^>]* class="low"/', $body);
        self::assertStringContainsString('ended; the job renews it', $body);
    }

    /** @return array<string, array{string, string, string}> */
    public static function endedTokens(): array
    {
        return [
            'one that the job renews' => ['job', 'ended, will be renewed', 'ended; the job renews it'],
            'switched off' => ['disabled', 'ended · switched off', 'ended; the job leaves an account alone that is switched off'],
            'an application' => ['application', 'fetched when it is needed', 'ended; whoever needs one fetches a new one'],
            'a sign-in needed' => ['sign-in', 'sign-in needed', 'ended; somebody has to sign in'],
            'an administrator needed' => ['administrator', 'administrator needed', 'ended; an administrator has to act first'],
        ];
    }

    /**
     * @dataProvider endedTokens
     */
    public function testWhatComesAfterTheEndDependsOnTheAccount(string $kind, string $state, string $over): void
    {
        $this->client->addAccount('invoices', match ($kind) {
            'disabled' => ['enabled' => false],
            'application' => ['protocol' => 'application', 'mailbox' => 'invoices@contoso.example'],
            default => [],
        });
        $runsOut = sprintf('data-over="%s"', $over);
        if (in_array($kind, ['job', 'disabled', 'application'], true)) {
            $body = $this->get('/default/')->body;
            self::assertStringContainsString($runsOut, $body, 'while it is good');
            self::assertStringContainsString(sprintf('data-over="%s"', $state), $body);
        }
        $this->client->expireToken('invoices');
        if ($kind === 'sign-in') {
            $this->client->endSignIn('invoices');
        }
        $body = $kind === 'administrator' ? $this->listOfOneThatNeedsAnAdministrator() : $this->get('/default/')->body;
        self::assertStringContainsString($runsOut . '>' . $over . '</span>', $body);
        self::assertMatchesRegularExpression('/<p class="state \w+">' . $state . '<\/p>/', $body);
    }

    public function testFoldersThatTheImportNeedsAreAskedForButNotRequired(): void
    {
        self::assertStringContainsString('The import needs it.', $this->get('/default/account')->body);
        $this->client->addAccount('invoices');
        $form = ['account' => 'invoices', 'client_secret' => '', 'client_id' => $this->client->getAccount('invoices')->clientId] + self::FORM;
        self::assertSame(303, $this->post('/default/account', ['folder_error' => ''] + $form)->status);
        $list = $this->get('/default/')->body;
        self::assertStringContainsString('invoices is saved. The sign-in is still good. Folders that the import needs are not set: Error.', $list);
        self::assertStringContainsString('<p class="caution">Folders that the import needs are not set: Error.</p>', $this->get('/default/')->body, 'until it is');
        $this->post('/default/account', $form);
        self::assertStringNotContainsString('Folders that the import needs', $this->get('/default/')->body);
    }

    public function testAMissingFolderIsOfferedToBeMade(): void
    {
        $this->client->addAccount('invoices');
        $this->client->mailbox('invoices')->addFolder('/A/Twice');
        $this->client->mailbox('invoices')->addFolder('/B/Twice');
        $this->client->saveAccount('invoices', ['folder_processed' => '/Neu/Erledigt', 'folder_error' => 'Twice']);
        $page = $this->get('/default/folders', ['account' => 'invoices'])->body;
        self::assertStringContainsString('<button>Create folder /Neu/Erledigt</button>', $page);
        self::assertStringContainsString('may be each of these: /A/Twice, /B/Twice.', $page);
        self::assertStringNotContainsString('Create folder Twice', $page);

        $this->post('/default/test', ['account' => 'invoices']);
        $test = $this->get('/default/test', ['account' => 'invoices'])->body;
        self::assertMatchesRegularExpression('/<input type="hidden" name="path" value="\/Neu\/Erledigt"><input type="hidden" name="then" value="test">/', $test);
        self::assertStringNotContainsString('value="Twice"', $test);
        $made = $this->post('/default/new-folder', ['account' => 'invoices', 'path' => '/Neu/Erledigt', 'then' => 'test']);
        self::assertSame('/default/test?account=invoices', $made->headers()['Location']);
        self::assertSame('Erledigt', $this->client->findFolder('invoices', '/Neu/Erledigt')->name);
        $test = $this->get('/default/test', ['account' => 'invoices'])->body;
        self::assertMatchesRegularExpression('/<li class="ok">\s*<p>[^\n]*folder_processed/', $test, 'tested again');
        self::assertMatchesRegularExpression('/name="folder_processed" value="\/Neu\/Erledigt" checked/', $this->get('/default/folders', ['account' => 'invoices'])->body);
        foreach (['id:AAMk', 'wellknown:archive', ''] as $none) {
            self::assertFalse(FolderChooser::canBeCreated($none), $none);
        }
    }

    public function testTheConnectionTestShowsEveryStep(): void
    {
        $this->client->addAccount('invoices');
        $this->client->saveAccount('invoices', ['folder_error' => '/Nirgends']);
        $answer = $this->post('/default/test', ['account' => 'invoices']);
        $page = $this->get('/default/test', ['account' => 'invoices'])->body;
        self::assertSame('/default/test?account=invoices', $answer->headers()['Location']);
        self::assertStringContainsString('The connection does not work.', $page);
        self::assertMatchesRegularExpression('/<li class="failed">\s*<p>[^\n]*folder_error/', $page);
        self::assertMatchesRegularExpression('/<li class="ok">\s*<p>[^\n]*folder_inbox/', $page);
    }

    public function testAFailureSaysWhatToDo(): void
    {
        $this->client->addAccount('invoices');
        $this->client->endSignIn('invoices');
        $this->post('/default/renew', ['account' => 'invoices']);
        $page = $this->get('/default/')->body;
        foreach (['could not be renewed', 'Sign in again.', '<code>invalid_grant</code>', 'the person who signs in', 'sign-in needed'] as $text) {
            self::assertStringContainsString($text, $page);
        }
    }

    public function testAFolderTreeThatNeedsASignInOffersIt(): void
    {
        $this->client->addAccount('invoices');
        $this->client->expireToken('invoices');
        $this->client->endSignIn('invoices');
        $page = $this->get('/default/folders', ['account' => 'invoices']);
        self::assertSame(409, $page->status);
        self::assertStringContainsString('action="/default/sign-in"', $page->body);
    }

    public function testTheEndOfALongLogIsRead(): void
    {
        $path = tempnam(sys_get_temp_dir(), 'squeeze-graph-log');
        try {
            $line = static fn (int $number): string => json_encode(['time' => '2026-11-24T00:00:00Z', 'level' => 'info', 'message' => 'token renewed', 'account' => 'a' . $number]) . "\n";
            file_put_contents($path, implode('', array_map($line, range(1, 20_000))) . "no JSON\n[]\n{\"time\":\"x\",\"level\":\"info\",\"message\":\"y\"}\n");
            $all = static fn (): bool => true;
            $newest = (new LogFile($path))->newest(3, $all);
            self::assertSame(['a20000', 'a19999', 'a19998'], array_map(static fn (LogRecord $record): ?string => $record->text('account'), $newest));
            self::assertLessThan(20_000, count((new LogFile($path))->newest(100_000, $all)), 'never the whole file');
            self::assertSame([], (new LogFile($path . '-missing'))->newest(3, $all));
        } finally {
            unlink($path);
        }
    }

    public function testATenantSeesItsOwnLinesOfEveryLog(): void
    {
        $folder = sys_get_temp_dir() . '/squeeze-graph-log-' . bin2hex(random_bytes(4));
        mkdir($folder);
        try {
            $write = static function (string $file, string $time, string $message, ?string $store, string $level = 'info') use ($folder): void {
                $record = ['time' => "2026-11-24T{$time}:00Z", 'level' => $level, 'message' => $message] + ($store === null ? [] : ['store' => $folder . $store]);
                file_put_contents($folder . $file, json_encode($record) . "\n", FILE_APPEND);
            };
            $write('/common.log', '08:00', 'refresh ended', '/nord.sqlite');
            $write('/common.log', '08:01', 'refresh ended', '/sued.sqlite');
            $write('/common.log', '08:02', 'import ended', '/link.sqlite');
            $write('/common.log', '08:03', 'of nobody', null);
            $write('/nord.log', '08:01', 'signed in', '/nord.sqlite');
            $write('/nord.log', '08:04', 'graph answered', '/nord.sqlite', 'debug');
            touch($folder . '/nord.sqlite');
            symlink($folder . '/nord.sqlite', $folder . '/link.sqlite');
            $ini = static fn (string $log, string $level = 'info'): array => ['squeeze_graph.log' => $log, 'squeeze_graph.log_level' => $level, 'squeeze_graph.store' => '/elsewhere.sqlite'];
            $log = static fn (array $about, array $ini): TenantLog => new TenantLog(new Tenant('nord', ['store' => $folder . '/nord.sqlite'] + $about), $ini);
            $own = ['log' => $folder . '/nord.log', 'log_level' => 'info'];

            $both = $log($own, $ini($folder . '/common.log'));
            self::assertSame(['import ended', 'signed in', 'refresh ended'], array_column($both->newest(10), 'message'));
            self::assertSame(['import ended'], array_column($both->newest(1), 'message'));
            self::assertSame([null, null], [$both->trouble(), $both->gap()]);
            $common = $log([], $ini($folder . '/common.log'));
            self::assertSame(['import ended', 'refresh ended'], array_column($common->newest(10), 'message'));

            self::assertSame('log.off', $log([], $ini(''))->trouble());
            self::assertSame('log.stderr', $log([], $ini('stderr'))->trouble());
            self::assertSame('log.empty', $log([], $ini($folder . '/missing.log'))->trouble());
            self::assertSame('log.web_only', $log($own, $ini(''))->gap(), 'the job does not know it');
            self::assertSame('log.quiet', $log([], $ini($folder . '/common.log', 'warning'))->gap());
            self::assertNull($log([], $ini(''))->gap());
        } finally {
            array_map(unlink(...), glob($folder . '/*'));
            rmdir($folder);
        }
    }

    public function testTheLastRenewalIsToldWithoutALog(): void
    {
        $this->client->addAccount('invoices');
        $this->client->addAccount('ended');
        $this->client->endSignIn('ended');
        $page = $this->get('/default/log')->body;
        self::assertStringContainsString('No log is written.', $page);
        self::assertMatchesRegularExpression('/<th scope="row">invoices<\/th>\s*<td [^>]*>[\d-]+ [\d:]+ UTC<\/td>\s*<td [^>]*>[\d-]+ [\d:]+ UTC</', $page);
        self::assertMatchesRegularExpression('/<th scope="row">ended<\/th>.*sign-in needed<br>The sign-in has ended\./s', $page);
    }

    public function testAWrongConfigurationIsRefused(): void
    {
        foreach ([['tenants' => ['Nord' => []]], ['tenants' => []], ['tenants' => ['nord' => ['shop' => 1]]], ['shop' => 1], ['access' => 'everyone'], ['tenants' => ['callback' => []]]] as $values) {
            try {
                new Configuration($values);
                self::fail(json_encode($values));
            } catch (\UnexpectedValueException $refused) {
                self::assertNotSame('', $refused->getMessage());
            }
        }
        $noTexts = [
            '"base_path" must be a text, and is of type array' => ['base_path' => ['/graph']],
            'tenant "nord": "store" must be a text, and is of type array' => ['tenants' => ['nord' => ['store' => ['/nord.sqlite']]]],
            'tenant "nord": "suggestions.user" must be a text, and is of type stdClass' => ['tenants' => ['nord' => ['suggestions' => ['user' => new \stdClass()]]]],
        ];
        foreach ($noTexts as $message => $values) {
            try {
                new Configuration($values);
                self::fail($message);
            } catch (\UnexpectedValueException $refused) {
                self::assertSame($message, $refused->getMessage());
            }
        }
        self::assertSame('17', (new Configuration(['tenants' => ['nord' => ['label' => 17]]]))->tenants['nord']->label);
        $example = new Configuration(require __DIR__ . '/../../php/web/config.example.php');
        self::assertSame(['nord', 'sued'], array_keys($example->tenants));
    }

    /** The list, where Microsoft has refused the application: the client in memory knows no such state. */
    private function listOfOneThatNeedsAnAdministrator(): string
    {
        $account = $this->client->getAccount('invoices');
        $status = TokenStatus::fromArray(['state' => 'action_required'] + $account->status->jsonSerialize());
        $row = new AccountRow(Account::fromArray(['status' => $status] + $account->jsonSerialize()), new \DateTimeImmutable());

        return (new View(new Words('en'), new \DateTimeZone('UTC')))->render('accounts', [
            'base' => '', 'path' => '/default/', 'back' => '/', 'csrf' => 'x', 'tenant' => new Tenant('default', []),
            'several_tenants' => false, 'notice' => null, 'here' => '/default/', 'rows' => [$row],
        ]);
    }

    /** @param array<string, mixed> $values where the host lets everybody in */
    private static function configuration(array $values = []): Configuration
    {
        return new Configuration($values + ['access' => static fn (): bool => true]);
    }

    /** @param array<string, mixed> $query */
    private function get(string $path, array $query = []): Response
    {
        return $this->answer(new Request('GET', $path, $query, [], self::SERVER));
    }

    /** @param array<string, mixed> $form */
    private function post(string $path, array $form): Response
    {
        return $this->answer(new Request('POST', $path, [], $form + ['csrf' => $this->session->csrf()], self::SERVER));
    }

    private function answer(Request $request): Response
    {
        return (new Site($this->configuration, $this->client))->answer($request, fn (): Session => $this->session);
    }
}
