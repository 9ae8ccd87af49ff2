<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\admin_consent_url;
use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\callback_route;
use function Squeeze\Graph\exchange_code;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\token_status;

final class SignInTest extends GraphTestCase
{
    public function testASignInMakesTheAccountValid(): void
    {
        $this->account();
        $status = $this->signIn('invoices');
        self::assertSame(TokenState::Valid, $status->state);
        self::assertSame('invoices', $status->account);
        self::assertEqualsIgnoringCase(World::USER, (string) $status->signedInAs);
        self::assertSame('UTC', $status->expiresAt->getTimezone()->getName());
        self::assertGreaterThan(time() + 600, $status->expiresAt->getTimestamp());
        self::assertSame([], $status->missingScopes);
        self::assertNull($status->problem);
        self::assertLessThan(5, abs($status->clockSkew));
        self::assertEquals($status, token_status('invoices'));
        self::assertSame($status->signedInAs, get_account('invoices')->signedInAs);
    }

    public function testTheAuthorizationUrlAsksForCodeWithPkce(): void
    {
        $this->account();
        $url = authorization_url('invoices', self::SESSION);
        $base = $this->sandbox->about('authority_url') . '/' . World::TENANT . '/oauth2/v2.0/authorize?';
        self::assertStringStartsWith($base, $url);
        parse_str(parse_url($url, PHP_URL_QUERY), $query);
        self::assertSame('code', $query['response_type']);
        self::assertSame(World::CLIENT, $query['client_id']);
        self::assertSame(World::REDIRECT_URI, $query['redirect_uri']);
        self::assertSame('S256', $query['code_challenge_method']);
        self::assertMatchesRegularExpression('/^[\w-]{43}$/', $query['code_challenge']);
        self::assertMatchesRegularExpression('/^[\w.~-]{22,}$/', $query['state']);
        self::assertNotSame('', $query['nonce']);
        self::assertSame(World::USER, $query['login_hint']);
        self::assertStringNotContainsString('Secret', $url);
        foreach (['openid', 'profile', 'offline_access', 'Mail.ReadWrite'] as $scope) {
            self::assertContains($scope, explode(' ', $query['scope']));
        }
        parse_str(parse_url(authorization_url('invoices', self::SESSION), PHP_URL_QUERY), $again);
        foreach (['state', 'nonce', 'code_challenge'] as $name) {
            self::assertNotSame($query[$name], $again[$name]);
        }
    }

    public function testPromptIsSelectAccountWhereNobodyIsKnown(): void
    {
        $this->account('invoices', ['user' => null]);
        parse_str(parse_url(authorization_url('invoices', self::SESSION), PHP_URL_QUERY), $query);
        self::assertSame('select_account', $query['prompt']);
        self::assertArrayNotHasKey('login_hint', $query);
        parse_str(parse_url(authorization_url('invoices', self::SESSION, prompt: 'login', login_hint: 'x@contoso.example'), PHP_URL_QUERY), $query);
        self::assertSame('login', $query['prompt']);
        self::assertSame('x@contoso.example', $query['login_hint']);
    }

    public function testTheRouteOfACallbackIsKnownWithoutAStore(): void
    {
        $this->account();
        parse_str(parse_url(authorization_url('invoices', self::SESSION, route: 'tenant-ä/7'), PHP_URL_QUERY), $query);
        ini_set('squeeze_graph.store', '/nowhere/store.sqlite');
        self::assertSame('tenant-ä/7', callback_route(['state' => $query['state'], 'code' => 'x']));
        foreach ([[], ['state' => ''], ['state' => 'nonsense'], ['state' => ['x']], ['state' => "\xff"]] as $callback) {
            self::assertNull(callback_route($callback));
        }
    }

    public function testARedirectUriIsOfOneSignInAndTheAccountStaysAsItIs(): void
    {
        $this->account();
        $here = 'http://localhost:8123/callback';
        $url = authorization_url('invoices', self::SESSION, redirect_uri: $here);
        $theirs = $this->redirected('invoices');
        parse_str((string) parse_url($url, PHP_URL_QUERY), $query);
        self::assertSame($here, $query['redirect_uri']);
        self::assertSame(World::REDIRECT_URI, get_account('invoices')->redirectUri);
        self::assertSame(TokenState::Valid, exchange_code($this->sandbox->signIn($url), self::SESSION)->state);
        self::assertSame(TokenState::Valid, exchange_code($theirs, self::SESSION)->state, 'the other one, begun meanwhile');
        foreach (['http://host.example/callback' => 'redirect_uri_not_https', 'callback' => 'redirect_uri_invalid'] as $wrong => $code) {
            $refused = $this->thrown(ConfigurationException::class, static fn () => authorization_url('invoices', self::SESSION, redirect_uri: $wrong));
            self::assertSame($code, $refused->getProblem()->code);
        }
        $this->thrown(\ValueError::class, static fn () => authorization_url('invoices', self::SESSION, redirect_uri: ''));
        parse_str((string) parse_url(admin_consent_url('invoices', self::SESSION, redirect_uri: $here), PHP_URL_QUERY), $query);
        self::assertSame($here, $query['redirect_uri']);
    }

    public function testADeniedSignInSaysSo(): void
    {
        $this->account();
        $error = $this->failed('denied', fn () => $this->signIn('invoices', ['decline' => true]));
        self::assertSame('invoices', $error->getAccount());
        self::assertSame(65004, $error->getProblem()->aadsts);
        self::assertSame(TokenState::NeverSignedIn, token_status('invoices')->state);
    }

    public function testTheSameCallbackAgainHasTheSameOutcome(): void
    {
        $this->account();
        $callback = $this->redirected('invoices');
        $first = exchange_code($callback, self::SESSION);
        self::assertEquals($first, exchange_code($callback, self::SESSION));
        self::assertSame(1, $this->sandbox->asked('token authorization_code'));
    }

    public function testTheSameFailedCallbackAgainHasTheSameOutcome(): void
    {
        $this->account();
        $callback = $this->redirected('invoices', ['decline' => true]);
        $this->failed('denied', static fn () => exchange_code($callback, self::SESSION));
        $this->failed('denied', static fn () => exchange_code($callback, self::SESSION));
    }

    public function testAnotherCodeForAUsedStateIsRefused(): void
    {
        $this->account();
        $callback = $this->redirected('invoices');
        exchange_code($callback, self::SESSION);
        $this->failed('replayed', static fn () => exchange_code(['code' => 'another'] + $callback, self::SESSION));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
    }

    public function testAnUnknownStateIsRefused(): void
    {
        $this->account();
        $this->failed('unknown_state', static fn () => exchange_code(['code' => 'x', 'state' => 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'], self::SESSION));
    }

    public function testAnotherBrowserIsRefusedAndDoesNotBurnTheState(): void
    {
        $this->account();
        $callback = $this->redirected('invoices');
        $this->failed('wrong_session', static fn () => exchange_code($callback, 'browser-of-someone-else'));
        self::assertSame(TokenState::Valid, exchange_code($callback, self::SESSION)->state);
    }

    public function testSomeoneElseIsRefusedAndTheOldTokensStay(): void
    {
        $this->signedIn();
        $before = access_token('invoices');
        $callback = $this->redirected('invoices', ['user' => World::COLLEAGUE]);
        $error = $this->failed('wrong_account', static fn () => exchange_code($callback, self::SESSION));
        self::assertStringContainsString(World::COLLEAGUE, $error->getMessage() . $error->getProblem()->explanation . $error->getProblem()->message);
        self::assertSame($before, access_token('invoices'));
    }

    public function testAnAccountThatWasChangedMeanwhileIsRefused(): void
    {
        $this->account();
        $callback = $this->redirected('invoices');
        save_account('invoices', ['tenant_id' => 'other.example', 'client_secret' => 'other']);
        $this->failed('account_changed', static fn () => exchange_code($callback, self::SESSION));
    }

    public function testAWrongSecretIsRefusedWithWhatToDo(): void
    {
        $this->account('invoices', ['client_secret' => 'the-wrong-one']);
        $error = $this->failed('refused', fn () => $this->signIn('invoices'));
        self::assertSame(7000215, $error->getProblem()->aadsts);
        self::assertSame('AppAdministrator', $error->getProblem()->actor->name);
        self::assertFalse($error->getProblem()->retryable);
        self::assertStringNotContainsString('the-wrong-one', (string) $error);
    }

    /**
     * @dataProvider invalidCallbacks
     * @param array<mixed> $query
     */
    public function testACallbackThatIsNoneIsRefused(array $query): void
    {
        $this->account();
        $this->failed('invalid_callback', static fn () => exchange_code($query, self::SESSION));
    }

    /**
     * @return iterable<string, array{array<mixed>}>
     */
    public function invalidCallbacks(): iterable
    {
        yield 'nothing' => [[]];
        yield 'arrays instead of strings' => [['code' => ['x'], 'state' => ['y']]];
        yield 'no code' => [['state' => 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa']];
        yield 'no state' => [['code' => 'x']];
        yield 'empty' => [['code' => '', 'state' => '']];
        yield 'invalid UTF-8' => [['code' => "\xff", 'state' => "\xfe"]];
        yield 'a list' => [['x', 'y']];
        yield 'numbers' => [[1 => 2]];
    }

    public function testAnErrorWithoutAStateIsToldAsMicrosoftGaveIt(): void
    {
        $this->account();
        $error = $this->thrown(SignInFailedException::class, static fn () => exchange_code(
            ['error' => 'access_denied', 'error_description' => "AADSTS65004: User declined to consent\e[31m to access the app.\r\nTrace ID: x"],
            self::SESSION,
        ));
        self::assertStringNotContainsString("\e", $error->getProblem()->message);
    }

    public function testASessionIsNeeded(): void
    {
        $this->account();
        $this->thrown(\ValueError::class, static fn () => authorization_url('invoices', ''));
        $this->thrown(\ValueError::class, static fn () => exchange_code(['code' => 'x', 'state' => 'y'], ''));
    }

    public function testASessionMayBeAnyBytes(): void
    {
        $this->account();
        $session = "\xff\0" . random_bytes(32);
        $callback = $this->sandbox->signIn(authorization_url('invoices', $session));
        $this->failed('wrong_session', static fn () => exchange_code($callback, $session . "\0"));
        self::assertSame(TokenState::Valid, exchange_code($callback, $session)->state);
    }

    public function testAnUnknownStateIsToldBeforeWhatMicrosoftAnswered(): void
    {
        $this->account();
        $query = ['error' => 'access_denied', 'state' => str_repeat('a', 43)];
        $this->failed('unknown_state', static fn () => exchange_code($query, self::SESSION));
    }

    public function testThePhpSessionTiesBothLegs(): void
    {
        $this->account();
        $session = sprintf('session_save_path(%s); session_id("idofthesession0123456789"); session_start(); ', var_export($this->folder, true));
        $url = Php::code($session . 'echo authorization_url("invoices");')->output();
        $callback = $this->sandbox->signIn($url);
        $this->failed('wrong_session', static fn () => exchange_code($callback, self::SESSION));
        $exchange = Php::code($session . sprintf('echo exchange_code(%s)->state->name;', var_export($callback, true)));
        self::assertSame('Valid', $exchange->output(), $exchange->errors());
    }

    public function testAnUnknownAccountHasNoUrl(): void
    {
        $this->thrown(AccountNotFoundException::class, static fn () => authorization_url('nobody', self::SESSION));
    }

    public function testAnApplicationAccountHasNoSignIn(): void
    {
        $this->account('robot', ['protocol' => 'application', 'mailbox' => World::USER]);
        $this->thrown(ConfigurationException::class, static fn () => authorization_url('robot', self::SESSION));
    }

    public function testAConnectionThatBrokeBeforeMicrosoftCanBeTriedAgain(): void
    {
        $this->account();
        $callback = $this->redirected('invoices');
        $this->sandbox->fault(['path' => '/token', 'count' => 20, 'status' => 503, 'body' => '']);
        $this->thrown(\Squeeze\Graph\GraphException::class, static fn () => exchange_code($callback, self::SESSION));
        $this->sandbox->control('DELETE', '/faults');
        self::assertSame(TokenState::Valid, exchange_code($callback, self::SESSION)->state);
    }

    /**
     * @dataProvider forgedTokens
     * @param array<string, mixed> $claims
     */
    public function testAnIdTokenThatIsNotOursIsRefused(array $claims): void
    {
        $this->account();
        $this->sandbox->fault(['path' => '/token', 'id_token' => $claims]);
        $callback = $this->redirected('invoices');
        $this->thrown(SignInFailedException::class, static fn () => exchange_code($callback, self::SESSION));
        self::assertSame(TokenState::NeverSignedIn, token_status('invoices')->state);
    }

    /**
     * @return iterable<string, array{array<string, mixed>}>
     */
    public function forgedTokens(): iterable
    {
        yield 'for another app' => [['aud' => '99999999-0000-0000-0000-000000000000']];
        yield 'of another tenant' => [['tid' => '99999999-0000-0000-0000-000000000000']];
        yield 'of another issuer' => [['iss' => 'https://login.example/v2.0']];
        yield 'with another nonce' => [['nonce' => 'another']];
        yield 'long over' => [['exp' => 1_000_000_000]];
    }

    public function testAdminConsentComesBackWithTheStatus(): void
    {
        $this->account();
        $url = admin_consent_url('invoices', self::SESSION);
        self::assertStringContainsString('/v2.0/adminconsent?', $url);
        parse_str(parse_url($url, PHP_URL_QUERY), $query);
        $status = exchange_code(['admin_consent' => 'True', 'tenant' => World::TENANT, 'state' => $query['state']], self::SESSION);
        self::assertSame(TokenState::NeverSignedIn, $status->state);

        parse_str(parse_url(admin_consent_url('invoices', self::SESSION), PHP_URL_QUERY), $query);
        $this->failed('consent_required', static fn () => exchange_code(
            ['admin_consent' => 'True', 'error' => 'consent_required', 'error_description' => 'AADSTS65004: declined', 'state' => $query['state']],
            self::SESSION,
        ));
    }

    public function testARefusedSignInIsExplainedInBothLanguages(): void
    {
        $this->account('invoices', ['client_secret' => 'the-wrong-one']);
        $callback = $this->redirected('invoices');
        $texts = [];
        foreach (['en', 'de'] as $language) {
            ini_set('squeeze_graph.language', $language);
            $problem = $this->failed('refused', static fn () => exchange_code($callback, self::SESSION))->getProblem();
            $texts[$language] = $problem->explanation . ' ' . $problem->remedy;
        }
        self::assertNotSame($texts['en'], $texts['de']);
        self::assertMatchesRegularExpression('/secret/i', $texts['en']);
        self::assertMatchesRegularExpression('/\b(Geheimnis|Clientgeheimnis|Client[- ]Secret|Secret|geheime)/iu', $texts['de']);
        self::assertMatchesRegularExpression('/\b(der|die|das|ist|den)\b/u', $texts['de']);
    }

    private function failed(string $reason, callable $run): SignInFailedException
    {
        $error = $this->thrown(SignInFailedException::class, $run);
        self::assertSame($reason, $error->getReason(), $error->getMessage());

        return $error;
    }
}
