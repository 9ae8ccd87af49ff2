<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;

use function Squeeze\Graph\is_expired;
use function Squeeze\Graph\to_utc;

/**
 * Local times of every zone that PHP knows, against PHP's own tables of transitions.
 *
 * The tables only: what PHP's parser makes of an hour that exists twice differs from zone to zone. `TIME_ZONES=all` takes every
 * transition from 1970 to 2037 and more local times around each, else some years have to do.
 */
final class TimeZonesTest extends TestCase
{
    /** 2037-12-31T23:59:59Z: the tables end soon after. */
    private const LAST = 2_145_916_799;

    /** The ends of the tables, years with odd jumps (a day left out, half an hour, a Ramadan that pauses summer time), and today. */
    private const SOME_YEARS = [1970, 1995, 2011, 2016, 2026, 2037];

    /** Files of the system's database, all of which Debian's PHP lists: tables, and names without a place. */
    private const NO_ZONES = ['Factory', 'localtime', 'leapseconds', 'posixrules', 'tzdata.zi'];

    /**
     * Zones whose rules a release of the IANA database changed: where PHP has that release and the extension has not, or the other
     * way round, both are right. With the same release on both sides nothing is left out.
     */
    private const CHANGED_BY_RELEASE = [
        '2025a' => ['America/Asuncion', 'Asia/Manila'],
        '2025b' => ['Asia/Tehran', 'Iran'],
        '2025c' => ['America/Ensenada', 'America/Santa_Isabel', 'America/Tijuana', 'Mexico/BajaNorte'],
        '2026a' => ['Europe/Chisinau', 'Europe/Tiraspol'],
        '2026b' => ['America/Vancouver', 'Canada/Pacific'],
        '2026c' => ['Africa/Casablanca', 'Africa/El_Aaiun', 'America/Edmonton', 'America/Yellowknife', 'Canada/Mountain'],
        '2026d' => ['America/Bogota', 'America/Inuvik', 'Asia/Tehran', 'Iran'],
        '2026e' => ['America/Rainy_River', 'America/Winnipeg', 'Canada/Central'],
        '2026f' => ['America/Havana', 'Cuba'],
    ];

    /**
     * Since 2024b the database has these as other names of a place; Debian's keeps the zones they were. From that year on they agree.
     */
    private const PLACES_ELSEWHERE = ['EET' => ['Europe/Athens', 1981], 'WET' => ['Europe/Lisbon', 1997]];

    /** Seconds from the two local times of a transition. */
    private const NEAR = [-3_601, -1, 0, 1, 1_800];
    private const AROUND = [-86_400, -7_201, -3_601, -3_600, -1_801, -1_800, -900, -1, 0, 1, 900, 1_800, 3_599, 3_600, 7_200, 86_400];

    public function testEveryLocalTimeOfEveryZoneIsWhatTheTransitionsSay(): void
    {
        $wrong = [];
        $counts = ['zones' => 0, 'transitions' => 0, 'local times' => 0, 'doubled' => 0, 'missing' => 0, 'plain' => 0];
        foreach ($this->zones() as $name) {
            $counts['zones']++;
            $segments = self::segments($name);
            foreach (self::localTimes($segments, self::since($name), $counts) as $local) {
                [$expected, $kind] = self::instant($segments, $local);
                $counts['local times']++;
                $counts[$kind]++;
                $text = gmdate('Y-m-d H:i:s', $local);
                $found = to_utc($text, $name)->getTimestamp();
                if ($found !== $expected) {
                    $wrong[] = sprintf('%s %s (%s): to_utc %s instead of %s', $name, $text, $kind, gmdate('c', $found), gmdate('c', $expected));
                    continue;
                }
                // Three seconds, so that the clock may go on between the two calls.
                $ends = $expected - time();
                if (is_expired($text, $name, max(0, $ends - 3)) !== ($ends <= 0) || !is_expired($text, $name, max(0, $ends + 3))) {
                    $wrong[] = sprintf('%s %s (%s): is_expired does not agree with to_utc', $name, $text, $kind);
                }
            }
        }
        self::assertSame([], array_slice($wrong, 0, 20), sprintf('%d local times are read wrongly', count($wrong)));
        self::assertGreaterThan(1_000, min($counts['doubled'], $counts['missing']));
        self::figure(sprintf(
            '%d zones, %d transitions, %d local times (%d of them exist twice, %d not at all), rules of %s, PHP\'s of %s: all as the transitions say',
            $counts['zones'],
            $counts['transitions'],
            $counts['local times'],
            $counts['doubled'],
            $counts['missing'],
            $this->ourRelease(),
            $this->phpRelease(),
        ));
    }

    public function testAnInstantThatIsWrittenInLocalTimeComesBack(): void
    {
        $wrong = [];
        $instants = 0;
        foreach ($this->zones() as $name) {
            $zone = self::zone($name);
            foreach (self::edges(self::segments($name), self::since($name)) as [$edge, $before, $after]) {
                foreach ([-7_200, -1, 0, 1, 1_800, 7_200] as $distance) {
                    $instant = $edge + $distance;
                    $text = (new \DateTimeImmutable('@' . $instant))->setTimezone($zone)->format('Y-m-d H:i:s');
                    $found = to_utc($text, $name)->getTimestamp();
                    // Where the clocks went back, the same local time was there before: the earlier one counts.
                    $expected = $distance >= 0 && $distance < $before - $after ? $instant - ($before - $after) : $instant;
                    $instants++;
                    if ($found !== $expected) {
                        $wrong[] = sprintf('%s %s: %s instead of %s', $name, $text, gmdate('c', $found), gmdate('c', $expected));
                    }
                }
            }
        }
        self::assertSame([], array_slice($wrong, 0, 20), sprintf('%d instants do not come back', count($wrong)));
        self::assertGreaterThan(10_000, $instants);
        self::figure(sprintf('%d instants around transitions, written in local time and read again: all come back', $instants));
    }

    public function testAnExpiryWithinAnHourThatExistsTwiceOrNotAtAllIsJudgedByItsOneMeaning(): void
    {
        foreach ([['2037-10-25 02:30:00', '2037-10-25T00:30:00Z'], ['2037-03-29 02:30:00', '2037-03-29T01:00:00Z']] as [$local, $utc]) {
            $ends = (new \DateTimeImmutable($utc))->getTimestamp() - time();
            self::assertFalse(is_expired($local, 'Europe/Berlin', $ends - 3));
            self::assertTrue(is_expired($local, 'Europe/Berlin', $ends + 3));
        }
    }

    /**
     * @return list<string> the zones in which both must agree
     */
    private function zones(): array
    {
        $skipped = self::NO_ZONES;
        [$older, $newer] = [min($this->phpRelease(), $this->ourRelease()), max($this->phpRelease(), $this->ourRelease())];
        foreach (self::CHANGED_BY_RELEASE as $release => $zones) {
            if ($older < $release && $release <= $newer) {
                array_push($skipped, ...$zones);
            }
        }

        $all = \DateTimeZone::listIdentifiers(\DateTimeZone::ALL_WITH_BC);
        self::assertGreaterThan(590, count($all), 'not all names of zones are there');

        return array_values(array_diff($all, $skipped));
    }

    /**
     * @return int the first year in which both have the same rules for a zone
     */
    private static function since(string $zone): int
    {
        [$place, $year] = self::PLACES_ELSEWHERE[$zone] ?? [$zone, 1970];

        return self::segments($zone) === self::segments($place) ? 1970 : $year;
    }

    private static function everything(): bool
    {
        return getenv('TIME_ZONES') === 'all';
    }

    /**
     * DateTimeZone's constructor takes `CET` or `EST` for an abbreviation, which has no transitions; as a default it is the zone.
     */
    private static function zone(string $name): \DateTimeZone
    {
        $before = date_default_timezone_get();
        try {
            date_default_timezone_set($name);

            return (new \DateTimeImmutable())->getTimezone();
        } finally {
            date_default_timezone_set($before);
        }
    }

    /**
     * @return list<array{int, int}> since when (epoch seconds) which offset (seconds east of UTC) holds
     */
    private static function segments(string $zone): array
    {
        $segments = [];
        foreach (self::zone($zone)->getTransitions(-172_800, self::LAST + 172_800) as $transition) {
            $last = end($segments);
            // Another abbreviation or "summer time" alone moves no clock.
            if ($last === false || $last[1] !== $transition['offset']) {
                $segments[] = [$last === false ? PHP_INT_MIN : $transition['ts'], $transition['offset']];
            }
        }

        return $segments;
    }

    /**
     * @param list<array{int, int}> $segments
     * @return iterable<array{int, int, int}> when the clocks jump, the offset before and after
     */
    private static function edges(array $segments, int $since): iterable
    {
        for ($index = 1; $index < count($segments); $index++) {
            [$edge, $after] = $segments[$index];
            $year = (int) gmdate('Y', $edge);
            if ($year >= $since && $edge <= self::LAST && (self::everything() || in_array($year, self::SOME_YEARS, true))) {
                yield [$edge, $segments[$index - 1][1], $after];
            }
        }
    }

    /**
     * @param list<array{int, int}> $segments
     * @param array<string, int> $counts
     * @return iterable<int> local times, written as if they were UTC
     */
    private static function localTimes(array $segments, int $since, array &$counts): iterable
    {
        foreach (self::edges($segments, $since) as [$edge, $before, $after]) {
            $counts['transitions']++;
            foreach (self::everything() ? self::AROUND : self::NEAR as $distance) {
                yield $edge + $before + $distance;
                yield $edge + $after + $distance;
            }
            yield $edge + intdiv($before + $after, 2);
        }
        // A zone without transitions has an offset all the same.
        foreach (self::SOME_YEARS as $year) {
            if ($year >= $since) {
                yield gmmktime(12, 0, 0, 5, 17, $year);
            }
        }
    }

    /**
     * What a local time means by the contract: the earlier instant where it exists twice, the jump where it does not exist.
     *
     * @param list<array{int, int}> $segments
     * @return array{int, string}
     */
    private static function instant(array $segments, int $local): array
    {
        $instants = [];
        $jump = null;
        foreach ($segments as $index => [$begin, $offset]) {
            $end = $segments[$index + 1][0] ?? PHP_INT_MAX;
            if ($local - $offset >= $begin && $local - $offset < $end) {
                $instants[] = $local - $offset;
            }
            if ($index > 0 && $local >= $begin + $segments[$index - 1][1] && $local < $begin + $offset) {
                $jump = $begin;
            }
        }
        if ($instants === []) {
            return [$jump ?? throw new \LogicException('a local time that is neither there nor jumped over'), 'missing'];
        }

        return [min($instants), count($instants) > 1 ? 'doubled' : 'plain'];
    }

    private function ourRelease(): string
    {
        ob_start();
        (new \ReflectionExtension('squeeze_graph'))->info();
        $found = preg_match('/^Time zones => IANA (\d{4}[a-z]+)/m', (string) ob_get_clean(), $match);
        self::assertSame(1, $found, 'phpinfo() does not tell the release of the time zones');

        return $match[1];
    }

    /**
     * PHP brings its own tables, or has the system's (Debian), whose release only the database itself tells.
     */
    private function phpRelease(): string
    {
        if (preg_match('/^(\d{4})\.(\d+)$/', timezone_version_get(), $match) === 1 && $match[1] > 1900) {
            return $match[1] . chr(ord('a') - 1 + (int) $match[2]);
        }
        $first = (string) @file_get_contents('/usr/share/zoneinfo/tzdata.zi', length: 64);
        self::assertSame(1, preg_match('/^# version (\d{4}[a-z]+)/', $first, $match), 'the release of the system\'s time zones is not known');

        return $match[1];
    }

    private static function figure(string $seen): void
    {
        if (self::everything()) {
            fwrite(STDERR, "\nfigure: {$seen}\n");
        }
    }
}
