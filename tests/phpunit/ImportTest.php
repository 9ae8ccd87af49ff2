<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\Disposition;
use Squeeze\Graph\FolderNotFoundException;
use Squeeze\Graph\ImportReport;
use Squeeze\Graph\ImportResult;
use Squeeze\Graph\ImportRunningException;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\LeaveInInbox;
use Squeeze\Graph\Message;
use Squeeze\Graph\RejectMessage;
use Squeeze\Graph\StopImport;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\create_folder;
use function Squeeze\Graph\delete_message;
use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\move_message;
use function Squeeze\Graph\save_account;

final class ImportTest extends GraphTestCase
{
    private string $target;

    protected function setUp(): void
    {
        parent::setUp();
        $this->signedIn();
        $this->target = $this->folder . '/in';
        mkdir($this->target);
    }

    public function testMailsAreHandedOverOldestFirstAndMoved(): void
    {
        $bytes = random_bytes(3_000);
        for ($i = 0; $i < 5; $i++) {
            $this->deliver('mail ' . $i, ['rechnung ä.pdf' => $bytes]);
        }
        $seen = [];
        $progress = [];
        $report = import_messages('invoices', function (IncomingMessage $mail) use (&$seen, $bytes): void {
            $seen[] = $mail->message->subject;
            self::assertSame(1, $mail->attempt);
            self::assertStringContainsString('Subject: ' . $mail->message->subject, file_get_contents($mail->mimePath));
            self::assertSame($this->target . '/' . $mail->importKey . '/message.eml', $mail->mimePath);
            self::assertCount(1, $mail->attachments);
            [$attachment] = $mail->attachments;
            self::assertSame($bytes, file_get_contents($attachment->path));
            self::assertSame(hash('sha256', $bytes), $attachment->sha256);
            self::assertSame('rechnung ä.pdf', $attachment->attachment->name);
            self::assertMatchesRegularExpression('/^\d{3}-/', basename($attachment->path));
            self::assertSame('0600', substr(sprintf('%o', fileperms($attachment->path)), -4));
        }, $this->target, progress: static function (int $done, int $known, ImportResult $result) use (&$progress): void {
            $progress[] = [$done, $result->outcome->name];
        });
        self::assertSame(['mail 0', 'mail 1', 'mail 2', 'mail 3', 'mail 4'], $seen);
        self::assertSame([5, 0, 0, 0], [$report->imported, $report->rejected, $report->left, $report->failed]);
        self::assertSame([[1, 'Imported'], [2, 'Imported'], [3, 'Imported'], [4, 'Imported'], [5, 'Imported']], $progress);
        self::assertGreaterThan(15_000, $report->bytes);
        self::assertCount(5, array_unique(array_column($report->results, 'importKey')));
        self::assertSame([0, 5, 0], $this->counts());
        self::assertCount(5, glob($this->target . '/*/message.eml'), 'the files are the host\'s now');
        self::assertEquals($report, ImportReport::fromArray(json_decode(json_encode($report), true)));
    }

    public function testWithoutAFolderOfTheHostNothingStays(): void
    {
        $this->deliver('private');
        $path = '';
        import_messages('invoices', static function (IncomingMessage $mail) use (&$path): void {
            $path = $mail->mimePath;
            self::assertFileExists($path);
        });
        self::assertFileDoesNotExist($path);
        self::assertDirectoryDoesNotExist(dirname($path));
    }

    public function testEveryOutcome(): void
    {
        foreach (['fine', 'bad', 'later', 'broken'] as $subject) {
            $this->deliver($subject);
        }
        $this->deliver('nothing attached', []);
        $handler = static function (IncomingMessage $mail): void {
            match ($mail->message->subject) {
                'bad' => throw new RejectMessage('no invoice number'),
                'later' => throw new LeaveInInbox('not yet'),
                'broken' => throw new \RuntimeException('database is away'),
                default => null,
            };
        };
        $report = import_messages('invoices', $handler, $this->target);
        $outcomes = [];
        foreach ($report->results as $result) {
            $outcomes[$result->message->subject] = [$result->outcome->name, $result->reason];
        }
        self::assertSame(['Imported', null], $outcomes['fine']);
        self::assertSame(['Rejected', 'no invoice number'], $outcomes['bad']);
        self::assertSame(['Left', 'not yet'], $outcomes['later']);
        self::assertSame('Failed', $outcomes['broken'][0]);
        self::assertStringContainsString('database is away', $outcomes['broken'][1]);
        self::assertSame('Rejected', $outcomes['nothing attached'][0]);
        self::assertSame([2, 1, 2], $this->counts());
        self::assertCount(1, glob($this->target . '/*'), 'what was not imported leaves no file');
    }

    /**
     * A reason often quotes the mail. If that made it a ValueError, one mail in Latin-1 would end every run.
     *
     * @dataProvider exceptionsInLatin1
     */
    public function testAReasonMayBeInAnyEncoding(callable $exception, string $outcome): void
    {
        $this->deliver('first');
        $this->deliver('second');
        $report = import_messages('invoices', static fn () => throw $exception("Gr\xfc\xdfe"));
        self::assertSame([$outcome, $outcome], array_map(static fn (ImportResult $result): string => $result->outcome->name, $report->results));
        self::assertStringEndsWith("Gr\u{fffd}\u{fffd}e", $report->results[0]->reason);
    }

    /**
     * @return iterable<string, array{callable(string): \Exception, string}>
     */
    public static function exceptionsInLatin1(): iterable
    {
        yield 'rejected' => [static fn (string $reason): \Exception => new RejectMessage($reason), 'Rejected'];
        yield 'left' => [static fn (string $reason): \Exception => new LeaveInInbox($reason), 'Left'];
        yield 'failed' => [static fn (string $reason): \Exception => new \DomainException($reason), 'Failed'];
    }

    /**
     * @dataProvider exceptionsWithNul
     */
    public function testAReasonMayHoldANulByte(callable $exception, string $reason): void
    {
        $this->deliver('binary');
        $report = import_messages('invoices', static fn () => throw $exception());
        self::assertSame($reason, $report->results[0]->reason);
        $copy = ImportReport::fromArray(json_decode(json_encode($report, JSON_THROW_ON_ERROR), true, flags: JSON_THROW_ON_ERROR));
        self::assertEquals($report, $copy);
        self::assertSame($reason, $copy->results[0]->reason);
        self::assertSame($reason, unserialize(serialize($report))->results[0]->reason);
    }

    /**
     * @return iterable<string, array{callable(): \Exception, string}>
     */
    public static function exceptionsWithNul(): iterable
    {
        yield 'rejected' => [static fn (): \Exception => new RejectMessage("a\0b"), "a\0b"];
        yield 'left' => [static fn (): \Exception => new LeaveInInbox("\0"), "\0"];
        // PHP's name of such a class goes on after a NUL with the path of its file, which is nobody's business.
        $nameless = static fn (): \Exception => new class ("a\0b") extends \DomainException {
        };
        yield 'of a class without a name' => [$nameless, "DomainException@anonymous: a\0b"];
    }

    public function testAReasonBuiltByHandStaysAsItIs(): void
    {
        $this->deliver('by hand');
        [$result] = import_messages('invoices', static fn () => null)->results;
        foreach (["a\0b", "Gr\xfc\xdfe", "\xed\xa0\x80", ''] as $reason) {
            $data = ['reason' => $reason] + $result->jsonSerialize();
            self::assertSame($reason, ImportResult::fromArray($data)->reason);
        }
    }

    public function testTheThirdFailureMovesAMailToTheErrorFolder(): void
    {
        $this->deliver('poison');
        $attempts = [];
        for ($run = 0; $run < 3; $run++) {
            import_messages('invoices', static function (IncomingMessage $mail) use (&$attempts): never {
                $attempts[] = [$mail->attempt, $mail->importKey];
                throw new \RuntimeException('always');
            });
        }
        self::assertSame([1, 2, 3], array_column($attempts, 0));
        self::assertCount(1, array_unique(array_column($attempts, 1)));
        self::assertSame([0, 0, 1], $this->counts());
    }

    public function testAnOutageOfTheHostMovesNoMail(): void
    {
        for ($i = 0; $i < 4; $i++) {
            $this->deliver('mail ' . $i);
        }
        for ($run = 0; $run < 5; $run++) {
            $report = import_messages('invoices', static fn () => throw new \RuntimeException('outage'), max_failures: 2);
            self::assertSame(2, $report->failed);
        }
        self::assertSame([4, 0, 0], $this->counts());
    }

    public function testAMailThatIsLeftWaitsUntilItsTime(): void
    {
        $this->deliver('later');
        $calls = 0;
        $handler = static function () use (&$calls): never {
            $calls++;
            throw new LeaveInInbox('tomorrow', new \DateTimeImmutable('+1 day'));
        };
        import_messages('invoices', $handler);
        import_messages('invoices', $handler);
        self::assertSame(1, $calls);
        self::assertSame([1, 0, 0], $this->counts());
    }

    public function testHeadersDecideBeforeAnyDownload(): void
    {
        foreach (['take', 'leave', 'done', 'wrong', 'true', 'false'] as $subject) {
            $this->deliver($subject);
        }
        $before = $this->sandbox->asked('$value');
        $handled = [];
        $report = import_messages('invoices', static function (IncomingMessage $mail) use (&$handled): void {
            $handled[] = $mail->message->subject;
        }, accept: static fn (Message $message): bool|Disposition => match ($message->subject) {
            'take' => Disposition::Import,
            'leave' => Disposition::Leave,
            'done' => Disposition::Processed,
            'wrong' => Disposition::Error,
            'true' => true,
            'false' => false,
        });
        self::assertSame(['take', 'true'], $handled);
        self::assertSame(2, $report->imported);
        self::assertSame([2, 3, 1], $this->counts());
        self::assertGreaterThanOrEqual(2, $this->sandbox->asked('$value') - $before);
    }

    public function testAnUnclearDecisionIsATypeError(): void
    {
        $this->deliver('unclear');
        $this->thrown(\TypeError::class, static fn () => import_messages('invoices', static fn () => null, accept: static fn () => 'yes'));
        self::assertSame([1, 0, 0], $this->counts());
    }

    public function testTheLimitCountsWhatIsHandedOver(): void
    {
        for ($i = 0; $i < 5; $i++) {
            $this->deliver('mail ' . $i);
        }
        $report = import_messages('invoices', static fn () => null, limit: 2, accept: static fn (Message $message): bool => $message->subject !== 'mail 0');
        self::assertSame(2, $report->imported);
        self::assertSame([3, 2, 0], $this->counts());
    }

    public function testAMailWithoutAttachmentCanBeWanted(): void
    {
        $this->deliver('only text', []);
        self::assertSame(1, import_messages('invoices', static fn () => null, require_attachments: false)->imported);
    }

    public function testTheBodyIsReadOnDemand(): void
    {
        $this->deliver('with body');
        import_messages('invoices', static function (IncomingMessage $mail) use (&$body): void {
            $body = $mail->body;
        }, body: 'text');
        self::assertStringContainsString('See attachment.', $body);
        $this->thrown(\ValueError::class, static fn () => import_messages('invoices', static fn () => null, body: 'markdown'));
    }

    public function testAHandlerThatStopsEndsTheRunPolitely(): void
    {
        foreach (['first', 'second', 'third'] as $subject) {
            $this->deliver($subject);
        }
        $report = import_messages('invoices', static function (IncomingMessage $mail): void {
            if ($mail->message->subject === 'second') {
                throw new StopImport();
            }
        });
        self::assertSame(1, $report->imported);
        self::assertSame([2, 1, 0], $this->counts());
    }

    public function testEveryCallbackMayStopTheRunPolitely(): void
    {
        foreach (['first', 'second', 'third'] as $subject) {
            $this->deliver($subject);
        }
        $handler = static fn () => null;
        $stop = static fn () => throw new StopImport();
        self::assertSame(1, import_messages('invoices', $handler, progress: $stop)->imported);
        self::assertSame(0, import_messages('invoices', $handler, accept: $stop)->imported);
        self::assertSame([2, 1, 0], $this->counts());
    }

    public function testWhatWasFetchedAheadGoesWhenTheRunEndsEarly(): void
    {
        for ($i = 0; $i < 6; $i++) {
            $this->deliver('mail ' . $i);
        }
        import_messages('invoices', function (IncomingMessage $mail): void {
            if ($mail->message->subject === 'mail 1') {
                usleep(500_000);
                throw new StopImport();
            }
        }, $this->target);
        self::assertCount(1, glob($this->target . '/*'));
    }

    public function testAnErrorOfTheHandlerEndsTheRunAndIsPassedOn(): void
    {
        foreach (['first', 'second'] as $subject) {
            $this->deliver($subject);
        }
        $error = $this->thrown(\DivisionByZeroError::class, static fn () => import_messages('invoices', static function (IncomingMessage $mail): void {
            if ($mail->message->subject === 'second') {
                intdiv(1, 0);
            }
        }));
        self::assertStringContainsString('ImportTest.php', $error->getFile());
        self::assertSame([1, 1, 0], $this->counts());
        $attempts = [];
        import_messages('invoices', static function (IncomingMessage $mail) use (&$attempts): void {
            $attempts[] = $mail->message->subject;
        });
        self::assertSame(['second'], $attempts);
    }

    public function testAThrowingProgressEndsTheRun(): void
    {
        foreach (['first', 'second'] as $subject) {
            $this->deliver($subject);
        }
        $this->thrown(\DomainException::class, static fn () => import_messages(
            'invoices',
            static fn () => null,
            progress: static fn () => throw new \DomainException('enough'),
        ));
        $seen = [];
        import_messages('invoices', static function (IncomingMessage $mail) use (&$seen): void {
            $seen[] = $mail->message->subject;
        });
        self::assertSame(['second'], $seen);
        self::assertSame([0, 2, 0], $this->counts());
    }

    /**
     * @dataProvider deaths
     */
    public function testAHandlerThatDiesLosesNothing(string $death): void
    {
        foreach (['first', 'second', 'third'] as $subject) {
            $this->deliver($subject);
        }
        $child = Php::code(sprintf('
            import_messages("invoices", function (IncomingMessage $mail) {
                echo $mail->message->subject, " ";
                if ($mail->message->subject === "second") { %s }
            });', $death));
        self::assertStringContainsString('second', $child->output(), $child->errors());
        $seen = [];
        $report = import_messages('invoices', static function (IncomingMessage $mail) use (&$seen): void {
            $seen[] = $mail->message->subject;
        });
        self::assertSame(['second', 'third'], $seen);
        self::assertSame(2, $report->imported);
        self::assertSame([0, 3, 0], $this->counts());
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function deaths(): iterable
    {
        yield 'exit' => ['exit(3);'];
        yield 'a fatal error' => ['trigger_error("fatal", E_USER_ERROR);'];
        yield 'no memory' => ['ini_set("memory_limit", "8M"); $x = str_repeat("x", 100_000_000);'];
        yield 'SIGKILL' => ['posix_kill(getmypid(), SIGKILL); sleep(5);'];
        yield 'SIGTERM' => ['posix_kill(getmypid(), SIGTERM); sleep(5);'];
        yield 'an uncaught error' => ['throw new \Error("uncaught");'];
        yield 'no such function' => ['\no_such_function();'];
    }

    public function testAFatalErrorLeavesTheExtensionUsable(): void
    {
        $this->deliver('first');
        $child = Php::code('
            register_shutdown_function(function () { echo count(list_accounts()); });
            import_messages("invoices", function () { trigger_error("fatal", E_USER_ERROR); });');
        self::assertStringEndsWith('1', $child->output(), $child->errors());
    }

    public function testAForkInTheHandlerDoesNoHarm(): void
    {
        foreach (['first', 'second'] as $subject) {
            $this->deliver($subject);
        }
        $child = Php::code('
            $report = import_messages("invoices", function (IncomingMessage $mail) {
                $pid = pcntl_fork();
                if ($pid === 0) { exit(0); }
                pcntl_waitpid($pid, $status);
            });
            echo $report->imported;');
        self::assertSame('2', $child->output(), $child->errors());
        self::assertSame([0, 2, 0], $this->counts());
    }

    public function testAForkThatReturnsFromTheHandlerEndsThere(): void
    {
        foreach (['first', 'second'] as $subject) {
            $this->deliver($subject);
        }
        $log = $this->folder . '/log';
        Php::code(sprintf('
            $parent = getmypid();
            try {
                $report = import_messages("invoices", function (IncomingMessage $mail) use (&$pid) {
                    file_put_contents(%1$s, $mail->message->subject . "\n", FILE_APPEND);
                    if ($mail->message->subject === "first") { $pid = pcntl_fork(); }
                });
            } catch (\Throwable $e) { }
            if (getmypid() === $parent) { pcntl_waitpid($pid, $status); }', var_export($log, true)));
        $handled = file($log, FILE_IGNORE_NEW_LINES);
        self::assertSame(['first', 'second'], $handled);
        self::assertSame([0, 2, 0], $this->counts());
    }

    /**
     * @testWith ["accept"]
     *           ["progress"]
     */
    public function testAForkThatReturnsFromAnotherCallbackEndsThere(string $callback): void
    {
        $this->deliver('first');
        $child = Php::code(sprintf('
            $parent = getmypid();
            try {
                $report = import_messages("invoices", fn () => null, %s: function () use (&$pid) { $pid = pcntl_fork(); return true; });
                if (getmypid() !== $parent) { echo "the child goes on"; exit; }
            } catch (\Error) { exit(7); }
            pcntl_waitpid($pid, $status);
            echo pcntl_wexitstatus($status), " ", $report->imported;', $callback));
        self::assertSame('7 1', $child->output(), $child->errors());
        self::assertSame([0, 1, 0], $this->counts());
    }

    public function testAFiberSuspendedInTheHandlerLosesNothing(): void
    {
        $this->deliver('first');
        $child = Php::code('
            $fiber = new \Fiber(function () {
                import_messages("invoices", function (IncomingMessage $mail) { \Fiber::suspend(); });
            });
            try { $fiber->start(); if (!$fiber->isTerminated()) { $fiber->resume(); } echo "resumed"; }
            catch (\Throwable $e) { echo get_class($e); }');
        self::assertNotSame('', $child->output(), $child->errors());
        [$inbox, $processed] = $this->counts();
        self::assertSame(1, $inbox + $processed);
        import_messages('invoices', static fn () => null);
        self::assertSame([0, 1, 0], $this->counts());
    }

    public function testAHandlerMayMoveOrDeleteTheMailItself(): void
    {
        $this->deliver('deleted');
        $this->deliver('moved');
        $this->deliver('untouched');
        $report = import_messages('invoices', static function (IncomingMessage $mail): void {
            match ($mail->message->subject) {
                'deleted' => delete_message('invoices', $mail->message->id, permanently: true),
                'moved' => move_message('invoices', $mail->message->id, '/Archiv/2025'),
                default => null,
            };
        });
        self::assertSame(3, $report->imported);
        self::assertSame(0, list_messages('invoices')->total());
    }

    public function testAHandlerMayRemoveItsFiles(): void
    {
        $this->deliver('removed');
        $report = import_messages('invoices', static function (IncomingMessage $mail): void {
            array_map(unlink(...), glob(dirname($mail->mimePath) . '/*'));
            rmdir(dirname($mail->mimePath));
        }, $this->target);
        self::assertSame(1, $report->imported);
        self::assertSame([], glob($this->target . '/*'));
    }

    public function testAMailThatComesBackIsANewImport(): void
    {
        $id = $this->deliver('again');
        $keys = [];
        $handler = static function (IncomingMessage $mail) use (&$keys): void {
            $keys[] = $mail->importKey;
            self::assertSame(1, $mail->attempt);
        };
        import_messages('invoices', $handler);
        move_message('invoices', $id, 'wellknown:inbox');
        import_messages('invoices', $handler);
        self::assertCount(2, array_unique($keys));
        self::assertSame([0, 1, 0], $this->counts());
    }

    public function testTheSameMailTwiceIsImportedTwice(): void
    {
        $mime = Mail::mime('twin', ['a.pdf' => 'x']);
        $this->sandbox->deliver(World::USER, $mime);
        $this->sandbox->deliver(World::USER, $mime);
        self::assertSame(2, import_messages('invoices', static fn () => null)->imported);
    }

    public function testAMoveThatFailsIsDoneLaterWithoutTheHandler(): void
    {
        $this->deliver('stuck');
        $calls = 0;
        $handler = static function () use (&$calls): void {
            $calls++;
        };
        $this->sandbox->fault(['path' => '/move', 'count' => 30, 'graph' => ['status' => 503, 'code' => 'serviceNotAvailable'], 'headers' => ['Retry-After' => '60']]);
        $this->sandbox->fault(['path' => '/$batch', 'count' => 30, 'graph' => ['status' => 503, 'code' => 'serviceNotAvailable'], 'headers' => ['Retry-After' => '60']]);
        ini_set('squeeze_graph.retry_budget', '1');
        try {
            import_messages('invoices', $handler);
        } catch (\Squeeze\Graph\GraphException) {
        }
        $this->sandbox->control('DELETE', '/faults');
        self::assertSame([1, 0, 0], $this->counts());
        import_messages('invoices', $handler);
        self::assertSame(1, $calls);
        self::assertSame([0, 1, 0], $this->counts());
    }

    public function testAMailThatGraphCanNotDeliverGoesToTheErrorFolderAfterThreeRuns(): void
    {
        $bad = $this->deliver('undeliverable');
        $this->deliver('fine');
        $this->sandbox->fault(['path' => $bad . '/$value', 'count' => null, 'graph' => ['status' => 400, 'code' => 'ErrorMimeContentConversionFailed']]);
        for ($run = 0; $run < 3; $run++) {
            import_messages('invoices', static fn () => null);
        }
        self::assertSame([0, 1, 1], $this->counts());
    }

    public function testASecondImportOfOneInboxIsRefused(): void
    {
        $this->deliver('slow');
        $child = Php::startCode('import_messages("invoices", function () { echo "started"; sleep(30); });')->waitFor('started');
        $this->thrown(ImportRunningException::class, static fn () => import_messages('invoices', static fn () => null));
        $child->signal(SIGKILL);
        $child->wait();
        self::assertSame(1, import_messages('invoices', static fn () => null)->imported, 'a killed holder is noticed at once');
    }

    /**
     * @dataProvider hostileNames
     */
    public function testNothingIsWrittenOutsideTheTarget(string $name): void
    {
        $this->deliver('hostile', [$name => 'payload']);
        $report = import_messages('invoices', function (IncomingMessage $mail): void {
            $path = $mail->attachments[0]->path;
            self::assertSame(dirname($mail->mimePath), dirname($path));
            self::assertSame('payload', file_get_contents($path));
            self::assertLessThanOrEqual(124, strlen(basename($path)));
            self::assertMatchesRegularExpression('/^\d{3}-[^\x00-\x1f\/\\\\:*?"<>|]+$/', basename($path));
            self::assertTrue(mb_check_encoding(basename($path), 'UTF-8'));
            self::assertDoesNotMatchRegularExpression('/[. ]$/', basename($path));
        }, $this->target);
        self::assertSame(1, $report->imported);
        self::assertCount(1, glob($this->target . '/*'));
        self::assertCount(2, glob($this->target . '/*/*'));
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function hostileNames(): iterable
    {
        yield 'path upwards' => ['../../etc/passwd'];
        yield 'absolute' => ['/etc/passwd'];
        yield 'Windows path' => ['..\\..\\windows\\system32\\cmd.exe'];
        yield 'drive' => ['C:evil.pdf'];
        yield 'device' => ['CON.pdf'];
        yield 'empty' => [''];
        yield 'dots' => ['..'];
        yield '400 characters' => [str_repeat('ä', 396) . '.pdf'];
        yield 'only spaces' => ['   '];
        yield 'trailing dot' => ['invoice.pdf. '];
        yield 'new line' => ["invoice\r\nX: y.pdf"];
        yield 'right to left' => ["invoice\u{202e}fdp.exe"];
        yield 'emoji' => ['🎉.pdf'];
        yield 'quotes' => ["'\"`\$(id).pdf"];
    }

    public function testNamesThatCollideStayApart(): void
    {
        $this->sandbox->deliver(World::USER, Mail::mime('twins', ['a.pdf' => '1', 'A.pdf' => '2', 'a.pdf ' => '3']));
        import_messages('invoices', static fn () => null, $this->target);
        self::assertCount(4, glob($this->target . '/*/*'));
    }

    /**
     * @dataProvider badFolders
     * @param array<string, ?string> $change
     */
    public function testFoldersAreCheckedBeforeTheFirstDownload(array $change): void
    {
        $this->deliver('stays');
        create_folder('invoices', '/Projekte/Verarbeitet');
        save_account('invoices', $change);
        $this->thrown(ConfigurationException::class, static fn () => import_messages('invoices', static fn () => self::fail('handled')));
        self::assertSame(0, $this->sandbox->asked('$value'));
    }

    /**
     * @return iterable<string, array{array<string, ?string>}>
     */
    public function badFolders(): iterable
    {
        yield 'none for processed' => [['folder_processed' => null]];
        yield 'none for errors' => [['folder_error' => null]];
        yield 'missing' => [['folder_error' => '/Nirgends']];
        yield 'ambiguous' => [['folder_processed' => 'Verarbeitet']];
        yield 'twice the same' => [['folder_error' => '/Verarbeitet']];
        yield 'the inbox itself' => [['folder_processed' => 'wellknown:inbox']];
    }

    public function testAnInboxThatIsMissingIsNotFound(): void
    {
        save_account('invoices', ['folder_inbox' => '/Nirgends']);
        $this->thrown(FolderNotFoundException::class, static fn () => import_messages('invoices', static fn () => self::fail('handled')));
    }

    /**
     * @dataProvider badDirectories
     */
    public function testADirectoryThatCanNotBeWrittenIsAClearError(string $directory): void
    {
        $this->deliver('stays');
        touch($this->folder . '/file');
        try {
            import_messages('invoices', static fn () => self::fail('handled'), str_replace('{folder}', $this->folder, $directory));
            self::fail('imported');
        } catch (\Squeeze\Graph\GraphException | \ValueError $error) {
            self::assertNotSame('', $error->getMessage());
        }
        self::assertSame([1, 0, 0], $this->counts());
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function badDirectories(): iterable
    {
        yield 'a file' => ['{folder}/file'];
        yield 'missing' => ['{folder}/none/deep'];
        yield 'empty' => [''];
        yield 'NUL' => ["{folder}/a\0b"];
        yield 'a stream wrapper' => ['phar://{folder}'];
    }

    public function testAPagefulIsImportedWhateverGoesWrongOnTheWay(): void
    {
        $this->sandbox->generate(World::USER, 40, 10_000);
        foreach ([['skip' => 3, 'status' => 503, 'body' => ''], ['skip' => 9, 'cut' => 'reset'], ['skip' => 20, 'status' => 429, 'headers' => ['Retry-After' => '0.2'], 'body' => '']] as $fault) {
            $this->sandbox->fault(['method' => 'GET', 'path' => '/graph/'] + $fault);
        }
        $this->sandbox->fault(['method' => 'POST', 'path' => '/graph/', 'skip' => 1, 'execute' => true, 'cut' => 'reset']);
        $keys = [];
        do {
            $report = import_messages('invoices', static function (IncomingMessage $mail) use (&$keys): void {
                $keys[] = $mail->importKey;
            });
        } while ($report->imported > 0);
        self::assertCount(40, $keys);
        self::assertCount(40, array_unique($keys));
        self::assertSame([0, 40, 0], $this->counts());
    }

    /**
     * @param ?array<string, string> $attachments
     */
    private function deliver(string $subject, ?array $attachments = null): string
    {
        return $this->sandbox->deliver(World::USER, Mail::mime($subject, $attachments ?? ['invoice.pdf' => '%PDF ' . $subject]));
    }

    /**
     * @return array{int, int, int} mails in the inbox, processed, in the error folder
     */
    private function counts(): array
    {
        return [
            list_messages('invoices', 'wellknown:inbox')->total(),
            list_messages('invoices', '/Verarbeitet')->total(),
            list_messages('invoices', '/Fehler')->total(),
        ];
    }
}
