<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\BatchClient;
use Squeeze\Graph\Benches\Fpm;
use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Process;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Run;
use Squeeze\Graph\Benches\Scene;

use function Squeeze\Graph\get_message;
use function Squeeze\Graph\list_attachments;
use function Squeeze\Graph\refresh_token;

/**
 * A web request that renews the token, reads a message and lists its attachments, in a worker of PHP-FPM: the 2nd to the 20th request.
 * PHP frees a curl handle at the end of a request, and its connections with it.
 */
class FpmRefresh extends Row
{
    private const REQUESTS = 20;

    public function name(): string
    {
        return 'fpm-refresh';
    }

    public function title(): string
    {
        return 'FPM request: one refresh and two Graph calls, 2nd to 20th';
    }

    public function targets(): array
    {
        return [30 => 0.55, 0 => 0.1];
    }

    public function setUp(Scene $scene): void
    {
        $scene->fill(1, 1_000);
        $scene->newStore();
    }

    public function prepare(Scene $scene, string $way): array
    {
        $file = $scene->newFolder('database') . '/tokens.sqlite';
        Tokens::create($file, [Scene::ACCOUNT], $scene->given());

        return ['id' => $scene->server->messages('/Posteingang')[0]['immutableId'], 'database' => $file];
    }

    protected function renews(): bool
    {
        return true;
    }

    public function ours(array $given): mixed
    {
        if ($this->renews()) {
            refresh_token(Scene::ACCOUNT);
        }

        return [get_message(Scene::ACCOUNT, $given['id'])->subject, count(list_attachments(Scene::ACCOUNT, $given['id']))];
    }

    public function plain(array $given): mixed
    {
        $client = new PlainClient(['access_token' => $this->token($given)] + $given);
        $message = $client->get(self::message($given['id']));

        return [$message['subject'], count($client->all(DownloadMails::attachments($given['id'])))];
    }

    public function batch(array $given): mixed
    {
        $client = new BatchClient(['access_token' => $this->token($given)] + $given);
        $both = $client->together([['GET', self::message($given['id'])], ['GET', DownloadMails::attachments($given['id'])]]);

        return [$both[0]['subject'], count($both[1]['value'])];
    }

    /**
     * @param array<string, mixed> $given
     */
    private function token(array $given): string
    {
        $tokens = new Tokens($given['database']);
        $token = $tokens->of(Scene::ACCOUNT);
        if ($this->renews()) {
            $token = (new PlainClient($given))->refresh($token['refresh_token']);
            $tokens->keep(Scene::ACCOUNT, $token);
        }

        return $token['access_token'];
    }

    private static function message(string $id): string
    {
        return "/me/messages/{$id}?\$select=" . ListMessages::SELECT . ',body,internetMessageHeaders';
    }

    public function run(Scene $scene, string $way): Run
    {
        file_put_contents($scene->folder . '/given.json', json_encode($this->prepare($scene, $way) + $scene->given(), JSON_THROW_ON_ERROR));
        $fpm = new Fpm($scene, $way);
        $scene->server->forget();
        $query = http_build_query(['row' => $this->name(), 'way' => $way, 'given' => $scene->folder . '/given.json']);
        $times = [];
        $results = [];
        $cpu = 0.0;
        for ($request = 1; $request <= self::REQUESTS; $request++) {
            if ($request === 2) {
                $cpu = $fpm->cpu();
            }
            $began = hrtime(true);
            $results[] = $fpm->request(dirname(__DIR__, 2) . '/web.php', $query);
            $times[] = (hrtime(true) - $began) / 1e9;
        }
        $cpu = ($fpm->cpu() - $cpu) / (self::REQUESTS - 1);
        $peak = $fpm->peak();
        $counters = $scene->server->counters();
        array_shift($times);

        return new Run(array_sum($times) / count($times), $cpu, $peak, array_values(array_unique($results)), $counters);
    }
}
