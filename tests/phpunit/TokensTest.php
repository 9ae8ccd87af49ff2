<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\ActionRequiredException;
use Squeeze\Graph\ConnectionException;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\ServiceException;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\ThrottledException;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\is_token_expired;
use function Squeeze\Graph\list_folders;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\revoke_tokens;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\token_status;

final class TokensTest extends GraphTestCase
{
    private const REFRESH = 'token refresh_token';

    public function testAGoodTokenIsReturnedWithoutARequest(): void
    {
        $this->signedIn();
        $token = access_token('invoices');
        self::assertSame($token, access_token('invoices'));
        self::assertFalse(is_token_expired('invoices'));
        self::assertSame(0, $this->sandbox->asked(self::REFRESH));
    }

    public function testATokenThatEndsSoonIsRenewed(): void
    {
        $this->sandbox->set(['token_life' => 200]);
        $this->signedIn();
        self::assertTrue(is_token_expired('invoices'));
        self::assertFalse(is_token_expired('invoices', 10));
        $this->sandbox->set(['token_life' => 3600]);
        $before = export_token('invoices')['access_token'];
        $token = access_token('invoices');
        self::assertNotSame($before, $token);
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
        self::assertFalse(is_token_expired('invoices'));
    }

    public function testATokenIsRenewedWhenMicrosoftAsksForIt(): void
    {
        $this->sandbox->set(['token_life' => 86400, 'refresh_in' => 1]);
        $this->signedIn();
        $this->sandbox->set(['refresh_in' => 43200]);
        sleep(2);
        access_token('invoices');
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
    }

    public function testATokenFreshFromMicrosoftIsReturnedWhateverItsLife(): void
    {
        $this->sandbox->set(['token_life' => 120]);
        $this->signedIn();
        self::assertNotSame('', access_token('invoices', 3000));
        self::assertNotSame('', access_token('invoices', 3000));
        self::assertLessThanOrEqual(1, $this->sandbox->asked(self::REFRESH));
    }

    /**
     * @dataProvider passingFailures
     * @param array<string, mixed> $fault
     */
    public function testAPassingFailureKeepsTheOldTokenInUse(array $fault): void
    {
        $this->sandbox->set(['token_life' => 200]);
        $this->signedIn();
        $before = export_token('invoices');
        $this->sandbox->fault(['path' => '/token', 'count' => null] + $fault);
        self::assertSame($before['access_token'], access_token('invoices'));
        $status = token_status('invoices');
        self::assertNotContains($status->state, [TokenState::SignInRequired, TokenState::ActionRequired]);
        $asked = $this->sandbox->asked(self::REFRESH);
        self::assertSame($before['access_token'], access_token('invoices'));
        self::assertSame($asked, $this->sandbox->asked(self::REFRESH), 'a passing failure is not asked again for 30 s');

        $this->thrown(GraphException::class, static fn () => refresh_token('invoices'));
        self::assertSame($before['refresh_token'], export_token('invoices')['refresh_token']);
    }

    /**
     * @return iterable<string, array{array<string, mixed>}>
     */
    public function passingFailures(): iterable
    {
        yield 'unavailable' => [['status' => 503, 'body' => '']];
        yield 'temporarily_unavailable' => [['entra' => ['code' => 90033, 'error' => 'temporarily_unavailable', 'status' => 503]]];
        yield 'throttled' => [['status' => 429, 'headers' => ['Retry-After' => '300'], 'body' => '']];
        yield 'connection closed' => [['cut' => 'close']];
        yield 'connection reset' => [['cut' => 'reset']];
        yield 'HTML of a proxy' => [['status' => 502, 'headers' => ['Content-Type' => 'text/html'], 'body' => '<html><h1>Bad gateway</h1></html>']];
        yield 'HTML with status 200' => [['status' => 200, 'headers' => ['Content-Type' => 'text/html'], 'body' => '<html>Sign in to the guest network</html>']];
        yield 'an empty answer' => [['status' => 200, 'body' => '']];
        yield 'half of the JSON' => [['status' => 200, 'body' => '{"access_token":"eyJ0']];
        yield 'a broken off body' => [['execute' => true, 'truncate_after' => 20]];
        yield 'JSON without a token' => [['status' => 200, 'body' => ['token_type' => 'Bearer', 'expires_in' => 3600]]];
    }

    public function testAPassingFailureWithoutAnyGoodTokenIsThrown(): void
    {
        $this->signedIn();
        $this->expire('invoices');
        $this->sandbox->fault(['path' => '/token', 'count' => null, 'status' => 503, 'body' => '']);
        $error = $this->thrown(GraphException::class, static fn () => access_token('invoices'));
        self::assertTrue($error->getProblem()->retryable);
        self::assertSame('Nobody', $error->getProblem()->actor->name);
        self::assertSame('invoices', $error->getAccount());
        self::assertSame(TokenState::Expired, token_status('invoices')->state);
    }

    /**
     * @dataProvider deadRefreshTokens
     * @param array<string, mixed> $fault
     */
    public function testADeadRefreshTokenNeedsASignInAndIsNotAskedForAgain(array $fault, int $number): void
    {
        $this->signedIn();
        $this->expire('invoices');
        $this->sandbox->fault(['path' => '/token', 'count' => null, 'entra' => $fault]);
        $error = $this->thrown(SignInRequiredException::class, static fn () => access_token('invoices'));
        self::assertSame($number, $error->getProblem()->aadsts);
        self::assertSame('User', $error->getProblem()->actor->name);
        $status = token_status('invoices');
        self::assertSame(TokenState::SignInRequired, $status->state);
        self::assertSame($number, $status->problem->aadsts);
        $asked = $this->sandbox->asked(self::REFRESH);
        $this->thrown(SignInRequiredException::class, static fn () => access_token('invoices'));
        self::assertSame($asked, $this->sandbox->asked(self::REFRESH));

        $this->sandbox->control('DELETE', '/faults');
        self::assertSame(TokenState::Valid, $this->signIn('invoices')->state);
        self::assertNull(token_status('invoices')->problem);
    }

    /**
     * @return iterable<string, array{array<string, mixed>, int}>
     */
    public function deadRefreshTokens(): iterable
    {
        yield 'inactive for 90 days' => [['code' => 700082], 700082];
        yield 'revoked' => [['code' => 50173, 'suberror' => 'bad_token'], 50173];
        yield 'sign-in frequency' => [['code' => 70043], 70043];
        yield 'second factor' => [['code' => 50076, 'error' => 'interaction_required', 'suberror' => 'basic_action'], 50076];
        yield 'an unknown number' => [['code' => 999999], 999999];
    }

    /**
     * @dataProvider matters
     * @param array<string, mixed> $fault
     */
    public function testWhatAnAdministratorMustDoFirstSaysSo(array $fault, string $actor): void
    {
        $this->signedIn();
        $this->expire('invoices');
        $this->sandbox->fault(['path' => '/token', 'count' => null, 'entra' => $fault]);
        $error = $this->thrown(ActionRequiredException::class, static fn () => access_token('invoices'));
        self::assertSame($actor, $error->getProblem()->actor->name);
        self::assertSame(TokenState::ActionRequired, token_status('invoices')->state);
        $this->sandbox->control('DELETE', '/faults');
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
    }

    /**
     * @return iterable<string, array{array<string, mixed>, string}>
     */
    public function matters(): iterable
    {
        yield 'secret expired' => [['code' => 7000222, 'error' => 'invalid_client', 'status' => 401], 'AppAdministrator'];
        yield 'secret wrong' => [['code' => 7000215, 'error' => 'invalid_client', 'status' => 401], 'AppAdministrator'];
        yield 'app disabled' => [['code' => 7000112, 'error' => 'unauthorized_client'], 'TenantAdministrator'];
    }

    public function testANewRefreshTokenReplacesTheOldOne(): void
    {
        $this->signedIn();
        $before = export_token('invoices')['refresh_token'];
        refresh_token('invoices');
        self::assertNotSame($before, export_token('invoices')['refresh_token']);
    }

    public function testAnAnswerWithoutARefreshTokenKeepsTheOldOne(): void
    {
        $this->signedIn();
        $before = export_token('invoices');
        $this->sandbox->fault(['path' => '/token', 'patch_json' => ['remove' => ['refresh_token']]]);
        refresh_token('invoices');
        $after = export_token('invoices');
        self::assertSame($before['refresh_token'], $after['refresh_token']);
        self::assertNotSame($before['access_token'], $after['access_token']);
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
    }

    /**
     * @dataProvider lifetimes
     */
    public function testOddLifetimesAreRead(mixed $expiresIn, ?int $least, ?int $most): void
    {
        $this->signedIn();
        $this->sandbox->fault(['path' => '/token', 'patch_json' => $expiresIn === null ? ['remove' => ['expires_in']] : ['set' => ['expires_in' => $expiresIn]]]);
        $now = time();
        $status = refresh_token('invoices');
        if ($most === null) {
            self::assertGreaterThan($now + $least, $status->expiresAt->getTimestamp());
            self::assertSame('UTC', $status->expiresAt->getTimezone()->getName());
        } else {
            self::assertEqualsWithDelta($now + $least, $status->expiresAt->getTimestamp(), $most);
        }
        self::assertNotSame('', access_token('invoices'));
    }

    /**
     * @return iterable<string, array{mixed, ?int, ?int}>
     */
    public function lifetimes(): iterable
    {
        yield 'a string' => ['3599', 3599, 5];
        yield 'missing' => [null, 600, 5];
        yield 'zero' => [0, 0, 5];
        yield 'negative' => [-5, 0, 10];
        yield 'a day' => [86399, 86399, 5];
        yield 'longer than any calendar' => [PHP_INT_MAX, 3600, null];
    }

    public function testScopesWithTheResourceInFrontAreTheSame(): void
    {
        $this->sandbox->set(['scope_style' => 'prefixed']);
        $this->signedIn();
        $status = token_status('invoices');
        self::assertSame([], $status->missingScopes);
        self::assertContains('Mail.ReadWrite', $status->grantedScopes);
    }

    public function testTheTokenOfTheCallIsRenewedAfterAChallenge(): void
    {
        $this->signedIn();
        $before = access_token('invoices');
        $challenge = '{"access_token":{"nbf":{"essential":true,"value":"' . time() . '"}}}';
        self::assertNotSame($before, access_token('invoices', challenge: $challenge));
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
        $this->thrown(\ValueError::class, static fn () => access_token('invoices', challenge: 'not JSON'));
    }

    public function testARejectedTokenIsRenewedOnceWithinACall(): void
    {
        $this->signedIn();
        $this->sandbox->fault(['path' => '/graph/', 'graph' => ['status' => 401, 'code' => 'InvalidAuthenticationToken']]);
        self::assertNotSame([], list_folders('invoices'));
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
    }

    public function testRevokedTokensAreForgottenHere(): void
    {
        $this->signedIn();
        revoke_tokens('invoices');
        self::assertSame(TokenState::NeverSignedIn, token_status('invoices')->state);
        $this->thrown(SignInRequiredException::class, static fn () => access_token('invoices'));
        $this->thrown(SignInRequiredException::class, static fn () => export_token('invoices'));
    }

    public function testAnApplicationAccountFetchesItsTokenOnDemand(): void
    {
        $this->account('robot', ['protocol' => 'application', 'client_id' => World::DAEMON, 'mailbox' => World::USER, 'user' => null]);
        self::assertSame(TokenState::Expired, token_status('robot')->state);
        self::assertNotSame('', access_token('robot'));
        self::assertSame(TokenState::Valid, token_status('robot')->state);
        self::assertNotSame([], list_folders('robot'));
    }

    public function testTheClockOfTheServerIsComparedWithOurs(): void
    {
        $this->sandbox->control('POST', '/clock', ['offset' => 7200]);
        $this->sandbox->set(['token_life' => 3600]);
        $this->signedIn();
        $status = token_status('invoices');
        self::assertEqualsWithDelta(7200, $status->clockSkew, 5);
        self::assertLessThan(time() + 6000, $status->expiresAt->getTimestamp(), 'lifetimes are relative');
        self::assertSame(TokenState::Valid, $status->state);
    }

    public function testTheZoneOfTheProcessNeverMatters(): void
    {
        $this->signedIn();
        $expected = token_status('invoices')->expiresAt->format('c');
        foreach (['Europe/Berlin', 'America/St_Johns', 'Pacific/Kiritimati'] as $zone) {
            $child = Php::run(['-r', 'namespace Squeeze\Graph; echo token_status("invoices")->expiresAt->format("c"), var_export(is_token_expired("invoices"), true);'], ['date.timezone' => $zone], ['TZ' => $zone]);
            self::assertSame($expected . 'false', $child->output(), $zone);
        }
    }

    public function testManyProcessesRenewOnce(): void
    {
        $this->signedIn();
        $this->expire('invoices');
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 300]);
        $children = [];
        for ($i = 0; $i < 6; $i++) {
            $children[] = Php::startCode('echo access_token("invoices");');
        }
        $tokens = array_map(static fn (Php $child): string => $child->wait()->output(), $children);
        self::assertCount(1, array_unique($tokens));
        self::assertNotSame('', $tokens[0]);
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
    }

    public function testAKilledHolderOfTheLeaseIsNoticedAtOnce(): void
    {
        $this->signedIn();
        $this->expire('invoices');
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 20_000]);
        $child = Php::startCode('access_token("invoices");');
        $end = microtime(true) + 10;
        while ($this->sandbox->asked(self::REFRESH) === 0 && microtime(true) < $end) {
            usleep(20_000);
        }
        $child->signal(SIGKILL);
        $child->wait();
        $start = microtime(true);
        self::assertNotSame('', access_token('invoices'));
        self::assertLessThan(5, microtime(true) - $start);
    }

    public function testTheJobRenewsWhatIsDueAndLeavesTheRest(): void
    {
        $this->signedIn('due');
        $this->expire('due');
        $this->sandbox->set(['token_life' => 86400]);
        $this->signedIn('fresh');
        $this->account('new');
        $this->signedIn('dead');
        $this->expire('dead');
        $this->sandbox->fault(['path' => '/token', 'entra' => ['code' => 700082]]);
        $this->thrown(SignInRequiredException::class, static fn () => access_token('dead'));
        $this->signedIn('off', ['enabled' => false]);
        $this->expire('off');

        $seen = [];
        $report = refresh_tokens(progress: static function (int $done, int $total, $result) use (&$seen): void {
            $seen[] = [$done, $total, $result->account];
        });
        $outcomes = [];
        foreach ($report->results as $result) {
            $outcomes[$result->account] = $result->outcome->name;
        }
        ksort($outcomes);
        self::assertSame(['dead' => 'SignInRequired', 'due' => 'Refreshed', 'fresh' => 'NotDue', 'new' => 'NeverSignedIn'], $outcomes);
        self::assertSame(1, $report->refreshed);
        self::assertSame(count($report->results), $report->refreshed + $report->skipped + $report->failed);
        self::assertSame(range(1, 4), array_column($seen, 0));
        self::assertSame([4], array_unique(array_column($seen, 1)));
    }

    public function testOneAccountsFailureNeverStopsTheOthers(): void
    {
        foreach (['a', 'b', 'c'] as $name) {
            $this->signedIn($name);
            $this->expire($name);
        }
        $this->sandbox->fault(['path' => '/token', 'entra' => ['code' => 50173]]);
        $report = refresh_tokens();
        self::assertSame(2, $report->refreshed);
        self::assertSame(1, $report->failed);
    }

    public function testAnAccountNobodyKnowsIsNamedInTheReport(): void
    {
        $report = refresh_tokens(accounts: ['nobody']);
        self::assertSame('UnknownAccount', $report->results[0]->outcome->name);
        $this->thrown(AccountNotFoundException::class, static fn () => access_token('nobody'));
    }

    public function testTheIntervalOfAnAccountMakesItDue(): void
    {
        $this->sandbox->set(['token_life' => 86400]);
        $this->signedIn('invoices', ['refresh_interval' => 1]);
        sleep(2);
        self::assertSame(1, refresh_tokens()->refreshed);
    }

    public function testAnEndingSecretIsWarnedOf(): void
    {
        $this->signedIn('invoices', ['secret_expires_at' => new \DateTimeImmutable('+10 days')]);
        $status = token_status('invoices');
        self::assertSame(TokenState::Valid, $status->state);
        self::assertNotNull($status->problem);
        self::assertSame('AppAdministrator', $status->problem->actor->name);
        save_account('invoices', ['secret_expires_at' => new \DateTimeImmutable('+60 days')]);
        self::assertNull(token_status('invoices')->problem);
    }

    public function testThrottlingOfGraphBeyondTheBudgetIsThrown(): void
    {
        $this->signedIn();
        $this->sandbox->fault(['path' => '/graph/', 'count' => null, 'graph' => ['status' => 429, 'code' => 'TooManyRequests'], 'headers' => ['Retry-After' => '120']]);
        ini_set('squeeze_graph.retry_budget', '1');
        $error = $this->thrown(ThrottledException::class, static fn () => list_folders('invoices'));
        self::assertEqualsWithDelta(120, $error->getRetryAfter(), 2);
        self::assertSame(429, $error->getProblem()->httpStatus);
    }

    public function testAnUnreachableServerIsAConnectionException(): void
    {
        $this->signedIn();
        $server = stream_socket_server('tcp://127.0.0.1:0');
        $address = 'http://' . stream_socket_get_name($server, false);
        fclose($server);
        $this->account('lost', ['authority_url' => $address, 'graph_url' => $address]);
        adopt_token('lost', export_token('invoices') + ['expires_at' => time() + 3600]);
        ini_set('squeeze_graph.retry_budget', '1');
        $error = $this->thrown(ConnectionException::class, static fn () => list_folders('lost'));
        self::assertTrue($error->getProblem()->retryable);
        self::assertStringNotContainsString(access_token('invoices'), (string) $error);
    }

    public function testALinkToAnotherHostGetsNoToken(): void
    {
        $this->signedIn();
        $this->sandbox->fault(['method' => 'GET', 'path' => '/graph/', 'count' => null, 'patch_json' => ['set' => ['@odata.nextLink' => 'http://localhost:1/steal']]]);
        $error = $this->thrown(ServiceException::class, static fn () => iterator_to_array(list_messages('invoices')));
        self::assertStringNotContainsString('Bearer', (string) $error);
    }

    private function expire(string $account): void
    {
        adopt_token($account, ['expires_at' => time() - 60] + export_token($account));
        self::assertTrue(is_token_expired($account));
    }
}
