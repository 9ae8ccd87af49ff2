<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\ExtensionClient;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\Web\Configuration;
use Squeeze\Graph\Web\Request;
use Squeeze\Graph\Web\Response;
use Squeeze\Graph\Web\Session;
use Squeeze\Graph\Web\Site;

use function Squeeze\Graph\get_account;

require_once __DIR__ . '/../../php/web/src/autoload.php';

/**
 * The form of the account page with the extension behind it.
 */
final class WebFormTest extends GraphTestCase
{
    private const FORM = [
        'protocol' => 'delegated', 'user' => World::USER, 'mailbox' => '', 'client_id' => World::CLIENT, 'client_secret' => World::SECRET,
        'secret_expires_at' => '', 'tenant_id' => World::TENANT, 'folder_inbox' => 'wellknown:inbox', 'folder_processed' => '/Verarbeitet',
        'folder_error' => '/Fehler', 'enabled' => '1',
    ];

    private Session $session;

    protected function setUp(): void
    {
        parent::setUp();
        $this->session = new Session();
    }

    /** @return array<string, array{array<string, string>, string}> */
    public static function mistakes(): array
    {
        return [
            'tenant' => [['tenant_id' => 'our company'], 'tenant_id'],
            'user' => [['user' => 'Anna Gruber'], 'user'],
            'mailbox' => [['mailbox' => 'our invoices'], 'mailbox'],
            'date' => [['secret_expires_at' => 'next year'], 'secret_expires_at'],
            'application' => [['client_id' => 'our app'], 'client_id'],
            'no mailbox for an application' => [['protocol' => 'application'], 'mailbox'],
            'protocol' => [['protocol' => 'imap'], 'protocol'],
        ];
    }

    /**
     * @dataProvider mistakes
     * @param array<string, string> $changes
     */
    public function testAMistakeIsSaidAtItsFieldInBothLanguages(array $changes, string $field): void
    {
        foreach (['en', 'de'] as $language) {
            $page = $this->save($changes + ['name' => 'invoices'] + self::FORM, $language);
            self::assertSame(422, $page->status);
            self::assertStringContainsString(sprintf('<a href="#%s">', $field), $page->body);
            self::assertMatchesRegularExpression(sprintf('/<p class="complaint" id="error-%s">[^<]+/', $field), $page->body);
            self::assertDoesNotMatchRegularExpression('/class="complaint" id="[\w-]+">[^<]*(tenant_id|client_id|secret_expires_at)/', $page->body, 'in the words of the form');
            foreach (array_diff_key($changes, ['protocol' => 0]) as $entered) {
                self::assertStringContainsString(sprintf('value="%s"', $entered), $page->body, 'what was entered stays');
            }
        }
    }

    public function testTheIdOfASecretIsNotTakenForItsValue(): void
    {
        foreach (['en' => 'column “Value”', 'de' => 'Spalte „Wert“'] as $language => $hint) {
            $page = $this->save(['client_secret' => ' 3F1E2D4C-5b6a-4789-9a0b-1c2d3e4f5a6b', 'name' => 'invoices'] + self::FORM, $language);
            self::assertSame(422, $page->status);
            self::assertMatchesRegularExpression('/<p class="complaint" id="error-client_secret">[^<]*' . $hint . '/u', $page->body);
            self::assertStringNotContainsStringIgnoringCase('3f1e2d4c', $page->body);
        }
    }

    public function testAnotherApplicationNeedsItsSecretAgainAndASignIn(): void
    {
        $this->signedIn('invoices');
        $form = ['account' => 'invoices', 'client_id' => World::APP_WITH_EXPIRED_SECRET] + self::FORM;
        $page = $this->save(['client_secret' => ''] + $form);
        self::assertSame(422, $page->status);
        self::assertStringContainsString('id="error-client_secret"', $page->body);
        self::assertSame(World::CLIENT, get_account('invoices')->clientId);

        self::assertSame(303, $this->save($form)->status);
        self::assertStringContainsString('Authentication has to be started separately', $this->get('/default/')->body);
    }

    public function testAnEmptySecretKeepsTheStoredOneAndTheSignIn(): void
    {
        $this->signedIn('invoices');
        self::assertSame(303, $this->save(['account' => 'invoices', 'client_secret' => '', 'folder_processed' => '', 'enabled' => ''] + self::FORM)->status);
        self::assertStringContainsString('The sign-in is still good.', $this->get('/default/')->body);
        $account = get_account('invoices');
        self::assertSame([true, null, false, 'Valid'], [$account->hasSecret, $account->folderProcessed, $account->enabled, $account->status->state->name]);
    }

    public function testAnApplicationAccountNeedsNoSignIn(): void
    {
        $changes = ['name' => 'daemon', 'protocol' => 'application', 'client_id' => World::DAEMON, 'user' => '', 'mailbox' => World::SHARED];
        self::assertSame(303, $this->save($changes + self::FORM)->status);
        $list = $this->get('/default/')->body;
        self::assertStringContainsString('daemon is saved.', $list);
        self::assertStringNotContainsString('/default/sign-in', $list);
        $this->post('/default/test', ['account' => 'daemon']);
        self::assertStringContainsString('The connection works', $this->get('/default/test', ['account' => 'daemon'])->body);
        self::assertStringContainsString('/Verarbeitet', $this->get('/default/folders', ['account' => 'daemon'])->body);
    }

    /** @param array<string, string> $form */
    private function save(array $form, string $language = 'en'): Response
    {
        $this->session->set('language', $language);

        return $this->post('/default/account', $form);
    }

    /** @param array<string, string> $form */
    private function post(string $path, array $form): Response
    {
        return $this->answer('POST', $path, [], $form + ['csrf' => $this->session->csrf()]);
    }

    /** @param array<string, string> $query */
    private function get(string $path, array $query = []): Response
    {
        return $this->answer('GET', $path, $query, []);
    }

    /**
     * @param array<string, string> $query
     * @param array<string, string> $form
     */
    private function answer(string $method, string $path, array $query, array $form): Response
    {
        $endpoints = ['authority_url' => $this->sandbox->about('authority_url'), 'graph_url' => $this->sandbox->about('graph_url')];
        $site = new Site(new Configuration(['tenants' => ['default' => ['account' => $endpoints]], 'access' => static fn (): bool => true]), new ExtensionClient());
        $server = ['REMOTE_ADDR' => '127.0.0.1', 'HTTP_HOST' => 'localhost:8080'];

        return $site->answer(new Request($method, $path, $query, $form, $server), fn (): Session => $this->session);
    }
}
