<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\AccessDeniedException;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\ServiceException;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\get_message;
use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_folders;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\move_messages;
use function Squeeze\Graph\save_mime;
use function Squeeze\Graph\test_connection;
use function Squeeze\Graph\token_status;

/**
 * A token that Graph refuses is renewed once, and a claims challenge is answered (Microsoft identity platform, "Claims challenges").
 */
final class RefusedTokenTest extends GraphTestCase
{
    private const REFRESH = 'token refresh_token';
    private const CLAIMS = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}';
    private const REFUSED = ['graph' => ['status' => 401, 'code' => 'InvalidAuthenticationToken']];

    /** @var list<string> */
    private array $messages;

    protected function setUp(): void
    {
        parent::setUp();
        $this->signedIn();
        $this->messages = $this->sandbox->generate(World::USER, 3, 100);
        $this->sandbox->control('DELETE', '/counters');
    }

    /**
     * @dataProvider calls
     * @param array<string, string> $struck
     * @param callable(self): void $call
     */
    public function testARefusedTokenIsRenewedOnceAndAllGoesOn(array $struck, callable $call): void
    {
        $this->sandbox->fault($struck + self::REFUSED);
        $call($this);
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
    }

    /**
     * @dataProvider calls
     * @param array<string, string> $struck
     * @param callable(self): void $call
     */
    public function testATokenThatIsRefusedForEverIsRenewedOnceAndReported(array $struck, callable $call): void
    {
        $this->sandbox->fault(['count' => null] + $struck + self::REFUSED);
        $error = $this->thrown(AccessDeniedException::class, fn () => $call($this));
        self::assertSame('InvalidAuthenticationToken', $error->getProblem()->code);
        self::assertSame(1, $this->sandbox->asked(self::REFRESH));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
    }

    /**
     * @return iterable<string, array{array<string, string>, callable(self): void}>
     */
    public function calls(): iterable
    {
        $graph = ['path' => '/graph/'];
        yield 'list_folders' => [$graph, static fn () => list_folders('invoices')];
        yield 'list_messages' => [$graph, static fn () => iterator_to_array(list_messages('invoices'))];
        yield 'get_message' => [$graph, static fn (self $test) => get_message('invoices', $test->messages[0])];
        yield 'save_mime' => [$graph, static fn (self $test) => save_mime('invoices', $test->messages[0], $test->folder . '/mail.eml')];
        yield 'import_messages' => [$graph, static fn () => import_messages('invoices', static function (): void {
        })];
        $move = static function (self $test): void {
            foreach (move_messages('invoices', $test->messages, '/Verarbeitet') as $result) {
                self::assertTrue($result->problem === null || $result->problem->code === 'InvalidAuthenticationToken', (string) $result->problem?->code);
                if ($result->problem !== null) {
                    throw new AccessDeniedException($result->problem);
                }
            }
        };
        yield 'move_messages' => [['path' => '$batch'], $move];
        yield 'items of move_messages' => [['path' => '/move'], $move];
    }

    public function testAConnectionTestDoesNotRenewARefusedTokenForEachOfItsChecks(): void
    {
        $this->sandbox->fault(['count' => null, 'path' => '/graph/'] + self::REFUSED);
        $report = test_connection('invoices');
        self::assertFalse($report->ok);
        self::assertLessThanOrEqual(2, $this->sandbox->asked(self::REFRESH));
    }

    public function testPassingTroubleWhileARefusedTokenIsRenewedIsToldAsThat(): void
    {
        $before = export_token('invoices')['refresh_token'];
        $this->sandbox->fault(['count' => null, 'path' => '/graph/'] + self::REFUSED);
        $this->sandbox->fault(['count' => null, 'path' => '/token', 'status' => 500, 'body' => '']);
        $this->thrown(ServiceException::class, static fn () => list_folders('invoices'));
        self::assertSame([TokenState::Valid, $before], [token_status('invoices')->state, export_token('invoices')['refresh_token']]);
    }

    /**
     * @dataProvider challenges
     * @param array<string, mixed> $fault
     */
    public function testAClaimsChallengeIsAnsweredByARenewalThatAsksForTheClaims(array $fault, bool $isAnswered): void
    {
        $this->sandbox->fault(['path' => '/messages'] + $fault);
        iterator_to_array(list_messages('invoices'));
        $this->checkAsked($isAnswered);
    }

    /**
     * @return iterable<string, array{array<string, mixed>, bool}>
     */
    public function challenges(): iterable
    {
        $header = static fn (string $header, int $status = 401): array => [
            'status' => $status,
            'headers' => ['WWW-Authenticate' => $header],
            'body' => ['error' => ['code' => $status === 401 ? 'InvalidAuthenticationToken' : 'insufficient_claims', 'message' => 'no']],
        ];
        $encoded = base64_encode(self::CLAIMS);
        yield 'as Graph sends it' => [['claims_challenge' => self::CLAIMS], true];
        yield 'half quoted, in another order' => [$header('Bearer claims=' . rtrim($encoded, '=') . ', authorization_uri=https://login.example/a,b, error="insufficient_claims"'), true];
        yield 'as 403' => [$header('Bearer error="insufficient_claims", claims="' . $encoded . '"', 403), true];
        yield 'with claims that are none' => [$header('Bearer error="insufficient_claims", claims="%%%"'), false];
        yield 'with half of them' => [$header('Bearer error="insufficient_claims", claims="' . substr($encoded, 0, 20) . '"'), false];
        yield 'without any' => [$header('Bearer error="invalid_token"'), false];
    }

    /**
     * @dataProvider itemChallenges
     * @param array<string, mixed> $fault
     */
    public function testAClaimsChallengeOfAnItemOfABatchIsAnsweredToo(array $fault): void
    {
        $this->sandbox->fault(['path' => '/move'] + $fault);
        foreach (move_messages('invoices', $this->messages, '/Verarbeitet') as $result) {
            self::assertNull($result->problem, $result->problem?->code ?? '');
        }
        $this->checkAsked(true);
    }

    /**
     * @return iterable<string, array{array<string, mixed>}>
     */
    public function itemChallenges(): iterable
    {
        yield '401' => [['claims_challenge' => self::CLAIMS]];
        yield '403' => [[
            'status' => 403,
            'headers' => ['WWW-Authenticate' => 'Bearer error="insufficient_claims", claims="' . base64_encode(self::CLAIMS) . '"'],
            'body' => ['error' => ['code' => 'insufficient_claims', 'message' => 'no']],
        ]];
    }

    public function testAChallengeThatOnlyThePersonCanAnswerIsKeptForTheSignIn(): void
    {
        $before = export_token('invoices')['refresh_token'];
        $this->sandbox->fault(['path' => '/messages', 'claims_challenge' => self::CLAIMS]);
        $this->sandbox->fault(['path' => '/token', 'entra' => ['code' => 50076, 'error' => 'interaction_required']]);
        $this->thrown(SignInRequiredException::class, static fn () => iterator_to_array(list_messages('invoices')));
        self::assertSame(TokenState::SignInRequired, token_status('invoices')->state);
        self::assertSame($before, export_token('invoices')['refresh_token']);
        self::assertStringContainsString('1604106651', $this->claimsOfTheNextSignIn());

        $this->signIn('invoices');
        self::assertStringNotContainsString('1604106651', $this->claimsOfTheNextSignIn());
        self::assertCount(3, iterator_to_array(list_messages('invoices')));
    }

    public function testAChallengeWhoseAnswerIsLostIsAnsweredTheNextTime(): void
    {
        $this->sandbox->fault(['path' => '/messages', 'claims_challenge' => self::CLAIMS]);
        $this->sandbox->fault(['path' => '/token', 'cut' => 'reset']);
        $error = $this->thrown(GraphException::class, static fn () => iterator_to_array(list_messages('invoices')));
        self::assertTrue($error->getProblem()->retryable);
        // Graph has refused the token: nobody is given it any more, and nobody has to sign in.
        self::assertSame(TokenState::Expired, token_status('invoices')->state);
        $error = $this->thrown(GraphException::class, static fn () => access_token('invoices'));
        self::assertTrue($error->getProblem()->retryable);
        $this->sandbox->control('DELETE', '/counters');
        \Squeeze\Graph\refresh_token('invoices');
        $this->checkAsked(true);
    }

    public function testTheClaimsThatACallerGotAreAskedFor(): void
    {
        self::assertNotSame('', access_token('invoices', challenge: base64_encode(self::CLAIMS)));
        $this->checkAsked(true);
    }

    /**
     * One renewal, which always says that challenges are understood, and repeats the one that came.
     */
    private function checkAsked(bool $withTheClaims): void
    {
        $requests = $this->sandbox->control('GET', '/requests')['requests'];
        $renewals = array_values(array_filter($requests, static fn (array $request): bool => ($request['grant_type'] ?? '') === 'refresh_token'));
        self::assertCount(1, $renewals);
        $claims = json_decode($renewals[0]['claims'], true);
        self::assertSame(['cp1'], $claims['access_token']['xms_cc']['values']);
        self::assertSame($withTheClaims ? '1604106651' : null, $claims['access_token']['nbf']['value'] ?? null);
    }

    private function claimsOfTheNextSignIn(): string
    {
        parse_str((string) parse_url(authorization_url('invoices', self::SESSION), PHP_URL_QUERY), $query);

        return $query['claims'];
    }
}
