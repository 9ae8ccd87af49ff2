<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

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

    private string $host;
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
                self::assertSame([], $this->listed('/Posteingang'), 'a run that ended by itself left nothing');
            }
            $repeats = $this->checkJournal($mails);
            $this->checkFolders($mails);
            $this->checkHost($mails);
            $this->checkStore();
        } catch (\Throwable $error) {
            fwrite(STDERR, sprintf("IMPORT_SEED=%d\n%s", $seed, implode("\n", array_slice($this->journal(), -60))));
            throw $error;
        }
        if (getenv('IMPORT_KILLS')) {
            fwrite(STDERR, sprintf("figure: %d kills over %d mails, %d at a time (seed %d): none lost, %d handed over again, each after a kill that found it in hand\n", $killed, $mails, $mailbox, $seed, $repeats));
            arsort($this->phases);
            foreach ($this->phases as $phase => $count) {
                fwrite(STDERR, sprintf("figure: %4d kills %s\n", $count, $phase));
            }
        }
    }

    private function prepare(): void
    {
        $this->signedIn();
        $this->host = $this->folder . '/host';
        mkdir($this->host . '/database', recursive: true);
        touch($this->host . '/journal');
        $this->sandbox->set(['latency_ms' => self::LATENCY]);
    }

    /**
     * One process, which is killed at a random instant, or none if $life is null; whether it ended before by itself.
     */
    private function live(int $mails, ?int $life): bool
    {
        $this->sandbox->control('DELETE', '/counters');
        $before = count($this->journal());
        $child = Php::start([__DIR__ . '/Support/importer.php', $this->host], ['squeeze_graph.retry_budget' => '10']);
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
        file_put_contents($this->host . '/journal', "killed\n", FILE_APPEND);
        // Not always: whoever looks into the store tidies its log away, and a process that finds the log is what is tested, too.
        if (mt_rand(0, 2) === 0) {
            $store = $this->store();
            self::assertSame('ok', $store['integrity']);
            $durable = implode('', array_map(static fn (string $hash): string => 'durable ' . $hash . "\n", $store['returned']));
            file_put_contents($this->host . '/journal', $durable, FILE_APPEND);
        }

        return false;
    }

    /**
     * Until a random instant: any time after the start or after the first mail, or any time around a batch of moves or the last mail.
     */
    private function wait(Php $child, int $mails): void
    {
        $noted = fn (string $event): int => count(array_unique(preg_grep('/^' . $event . ' /', $this->journal())));
        $begun = $noted('begin');
        [$reached, $most] = match (mt_rand(1, 10)) {
            1, 2, 3 => [static fn (): bool => true, 1_000],
            4, 5, 6 => [static fn (): bool => $noted('begin') > $begun, 1_000],
            7, 8, 9 => [fn (): bool => in_array('moving', $this->inFlight(), true), 80],
            10 => [static fn (): bool => $noted('told') === $mails, 120],
        };
        while ($child->running() && !$reached()) {
            usleep(2_000);
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
        $journal = $this->journal();
        $lines = array_slice($journal, $before);
        $last = explode(' ', end($lines) ?: '')[0];
        $told = count(array_unique(preg_grep('/^told /', $journal)));
        $phase = match (true) {
            $last === '' => 'while PHP started',
            $last === 'start' => 'before the first mail: folders, list, look-ups, first downloads',
            $last === 'begin' => 'in the handler',
            $last === 'done' => 'while the receipt was written',
            $told === $mails => 'after the last mail: last moves and receipts',
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

    /**
     * Holds what the host noted against the promises; how often a mail was handed over again.
     */
    private function checkJournal(int $mails): int
    {
        /** @var array<string, array{key: string, attempt: int, life: int}> $seen */
        $seen = [];
        $durable = $told = $done = $keys = $inHand = [];
        $life = $repeats = 0;
        foreach ($this->journal() as $number => $line) {
            $words = explode(' ', $line);
            $where = sprintf('line %d: %s', $number + 1, $line);
            switch ($words[0]) {
                case 'killed':
                    $life++;
                    break;
                case 'durable':
                    $durable[$words[1]] = true;
                    break;
                case 'told':
                    $told[$words[1]] = true;
                    break;
                case 'done':
                    $done[$words[1]] = true;
                    break;
                case 'begin':
                    [, $id, $key, $attempt] = $words;
                    self::assertArrayNotHasKey($id, $told, $where . ' came again after its receipt');
                    self::assertArrayNotHasKey(hash('sha256', "message\0" . $id), $durable, $where . ' came again after its receipt');
                    if (isset($seen[$id])) {
                        $repeats++;
                        self::assertSame($seen[$id]['key'], $key, $where . ' has another key');
                        self::assertGreaterThan($seen[$id]['attempt'], (int) $attempt, $where);
                        self::assertGreaterThan($seen[$id]['life'], $life, $where . ' came again without a kill');
                        self::assertSame($id, $inHand[$seen[$id]['life']], $where . ' was not in hand when its process was killed');
                    } else {
                        self::assertArrayNotHasKey($key, $keys, $where . ' has the key of another mail');
                        self::assertTrue((int) $attempt === 1 || $life > 0, $where . ' is no first attempt');
                    }
                    $keys[$key] = true;
                    $inHand[$life] = $id;
                    $seen[$id] = ['key' => $key, 'attempt' => (int) $attempt, 'life' => $life];
                    break;
            }
        }
        self::assertCount($mails, $seen, 'a mail never reached the host');
        self::assertCount($mails, $done, 'a mail was never done');
        self::assertLessThanOrEqual($life, $repeats);

        return $repeats;
    }

    private function checkFolders(int $mails): void
    {
        $counts = [];
        foreach (['/Verarbeitet' => false, '/Fehler' => true] as $folder => $rejected) {
            $messages = $this->listed($folder);
            $counts[] = count($messages);
            foreach ($messages as $message) {
                $sum = array_sum(array_map(ord(...), str_split($message['subject'])));
                self::assertSame($rejected, $sum % 7 === 0, $message['subject'] . ' went to ' . $folder);
                self::assertSame(1, $message['moves'], $message['subject'] . ' was moved more than once');
            }
        }
        self::assertSame($mails, array_sum($counts), 'mails are lost');
        self::assertGreaterThan(0, min($counts));
    }

    private function checkHost(int $mails): void
    {
        $database = new \PDO('sqlite:' . $this->host . '/database/host.sqlite');
        $rows = $database->query('SELECT count(*), count(DISTINCT message), count(DISTINCT import_key) FROM mails')->fetch(\PDO::FETCH_NUM);
        self::assertSame([$mails, $mails, $mails], array_map(intval(...), $rows), 'the key made each mail one row');
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

    /**
     * @return list<string>
     */
    private function journal(): array
    {
        return file($this->host . '/journal', FILE_IGNORE_NEW_LINES);
    }

    /**
     * @return list<array<string, mixed>>
     */
    private function listed(string $folder): array
    {
        return $this->sandbox->control('GET', '/messages?folder=' . rawurlencode($folder) . '&mailbox=' . rawurlencode(World::USER))['messages'];
    }
}
