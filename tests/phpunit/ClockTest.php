<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\MovedClock;
use Squeeze\Graph\Tests\Support\Php;

use function Squeeze\Graph\export_token;

/**
 * Decisions about a token's end in other processes, whose zones and clocks are set as they like.
 *
 * `TIME_ZONES=all` takes every zone as the one of the web and of the job, else some have to do.
 */
final class ClockTest extends GraphTestCase
{
    /** Both sides of the world, half an hour, a Ramadan that pauses summer time, and none at all. */
    private const SOME_ZONES = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Africa/Casablanca', 'Asia/Kolkata'];

    /** What Entra ID says of a token of an hour. */
    private const LIFE = 3599;

    private MovedClock $clock;

    protected function setUp(): void
    {
        parent::setUp();
        $this->clock = new MovedClock($this->folder);
        $this->sandbox->set(['token_life' => 3600, 'refresh_in' => null]);
    }

    public function testNoZoneOfWebOrJobMattersAtTheEdgesOfSummerTime(): void
    {
        $this->signedIn('forward');
        $this->signedIn('back');
        $all = array_diff(\DateTimeZone::listIdentifiers(\DateTimeZone::ALL_WITH_BC), ['Factory', 'localtime', 'leapseconds', 'posixrules', 'tzdata.zi']);
        $zones = getenv('TIME_ZONES') === 'all' ? array_values($all) : self::SOME_ZONES;
        // Each call to what decides, at its last second before and its first one after it turns; the leeway is 300.
        $distances = [-601, -301, -300, -1, 0, 1];
        $decide = 'foreach (' . json_encode($distances) . ' as $distance) {
            stop_clock_at($edge + $distance);
            $end = token_status($account)->expiresAt;
            $found[$account][] = [token_status($account)->state->value, is_token_expired($account), is_token_expired($account, 0),
                is_expired($end, leeway: 0), is_expired($end->getTimestamp(), leeway: 0)];
        }';
        $expected = array_map(static fn (int $distance): array => [
            $distance < 0 ? 'valid' : 'expired', $distance >= -300, $distance >= 0, $distance >= 0, $distance >= 0,
        ], $distances);
        foreach ($zones as $index => $zone) {
            $other = $zones[($index + intdiv(count($zones), 2)) % count($zones)];
            $third = $zones[($index + 1) % count($zones)];
            $each = 'foreach (' . var_export(self::edges($zone), true) . ' as $account => $edge)';
            // Issued so that they end at the edges; the sandbox's own clock stays where it is, years off.
            $web = $this->ask(
                $each . ' { stop_clock_at($edge - ' . self::LIFE . '); refresh_token($account); ' . $decide . ' } echo json_encode($found);',
                $zone,
                $other,
            );
            self::assertSame(['forward' => $expected, 'back' => $expected], $web, "web with TZ={$zone}, date.timezone={$other}");
            $job = $this->ask(
                $each . ' { ' . $decide . '
                    $look = fn (): string => refresh_tokens(600, [$account])->results[0]->outcome->value;
                    stop_clock_at($edge - 601);
                    $found["job"][] = [$look(), export_token($account)["access_token"] === access_token($account)];
                    stop_clock_at($edge - 600);
                    $old = export_token($account)["access_token"];
                    $found["job"][] = [$look(), $old !== access_token($account)];
                } echo json_encode($found);',
                $other,
                $third,
            );
            $looked = [['not_due', true], ['refreshed', true], ['not_due', true], ['refreshed', true]];
            self::assertSame(['forward' => $expected, 'job' => $looked, 'back' => $expected], $job, "job with TZ={$other}, date.timezone={$third}, edges of {$zone}");
        }
        if ($zones !== self::SOME_ZONES) {
            fwrite(STDERR, sprintf("\nfigure: %d zones in TZ and in date.timezone, web and job in different ones, both edges of summer time: every decision right to the second\n", count($zones)));
        }
    }

    /**
     * @dataProvider settingsOfTheClock
     */
    public function testAClockThatIsSetCostsARenewalAndNothingElse(int $seconds): void
    {
        $this->signedIn();
        $again = 'echo json_encode([access_token("invoices"), token_status("invoices")->state->value]);';
        foreach (['set' => $seconds, 'set right' => 0] as $what => $moved) {
            $before = $this->sandbox->asked('token');
            $this->clock->move($moved);
            [$token, $state] = $this->ask($again);
            self::assertSame('valid', $state, $what);
            self::assertSame([$token, 'valid'], $this->ask($again), $what);
            self::assertLessThanOrEqual(1, $this->sandbox->asked('token') - $before, $what);
            self::assertSame('not_due', $this->ask('echo json_encode(refresh_tokens(600)->results[0]->outcome->value);'), $what);
        }
    }

    /**
     * @return iterable<string, array{int}>
     */
    public function settingsOfTheClock(): iterable
    {
        foreach (['hour' => 3600, 'five hours' => 18_000, 'day' => 86_400, 'ninety days' => 7_776_000] as $name => $seconds) {
            yield 'forward by ' . $name => [$seconds];
            yield 'back by ' . $name => [-$seconds];
        }
    }

    public function testAClockThatIsSetWithinAProcessIsNoticedByTheNextCall(): void
    {
        $this->signedIn();
        $found = $this->ask(
            '$first = access_token("invoices");
            foreach ([7200, 0, -7200, 0, -86400, 86400, 0] as $seconds) {
                move_clock($seconds);
                $token = access_token("invoices");
                $left = token_status("invoices")->expiresAt->getTimestamp() - time();
                $found[] = [token_status("invoices")->state->value, $left > 300 && $left <= 3600, $token === access_token("invoices")];
            }
            echo json_encode($found);',
        );
        self::assertSame(array_fill(0, 7, ['valid', true, true]), $found);
    }

    public function testAClockThatWasSetBackWithinATokensLifeMakesItNoYounger(): void
    {
        $this->signedIn();
        // Issued while the clock was ahead by less than two minutes, which no comparison with the issue shows.
        $this->clock->move(110);
        $told = $this->ask('refresh_token("invoices"); echo json_encode(token_status("invoices")->expiresAt->getTimestamp());');
        $this->clock->move(0);
        $now = $this->ask('echo json_encode(token_status("invoices")->expiresAt->getTimestamp());');
        self::assertEqualsWithDelta($told - 110, $now, 3);
    }

    /**
     * @dataProvider offsetsOfTheServer
     */
    public function testAServerWhoseDateIsOffCostsNoSignInAndMovesNoEnd(int $offset): void
    {
        $this->sandbox->control('POST', '/clock', ['offset' => $offset]);
        $this->signedIn();
        $found = $this->ask('$status = refresh_token("invoices"); echo json_encode([$status->state->value, $status->clockSkew, $status->expiresAt->getTimestamp() - time()]);');
        self::assertSame('valid', $found[0]);
        self::assertEqualsWithDelta($offset, $found[1], 5);
        self::assertEqualsWithDelta(3600, $found[2], 5);
        $asked = $this->sandbox->asked('token');
        $this->ask('echo json_encode(access_token("invoices") !== "");');
        self::assertSame($asked, $this->sandbox->asked('token'));
    }

    /**
     * @return iterable<string, array{int}>
     */
    public function offsetsOfTheServer(): iterable
    {
        foreach ([-86_400, -18_000, -3_600, 3_600, 18_000, 86_400] as $seconds) {
            yield $seconds . ' s' => [$seconds];
        }
    }

    public function testAKeptLocalTimeIsReadByItsOwnZoneWhereverTheProcessIs(): void
    {
        $this->account();
        $cases = [
            ['Europe/Berlin', '2037-10-25 02:30:00', '2037-10-25T00:30:00Z'],
            ['Europe/Berlin', '2037-03-29 02:30:00', '2037-03-29T01:00:00Z'],
            ['Europe/Berlin', '2037-10-25 03:00:00', '2037-10-25T02:00:00Z'],
            ['America/New_York', '2037-11-01 01:30:00', '2037-11-01T05:30:00Z'],
            ['America/New_York', '2037-03-08 02:30:00', '2037-03-08T07:00:00Z'],
            ['W. Europe Standard Time', '2037-10-25 02:30:00', '2037-10-25T00:30:00Z'],
        ];
        foreach ($cases as [$zone, $local, $utc]) {
            foreach ([['Asia/Tokyo', 'America/Los_Angeles'], ['Europe/Berlin', 'UTC'], ['America/New_York', 'Europe/Berlin']] as [$environment, $setting]) {
                $this->clock->stopAt((new \DateTimeImmutable($utc))->getTimestamp() - 1);
                $found = $this->ask(
                    sprintf('$status = adopt_token("invoices", ["access_token" => "kept", "refresh_token" => "kept", "expires_at" => %s], timezone: %s);
                        $before = $status->state->value; stop_clock_at(time() + 1);
                        echo json_encode([$status->expiresAt->format("Y-m-d\\TH:i:s\\Z"), $before, token_status("invoices")->state->value]);', var_export($local, true), var_export($zone, true)),
                    $environment,
                    $setting,
                );
                self::assertSame([$utc, 'valid', 'expired'], $found, "{$local} of {$zone} in TZ={$environment}, date.timezone={$setting}");
            }
        }
    }

    /**
     * Two instants at which the zone's clocks jump, one of each direction; a zone that never does has Berlin's.
     *
     * @return array{forward: int, back: int}
     */
    private static function edges(string $zone): array
    {
        $edges = [];
        $before = null;
        // False for the few names that the constructor takes for abbreviations.
        foreach ((new \DateTimeZone($zone))->getTransitions(1_750_000_000, 2_145_916_799) ?: [] as $transition) {
            if ($before !== null && $before !== $transition['offset']) {
                $edges[$transition['offset'] > $before ? 'forward' : 'back'] ??= $transition['ts'];
            }
            $before = $transition['offset'];
        }

        return ['forward' => $edges['forward'] ?? 1_806_195_600, 'back' => $edges['back'] ?? 1_824_944_400];
    }

    /**
     * What a process in some zones says, by this test's clock.
     */
    private function ask(string $code, string $environment = 'Asia/Tokyo', string $setting = 'America/Los_Angeles'): mixed
    {
        $php = Php::run(
            ['-r', 'namespace Squeeze\Graph; ' . MovedClock::functions() . $code],
            ['date.timezone' => $setting, 'squeeze_graph.retry_budget' => '5'],
            ['TZ' => $environment] + $this->clock->environment(),
        );
        self::assertSame('', $php->errors());

        return json_decode($php->output(), true, 512, JSON_THROW_ON_ERROR);
    }
}
