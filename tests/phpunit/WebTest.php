<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Web\Configuration;
use Squeeze\Graph\Web\LogFile;
use Squeeze\Graph\Web\Request;
use Squeeze\Graph\Web\Response;
use Squeeze\Graph\Web\Session;
use Squeeze\Graph\Web\Site;
use Squeeze\Graph\Web\Words;

require_once __DIR__ . '/../../php/web/src/autoload.php';

/**
 * The account page without a browser, on a client in memory.
 */
final class WebTest extends TestCase
{
    private const SERVER = ['REMOTE_ADDR' => '127.0.0.1', 'HTTP_HOST' => 'localhost:8080', 'HTTP_ACCEPT_LANGUAGE' => 'en'];
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
        $this->configuration = new Configuration();
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
        foreach ([$this->get('/default/'), $this->get('/nothing'), $this->post('/default/test', ['account' => 'invoices']), $this->answer(new Request('GET', '/', [], [], ['REMOTE_ADDR' => '192.0.2.1']))] as $answer) {
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

    /** @return array<string, array{array<string, string>, bool}> */
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
    public function testOnlyThisMachineMayComeInUnlessTheHostDecides(array $server, bool $mayComeIn): void
    {
        $request = new Request('GET', '/default/', [], [], $server + self::SERVER);
        self::assertSame($mayComeIn ? 200 : 403, $this->answer($request)->status);

        $this->configuration = new Configuration(['access' => static fn (Request $request, ?string $tenant): bool => false]);
        self::assertSame(403, $this->answer($request)->status);
        $this->configuration = new Configuration(['access' => static fn (Request $request, ?string $tenant): bool => $tenant !== 'sued', 'tenants' => ['default' => [], 'sued' => []]]);
        self::assertSame(200, $this->answer($request)->status);
        self::assertSame(403, $this->answer(new Request('GET', '/sued/', [], [], $server))->status);
    }

    public function testNoSessionIsBegunForWhoMayNotComeIn(): void
    {
        $site = new Site($this->configuration, $this->client);
        $answer = $site->answer(new Request('GET', '/', [], [], ['REMOTE_ADDR' => '192.0.2.1']), fn (): Session => self::fail('a session'));
        self::assertSame(403, $answer->status);
    }

    public function testOneRedirectUriServesSeveralTenants(): void
    {
        $this->configuration = new Configuration(['redirect_uri' => 'https://host.example/callback', 'tenants' => ['nord' => [], 'sued' => []]]);
        $this->client->addAccount('invoices');
        foreach (['nord', 'sued'] as $tenant) {
            $leaving = $this->post('/' . $tenant . '/sign-in', ['account' => 'invoices']);
            self::assertSame(1, preg_match('/<a class="button first" id="leave" href="([^"]+)"/', $leaving->body, $link));
            parse_str((string) parse_url(html_entity_decode($link[1]), PHP_URL_QUERY), $asked);
            self::assertSame('https://host.example/callback', $asked['redirect_uri']);
            $back = $this->get('/callback', ['code' => 'the-code', 'state' => $asked['state']]);
            self::assertSame([303, '/' . $tenant . '/'], [$back->status, $back->headers()['Location']], 'without code and state');
            self::assertStringContainsString('invoices is authenticated', $this->get('/' . $tenant . '/')->body);
        }
        self::assertSame(404, $this->get('/callback', ['code' => 'x', 'state' => 'unknown'])->status, 'of no tenant');
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
            $newest = (new LogFile($path))->newest(3);
            self::assertSame(['a20000', 'a19999', 'a19998'], array_column($newest, 'account'));
            self::assertLessThan(20_000, count((new LogFile($path))->newest(100_000)), 'never the whole file');
            self::assertSame([], (new LogFile($path . '-missing'))->newest(3));
        } finally {
            unlink($path);
        }
    }

    public function testALogOfSeveralTenantsIsShownToNone(): void
    {
        $shared = ['log' => '/var/log/squeeze-graph.log'];
        $this->configuration = new Configuration(['tenants' => ['nord' => $shared, 'sued' => $shared, 'west' => [], 'ost' => ['log' => __DIR__ . '/missing.log']]]);
        self::assertStringContainsString('another tenant', $this->get('/nord/log')->body);
        self::assertStringContainsString('Nothing has been written yet.', $this->get('/ost/log')->body);
        self::assertStringContainsString('No log is written.', $this->get('/west/log')->body);
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
        $example = new Configuration(require __DIR__ . '/../../php/web/config.example.php');
        self::assertSame(['nord', 'sued'], array_keys($example->tenants));
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
