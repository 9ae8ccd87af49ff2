<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Process;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Run;
use Squeeze\Graph\Benches\Scene;

/**
 * A process that starts, renews a token, keeps it, and ends: what cron or a script on the command line costs.
 * Here the time is the whole process's, PHP's start and end included.
 */
final class ColdProcess extends Row
{
    public function name(): string
    {
        return 'cold';
    }

    public function title(): string
    {
        return 'cold process, one token refresh';
    }

    public function targets(): array
    {
        return [30 => 1.0, 0 => 0.7];
    }

    public function prepare(Scene $scene, string $way): array
    {
        $file = $scene->newFolder('database') . '/tokens.sqlite';
        Tokens::create($file, [Scene::ACCOUNT], $scene->given());

        return ['database' => $file];
    }

    public function ours(array $given): mixed
    {
        return \Squeeze\Graph\refresh_token(Scene::ACCOUNT)->expiresAt?->getTimestamp() > time() + 3000;
    }

    public function plain(array $given): mixed
    {
        $tokens = new Tokens($given['database']);
        $token = (new PlainClient($given))->refresh($tokens->of(Scene::ACCOUNT)['refresh_token']);
        $tokens->keep(Scene::ACCOUNT, $token);

        return $token['expires_in'] > 3000;
    }

    public function run(Scene $scene, string $way): Run
    {
        file_put_contents($scene->folder . '/given.json', json_encode($this->prepare($scene, $way) + $scene->given(), JSON_THROW_ON_ERROR));
        $scene->server->forget();
        $cpu = Process::cpuOfChildren();
        $began = hrtime(true);
        $told = json_decode(Process::run([...Process::command($way, $scene->store(), $scene->server->ca), dirname(__DIR__, 2) . '/worker.php', $this->name(), $way, $scene->folder . '/given.json']), true, 512, JSON_THROW_ON_ERROR);
        $seconds = (hrtime(true) - $began) / 1e9;

        return new Run($seconds, Process::cpuOfChildren() - $cpu, $told['peak'], $told['result'], $scene->server->counters());
    }
}
