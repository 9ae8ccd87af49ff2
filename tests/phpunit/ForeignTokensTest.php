<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\is_expired;
use function Squeeze\Graph\is_token_expired;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\to_utc;
use function Squeeze\Graph\token_status;

/**
 * Tokens that older scripts kept, often with an expiry in local time.
 */
final class ForeignTokensTest extends GraphTestCase
{
    /**
     * @dataProvider localTimes
     */
    public function testLocalTimeBecomesUtc(string $local, string $zone, string $utc): void
    {
        foreach (['UTC', 'America/New_York'] as $ours) {
            $before = date_default_timezone_get();
            date_default_timezone_set($ours);
            try {
                $time = to_utc($local, $zone);
            } finally {
                date_default_timezone_set($before);
            }
            self::assertSame($utc, $time->format('Y-m-d H:i:s'));
            self::assertSame('UTC', $time->getTimezone()->getName());
        }
    }

    /**
     * @return iterable<string, array{string, string, string}>
     */
    public function localTimes(): iterable
    {
        yield 'winter' => ['2026-01-15 12:00:00', 'Europe/Berlin', '2026-01-15 11:00:00'];
        yield 'summer' => ['2026-07-15 12:00:00', 'Europe/Berlin', '2026-07-15 10:00:00'];
        yield 'Windows name' => ['2026-07-15 12:00:00', 'W. Europe Standard Time', '2026-07-15 10:00:00'];
        yield 'with a T' => ['2026-07-15T12:00:00', 'Europe/Berlin', '2026-07-15 10:00:00'];
        yield 'the hour that exists twice' => ['2026-10-25 02:30:00', 'Europe/Berlin', '2026-10-25 00:30:00'];
        yield 'the hour that does not exist' => ['2026-03-29 02:30:00', 'Europe/Berlin', '2026-03-29 01:00:00'];
        yield 'half an hour' => ['2026-07-15 12:00:00', 'Asia/Kolkata', '2026-07-15 06:30:00'];
        yield 'UTC' => ['2026-07-15 12:00:00', 'UTC', '2026-07-15 12:00:00'];
    }

    /**
     * @dataProvider expiries
     */
    public function testAnExpiryOfAnyFormIsCompared(int|string|\DateTimeInterface $expiry, ?string $zone, bool $expired): void
    {
        self::assertSame($expired, is_expired($expiry, $zone));
    }

    /**
     * @return iterable<string, array{int|string|\DateTimeInterface, ?string, bool}>
     */
    public function expiries(): iterable
    {
        $berlin = new \DateTimeZone('Europe/Berlin');
        foreach ([[-3600, true], [200, true], [3600, false]] as [$offset, $expired]) {
            $time = new \DateTimeImmutable(sprintf('@%d', time() + $offset));
            yield $offset . ' as integer' => [$time->getTimestamp(), null, $expired];
            yield $offset . ' as digits' => [(string) $time->getTimestamp(), null, $expired];
            yield $offset . ' as object' => [$time, null, $expired];
            yield $offset . ' with Z' => [$time->format('Y-m-d\TH:i:s\Z'), null, $expired];
            yield $offset . ' with offset' => [$time->setTimezone($berlin)->format('c'), null, $expired];
            yield $offset . ' local' => [$time->setTimezone($berlin)->format('Y-m-d H:i:s'), 'Europe/Berlin', $expired];
            yield $offset . ' with offset, whatever the zone' => [$time->setTimezone($berlin)->format('c'), 'Asia/Tokyo', $expired];
        }
    }

    public function testTheLeewayCountsInSeconds(): void
    {
        self::assertFalse(is_expired(time() + 200, leeway: 100));
        self::assertTrue(is_expired(time() + 200, leeway: 400));
        self::assertFalse(is_expired(time() + 5, leeway: 0));
    }

    /**
     * @dataProvider guesses
     */
    public function testAGuessIsAValueError(int|string $expiry, ?string $zone = null): void
    {
        $this->thrown(\ValueError::class, static fn () => is_expired($expiry, $zone));
    }

    /**
     * @return iterable<string, array{0: int|string, 1?: string}>
     */
    public function guesses(): iterable
    {
        yield 'naive without zone' => ['2026-07-15 12:00:00'];
        yield 'empty' => [''];
        yield 'zero date' => ['0000-00-00 00:00:00', 'UTC'];
        yield 'milliseconds' => [1_784_116_800_000];
        yield 'milliseconds as digits' => ['1784116800000'];
        yield 'words' => ['tomorrow', 'UTC'];
        yield 'no such day' => ['2026-02-30 12:00:00', 'UTC'];
        yield 'unknown zone' => ['2026-07-15 12:00:00', 'Mars/Olympus'];
        yield 'NUL' => ["2026-07-15\0 12:00:00", 'UTC'];
        yield 'ten megabytes' => [str_repeat('1', 10_000_000)];
    }

    public function testATokenKeptElsewhereIsAdopted(): void
    {
        $this->signedIn('new');
        $kept = export_token('new');
        $this->account('invoices');
        $status = adopt_token('invoices', [
            'access_token' => $kept['access_token'],
            'refresh_token' => $kept['refresh_token'],
            'expires_at' => (new \DateTimeImmutable('+1 hour', new \DateTimeZone('Europe/Berlin')))->format('Y-m-d H:i:s'),
        ], 'Europe/Berlin');
        self::assertSame(TokenState::Valid, $status->state);
        self::assertEqualsWithDelta(time() + 3600, $status->expiresAt->getTimestamp(), 5);
        self::assertSame($kept['access_token'], access_token('invoices'));
        self::assertEqualsIgnoringCase(World::USER, (string) refresh_token('invoices')->signedInAs);
    }

    /**
     * @dataProvider forms
     * @param array<string, \Closure(int): mixed> $expiry
     */
    public function testEveryUsualFormOfAnExpiryIsRead(array $expiry, ?int $seconds): void
    {
        $this->signedIn('new');
        $kept = array_intersect_key(export_token('new'), ['access_token' => 1, 'refresh_token' => 1]);
        $this->account('invoices');
        $status = adopt_token('invoices', $kept + array_map(static fn (\Closure $form): mixed => $form(time() + (int) $seconds), $expiry));
        if ($seconds === null) {
            self::assertSame(TokenState::Expired, $status->state);
        } else {
            self::assertEqualsWithDelta(time() + $seconds, $status->expiresAt->getTimestamp(), 10);
        }
        self::assertNotSame('', access_token('invoices'));
    }

    /**
     * @return iterable<string, array{array<string, \Closure(int): mixed>, ?int}>
     */
    public function forms(): iterable
    {
        yield 'expires_at' => [['expires_at' => static fn (int $end): int => $end], 1800];
        yield 'expires' => [['expires' => static fn (int $end): string => (string) $end], 1800];
        yield 'expires_on' => [['expires_on' => static fn (int $end): string => gmdate('c', $end)], 1800];
        yield 'expires_in with issued_at' => [['expires_in' => static fn (): int => 3600, 'issued_at' => static fn (int $end): int => $end - 3600], 1800];
        yield 'none' => [[], null];
        yield 'over' => [['expires_at' => static fn (int $now): int => $now - 10], null];
    }

    public function testANaiveExpiryWithoutZoneIsNotAdopted(): void
    {
        $this->account();
        $this->thrown(\ValueError::class, static fn () => adopt_token('invoices', ['refresh_token' => 'x', 'expires_at' => '2026-07-15 12:00:00']));
        self::assertSame(TokenState::NeverSignedIn, token_status('invoices')->state);
    }

    public function testAdoptingCanLeaveWhatIsThere(): void
    {
        $this->signedIn();
        $before = export_token('invoices');
        adopt_token('invoices', ['access_token' => 'other', 'refresh_token' => 'other', 'expires_at' => time() + 60], only_if_absent: true);
        self::assertSame($before, export_token('invoices'));
    }

    /**
     * @dataProvider noTokens
     * @param array<string, string> $token
     */
    public function testWhatCanBeNoTokenIsNotAdopted(array $token, string $word): void
    {
        $this->account();
        $error = $this->thrown(\ValueError::class, static fn () => adopt_token('invoices', $token));
        self::assertStringContainsString($word, $error->getMessage());
        self::assertLessThan(500, strlen($error->getMessage()));
        self::assertSame(TokenState::NeverSignedIn, token_status('invoices')->state);
    }

    /**
     * @return iterable<string, array{array<string, string>, string}>
     */
    public function noTokens(): iterable
    {
        yield 'a line end in it' => [['refresh_token' => "1.AXoA\nd"], 'refresh_token'];
        yield 'a NUL in it' => [['refresh_token' => "1.AXoA\0d"], 'refresh_token'];
        yield 'other letters' => [['refresh_token' => 'über'], 'refresh_token'];
        yield 'a header smuggled in' => [['access_token' => "a\r\nX-Other: b"], 'access_token'];
        yield 'a file of another kind' => [['refresh_token' => str_repeat('a', 65_537)], '65536'];
        yield 'a long access token' => [['access_token' => str_repeat('a', 65_537)], '65536'];
        yield 'a long id_token' => [['refresh_token' => 'a', 'id_token' => str_repeat('a', 65_537)], 'id_token'];
        yield 'a long scope' => [['refresh_token' => 'a', 'scope' => str_repeat('a', 65_537)], 'scope'];
    }

    public function testAnAdoptedTokenThatIsDeadNeedsASignIn(): void
    {
        $this->account();
        adopt_token('invoices', ['access_token' => 'old', 'refresh_token' => 'nobody issued this']);
        self::assertTrue(is_token_expired('invoices'));
        $this->thrown(SignInRequiredException::class, static fn () => access_token('invoices'));
    }
}
