<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

use PHPUnit\Framework\Assert;

/**
 * A host that imports with importer.php in processes of their own, and what it noted: its journal, its database, its ledger.
 */
final class ImportHost
{
    public function __construct(public readonly string $folder, private readonly Sandbox $sandbox)
    {
        mkdir($folder . '/database', 0700, true);
        touch($folder . '/journal');
    }

    /**
     * @param array<string, string> $settings
     */
    public function start(array $settings = [], ?string $directory = null): Php
    {
        return Php::start([__DIR__ . '/importer.php', $this->folder, ...($directory === null ? [] : [$directory])], $settings);
    }

    public function run(?string $directory = null): Php
    {
        return $this->start([], $directory)->wait(120);
    }

    /**
     * Breaks what is done with each mail: statements of PHP that are run before the work on it. Null mends it.
     */
    public function break(?string $statements): void
    {
        $file = $this->folder . '/fault.php';
        if ($statements !== null) {
            file_put_contents($file, '<?php return static function (\Squeeze\Graph\IncomingMessage $mail): void { ' . $statements . ' };');
        } elseif (is_file($file)) {
            unlink($file);
        }
    }

    public function note(string $line): void
    {
        file_put_contents($this->folder . '/journal', $line . "\n", FILE_APPEND);
    }

    /**
     * @return list<string> what happened, in order
     */
    public function journal(): array
    {
        return file($this->folder . '/journal', FILE_IGNORE_NEW_LINES);
    }

    /**
     * How many mails an event is noted of.
     */
    public function noted(string $event): int
    {
        return count(array_unique(preg_grep('/^' . $event . ' /', $this->journal())));
    }

    /**
     * @return list<array{id: string, key: string, attempt: int}> what was handed over, in order
     */
    public function handed(): array
    {
        $handed = [];
        foreach (preg_grep('/^begin /', $this->journal()) as $line) {
            [, $id, $key, $attempt] = explode(' ', $line);
            $handed[] = ['id' => $id, 'key' => $key, 'attempt' => (int) $attempt];
        }

        return $handed;
    }

    /**
     * @return array{int, int, int} mails in the inbox, processed, in the error folder
     */
    public function counts(): array
    {
        return array_map(fn (string $folder): int => count($this->listed($folder)), ['/Posteingang', '/Verarbeitet', '/Fehler']);
    }

    /**
     * Holds everything against the promises once the inbox is empty: each mail is imported once, went the right way by one move, and came
     * again only after a run that broke ("killed" in the journal) with it in hand, with the same key and a higher attempt, and never after
     * its receipt ("told", or "durable" with the message's hash, as it stands in the store).
     *
     * @return int how often a mail was handed over again
     */
    public function assertEveryMailOnce(int $mails): int
    {
        $repeats = $this->checkJournal($mails);
        $this->checkFolders($mails);
        $database = new \PDO('sqlite:' . $this->folder . '/database/host.sqlite');
        $rows = $database->query('SELECT count(*), count(DISTINCT message), count(DISTINCT import_key) FROM mails')->fetch(\PDO::FETCH_NUM);
        Assert::assertSame([$mails, $mails, $mails], array_map(intval(...), $rows), 'the key makes each mail one row');
        Assert::assertCount($mails, array_unique(file($this->folder . '/ledger')));

        return $repeats;
    }

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
                    Assert::assertArrayNotHasKey($id, $told, $where . ' came again after its receipt');
                    Assert::assertArrayNotHasKey(hash('sha256', "message\0" . $id), $durable, $where . ' came again after its receipt');
                    if (isset($seen[$id])) {
                        $repeats++;
                        Assert::assertSame($seen[$id]['key'], $key, $where . ' has another key');
                        Assert::assertGreaterThan($seen[$id]['attempt'], (int) $attempt, $where);
                        Assert::assertGreaterThan($seen[$id]['life'], $life, $where . ' came again without a broken run');
                        Assert::assertSame($id, $inHand[$seen[$id]['life']], $where . ' was not in hand when its run broke');
                    } else {
                        Assert::assertArrayNotHasKey($key, $keys, $where . ' has the key of another mail');
                        Assert::assertTrue((int) $attempt === 1 || $life > 0, $where . ' is no first attempt');
                    }
                    $keys[$key] = true;
                    $inHand[$life] = $id;
                    $seen[$id] = ['key' => $key, 'attempt' => (int) $attempt, 'life' => $life];
                    break;
            }
        }
        Assert::assertCount($mails, $seen, 'a mail never reached the host');
        Assert::assertCount($mails, $done, 'a mail was never done');
        Assert::assertLessThanOrEqual($life, $repeats);

        return $repeats;
    }

    private function checkFolders(int $mails): void
    {
        $count = 0;
        foreach (['/Verarbeitet' => false, '/Fehler' => true] as $folder => $rejected) {
            foreach ($this->listed($folder) as $message) {
                $sum = array_sum(array_map(ord(...), str_split($message['subject'])));
                Assert::assertSame($rejected, $sum % 7 === 0, $message['subject'] . ' went to ' . $folder);
                Assert::assertSame(1, $message['moves'], $message['subject'] . ' was moved more than once');
                $count++;
            }
        }
        Assert::assertSame($mails, $count, 'mails are lost');
        Assert::assertSame([], $this->listed('/Posteingang'));
    }

    /**
     * @return list<array<string, mixed>>
     */
    private function listed(string $folder): array
    {
        return $this->sandbox->control('GET', '/messages?folder=' . rawurlencode($folder) . '&mailbox=' . rawurlencode(World::USER))['messages'];
    }
}
