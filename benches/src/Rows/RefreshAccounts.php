<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\BatchClient;
use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;

use function Squeeze\Graph\refresh_tokens;

/**
 * The job over 1000 accounts that are all due.
 */
final class RefreshAccounts extends Row
{
    private const COUNT = 1000;
    /** How many the script with curl_multi asks for at a time. */
    private const AT_A_TIME = 16;

    public function name(): string
    {
        return 'refresh';
    }

    public function title(): string
    {
        return 'refresh of 1000 accounts';
    }

    public function targets(): array
    {
        return [30 => 0.12];
    }

    public function mostRounds(): int
    {
        return 2;
    }

    public function setUp(Scene $scene): void
    {
        $scene->newStore();
        $token = $scene->given();
        for ($number = 1; $number < self::COUNT; $number++) {
            $scene->account(sprintf('account-%04d', $number), $token, time() + 1_000);
        }
    }

    public function prepare(Scene $scene, string $way): array
    {
        $file = $scene->newFolder('database') . '/tokens.sqlite';
        Tokens::create($file, array_map(static fn (int $number): string => sprintf('account-%04d', $number), range(0, self::COUNT - 1)), $scene->given());

        return ['database' => $file];
    }

    public function ours(array $given): mixed
    {
        return refresh_tokens(1_000_000)->refreshed;
    }

    public function plain(array $given): mixed
    {
        $client = new PlainClient($given);
        $tokens = new Tokens($given['database']);
        $done = 0;
        foreach ($tokens->due() as $account => $token) {
            $tokens->keep($account, $client->refresh($token));
            $done++;
        }

        return $done;
    }

    public function batch(array $given): mixed
    {
        $tokens = new Tokens($given['database']);
        $done = 0;
        (new BatchClient($given))->refreshAll($tokens->due(), self::AT_A_TIME, static function (string $account, array $token) use ($tokens, &$done): void {
            $tokens->keep($account, $token);
            $done++;
        });

        return $done;
    }
}
