<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\Fpm;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\token_status;

/**
 * The extension in PHP-FPM, with the command line on the same store.
 */
final class FpmTest extends GraphTestCase
{
    private ?Fpm $fpm = null;

    protected function tearDown(): void
    {
        $this->fpm = null;
        parent::tearDown();
    }

    public function testAWebSignInServesTheJobAndTheImportOfBothSides(): void
    {
        self::assertSame('true', $this->web('echo json_encode(save_account("invoices", ' . var_export($this->settings(), true) . '));'));
        $url = $this->web('echo authorization_url("invoices", "cookie of the browser");');
        $callback = $this->sandbox->signIn($url);
        self::assertSame('Valid', $this->web('echo exchange_code(' . var_export($callback, true) . ', "cookie of the browser")->state->name;'));
        self::assertSame('Valid', token_status('invoices')->state->name);

        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
        $job = Php::run([__DIR__ . '/../../php/bin/refresh-tokens']);
        self::assertSame(0, $job->status(), $job->output() . $job->errors());
        self::assertSame('Valid', $this->web('echo token_status("invoices")->state->name;'));

        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
        self::assertSame('1', $this->web('echo refresh_tokens()->refreshed;'));
        self::assertFalse(\Squeeze\Graph\is_token_expired('invoices'));
        foreach (['one', 'two', 'three'] as $subject) {
            $this->sandbox->deliver(World::USER, Mail::mime($subject, ['a.pdf' => '%PDF ' . $subject]));
        }
        mkdir($this->folder . '/in');
        self::assertSame('1', $this->web('echo import_messages("invoices", function () {}, limit: 1)->imported;'));
        $import = Php::run([__DIR__ . '/../../php/bin/import-emails', '--directory', $this->folder . '/in']);
        self::assertSame(0, $import->status(), $import->output() . $import->errors());
        self::assertStringContainsString('2 imported', $import->output());
        self::assertSame(3, list_messages('invoices', 'Verarbeitet')->total());
        self::assertSame('3', $this->web('echo list_messages("invoices", "Verarbeitet")->total();'));
    }

    public function testTheWebNeedsASessionForASignIn(): void
    {
        $this->account();
        self::assertSame('refused', $this->web('try { authorization_url("invoices"); echo "url"; } catch (ConfigurationException $e) { echo "refused"; }'));
        $url = $this->web('session_save_path(' . var_export($this->folder, true) . '); session_id("abcdefghijklmnopqrstuvwxyz"); session_start(); echo authorization_url("invoices");');
        $callback = $this->sandbox->signIn($url);
        $exchange = 'session_save_path(' . var_export($this->folder, true) . '); session_id("%s"); session_start();
            try { echo exchange_code(' . var_export($callback, true) . ')->state->name; } catch (SignInFailedException $e) { echo $e->getReason(); }';
        self::assertSame('wrong_session', $this->web(sprintf($exchange, 'zyxwvutsrqponmlkjihgfedcba')));
        self::assertSame('Valid', $this->web(sprintf($exchange, 'abcdefghijklmnopqrstuvwxyz')));
        self::assertNotSame('', authorization_url('invoices'), 'the command line needs none');
    }

    public function testWebAndCommandLineRenewOnce(): void
    {
        $this->signedIn();
        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 500]);
        $child = Php::startCode('echo access_token("invoices");');
        $token = $this->web('echo access_token("invoices");');
        self::assertSame($token, $child->wait()->output());
        self::assertSame(1, $this->sandbox->asked('token refresh_token'));
    }

    public function testTheAccountPageRunsHere(): void
    {
        $config = $this->folder . '/page.php';
        file_put_contents($config, '<?php return ["base_path" => "/graph", "redirect_uri" => "https://squeeze.example/callback"];');
        $this->account();
        $this->fpm = new Fpm($this->folder, ['php_admin_value[session.save_path]' => $this->folder]);
        $index = realpath(__DIR__ . '/../../php/web/public/index.php');
        $browser = ['SQUEEZE_GRAPH_WEB_CONFIG' => $config, 'REMOTE_ADDR' => '127.0.0.1', 'HTTP_HOST' => 'localhost', 'HTTPS' => 'on'];
        $closed = $this->fpm->ask($index, ['REQUEST_URI' => '/graph/default/'] + $browser);
        self::assertStringStartsWith('Status: 403', $closed);
        self::assertStringContainsString('does not say who may', $closed);

        $token = bin2hex(random_bytes(32));
        $browser['SQUEEZE_GRAPH_WEB_TOKEN'] = $token;
        $come = $this->fpm->ask($index, ['REQUEST_URI' => '/graph/?token=' . $token, 'QUERY_STRING' => 'token=' . $token] + $browser);
        self::assertStringContainsString("Location: /graph/\r\n", $come, 'the token leaves the address');
        preg_match_all('/^Set-Cookie: (squeeze_graph=[^;]+); path=\/graph\/; secure; HttpOnly; SameSite=Lax\r$/mi', $come, $cookies);
        self::assertNotSame([], $cookies[1], $come);
        $cookie = [1 => end($cookies[1])];
        $list = $this->fpm->ask($index, ['REQUEST_URI' => '/graph/default/', 'HTTP_COOKIE' => $cookie[1]] + $browser);
        self::assertStringContainsString('<h2 id="account-1">invoices</h2>', $list);
        self::assertStringContainsString('/graph/style.css', $list);
        self::assertStringNotContainsString('X-Powered-By', $list);
        preg_match('/name="csrf" value="(\w+)"/', $list, $csrf);

        $form = http_build_query(['csrf' => $csrf[1], 'account' => 'invoices']);
        $leaving = $this->fpm->ask($index, ['REQUEST_URI' => '/graph/default/sign-in', 'HTTP_COOKIE' => $cookie[1]] + $browser, $form);
        preg_match('/id="leave" href="([^"]+)"/', $leaving, $link);
        $callback = http_build_query($this->sandbox->signIn(html_entity_decode($link[1])));
        $back = $this->fpm->ask($index, ['REQUEST_URI' => '/graph/callback?' . $callback, 'QUERY_STRING' => $callback, 'HTTP_COOKIE' => $cookie[1]] + $browser);
        self::assertStringContainsString("Location: /graph/default/\r\n", $back);
        self::assertSame('Valid', token_status('invoices')->state->name);

        $elsewhere = $this->fpm->ask($index, ['REQUEST_URI' => '/graph/default/', 'REMOTE_ADDR' => '192.0.2.1'] + $browser);
        self::assertStringStartsWith('Status: 403', $elsewhere);
        self::assertStringNotContainsString('Set-Cookie', $elsewhere);
    }

    public function testTheAccountPageStandsBehindTheLoginOfItsHost(): void
    {
        $config = $this->folder . '/page.php';
        file_put_contents($config, '<?php return ["access" => static function (Squeeze\Graph\Web\Request $request, ?string $tenant): bool {
            if (session_status() !== PHP_SESSION_ACTIVE) {
                session_name("host");
                session_start();
            }

            return ($_SESSION["is_administrator"] ?? false) === true;
        }];');
        $this->account();
        $this->fpm = new Fpm($this->folder, ['php_admin_value[session.save_path]' => $this->folder]);
        foreach (['somebody00000000000000000' => 'false', 'administrator000000000000' => 'true'] as $id => $administrator) {
            $this->web('session_name("host"); session_id("' . $id . '"); session_start(); $_SESSION["is_administrator"] = ' . $administrator . ';');
        }
        $index = realpath(__DIR__ . '/../../php/web/public/index.php');
        $about = ['SQUEEZE_GRAPH_WEB_CONFIG' => $config, 'REMOTE_ADDR' => '192.0.2.1', 'HTTP_HOST' => 'squeeze.example', 'HTTPS' => 'on'];
        $stranger = $this->fpm->ask($index, ['REQUEST_URI' => '/default/', 'HTTP_COOKIE' => 'host=somebody00000000000000000'] + $about);
        self::assertStringStartsWith('Status: 403', $stranger);

        $about['HTTP_COOKIE'] = 'host=administrator000000000000';
        $list = $this->fpm->ask($index, ['REQUEST_URI' => '/default/'] + $about);
        self::assertStringContainsString('invoices', $list);
        self::assertStringNotContainsString('squeeze_graph=', $list, 'one session, the host\'s');
        preg_match('/name="csrf" value="(\w+)"/', $list, $csrf);
        $this->fpm->ask($index, ['REQUEST_URI' => '/default/delete'] + $about, http_build_query(['csrf' => $csrf[1], 'account' => 'invoices']));
        self::assertStringContainsString('invoices is deleted', $this->fpm->ask($index, ['REQUEST_URI' => '/default/'] + $about));
        self::assertSame('true', $this->web('session_name("host"); session_id("administrator000000000000"); session_start(); echo json_encode($_SESSION["is_administrator"]);'), 'what the host keeps there stays');
    }

    public function testTheSessionOfTheHostIsOpenWhileItDecidesOnly(): void
    {
        $code = sprintf('require %s;
            session_save_path(%s);
            $open = [];
            $client = new FakeClient(function () use (&$open): \DateTimeImmutable {
                $open[] = session_status() === PHP_SESSION_ACTIVE;

                return new \DateTimeImmutable();
            });
            $client->addAccount("invoices");
            $open = [];
            $configuration = new Web\Configuration(["access" => static function (): bool {
                if (session_status() !== PHP_SESSION_ACTIVE) {
                    session_start();
                }

                return true;
            }, "tenants" => ["nord" => [], "sued" => []]]);
            $begin = static fn (): Web\Session => Web\Session::begin("/", false);
            $answer = (new Web\Site($configuration, $client))->answer(new Web\Request("GET", "/sued/"), $begin);
            echo json_encode([$answer->status, array_unique($open)]);', var_export(realpath(__DIR__ . '/../../php/web/src/autoload.php'), true), var_export($this->folder, true));
        self::assertSame('[200,[false]]', $this->web($code));
    }

    public function testAFixedLanguageOfExplanationsClosesNoPage(): void
    {
        $this->fpm = new Fpm($this->folder, ['php_admin_value[squeeze_graph.language]' => 'de']);
        $code = sprintf('require %s;
            $configuration = new Web\Configuration(["access" => static fn (): bool => true, "tenants" => ["nord" => [], "sued" => ["store" => "/elsewhere.sqlite"]]]);
            foreach (["/nord/", "/sued/"] as $path) {
                $request = new Web\Request("GET", $path, server: ["HTTP_ACCEPT_LANGUAGE" => "en"]);
                $answer = (new Web\Site($configuration, new ExtensionClient()))->answer($request, static fn (): Web\Session => new Web\Session());
                echo $answer->status, " ", $answer->body, "\n";
            }', var_export(realpath(__DIR__ . '/../../php/web/src/autoload.php'), true));
        $pages = $this->web($code);
        self::assertMatchesRegularExpression('/\A200 .*There is no account yet.*^500 .*squeeze_graph\.store/ms', $pages);
    }

    public function testAFatalErrorInOneRequestLeavesTheWorkerWell(): void
    {
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('mail', ['a.pdf' => 'x']));
        for ($i = 0; $i < 4; $i++) {
            self::assertStringContainsString('boom', $this->web('import_messages("invoices", function () { trigger_error("boom", E_USER_ERROR); });'));
        }
        self::assertSame('1', $this->web('echo import_messages("invoices", function () {})->imported;'));
    }

    private function web(string $code): string
    {
        $this->fpm ??= new Fpm($this->folder);

        return $this->fpm->web($code);
    }
}
