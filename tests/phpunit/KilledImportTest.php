<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\ImportHost;
use Squeeze\Graph\Tests\Support\Php;

/**
 * An importing PHP process is killed (SIGKILL) at random instants and started again, as cron would. No mail is lost; a mail comes again only
 * after a kill that found it in hand, with the same key and a higher attempt, and never once its receipt is durable.
 *
 * IMPORT_KILLS and IMPORT_MAILS set how many kills there are at least, and how many mails lie in the inbox at a time; IMPORT_SEED repeats the
 * choice of instants (not what the processes had done by then).
 */
final class KilledImportTest extends GraphTestCase
{
    /** Milliseconds every answer of the sandbox takes, so that kills fall into all phases. */
    private const LATENCY = 20;

    private ImportHost $host;
    /** @var array<string, int> kills by what was going on */
    private array $phases = [];

    public function testNoKillLosesAMailOrRepeatsOneWithoutReason(): void
    {
        $kills = (int) (getenv('IMPORT_KILLS') ?: 12);
        $mailbox = (int) (getenv('IMPORT_MAILS') ?: 40);
        $seed = (int) (getenv('IMPORT_SEED') ?: random_int(1, 1_000_000_000));
        mt_srand($seed);
        $this->prepare();
        $killed = $mails = 0;
        try {
            while ($killed < $kills) {
                $this->sandbox->control('POST', '/mails/generate', ['count' => $mailbox, 'size' => 3_000, 'first' => $mails + 1]);
                $mails += $mailbox;
                for ($life = 0; !$this->live($mails, $killed < $kills ? $life : null); $life++) {
                    $killed++;
                    self::assertLessThan($kills * 20, $killed, 'it never comes to an end');
                }
                self::assertSame(0, $this->host->counts()[0], 'a run that ended by itself left nothing');
            }
            $repeats = $this->host->assertEveryMailOnce($mails);
            $this->checkStore();
        } catch (\Throwable $error) {
            fwrite(STDERR, sprintf("IMPORT_SEED=%d\n%s", $seed, implode("\n", array_slice($this->host->journal(), -60))));
            throw $error;
        }
        if (getenv('IMPORT_KILLS')) {
            fwrite(STDERR, sprintf("\nfigure: %d kills over %d mails, %d at a time (seed %d): none lost, %d handed over again, each after a kill that found it in hand\n", $killed, $mails, $mailbox, $seed, $repeats));
            arsort($this->phases);
            foreach ($this->phases as $phase => $count) {
                fwrite(STDERR, sprintf("figure: %4d kills %s\n", $count, $phase));
            }
        }
    }

    private function prepare(): void
    {
        $this->signedIn();
        $this->host = new ImportHost($this->folder . '/host', $this->sandbox);
        $this->sandbox->set(['latency_ms' => self::LATENCY]);
    }

    /**
     * One process, which is killed at a random instant, or none if $life is null; whether it ended before by itself.
     */
    private function live(int $mails, ?int $life): bool
    {
        $this->sandbox->control('DELETE', '/counters');
        $before = count($this->host->journal());
        $child = $this->host->start(['squeeze_graph.retry_budget' => '10']);
        if ($life !== null) {
            $this->wait($child, $mails);
            $child->signal(SIGKILL);
        }
        $inFlight = $this->inFlight();
        $child->wait();
        if ($child->status() !== 128 + SIGKILL) {
            self::assertSame(0, $child->status(), $child->errors());

            return true;
        }
        $this->countPhase($before, $mails, $inFlight);
        $this->host->note('killed');
        // Not always: whoever looks into the store tidies its log away, and a process that finds the log is what is tested, too.
        if (mt_rand(0, 2) === 0) {
            $store = $this->store();
            self::assertSame('ok', $store['integrity']);
            foreach ($store['returned'] as $hash) {
                $this->host->note('durable ' . $hash);
            }
        }

        return false;
    }

    /**
     * Until a random instant: any time after the start or after the first mail, or any time around a batch of moves or the last mail.
     */
    private function wait(Php $child, int $mails): void
    {
        $begun = $this->host->noted('begin');
        $aim = mt_rand(1, 20);
        [$reached, $most] = match (true) {
            $aim <= 8 => [static fn (): bool => true, 700],
            $aim <= 15 => [fn (): bool => $this->host->noted('begin') > $begun, 500],
            $aim <= 19 => [fn (): bool => in_array('moving', $this->inFlight(), true), 80],
            default => [fn (): bool => $this->host->noted('told') === $mails, 120],
        };
        while ($child->running() && !$reached()) {
            usleep(5_000);
        }
        $end = microtime(true) + mt_rand(0, $most) / 1_000;
        while ($child->running() && microtime(true) < $end) {
            usleep(500);
        }
    }

    /**
     * @return list<string> what the sandbox is at work on
     */
    private function inFlight(): array
    {
        $open = array_filter($this->sandbox->control('GET', '/requests')['requests'], static fn (array $request): bool => !isset($request['status']));

        return array_values(array_map(static fn (array $request): string => match (true) {
            str_contains($request['endpoint'], '/move') || preg_grep('~/move$~', $request['items'] ?? []) !== [] => 'moving',
            str_contains($request['endpoint'], '$value') => 'downloading',
            default => 'asking',
        }, $open));
    }

    /**
     * @param list<string> $inFlight
     */
    private function countPhase(int $before, int $mails, array $inFlight): void
    {
        $lines = array_slice($this->host->journal(), $before);
        $last = explode(' ', end($lines) ?: '')[0];
        $phase = match (true) {
            $last === '' => 'while PHP started',
            $last === 'start' => 'before the first mail: folders, list, look-ups, first downloads',
            $last === 'begin' => 'in the handler',
            $last === 'done' => 'while the receipt was written',
            $this->host->noted('told') === $mails => 'after the last mail: last moves and receipts',
            default => 'between two mails',
        };
        $this->phases[$phase] = ($this->phases[$phase] ?? 0) + 1;
        foreach (array_unique($inFlight) as $what) {
            $phase = match ($what) {
                'moving' => '(of these) with moves in flight',
                'downloading' => '(of these) with downloads in flight',
                'asking' => '(of these) with other requests in flight',
            };
            $this->phases[$phase] = ($this->phases[$phase] ?? 0) + 1;
        }
    }

    private function checkStore(): void
    {
        $store = $this->store();
        self::assertSame('ok', $store['integrity']);
        self::assertSame(0, $store['open'], 'receipts stayed open');
        self::assertSame([], glob($this->folder . '/store.sqlite.import-*'), 'downloads stayed behind');
    }

    /**
     * What stands in the store, read by a process of its own: no PHP code may open it in one that uses the extension.
     *
     * @return array{integrity: string, open: int, returned: list<string>}
     */
    private function store(): array
    {
        $child = Php::run(['-r', '
            $store = new \PDO("sqlite:" . $argv[1]);
            $all = fn (string $sql): array => $store->query($sql)->fetchAll(\PDO::FETCH_COLUMN);
            echo json_encode([
                "integrity" => implode("\n", $all("PRAGMA integrity_check")),
                "open" => (int) $all("SELECT count(*) FROM receipts")[0],
                "returned" => $all("SELECT lower(hex(message)) FROM receipts WHERE state = 3"),
            ]);', $this->folder . '/store.sqlite']);

        return $child->lines()[0];
    }
}
