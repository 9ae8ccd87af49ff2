<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\StoreException;
use Squeeze\Graph\Tests\Support\Disk;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\ImportHost;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\exchange_code;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\token_status;

/**
 * The disk is full, or the store can not be written any more, before or in the middle of an import, a refresh or a sign-in: nothing is lost,
 * and all goes on when there is room again.
 *
 * Each case is shown in two ways. On a disk of its own (tmpfs), where this process may mount one: that is the real thing. And everywhere
 * by a limit on the size of files (RLIMIT_FSIZE), which a process can also lower in the middle of its work: whatever it writes then
 * fails. Other ways do not serve: permissions mean nothing to root nor to a file that is open already, a disk with such a file can not be
 * made read-only, and chattr works on some file systems only.
 */
final class DiskTroubleTest extends GraphTestCase
{
    private const MAILS = 10;

    /** What makes every write of this process fail, and what ends that. */
    private const NO_ROOM = 'pcntl_signal(SIGXFSZ, SIG_IGN); posix_setrlimit(POSIX_RLIMIT_FSIZE, 0, -1);';

    private ?Disk $disk = null;
    private ImportHost $host;

    protected function tearDown(): void
    {
        $this->disk?->remove();
        parent::tearDown();
    }

    /**
     * Mails go to a folder of the host's, which has room for some of them.
     */
    public function testAFullDiskUnderTheMailsEndsTheRunAndLosesNothing(): void
    {
        $this->prepare(null);
        $this->deliver(200_000);
        $target = $this->folder . '/in';
        if (Disk::available()) {
            $this->disk = new Disk($target, '2m');
        } else {
            mkdir($target);
            // The store stays smaller than that, a mail's source does not.
            $limit = 'pcntl_signal(SIGXFSZ, SIG_IGN); posix_setrlimit(POSIX_RLIMIT_FSIZE, 250_000, -1); require $argv[3];';
            $limited = Php::run(['-r', $limit, $this->host->folder, $target, __DIR__ . '/Support/importer.php']);
            self::assertStringContainsString('could not be written to ' . $target, $limited->errors());
            self::assertSame([self::MAILS, 0, 0], $this->host->counts());
            self::assertSame([], glob($target . '/*'));
        }
        $broken = 0;
        do {
            $child = $this->host->run($target);
            if ($child->status() !== 0) {
                $broken++;
                self::assertStringContainsString('StoreException', $child->errors());
                self::assertStringContainsString($target, $child->errors());
                $handed = array_column($this->host->handed(), 'key');
                self::assertSame([], array_diff(array_map(basename(...), glob($target . '/*')), $handed), 'what is not the host\'s is gone again');
                self::assertSame([], glob($target . '/*/.*.part'));
                $this->host->note('killed');
            }
            // The host makes room.
            foreach (glob($target . '/*') as $folder) {
                self::remove($folder);
            }
            self::assertLessThan(20, $broken);
        } while ($this->host->counts()[0] > 0);
        if ($this->disk !== null) {
            self::assertGreaterThan(0, $broken, 'there was room for all');
        }
        $this->host->assertEveryMailOnce(self::MAILS);
        self::assertSame([1], array_values(array_unique(array_column($this->host->handed(), 'attempt'))), 'a download that failed is no attempt');
    }

    /**
     * The store can not be written from the fourth mail on: its handler did its work, but that can not be written down. So it comes again.
     *
     * @dataProvider storeTroubles
     */
    public function testAStoreThatCanNotBeWrittenInTheMiddleOfAnImport(bool $disk, string $break, callable $mend, string $message): void
    {
        $this->prepare($disk ? '3m' : null);
        $this->deliver(1_000);
        mkdir($this->folder . '/in');
        $this->host->break('$GLOBALS["mails"] = ($GLOBALS["mails"] ?? 0) + 1; if ($GLOBALS["mails"] === 4) { ' . $break . ' }');
        $store = (string) ini_get('squeeze_graph.store');
        self::closeStore();
        $child = $this->host->run($this->folder . '/in');
        self::assertSame(255, $child->status(), $child->output());
        self::assertStringContainsString('StoreException', $child->errors());
        self::assertStringContainsString($message, $child->errors());
        self::assertStringContainsString($store, $child->errors());
        self::assertCount(4, $this->host->handed());
        self::assertSame(3, $this->host->noted('told'));
        self::assertGreaterThanOrEqual(self::MAILS - 3, $this->host->counts()[0], 'no mail leaves the inbox without its receipt');
        $this->host->note('killed');
        $this->host->break(null);
        if ($disk) {
            // As long as it lasts nothing happens.
            for ($run = 0; $run < 2; $run++) {
                $child = $this->host->run($this->folder . '/in');
                self::assertStringContainsString('StoreException', $child->errors(), $child->output());
                self::assertCount(4, $this->host->handed());
            }
            self::assertGreaterThanOrEqual(self::MAILS - 3, $this->host->counts()[0]);
        }
        $mend($this->disk);
        self::assertSame(0, $this->host->run($this->folder . '/in')->status());
        self::assertSame(1, $this->host->assertEveryMailOnce(self::MAILS));
        self::assertSame([1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1], array_column($this->host->handed(), 'attempt'));
        $this->intact();
    }

    /**
     * @return iterable<string, array{bool, string, callable(?Disk): mixed, string}>
     */
    public static function storeTroubles(): iterable
    {
        if (Disk::available()) {
            yield 'its disk is full' => [true, '
                $filler = fopen(dirname((string) ini_get("squeeze_graph.store")) . "/filler", "c");
                while (@fwrite($filler, str_repeat("x", 4096)) === 4096 && fflush($filler)) { }
            ', static fn (Disk $disk) => $disk->clear(), 'no space left'];
            // A fork closes the store in both processes; only so can the disk be made read-only under it. Downloads may open it again.
            yield 'its disk became read-only' => [true, '
                for ($try = 0, $status = 1; $status !== 0; $try++) {
                    if ($try === 100) { throw new \Error("the disk is in use"); }
                    usleep($try * 1_000);
                    $pid = pcntl_fork();
                    if ($pid === 0) { pcntl_exec("/bin/mount", ["-o", "remount,ro", dirname((string) ini_get("squeeze_graph.store"))]); exit(1); }
                    pcntl_waitpid($pid, $status);
                }
            ', static fn (Disk $disk) => $disk->setReadOnly(false), 'read-only'];
        }
        yield 'every write fails' => [false, '
            // The host does its work before.
            $GLOBALS["note"]("done", $mail->message->id); ' . self::NO_ROOM . '
        ', static fn () => null, ''];
    }

    /**
     * No token is asked for that could not be kept.
     */
    public function testARefreshWithAFullDiskAsksForNothingAndGoesOnWhenThereIsRoom(): void
    {
        $this->prepare(Disk::available() ? '3m' : null);
        $asked = $this->sandbox->asked('refresh_token');
        if ($this->disk === null) {
            $child = Php::code(self::NO_ROOM . ' refresh_token("invoices");');
            self::assertStringContainsString('StoreException', $child->errors(), $child->output());
        } else {
            // What SQLite's log has taken of the disk would do for a while, and a disk with an open file can not be made read-only.
            self::closeStore();
            $this->disk->fill();
            for ($call = 0; $call < 3; $call++) {
                $this->thrown(StoreException::class, static fn () => refresh_token('invoices'));
            }
            $this->disk->clear();
        }
        self::assertSame($asked, $this->sandbox->asked('refresh_token'));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
        $this->intact();
    }

    /**
     * The new tokens can not be kept. The old refresh token is still there, and still good: Microsoft takes it until its time is over.
     *
     * @dataProvider refreshTroubles
     */
    public function testAStoreThatCanNotBeWrittenInTheMiddleOfARefreshKeepsTheOldToken(bool $disk): void
    {
        $this->prepare($disk ? '3m' : null);
        $this->sandbox->fault(['contains' => 'grant_type=refresh_token', 'delay_ms' => 1_500]);
        $asked = $this->sandbox->asked('refresh_token');
        $child = Php::startCode($disk ? 'refresh_token("invoices");' : '
            pcntl_async_signals(true);
            pcntl_signal(SIGUSR1, function () { ' . self::NO_ROOM . ' echo "no room"; });
            echo "ready ";
            refresh_token("invoices");');
        $this->roomEndsWhileMicrosoftAnswers($child, 'refresh_token', $asked);
        self::assertSame(TokenState::Valid, token_status('invoices')->state, 'nobody has to sign in');
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
        self::assertSame($asked + 2, $this->sandbox->asked('refresh_token'));
        $this->intact();
    }

    /**
     * @return iterable<string, array{bool}>
     */
    public static function refreshTroubles(): iterable
    {
        if (Disk::available()) {
            yield 'its disk is full' => [true];
        }
        yield 'every write fails' => [false];
    }

    public function testARefreshWithAReadOnlyStoreAsksForNothing(): void
    {
        $this->prepare(Disk::available() ? '3m' : null);
        $asked = $this->sandbox->asked('refresh_token');
        $call = 'try { refresh_token("invoices"); } catch (StoreException $error) { echo $error->getProblem()->code; }';
        if ($this->disk === null) {
            // Somebody who is not root may be told by permissions; root is told by nothing but the disk.
            self::assertNotSame('', Php::code(self::NO_ROOM . $call)->output());
        } else {
            self::closeStore();
            $this->disk->setReadOnly(true);
            self::assertSame('store_read_only', Php::code($call)->output());
            $this->disk->setReadOnly(false);
        }
        self::assertSame($asked, $this->sandbox->asked('refresh_token'));
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
        $this->intact();
    }

    /**
     * Nothing is sent that could not be noted before: the code is as good as it was.
     *
     * @dataProvider signInTroubles
     */
    public function testASignInWithAStoreThatCanNotBeWrittenSendsNoCodeAndTheSameCallbackSignsInLater(?string $trouble): void
    {
        $this->prepare($trouble !== null ? '3m' : null);
        $before = export_token('invoices')['refresh_token'];
        $callback = $this->redirected('invoices');
        $asked = $this->sandbox->asked('authorization_code');
        $call = 'try { ' . self::exchange($callback) . ' } catch (StoreException $error) { echo $error->getProblem()->code; }';
        if ($trouble === null) {
            self::assertNotSame('', Php::code(self::NO_ROOM . $call)->output());
        } else {
            self::closeStore();
            $trouble === 'disk_full' ? $this->disk->fill() : $this->disk->setReadOnly(true);
            for ($try = 0; $try < 2; $try++) {
                self::assertSame($trouble, Php::code($call)->output());
            }
            $trouble === 'disk_full' ? $this->disk->clear() : $this->disk->setReadOnly(false);
        }
        self::assertSame($asked, $this->sandbox->asked('authorization_code'));
        self::assertSame($before, export_token('invoices')['refresh_token']);
        self::assertSame(TokenState::Valid, exchange_code($callback, self::SESSION)->state);
        self::assertSame($asked + 1, $this->sandbox->asked('authorization_code'));
        self::assertNotSame($before, export_token('invoices')['refresh_token']);
        $this->intact();
    }

    /**
     * @return iterable<string, array{?string}>
     */
    public static function signInTroubles(): iterable
    {
        if (Disk::available()) {
            yield 'its disk is full' => ['disk_full'];
            yield 'its disk is read-only' => ['store_read_only'];
        }
        yield 'every write fails' => [null];
    }

    /**
     * The code is used up, and what came for it can not be kept: that sign-in is over, an earlier one goes on.
     *
     * @dataProvider refreshTroubles
     */
    public function testAStoreThatCanNotBeWrittenWhileACodeIsRedeemedEndsThatSignInOnly(bool $disk): void
    {
        $this->prepare($disk ? '3m' : null);
        $before = export_token('invoices')['refresh_token'];
        $callback = $this->redirected('invoices');
        $this->sandbox->fault(['contains' => 'grant_type=authorization_code', 'delay_ms' => 1_500]);
        $asked = $this->sandbox->asked('authorization_code');
        $child = Php::startCode($disk ? self::exchange($callback) : '
            pcntl_async_signals(true);
            pcntl_signal(SIGUSR1, function () { ' . self::NO_ROOM . ' echo "no room"; });
            ' . self::exchange($callback));
        $this->roomEndsWhileMicrosoftAnswers($child, 'authorization_code', $asked);
        for ($again = 0; $again < 2; $again++) {
            $error = $this->thrown(SignInFailedException::class, static fn () => exchange_code($callback, self::SESSION));
            self::assertSame('interrupted', $error->getReason());
        }
        self::assertSame($asked + 1, $this->sandbox->asked('authorization_code'), 'one code sent twice');
        self::assertSame($before, export_token('invoices')['refresh_token']);
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
        self::assertSame(TokenState::Valid, $this->signIn('invoices')->state);
        $this->intact();
    }

    /**
     * @param array<string, string> $callback
     */
    private static function exchange(array $callback): string
    {
        return sprintf('exchange_code(%s, %s);', var_export($callback, true), var_export(self::SESSION, true));
    }

    /**
     * An account that is signed in, its store on a disk of its own if a size is given.
     */
    private function prepare(?string $size): void
    {
        if ($size !== null) {
            $this->disk = new Disk($this->folder . '/disk', $size);
            ini_set('squeeze_graph.store', $this->folder . '/disk/store.sqlite');
        }
        $this->signedIn();
        $this->host = new ImportHost($this->folder . '/host', $this->sandbox);
    }

    private function deliver(int $bytes): void
    {
        for ($number = 0; $number < self::MAILS; $number++) {
            $this->sandbox->deliver(World::USER, Mail::mime('mail ' . $number, ['invoice.pdf' => random_bytes($bytes)]));
        }
    }

    private function intact(): void
    {
        $child = Php::run(['-r', 'echo (new \PDO("sqlite:" . $argv[1]))->query("PRAGMA integrity_check")->fetchColumn();', (string) ini_get('squeeze_graph.store')]);
        self::assertSame('ok', $child->output(), $child->errors());
    }

    /** Lets there be no room from the moment on at which Microsoft has been asked, and again once the process has ended for it. */
    private function roomEndsWhileMicrosoftAnswers(Php $child, string $request, int $asked): void
    {
        for ($wait = 0; $this->sandbox->asked($request) === $asked; $wait++) {
            self::assertLessThan(1_000, $wait);
            usleep(10_000);
        }
        if ($this->disk !== null) {
            $this->disk->fill();
        } else {
            $child->signal(SIGUSR1);
            $child->waitFor('no room');
        }
        $child->wait();
        self::assertSame(255, $child->status(), $child->output());
        self::assertStringContainsString('StoreException', $child->errors());
        $this->disk?->clear();
    }
}
