<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\export_token;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\has_account;
use function Squeeze\Graph\list_accounts;

/**
 * Many processes at once, processes that fork, and daemons.
 */
final class ProcessesTest extends GraphTestCase
{
    public function testParentAndChildrenWorkWhoeverBegins(): void
    {
        $this->signedIn();
        $this->sandbox->generate(World::USER, 3);
        // Before first use, after it, and a grandchild of a child that never used it.
        $child = Php::code('
            $use = function (string $who): bool {
                refresh_token("invoices");
                save_account($who, ["client_secret" => "s"] + get_account("invoices")->toSettings());
                return list_messages("invoices")->total() === 3 && count(list_folders("invoices")) > 5 && has_account($who);
            };
            $fork = function (callable $do): int {
                $pid = pcntl_fork();
                if ($pid === 0) { exit($do() ? 0 : 9); }
                pcntl_waitpid($pid, $status);
                return pcntl_wexitstatus($status);
            };
            $ends = [
                $fork(fn () => $use("child before")),
                $use("parent"),
                $fork(fn () => $use("child after")),
                $use("parent again"),
                $fork(fn () => $fork(fn () => $use("grandchild")) === 0),
                $fork(fn () => $use("twice") && $fork(fn () => $use("grandchild after")) === 0 && $use("twice, again")),
                $use("parent at the end"),
            ];
            echo json_encode($ends);');
        self::assertSame('[0,true,0,true,0,0,true]', $child->output(), $child->errors());
        self::assertSame('', $child->errors());
        self::assertCount(10, list_accounts());
        self::assertIntact($this->folder);
    }

    public function testStateNonceAndVerifierOfAParentAndItsChildrenAllDiffer(): void
    {
        $this->account();
        $children = (int) (getenv('PROCESSES_CHILDREN') ?: 50);
        // The parent has drawn before: a generator kept in the process would go on alike in each child.
        // A line is one write: two of them could have those of another child between them.
        $run = Php::code(sprintf('
            authorization_url("invoices", "s"); random_bytes(8);
            for ($i = 0; $i < %d; $i++) {
                if (pcntl_fork() === 0) { echo authorization_url("invoices", "s") . "\n"; exit; }
                if ($i %% 8 === 7) { while (pcntl_wait($status) > 0); }
            }
            while (pcntl_wait($status) > 0);
            echo authorization_url("invoices", "s"), "\n";', $children), seconds: 300);
        $seen = [];
        foreach (array_filter(explode("\n", $run->output())) as $url) {
            parse_str((string) parse_url($url, PHP_URL_QUERY), $query);
            foreach (['state', 'nonce', 'code_challenge'] as $name) {
                self::assertGreaterThanOrEqual(22, strlen($query[$name]));
                $seen[$name][] = $query[$name];
            }
        }
        foreach (['state', 'nonce', 'code_challenge'] as $name) {
            self::assertCount($children + 1, array_unique($seen[$name] ?? []), $name);
        }
    }

    /**
     * Seen to lose what was written last where an SQLite handle lived on in the child: it thinks it holds locks that
     * only its parent had.
     */
    public function testADaemonAndOthersLoseNothingOfWhatTheyWrite(): void
    {
        $this->account();
        $log = $this->folder . '/daemon';
        $rounds = (int) (getenv('PROCESSES_ROUNDS') ?: 10);
        $settings = '["client_secret" => "s"] + get_account("invoices")->toSettings()';
        $starter = Php::code(sprintf('
            save_account("starter", %1$s);
            if (pcntl_fork() > 0) { exit(0); }
            posix_setsid();
            if (pcntl_fork() > 0) { exit(0); }
            chdir("/");
            for ($i = 0; $i < %2$d; $i++) {
                save_account("daemon $i", %1$s);
                file_put_contents(%3$s, "$i\n", FILE_APPEND);
                usleep(20_000);
            }
            file_put_contents(%3$s, "end " . getmypid() . " " . posix_getsid(0) . "\n", FILE_APPEND);', $settings, $rounds, var_export($log, true)));
        self::assertSame(0, $starter->status(), $starter->errors());
        // A second process that opens the store anew each time, and closes it: the last one to close checkpoints.
        $written = 0;
        $end = microtime(true) + 120;
        do {
            $other = Php::code(sprintf('save_account("other %d", %s);', $written, $settings));
            self::assertSame('', $other->errors());
            $written++;
            self::assertLessThan($end, microtime(true), 'the daemon does not end');
        } while (!str_contains((string) @file_get_contents($log), 'end'));
        [, $pid, $session] = explode(' ', trim(strrchr(trim(file_get_contents($log)), "\n")));
        self::assertNotSame((string) posix_getsid(0), $session, 'it left our session');
        self::assertNotSame($pid, $session);
        for ($i = 0; $i < $rounds; $i++) {
            self::assertTrue(has_account('daemon ' . $i), "daemon $i is lost");
        }
        for ($i = 0; $i < $written; $i++) {
            self::assertTrue(has_account('other ' . $i), "other $i is lost");
        }
        self::assertTrue(has_account('starter'));
        self::assertIntact($this->folder);
    }

    public function testManyProcessesWriteAtOnceWithoutErrorOrLongWait(): void
    {
        $this->account();
        $writers = (int) (getenv('PROCESSES_WRITERS') ?: 16);
        $times = $this->together($writers, sprintf('
            $slowest = 0.0;
            for ($i = 0; $i < 4; $i++) {
                $begun = microtime(true);
                save_account("writer $number", ["folder_inbox" => "/Round $i", "client_secret" => "s"] + get_account("invoices")->toSettings());
                adopt_token("writer $number", ["access_token" => "a$i", "refresh_token" => "r$i", "expires_at" => time() + 3600]);
                $slowest = max($slowest, (microtime(true) - $begun) / 2);
            }
            echo $slowest;'));
        for ($i = 0; $i < $writers; $i++) {
            self::assertSame('/Round 3', get_account('writer ' . $i)->folderInbox);
            self::assertSame('r3', export_token('writer ' . $i)['refresh_token']);
        }
        self::assertIntact($this->folder);
        self::told('%d processes writing at once: longest wait for one write %.0f ms', $writers, 1000 * max($times));
        // A fraction of a second, on a machine of its own.
        self::assertLessThan(5, max($times));
    }

    public function testManyProcessesCreateOneStoreAndItsKeyAtOnce(): void
    {
        $rounds = (int) (getenv('PROCESSES_CREATIONS') ?: 1);
        $settings = var_export($this->settings(), true);
        $slowest = 0.0;
        for ($round = 0; $round < $rounds; $round++) {
            ini_set('squeeze_graph.store', sprintf('%s/store-%d.sqlite', $this->folder, $round));
            $times = $this->together(16, sprintf('$begun = microtime(true); save_account("account $number", %s); echo microtime(true) - $begun;', $settings));
            self::assertCount(16, list_accounts());
            self::assertFileExists(sprintf('%s/store-%d.sqlite.key', $this->folder, $round));
            $slowest = max($slowest, ...$times);
        }
        self::told('16 processes creating one store and key, %d times: longest call %.0f ms', $rounds, 1000 * $slowest);
        self::assertLessThan(5, $slowest);
    }

    /**
     * Helpers of the import hold locks for a moment, over and over; a child that copied a held one would wait for ever.
     */
    public function testChildrenOfABusyParentNeverHang(): void
    {
        $this->signedIn();
        $forks = (int) (getenv('PROCESSES_FORKS') ?: 20);
        $this->sandbox->generate(World::USER, 40, 2_000);
        $run = Php::code(sprintf('
            $children = [];
            pcntl_async_signals(true);
            pcntl_signal(SIGALRM, function () { fwrite(STDERR, "a child hangs\n"); posix_kill(0, SIGKILL); });
            $fork = function () use (&$children) {
                $pid = pcntl_fork();
                if ($pid === 0) {
                    exit(count(list_accounts()) === 1 && find_folder("invoices", "wellknown:inbox")->name !== "" && access_token("invoices") !== "" ? 0 : 9);
                }
                $children[] = $pid;
            };
            while (count($children) < %d) {
                import_messages("invoices", function (IncomingMessage $mail) use ($fork) { usleep(random_int(0, 3000)); $fork(); throw new LeaveInInbox(); }, limit: 40);
            }
            $bad = 0;
            pcntl_alarm(60);
            foreach ($children as $pid) { pcntl_waitpid($pid, $status); $bad += $status === 0 ? 0 : 1; }
            echo count($children), " ", $bad;', $forks), seconds: 400);
        [$count, $bad] = explode(' ', $run->output()) + ['', ''];
        self::assertGreaterThanOrEqual($forks, (int) $count, $run->output() . $run->errors());
        self::assertSame('0', $bad, $run->errors());
        self::told('%d children of an importing parent: none hung, none failed', $count);
    }

    /**
     * A helper that is stuck in writing a line of the log (nobody reads the pipe) may hold nothing that a child needs for its own lines.
     */
    public function testAChildLogsToStandardErrorWhileAHelperOfItsParentIsStuckThere(): void
    {
        $this->signedIn();
        $run = Php::code(sprintf('
            $log = %s;
            fclose(STDERR);
            // The lowest number that is free: standard error, from now on.
            [$pipe, $unread] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
            stream_set_blocking($pipe, false);
            while (@fwrite($pipe, str_repeat("x", 1024)) > 0);
            stream_set_blocking($pipe, true);
            pcntl_async_signals(true);
            pcntl_signal(SIGALRM, function () use ($log, $pipe) {
                $child = pcntl_fork();
                if ($child === 0) {
                    fclose($pipe);
                    $readable = fopen($log, "w");
                    list_folders("invoices");
                    touch("$log-done");
                    posix_kill(getmypid(), SIGKILL);
                }
                for ($end = microtime(true) + 20; pcntl_waitpid($child, $status, WNOHANG) === 0 && microtime(true) < $end;) { usleep(10_000); }
                echo is_file("$log-done") ? "done" : "hangs";
                posix_kill($child, SIGKILL);
                posix_kill(getmypid(), SIGKILL);
            });
            pcntl_alarm(1);
            echo str_starts_with((string) readlink("/proc/self/fd/2"), "socket:") ? "stuck " : "not standard error ";
            list_folders("invoices");
            echo "not stuck ";', var_export($this->folder . '/stderr', true)), ['squeeze_graph.log' => 'stderr', 'squeeze_graph.log_level' => 'debug']);
        self::assertSame('stuck done', $run->output());
        self::assertStringContainsString('"level":"debug"', file_get_contents($this->folder . '/stderr'));
    }

    /**
     * Starts processes that begin at one moment.
     *
     * @return list<float> the number each of them wrote
     */
    private function together(int $count, string $code): array
    {
        $gate = $this->folder . '/gate-' . bin2hex(random_bytes(4));
        $processes = [];
        for ($number = 0; $number < $count; $number++) {
            $processes[] = Php::startCode(sprintf('$number = %d; touch("%2$s-$number"); while (!file_exists("%2$s")) { usleep(1000); } %3$s', $number, $gate, $code));
        }
        $end = microtime(true) + 120;
        while (count(glob($gate . '-*')) < $count) {
            self::assertLessThan($end, microtime(true), 'the processes do not start');
            usleep(10_000);
        }
        touch($gate);
        $numbers = [];
        foreach ($processes as $process) {
            $process->wait(120);
            self::assertSame(0, $process->status(), $process->output() . $process->errors());
            self::assertSame('', $process->errors());
            $numbers[] = (float) $process->output();
        }

        return $numbers;
    }

    private static function assertIntact(string $folder): void
    {
        // In a process without the extension: PHP's own SQLite must never share a process with ours.
        $check = sprintf('$d = new PDO("sqlite:%s/store.sqlite"); echo $d->query("PRAGMA integrity_check")->fetchColumn();', $folder);
        exec(escapeshellarg(PHP_BINARY) . ' -r ' . escapeshellarg($check), $output);
        self::assertSame(['ok'], $output);
    }

    /**
     * A figure for tests/proofs/processes.
     */
    private static function told(string $figure, mixed ...$values): void
    {
        if (getenv('FIGURES') !== false) {
            file_put_contents(getenv('FIGURES'), vsprintf("figure: $figure\n", $values), FILE_APPEND);
        }
    }
}
