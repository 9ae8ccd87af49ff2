<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\Size;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\list_accounts;
use function Squeeze\Graph\list_messages;

/**
 * A thread-safe PHP runs many requests in one process: FrankenPHP, Apache on Windows. Here `host.c` does.
 *
 * Needs a thread-safe PHP with its embed library, so it is no part of the usual suite: `tools/test-matrix 8.2-zts`.
 */
final class ThreadsTest extends GraphTestCase
{
    private const REFRESH = 'token refresh_token';

    /** What every script begins with: who it is, and a way to say what it saw. */
    private const HEAD = <<<'PHP'
        <?php
        namespace Squeeze\Graph;

        [, $number, $turn] = array_map('intval', $argv);
        $folder = __DIR__;
        $say = static function (mixed $seen) use ($folder, $number, $turn): void {
            file_put_contents("$folder/seen-$turn-$number", json_encode($seen, JSON_THROW_ON_ERROR));
        };

        PHP;

    private static ?string $host = null;

    public static function setUpBeforeClass(): void
    {
        if (!PHP_ZTS) {
            self::fail('this PHP has no threads');
        }
        self::$host = sys_get_temp_dir() . '/squeeze-graph-host-' . bin2hex(random_bytes(6));
        $prefix = dirname(PHP_BINARY, 2);
        $command = sprintf(
            'cc -O1 -g -Wall -o %s %s $(%s --includes) -L%s -lphp -Wl,-rpath,%4$s -lpthread 2>&1',
            escapeshellarg(self::$host),
            escapeshellarg(__DIR__ . '/host.c'),
            escapeshellarg($prefix . '/bin/php-config'),
            escapeshellarg($prefix . '/lib'),
        );
        exec($command, $lines, $status);
        self::assertSame(0, $status, implode("\n", $lines));
    }

    public static function tearDownAfterClass(): void
    {
        if (self::$host !== null && is_file(self::$host)) {
            unlink(self::$host);
        }
    }

    public function testThreadsWithAnEndedTokenAskOnceARound(): void
    {
        $rounds = Size::of('THREAD_ROUNDS', 5);
        $this->signedIn();
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 50]);
        $this->threads('
            if ($turn % 2 === 0) {
                if ($number === 0) {
                    adopt_token("invoices", ["expires_at" => time() - 60] + export_token("invoices"));
                }
                return;
            }
            $say(sha1(access_token("invoices")));
        ', 16, 2 * $rounds);
        $tokens = [];
        for ($round = 0; $round < $rounds; $round++) {
            $seen = array_unique($this->seen(2 * $round + 1, 16));
            self::assertCount(1, $seen, 'one token for all');
            $tokens[] = $seen[0];
        }
        self::assertCount($rounds, array_unique($tokens), 'a new one each round');
        self::assertSame($rounds, $this->sandbox->asked(self::REFRESH));
    }

    public function testEachThreadHasItsOwnSettingsFolderExceptionsAndCallbacks(): void
    {
        $turns = Size::of('THREAD_TURNS', 10);
        $this->signedIn();
        foreach (['one', 'two', 'three'] as $subject) {
            $this->sandbox->deliver(World::USER, Mail::mime($subject));
        }
        for ($number = 0; $number < 8; $number++) {
            mkdir($this->folder . '/' . $number);
        }
        file_put_contents($this->folder . '/settings.json', json_encode($this->settings()));
        $output = $this->threads('
            $settings = json_decode(file_get_contents("$folder/settings.json"), true);
            ini_set("squeeze_graph.language", $number % 2 === 0 ? "en" : "de");
            chdir("$folder/$number");
            $seen = [];
            $own = with_settings(["store" => "own.sqlite"], static function () use ($number, $settings): array {
                save_account("own $number", $settings);

                return array_map(static fn (Account $account): string => $account->account, list_accounts());
            });
            $seen["own"] = $own === ["own $number"];
            save_account("shared $number", $settings);
            $seen["shared"] = has_account("shared $number");
            delete_account("shared $number");
            try {
                get_account("nobody $number");
            } catch (AccountNotFoundException $missing) {
                $seen["exception"] = $missing->getAccount() === "nobody $number" && basename($missing->getFile()) === "script.php" && $missing->getTrace() !== [];
                $seen["language"] = str_contains($missing->getProblem()->explanation, $number % 2 === 0 ? "There is no" : "gibt") ?: $missing->getProblem()->explanation;
            }
            try {
                is_expired("2026-01-01 00:00:00");
            } catch (\ValueError $error) {
                $seen["argument"] = str_contains($error->getMessage(), "Argument #2");
            }
            $status = token_status("invoices");
            $seen["enum"] = $status->state === TokenState::Valid && TokenState::from("valid") === TokenState::Valid;
            $seen["value"] = unserialize(serialize($status)) == $status && TokenStatus::fromArray(json_decode(json_encode($status), true)) == $status;
            $said = 0;
            set_logger(static function (string $level, string $message, array $context) use (&$said): void {
                $said++;
            });
            $subjects = [];
            foreach (list_messages("invoices") as $message) {
                $subjects[] = $message->subject;
            }
            sort($subjects);
            $seen["messages"] = $subjects === ["one", "three", "two"] ?: $subjects;
            $seen["folders"] = count(list_folders("invoices")) > 5;
            $seen["logger"] = $said > 0;
            if ($turn % 3 === 1) {
                refresh_token("invoices");
            }
            $say($seen);
            // Requests of one thread end badly while the others go on.
            if ($number === 7) {
                match ($turn % 3) {
                    0 => with_settings([], static fn () => trigger_error("ends here", E_USER_ERROR)),
                    1 => with_settings([], static fn () => throw new \Exception("thrown here")),
                    2 => with_settings([], static fn () => exit(3)),
                };
            }
        ', 8, $turns);
        for ($turn = 0; $turn < $turns; $turn++) {
            foreach ($this->seen($turn, 8) as $number => $seen) {
                self::assertSame([], array_filter($seen, static fn (mixed $well): bool => $well !== true), "thread {$number}, turn {$turn}");
                self::assertCount(10, $seen);
            }
        }
        self::assertSame(intdiv($turns + 2, 3), substr_count($output, 'ends here'));
        self::assertSame(['invoices'], array_map(static fn ($account) => $account->account, list_accounts()));
    }

    public function testImportsOfOneInboxTakeTurnsAndHandOverEachMailOnce(): void
    {
        $this->signedIn();
        for ($mail = 0; $mail < 6; $mail++) {
            $this->sandbox->deliver(World::USER, Mail::mime("mail {$mail}", ['a.pdf' => 'x']));
        }
        $this->threads('
            $subjects = [];
            try {
                $report = import_messages("invoices", static function (IncomingMessage $mail) use (&$subjects): void {
                    $subjects[] = $mail->message->subject;
                    usleep(20_000);
                });
                $say([$report->imported, $subjects]);
            } catch (ImportRunningException) {
                $say([0, $subjects]);
            }
        ', 4, 3);
        $handed = [];
        for ($turn = 0; $turn < 3; $turn++) {
            foreach ($this->seen($turn, 4) as [$imported, $subjects]) {
                self::assertCount($imported, $subjects);
                array_push($handed, ...$subjects);
            }
        }
        sort($handed);
        self::assertSame(array_map(static fn (int $mail): string => "mail {$mail}", range(0, 5)), $handed);
        self::assertSame(0, list_messages('invoices')->total());
    }

    public function testAProcessForkedByOneThreadWorksWhileTheOthersGoOn(): void
    {
        $forks = Size::of('THREAD_FORKS', 10);
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('mail'));
        $this->threads(sprintf('
            if ($number !== 0) {
                for ($count = 0; !file_exists("$folder/forked"); $count++) {
                    list_accounts();
                    list_messages("invoices")->total();
                    $count %% 5 === 0 && refresh_token("invoices");
                }
                $say($count);

                return;
            }
            $children = [];
            for ($fork = 0; $fork < %d; $fork++) {
                $child = pcntl_fork();
                if ($child === 0) {
                    $seen = [count(list_accounts()), list_messages("invoices")->total(), access_token("invoices") !== ""];
                    file_put_contents("$folder/child-$fork", json_encode($seen));
                    posix_kill(getmypid(), SIGKILL);
                }
                $children[] = $child;
                usleep(30_000);
            }
            foreach ($children as $fork => $child) {
                $end = microtime(true) + 20;
                while (($ended = pcntl_waitpid($child, $status, WNOHANG)) === 0 && microtime(true) < $end) {
                    usleep(5_000);
                }
                $ended === 0 && posix_kill($child, SIGKILL) && file_put_contents("$folder/child-$fork", "\"hangs\"");
            }
            touch("$folder/forked");
            $say($children);
        ', $forks), 6, 1);
        self::assertCount($forks, $this->seen(0, 6)[0]);
        for ($fork = 0; $fork < $forks; $fork++) {
            self::assertSame('[1,1,true]', @file_get_contents("{$this->folder}/child-{$fork}"), "child {$fork}");
        }
    }

    public function testThreadsThatComeAndGoLeaveNoThreadBehind(): void
    {
        $this->signedIn();
        $output = $this->threads('list_messages("invoices")->total(); $say(true);', 4, 1, 10);
        self::assertSame(1, preg_match('/threads left: (\d+)/', $output, $match));
        // The main one, and those of the clients that all of them shared.
        self::assertLessThanOrEqual(6, (int) $match[1]);
        self::assertLessThanOrEqual(8, $this->sandbox->control('GET', '/counters')['connections'], 'connections stay when threads go');
    }

    /**
     * Runs a script in threads of one process, which ends well.
     *
     * @return string what it printed
     */
    private function threads(string $code, int $threads, int $turns, int $waves = 1): string
    {
        file_put_contents($this->folder . '/script.php', self::HEAD . $code);
        $settings = [
            'extension' => Php::extension(),
            'squeeze_graph.custom_endpoints' => '1',
            'squeeze_graph.store' => $this->folder . '/store.sqlite',
            'squeeze_graph.timeout' => '20',
            'date.timezone' => 'UTC',
            'log_errors' => '0',
        ];
        $lines = array_map(static fn (string $name, string $value): string => sprintf('%s = "%s"', $name, $value), array_keys($settings), $settings);
        file_put_contents($this->folder . '/php.ini', implode("\n", $lines) . "\n");
        $said = $this->folder . '/said';
        $process = proc_open(
            [self::$host, $this->folder . '/php.ini', $this->folder . '/script.php', (string) $threads, (string) $turns, (string) $waves],
            [['file', '/dev/null', 'r'], ['file', $said, 'w'], ['file', $said, 'a']],
            $pipes,
        );
        self::assertIsResource($process);
        $end = microtime(true) + 120;
        while (($state = proc_get_status($process))['running']) {
            if (microtime(true) > $end) {
                proc_terminate($process, SIGKILL);
                self::fail("the threads hang:\n" . file_get_contents($said));
            }
            usleep(10_000);
        }
        $output = (string) file_get_contents($said);
        self::assertFalse($state['signaled'], sprintf("ended by signal %d:\n%s", $state['termsig'], $output));
        self::assertSame(0, $state['exitcode'], $output);

        return $output;
    }

    /**
     * @return list<mixed> what each thread saw in a turn
     */
    private function seen(int $turn, int $threads): array
    {
        $seen = [];
        for ($number = 0; $number < $threads; $number++) {
            $file = "{$this->folder}/seen-{$turn}-{$number}";
            self::assertFileExists($file, (string) file_get_contents($this->folder . '/said'));
            $seen[] = json_decode((string) file_get_contents($file), true, flags: JSON_THROW_ON_ERROR);
        }

        return $seen;
    }
}
