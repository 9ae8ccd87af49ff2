<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;

use function Squeeze\Graph\export_token;
use function Squeeze\Graph\list_accounts;
use function Squeeze\Graph\reseal_store;

/**
 * A new key on top, reseal_store(), the old key out: while eight processes read and write.
 *
 * ROTATIONS=n rotates n times instead of three.
 */
final class KeyRotationTest extends GraphTestCase
{
    private const PROCESSES = 8;

    public function testTheKeyIsChangedWhileOthersReadAndWrite(): void
    {
        $keys = $this->folder . '/keys';
        $this->write($keys, [$first = self::key()]);
        ini_set('squeeze_graph.key_file', $keys);
        $code = sprintf(
            '$name = "account-" . getenv("NUMBER"); $count = 0;
             save_account($name, %s);
             echo "ready\n";
             while (!file_exists(%s)) {
                 $written = bin2hex(random_bytes(20));
                 adopt_token($name, ["access_token" => $written, "refresh_token" => $written, "expires_at" => time() + 3600]);
                 if (export_token($name)["refresh_token"] !== $written) { throw new \LogicException("a write was lost"); }
                 if (count(list_accounts()) < 1) { throw new \LogicException("accounts were lost"); }
                 ++$count;
             }
             echo json_encode([$name, $written, $count]);',
            var_export($this->settings(), true),
            var_export($this->folder . '/stop', true),
        );
        $workers = [];
        for ($number = 0; $number < self::PROCESSES; ++$number) {
            $workers[] = Php::start(['-r', 'namespace Squeeze\Graph; ' . $code], ['squeeze_graph.key_file' => $keys], ['NUMBER' => (string) $number]);
        }
        foreach ($workers as $worker) {
            $worker->waitFor('ready', 60);
        }
        $rotations = (int) (getenv('ROTATIONS') ?: 3);
        $newest = $first;
        $slowest = 0.0;
        for ($i = 0; $i < $rotations; ++$i) {
            [$oldest, $newest] = [$newest, self::key()];
            $this->write($keys, [$newest, $oldest]);
            usleep(100_000);
            $began = microtime(true);
            self::assertGreaterThanOrEqual(self::PROCESSES, reseal_store());
            $slowest = max($slowest, microtime(true) - $began);
            $this->write($keys, [$newest]);
            usleep(100_000);
        }
        touch($this->folder . '/stop');
        $writes = 0;
        foreach ($workers as $worker) {
            $worker->wait(60);
            self::assertSame(0, $worker->status(), $worker->output() . $worker->errors());
            [$name, $token, $count] = json_decode(trim(substr($worker->output(), strlen("ready\n"))), true);
            self::assertSame($token, export_token($name)['refresh_token'], 'the last write is what is read');
            self::assertGreaterThan(0, $count);
            $writes += $count;
        }
        self::assertCount(self::PROCESSES, list_accounts());

        // The old key opens nothing any more.
        $this->write($keys, [$first]);
        $refused = Php::code('try { export_token("account-0"); } catch (StoreException $e) { echo $e->getProblem()->code; }', ['squeeze_graph.key_file' => $keys]);
        self::assertSame('key_wrong', $refused->output(), $refused->errors());
        if (getenv('ROTATIONS') !== false) {
            fprintf(STDERR, "\nfigure: %d key changes, %d writes by %d processes meanwhile, none lost, no error; slowest reseal %.2f s\n", $rotations, $writes, self::PROCESSES, $slowest);
        }
    }

    /**
     * As an administrator should: a new file beside the old one, then its name.
     *
     * @param list<string> $keys
     */
    private function write(string $file, array $keys): void
    {
        file_put_contents($file . '.new', implode("\n", $keys) . "\n");
        chmod($file . '.new', 0600);
        rename($file . '.new', $file);
    }

    private static function key(): string
    {
        return bin2hex(random_bytes(32));
    }
}
