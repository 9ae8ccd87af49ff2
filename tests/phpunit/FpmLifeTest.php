<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\Fpm;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\is_token_expired;

/**
 * Workers of PHP-FPM come and go: reload, stop, recycling, preloading.
 */
final class FpmLifeTest extends GraphTestCase
{
    /** Where another user than root may look for the extension and its store. */
    private ?string $public = null;
    private ?Fpm $fpm = null;

    protected function tearDown(): void
    {
        $this->fpm = null;
        if ($this->public !== null) {
            self::remove($this->public);
        }
        parent::tearDown();
    }

    public function testAReloadEndsNoRequestAndTheNewWorkersWork(): void
    {
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('mail', ['a.pdf' => 'x']));
        $this->fpm = new Fpm($this->folder, ['pm.max_children' => 3], global: ['process_control_timeout' => '20s']);
        $before = $this->fpm->web('echo getmypid(), " ", list_messages("invoices")->total();');
        self::assertStringEndsWith(' 1', $before);

        $this->expire();
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 1_500]);
        $this->sandbox->fault(['path' => '/mailFolders/inbox', 'delay_ms' => 1_500]);
        $renews = $this->fpm->start('echo "begun "; flush(); echo refresh_token("invoices")->state->name, " by ", getmypid();');
        $reads = $this->fpm->start('sleep(1); echo list_messages("invoices", "wellknown:inbox")->total(), " by ", getmypid();');
        $this->fpm->begun();
        usleep(100_000);
        $this->fpm->signal(SIGUSR2);
        self::assertMatchesRegularExpression('/^begun Valid by \d+$/', $renews());
        self::assertMatchesRegularExpression('/^1 by \d+$/', $reads());
        self::assertFalse(is_token_expired('invoices'), 'the answer is in the store');

        $after = [];
        for ($i = 0; $i < 6; $i++) {
            $answer = $this->fpm->web('echo getmypid(), " ", list_messages("invoices")->total();');
            self::assertStringEndsWith(' 1', $answer);
            $after[] = $answer;
        }
        self::assertNotContains($before, $after, 'a worker from before the reload answered');
        self::assertSame(1, $this->sandbox->asked('token refresh_token'));
        self::assertWorkersEndedWell($this->fpm->log());
    }

    public function testAGracefulStopWaitsForTheRequestAndThenEndsAtOnce(): void
    {
        $this->signedIn();
        $this->expire();
        $this->fpm = new Fpm($this->folder, global: ['process_control_timeout' => '20s']);
        $this->fpm->web('list_folders("invoices"); list_accounts();');
        $this->sandbox->fault(['path' => '/token', 'delay_ms' => 1_500]);
        $renews = $this->fpm->start('echo refresh_token("invoices")->state->name;');
        $this->fpm->begun();
        usleep(100_000);
        $this->fpm->signal(SIGQUIT);
        self::assertSame('Valid', $renews());
        $seconds = $this->fpm->ended();
        self::assertLessThan(4, $seconds, 'helpers that nobody needs kept the workers');
        self::assertFalse(is_token_expired('invoices'));
        self::assertWorkersEndedWell($this->fpm->log());
    }

    public function testWorkersThatAreRecycledLoseNothingAndLeaveNothing(): void
    {
        $this->signedIn();
        $this->fpm = new Fpm($this->folder, ['pm.max_requests' => 2]);
        $workers = [];
        for ($i = 0; $i < 12; $i++) {
            $this->expire();
            [$pid, $state, $folders] = explode(' ', $this->fpm->web('echo getmypid(), " ", refresh_token("invoices")->state->name, " ", count(list_folders("invoices")) > 5 ? "folders" : "none";'));
            self::assertSame(['Valid', 'folders'], [$state, $folders]);
            $workers[] = $pid;
        }
        self::assertGreaterThanOrEqual(5, count(array_unique($workers)), 'workers were recycled');
        self::assertSame(12, $this->sandbox->asked('token refresh_token'));
        self::assertWorkersEndedWell($this->fpm->log());
    }

    /**
     * `memory_limit` can be met by any value that is built. What it is built of lies outside PHP's own memory, which alone is taken back
     * by itself when a request dies of it.
     */
    public function testMemoryThatRunsOutWhileAnAnswerIsBuiltCostsTheWorkerNothing(): void
    {
        $this->signedIn();
        $id = $this->sandbox->deliver(World::USER, Mail::mime('large', ['a.pdf' => 'x'], str_repeat("line after line\r\n", 150_000)));
        $this->fpm = new Fpm($this->folder, ['pm.max_children' => 1]);
        $resident = fn (): int => (int) $this->fpm->web('echo preg_replace("/.*VmRSS:\s+(\d+).*/s", "$1", file_get_contents("/proc/self/status"));');
        $read = sprintf('get_message("invoices", %s)', var_export($id, true));
        $dies = function (string $call): void {
            $answer = $this->fpm->web('ini_set("memory_limit", "3M"); ' . $call . '; echo "done";');
            // A debug build of PHP says where, too.
            self::assertMatchesRegularExpression('/Allowed memory size of 3145728 bytes exhausted( at \S+)? \(tried to allocate 3\d{6} bytes\)/', $answer, 'the body');
            self::assertStringNotContainsString('done', $answer);
        };
        $import = 'import_messages("invoices", fn () => null, body: "html")';
        $dies($read);
        $dies($import);
        $before = $resident();
        self::assertGreaterThan(1_000, $before);
        for ($i = 0; $i < 20; $i++) {
            $dies($read);
        }
        self::assertLessThan(25_000, $resident() - $before, 'kB; each of the twenty had more than 3 MB in hand');
        self::assertSame('read', $this->fpm->web("echo strlen({$read}->body) > 1_000_000 ? 'read' : 'not read';"));
        self::assertSame('1', $this->fpm->web("echo {$import}->imported;"), 'nothing stands in the way of the next one');
        self::assertWorkersEndedWell($this->fpm->log());
    }

    /**
     * PHP leaves the call by a jump. What the import held on its way (threads, mails, files, the store's lease) goes all the same.
     */
    public function testImportsThatDieOfMemoryLeaveNothingWithTheWorker(): void
    {
        $this->signedIn();
        for ($i = 0; $i < 3; $i++) {
            $this->sandbox->deliver(World::USER, Mail::mime('mail ' . $i, ['a.pdf' => str_repeat('x', 10_000)], str_repeat("line after line\r\n", 3_000)));
        }
        $this->fpm = new Fpm($this->folder, ['pm.max_children' => 1]);
        $import = 'import_messages("invoices", function () { %s }, body: "html")';
        $held = function (): array {
            $status = $this->fpm->web('echo file_get_contents("/proc/self/status"), "files: ", count(scandir("/proc/self/fd"));');
            self::assertSame(1, preg_match('/^VmRSS:\s+(\d+) kB.*^Threads:\s+(\d+).*^files: (\d+)/ms', $status, $found), $status);

            return array_map(intval(...), array_slice($found, 1));
        };
        $die = function (int $times) use ($import): void {
            for ($i = 0; $i < $times; $i++) {
                $answer = $this->fpm->web('ini_set("memory_limit", "8M"); ' . sprintf($import, 'str_repeat("x", 100_000_000);') . ';');
                self::assertStringContainsString('Allowed memory size of 8388608 bytes exhausted', $answer);
            }
        };
        // The first ones fill what every worker has from then on: connections, the store, the pools of the C library.
        $die(15);
        [$before, $threads, $files] = $held();
        $die(40);
        [$after, $threadsAfter, $filesAfter] = $held();
        self::assertLessThan(8_000, $after - $before, 'kB; forty imports');
        self::assertLessThanOrEqual($threads + 1, $threadsAfter);
        self::assertLessThanOrEqual($files + 3, $filesAfter);
        self::assertSame('3', $this->fpm->web('echo ' . sprintf($import, '') . '->imported;'), 'nothing stands in the way of the next one');
        self::assertWorkersEndedWell($this->fpm->log());
    }

    /**
     * Preloading runs in the master where FPM is not started as root: whatever it opened, workers inherit.
     */
    public function testWorkersAreWellWhenTheMasterUsedTheExtensionInItsPreloading(): void
    {
        [$ini, $user] = $this->preloading();
        $this->fpm = new Fpm($this->public, ['pm.max_children' => 4], $ini, ['process_control_timeout' => '20s'], $user);
        self::assertSame([$this->fpm->pid(), 'Valid', 1], $this->preloaded(), 'the master itself used the extension');
        $this->workersAreWell();

        // A reload is a new program in the same process, which preloads again.
        $this->fpm->signal(SIGUSR2);
        self::assertSame([$this->fpm->pid(), 'Valid', 1], $this->preloaded(), 'and again');
        $this->workersAreWell();
        $this->fpm->signal(SIGQUIT);
        self::assertLessThan(8, $this->fpm->ended());
        self::assertWorkersEndedWell($this->fpm->log());
    }

    /**
     * A master that is root preloads in a child, as the user that opcache.preload_user names.
     */
    public function testWorkersAreWellWhenAMasterThatIsRootPreloadsAsAnotherUser(): void
    {
        if (posix_geteuid() !== 0) {
            self::markTestSkipped('needs to be root');
        }
        [$ini] = $this->preloading();
        $group = posix_getgrgid(posix_getpwnam('nobody')['gid'])['name'];
        $pool = ['pm.max_children' => 4, 'user' => 'nobody', 'group' => $group, 'listen.mode' => '0666'];
        $this->fpm = new Fpm($this->public, $pool, $ini + ['opcache.preload_user' => 'nobody'], ['process_control_timeout' => '20s']);
        for ($start = 0; $start < 2; $start++) {
            [$pid, $state, $total] = $this->preloaded();
            self::assertNotSame($this->fpm->pid(), $pid, 'a child of the master preloads');
            self::assertSame(['Valid', 1], [$state, $total]);
            $this->workersAreWell();
            if ($start === 0) {
                $this->fpm->signal(SIGUSR2);
            }
        }
        self::assertSame(posix_getpwnam('nobody')['uid'], fileowner($this->public . '/store.sqlite-wal'), 'root has not touched the store');
        $this->fpm->signal(SIGQUIT);
        self::assertLessThan(8, $this->fpm->ended());
        self::assertWorkersEndedWell($this->fpm->log());
    }

    /**
     * What the preloaded script said: who ran it, the state after its renewal, and how many mails it saw.
     *
     * @return array{int, string, int}
     */
    private function preloaded(): array
    {
        $file = $this->public . '/preloaded';
        for ($end = microtime(true) + 20; !file_exists($file); usleep(10_000)) {
            self::assertLessThan($end, microtime(true), 'nothing was preloaded: ' . $this->fpm?->log());
        }
        $said = json_decode(file_get_contents($file), true);
        unlink($file);

        return $said;
    }

    private function workersAreWell(): void
    {
        // Four at once, so that each worker has one. A client of the master would wait for ever for its thread.
        $requests = [];
        for ($i = 0; $i < 4; $i++) {
            $requests[] = $this->fpm->start('
                $threads = fn () => count(glob("/proc/self/task/*"));
                $stores = fn () => count(array_filter(glob("/proc/self/fd/*"), fn ($fd) => str_contains((string) @readlink($fd), "store.sqlite")));
                $inherited = [$threads(), $stores()];
                $total = list_messages("invoices")->total();
                $saved = save_account("web " . getmypid(), ["client_secret" => "s"] + get_account("invoices")->toSettings());
                usleep(300_000);
                echo json_encode([...$inherited, $total, getmypid(), has_account("web " . getmypid()), authorization_url("invoices", "s")]);');
        }
        $answers = array_map(static fn (\Closure $answer): array => json_decode($text = $answer(), true) ?? self::fail($text), $requests);
        foreach ($answers as $answer) {
            self::assertSame([1, 0, 1], array_slice($answer, 0, 3), 'a worker has no thread and no store of its master');
            self::assertTrue($answer[4]);
        }
        self::assertCount(4, array_unique(array_column($answers, 3)), 'each worker had one request');
        self::assertCount(4, array_unique(array_column($answers, 5)));
        self::assertStringEndsWith('Valid', $this->fpm->web('echo refresh_token("invoices")->state->name;'));
    }

    /**
     * A folder of another user's than root, with the store and a script that is preloaded there.
     *
     * @return array{array<string, string>, ?int} settings of the server, and who runs it
     */
    private function preloading(): array
    {
        $this->signedIn();
        $this->expire();
        $this->sandbox->deliver(World::USER, Mail::mime('mail', ['a.pdf' => 'x']));
        $code = '
            namespace Squeeze\Graph;
            $said = json_encode([getmypid(), refresh_token("invoices")->state->name, list_messages("invoices")->total()]);
            authorization_url("invoices", "before the fork");
            set_logger(fn () => null);
            file_put_contents(__DIR__ . "/preloading", $said);
            rename(__DIR__ . "/preloading", __DIR__ . "/preloaded");
        ';
        $this->public = sys_get_temp_dir() . '/squeeze-graph-' . bin2hex(random_bytes(6));
        mkdir($this->public, 0700);
        file_put_contents($this->public . '/preload.php', "<?php\n" . $code);
        // With what was written last, which is not in the main file yet.
        foreach (['store.sqlite', 'store.sqlite-wal', 'store.sqlite.key'] as $name) {
            copy($this->folder . '/' . $name, $this->public . '/' . $name);
            chmod($this->public . '/' . $name, 0600);
        }
        copy(Php::extension(), $this->public . '/squeeze_graph.so');
        $user = null;
        if (posix_geteuid() === 0) {
            $user = posix_getpwnam('nobody')['uid'];
            foreach ([$this->public, ...glob($this->public . '/*')] as $path) {
                chown($path, $user);
            }
        }

        return [(extension_loaded('Zend OPcache') ? [] : ['zend_extension' => 'opcache']) + [
            'extension' => $this->public . '/squeeze_graph.so',
            'opcache.enable' => '1',
            'opcache.preload' => $this->public . '/preload.php',
            'squeeze_graph.store' => $this->public . '/store.sqlite',
        ], $user];
    }

    private function expire(): void
    {
        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
    }

    private static function assertWorkersEndedWell(string $log): void
    {
        self::assertDoesNotMatchRegularExpression('/exited on signal|SIGSEGV|SIGABRT|SIGKILL|panic/i', $log);
    }
}
