<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\StopImport;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\ImportHost;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\import_messages;

/**
 * The host itself is in trouble: its database is away, its disk full, its code broken. No mail leaves the inbox before it is imported, and
 * once the host is well again every mail is imported exactly once. OUTAGE_RUNS asks for more runs into each outage.
 */
final class OutagesTest extends GraphTestCase
{
    private const MAILS = 5;

    private ImportHost $host;

    protected function setUp(): void
    {
        parent::setUp();
        $this->signedIn();
        $this->host = new ImportHost($this->folder . '/host', $this->sandbox);
    }

    /**
     * An exception in a row of five is the host's trouble, not the mails': the run ends, and it counts as no attempt.
     *
     * @dataProvider exceptions
     */
    public function testAnOutageThatThrowsLeavesTheInboxAsItIs(callable $break, callable $mend, string $message): void
    {
        $this->deliver(self::MAILS);
        $break($this->host->folder);
        // More runs than a mail may have failed attempts.
        $runs = max(4, self::runs());
        for ($run = 0; $run < $runs; $run++) {
            $child = $this->host->run();
            [$report] = $child->lines();
            self::assertSame([0, 0, 5], [$report['imported'], $report['rejected'], $report['failed']], $child->errors());
            self::assertCount(1, $report['reasons']);
            self::assertStringContainsString($message, $report['reasons'][0]);
            self::assertSame([self::MAILS, 0, 0], $this->host->counts());
        }
        self::assertSame(array_fill(0, $runs * 5, 1), array_column($this->host->handed(), 'attempt'), 'an outage counts as no attempt');
        $this->forget();
        $mend($this->host->folder);
        $this->host->run();
        $this->host->assertEveryMailOnce(self::MAILS);
        self::assertSame(array_fill(0, self::MAILS, 1), array_column($this->host->handed(), 'attempt'));
    }

    /**
     * @return iterable<string, array{callable(string): mixed, callable(string): mixed, string}>
     */
    public static function exceptions(): iterable
    {
        yield 'the database is away' => [
            static fn (string $host) => rename($host . '/database', $host . '/away'),
            static fn (string $host) => rename($host . '/away', $host . '/database'),
            'unable to open database file',
        ];
        yield 'the database is no database any more' => [
            static fn (string $host) => file_put_contents($host . '/database/host.sqlite', str_repeat("broken\n", 2_000)),
            static fn (string $host) => unlink($host . '/database/host.sqlite'),
            'file is not a database',
        ];
        yield 'its disk is full' => [
            static fn (string $host) => symlink('/dev/full', $host . '/ledger'),
            static fn (string $host) => unlink($host . '/ledger'),
            'No space left on device',
        ];
        yield 'a warning made an exception, as frameworks do' => [
            static fn (string $host) => file_put_contents($host . '/fault.php', '<?php return static function () {
                set_error_handler(static fn (int $level, string $text) => throw new \ErrorException($text));
                file_get_contents("/nowhere/at/all");
            };'),
            static fn (string $host) => unlink($host . '/fault.php'),
            'No such file or directory',
        ];
    }

    /**
     * What is no \Exception ends the run at once, or the process: the mail in hand stays with its attempt number, the others are untouched.
     *
     * @dataProvider breaks
     */
    public function testBrokenCodeLeavesTheInboxAsItIs(string $code, int $status, string $message): void
    {
        $this->deliver(self::MAILS);
        file_put_contents($this->host->folder . '/fault.php', $code);
        $runs = self::runs();
        for ($run = 1; $run <= $runs; $run++) {
            $child = $this->host->run();
            self::assertSame($status, $child->status(), $child->output() . $child->errors());
            self::assertStringContainsString($message, $child->errors());
            self::assertSame([self::MAILS, 0, 0], $this->host->counts());
            $this->host->note('killed');
        }
        $handed = $this->host->handed();
        self::assertSame(range(1, $runs), array_column($handed, 'attempt'), 'only the first mail was handed over');
        $this->host->break(null);
        $this->host->run();
        $this->host->assertEveryMailOnce(self::MAILS);
        self::assertSame([$runs + 1, 1, 1, 1, 1], array_column(array_slice($this->host->handed(), $runs), 'attempt'));
    }

    /**
     * @return iterable<string, array{string, int, string}>
     */
    public static function breaks(): iterable
    {
        $in = static fn (string $body): string => '<?php return static function () { ' . $body . ' };';
        yield 'a function that is not there' => [$in('\no_such_function();'), 255, 'undefined function no_such_function()'];
        yield 'a wrong type' => [$in('strlen([]);'), 255, 'must be of type string, array given'];
        yield 'an uncaught \Error' => [$in('throw new \Error("broken");'), 255, 'Uncaught Error: broken'];
        yield 'a file that does not parse' => ['<?php return static function ( {', 255, 'syntax error'];
        yield 'a class declared twice' => [$in('eval("class Twice {} class Twice {}");'), 255, 'declare class Twice'];
        yield 'a fatal error' => [$in('trigger_error("it is over", E_USER_ERROR);'), 255, 'it is over'];
        yield 'no memory' => [$in('ini_set("memory_limit", "16M"); str_repeat("x", 100_000_000);'), 255, 'Allowed memory size'];
        yield 'no time' => [$in('set_time_limit(1); for (;;) { }'), 255, 'Maximum execution time'];
        yield 'exit' => [$in('exit(3);'), 3, ''];
        yield 'die with a text' => [$in('die("no configuration");'), 0, ''];
        yield 'exit with success, as if all were well' => [$in('exit(0);'), 0, ''];
        yield 'SIGSEGV' => [$in('posix_kill(getmypid(), SIGSEGV); sleep(5);'), 128 + SIGSEGV, ''];
    }

    public function testAnOutageInTheMiddleKeepsWhatIsDoneAndWhatIsNot(): void
    {
        $this->deliver(14);
        // After the seventh mail the database is away.
        $this->host->break('
            $GLOBALS["mails"] = ($GLOBALS["mails"] ?? 0) + 1;
            if ($GLOBALS["mails"] === 8) { rename(__DIR__ . "/database", __DIR__ . "/away"); }
        ');
        $child = $this->host->run();
        self::assertSame(5, $child->lines()[0]['failed'], $child->errors());
        self::assertSame(7, $this->host->counts()[0]);
        $this->host->break(null);
        for ($run = 0; $run < self::runs(); $run++) {
            $this->host->run();
            self::assertSame(7, $this->host->counts()[0]);
        }
        rename($this->host->folder . '/away', $this->host->folder . '/database');
        $this->forget();
        $this->host->run();
        $this->host->assertEveryMailOnce(14);
    }

    /**
     * With fewer mails than max_failures nothing shows that it is the host and not these mails. A handler that knows says so.
     */
    public function testAHandlerThatKnowsOfTheOutageEndsTheRunHoweverFewMailsThereAre(): void
    {
        $this->deliver(1);
        $handler = function (IncomingMessage $mail): void {
            try {
                new \PDO('sqlite:' . $this->host->folder . '/away/host.sqlite');
            } catch (\PDOException) {
                throw new StopImport();
            }
        };
        for ($run = 0; $run < 6; $run++) {
            self::assertSame(0, import_messages('invoices', $handler)->failed);
        }
        self::assertSame([1, 0, 0], $this->host->counts());
        // It was handed over each time, but not to the one who keeps the journal.
        $this->host->note('killed');
        $this->host->run();
        $this->host->assertEveryMailOnce(1);
    }

    private static function runs(): int
    {
        return (int) (getenv('OUTAGE_RUNS') ?: 2);
    }

    private function deliver(int $count): void
    {
        for ($number = 0; $number < $count; $number++) {
            $this->sandbox->deliver(World::USER, Mail::mime('mail ' . $number, ['invoice.pdf' => '%PDF ' . $number]));
        }
    }

    /**
     * As if what failed had not been handed over: it counts as no attempt.
     */
    private function forget(): void
    {
        $done = array_flip(array_map(static fn (string $line): string => substr($line, 5), preg_grep('/^done /', $this->host->journal())));
        $kept = array_filter($this->host->journal(), static fn (string $line): bool => isset($done[explode(' ', $line)[1] ?? '']));
        file_put_contents($this->host->folder . '/journal', implode('', array_map(static fn (string $line): string => $line . "\n", $kept)));
    }
}
