<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\Tests\Support\Canaries;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\Trap;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\list_folders;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\save_mime;
use function Squeeze\Graph\test_connection;
use function Squeeze\Graph\token_status;

/**
 * Where secrets and files may go.
 */
final class PlacesTest extends GraphTestCase
{
    protected function tearDown(): void
    {
        ini_restore('squeeze_graph.proxy');
        parent::tearDown();
    }

    /**
     * @dataProvider clouds
     * @param list<string> $hosts
     */
    public function testWithoutCustomEndpointsOnlyMicrosoftIsContacted(string $cloud, array $hosts): void
    {
        $trap = new Trap($this->folder . '/trapped');
        $elsewhere = new Trap($this->folder . '/elsewhere');
        $run = Php::code(
            sprintf(
                'save_account("a", %s);
                 adopt_token("a", ["refresh_token" => "the-refresh-token"]);
                 $calls = [
                     fn () => refresh_token("a"), fn () => refresh_tokens(), fn () => access_token("a"), fn () => list_folders("a"),
                     fn () => adopt_token("a", ["access_token" => "the-access-token", "expires_at" => time() + 3600]),
                     fn () => list_folders("a"), fn () => iterator_to_array(list_messages("a")), fn () => get_message("a", "AAMk"),
                     fn () => get_mime("a", "AAMk"), fn () => list_attachments("a", "AAMk"), fn () => move_message("a", "AAMk", "/x"),
                     fn () => import_messages("a", fn () => null), fn () => test_connection("a"),
                     fn () => save_account("a", ["client_secret" => "x", "authority_url" => %2$s, "graph_url" => %2$s]),
                     fn () => exchange_code(["code" => "1.abc", "state" => substr(strstr(authorization_url("a", "browser"), "state="), 6, 43)], "browser"),
                 ];
                 $requests = 0;
                 foreach ($calls as $call) { try { $call(); } catch (GraphException $e) { ++$requests; } }
                 echo $requests;',
                var_export(['cloud' => $cloud, 'folder_processed' => '/A', 'folder_error' => '/B', 'authority_url' => null, 'graph_url' => null] + $this->settings(), true),
                var_export($elsewhere->url, true),
            ),
            ['squeeze_graph.custom_endpoints' => '0', 'squeeze_graph.proxy' => $trap->url, 'squeeze_graph.retry_budget' => '0'],
        );
        self::assertGreaterThan(8, (int) $run->output(), $run->output() . $run->errors());
        self::assertSame($hosts, $trap->hosts());
        self::assertSame('', $elsewhere->caught());
        foreach (['the-refresh-token', 'the-access-token', World::SECRET] as $secret) {
            self::assertStringNotContainsString($secret, $trap->caught(), 'a proxy sees names of hosts only');
        }
    }

    /**
     * @return iterable<string, array{string, list<string>}>
     */
    public function clouds(): iterable
    {
        yield 'global' => ['global', ['graph.microsoft.com', 'login.microsoftonline.com']];
        yield 'US government' => ['usgov', ['graph.microsoft.us', 'login.microsoftonline.us']];
        yield 'US department of defense' => ['usgov-dod', ['dod-graph.microsoft.us', 'login.microsoftonline.us']];
        yield 'China' => ['china', ['login.partner.microsoftonline.cn', 'microsoftgraph.chinacloudapi.cn']];
    }

    public function testAnAccountThatHasEndpointsIsNotServedWhenTheyAreOff(): void
    {
        $trap = new Trap($this->folder . '/trapped');
        save_account('a', ['authority_url' => $trap->url, 'graph_url' => $trap->url] + $this->settings());
        $run = Php::code(
            'adopt_token("a", ["refresh_token" => "the-refresh-token"]);
             foreach ([fn () => refresh_token("a"), fn () => list_folders("a"), fn () => authorization_url("a", "browser")] as $call) {
                 try { $call(); } catch (ConfigurationException $e) { echo $e->getProblem()->code, " "; }
             }
             save_account("a", ["enabled" => false]);
             save_account("a", ["authority_url" => null, "graph_url" => null, "client_secret" => "entered again"]);
             echo get_account("a")->authorityUrl ?? "removed";',
            ['squeeze_graph.custom_endpoints' => '0'],
        );
        self::assertSame('custom_endpoints_off custom_endpoints_off custom_endpoints_off removed', $run->output(), $run->errors());
        self::assertSame('', $trap->caught());
    }

    /**
     * @dataProvider moves
     * @param callable(string): array<string, mixed> $change
     */
    public function testAStoredSecretOrTokenIsNeverSentToANewPlace(callable $change): void
    {
        $trap = new Trap($this->folder . '/trapped');
        $this->signedIn();
        $token = export_token('invoices');
        $canaries = new Canaries();
        foreach (['client secret' => World::SECRET, 'access token' => $token['access_token'], 'refresh token' => $token['refresh_token']] as $kind => $secret) {
            $canaries->add($kind, $secret);
        }
        ini_set('squeeze_graph.proxy', $trap->url);
        $settings = $change($trap->url);
        foreach ([[], ['client_secret' => ''], ['client_secret' => null]] as $secret) {
            $error = $this->thrown(ConfigurationException::class, static fn () => save_account('invoices', $secret + $settings));
            self::assertContains($error->getProblem()->code, ['secret_needed', 'setting_missing']);
            self::assertStringContainsString('client_secret', $error->getMessage());
            self::assertSame(TokenState::Valid, token_status('invoices')->state, 'nothing was changed');
        }
        $signsIn = ($settings['protocol'] ?? 'delegated') === 'delegated';
        self::assertSame($signsIn, save_account('invoices', ['client_secret' => 'entered-by-the-administrator'] + $settings));
        $before = $this->sandbox->asked('refresh_token');
        $requests = [
            static fn () => access_token('invoices'),
            static fn () => refresh_token('invoices'),
            static fn () => list_folders('invoices'),
            static fn () => iterator_to_array(list_messages('invoices')),
            static fn () => refresh_tokens(90_000),
            static fn () => test_connection('invoices'),
            static fn () => export_token('invoices'),
        ];
        foreach ($requests as $call) {
            try {
                $result = $call();
                self::assertSame([], $canaries->in((string) json_encode($result)));
            } catch (GraphException $expected) {
                self::assertNotSame('', $expected->getMessage());
            }
        }
        self::assertSame([], $canaries->in($trap->caught()));
        self::assertNotSame('', $trap->caught(), 'the new place was asked');
        self::assertSame($before, $this->sandbox->asked('refresh_token'), 'the old token is not used where it came from either');
    }

    /**
     * @return iterable<string, array{callable(string): array<string, mixed>}>
     */
    public function moves(): iterable
    {
        yield 'both endpoints' => [static fn (string $url): array => ['authority_url' => $url, 'graph_url' => $url]];
        yield 'the authority' => [static fn (string $url): array => ['authority_url' => $url]];
        yield 'Graph' => [static fn (string $url): array => ['graph_url' => $url]];
        yield 'another path' => [static fn (string $url): array => ['authority_url' => $url . '/x', 'graph_url' => $url . '/x']];
        yield 'another tenant' => [static fn (string $url): array => ['tenant_id' => 'fabrikam.example', 'authority_url' => $url, 'graph_url' => $url]];
        yield 'another application' => [static fn (string $url): array => ['client_id' => World::DAEMON, 'authority_url' => $url, 'graph_url' => $url]];
        // Microsoft's own hosts are behind the trap as a proxy.
        yield 'another cloud' => [static fn (string $url): array => ['cloud' => 'usgov', 'authority_url' => null, 'graph_url' => null]];
        yield 'another protocol' => [static fn (string $url): array => ['protocol' => 'application', 'mailbox' => World::USER, 'user' => null, 'authority_url' => $url, 'graph_url' => $url]];
        yield 'another protocol in another cloud' => [static fn (string $url): array => ['protocol' => 'application', 'mailbox' => World::USER, 'user' => null, 'cloud' => 'china', 'authority_url' => null, 'graph_url' => null]];
    }

    /**
     * @dataProvider detours
     * @param array<string, mixed> $fault
     */
    public function testATokenDoesNotFollowAnAnswerElsewhere(array $fault): void
    {
        $trap = new Trap($this->folder . '/trapped');
        $this->signedIn();
        $fault = json_decode(str_replace('TRAP', substr($trap->url, 7), (string) json_encode($fault, JSON_UNESCAPED_SLASHES)), true);
        $this->sandbox->fault(['path' => '*', 'count' => null] + $fault);
        foreach ([static fn () => list_folders('invoices'), static fn () => iterator_to_array(list_messages('invoices')), static fn () => refresh_token('invoices')] as $call) {
            try {
                $call();
            } catch (GraphException) {
                continue;
            }
        }
        self::assertSame('', $trap->caught());
    }

    /**
     * @return iterable<string, array{array<string, mixed>}>
     */
    public function detours(): iterable
    {
        yield 'a redirect' => [['status' => 302, 'headers' => ['Location' => 'http://TRAP/graph/v1.0/me'], 'body' => '']];
        yield 'a redirect that repeats the body' => [['status' => 307, 'headers' => ['Location' => 'http://TRAP/token'], 'body' => '']];
        yield 'a next page' => [['patch_json' => ['set' => ['@odata.nextLink' => 'http://TRAP/graph/v1.0/me/mailFolders?$skip=10']]]];
        yield 'a delta link' => [['patch_json' => ['set' => ['@odata.deltaLink' => 'http://TRAP/graph/v1.0/me/mailFolders/delta', '@odata.nextLink' => 'http://TRAP/x']]]];
    }

    public function testALinkAtATargetIsReplacedAndNotFollowed(): void
    {
        $this->signedIn();
        $id = $this->sandbox->deliver(World::USER, Mail::mime('a', ['a.pdf' => 'x']));
        file_put_contents($this->folder . '/precious', 'precious');
        foreach ([$this->folder . '/precious', $this->folder . '/not-there'] as $victim) {
            $target = $this->folder . '/mail.eml';
            @unlink($target);
            symlink($victim, $target);
            save_mime('invoices', $id, $target);
            self::assertFalse(is_link($target));
            self::assertSame('0600', substr(sprintf('%o', fileperms($target)), -4));
        }
        self::assertStringEqualsFile($this->folder . '/precious', 'precious');
        self::assertFileDoesNotExist($this->folder . '/not-there');
    }

    public function testAStoreThatAStrangerLinkedIsRefused(): void
    {
        if (posix_geteuid() !== 0) {
            self::assertNotSame(0, posix_geteuid(), 'only root can play the stranger; the Rust tests cover the rest');

            return;
        }
        save_account('a', $this->settings());
        $shared = $this->folder . '/shared';
        mkdir($shared);
        symlink($this->folder . '/store.sqlite', $shared . '/store.sqlite');
        // A thread-safe PHP's own lchown() follows the link.
        exec('chown -h 65534 ' . escapeshellarg($shared . '/store.sqlite'));
        self::assertSame(65_534, lstat($shared . '/store.sqlite')['uid'] ?? null);
        ini_set('squeeze_graph.store', $shared . '/store.sqlite');
        $this->thrown(\Squeeze\Graph\StoreException::class, static fn () => token_status('a'));
    }
}
