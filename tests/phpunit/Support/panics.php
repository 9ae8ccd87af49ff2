<?php

/**
 * Run by PanicTest with a clock that can fail: makes each call again and again, failing at another place each time. A call that returns all
 * the same has to return all that an undisturbed one does.
 */

declare(strict_types=1);

use function Squeeze\Graph\{access_token, adopt_token, authorization_url, export_token, import_messages, list_folders, list_messages, move_message, refresh_token, refresh_tokens, save_account, test_connection, token_status};

[, $clock, $places, $clientSecret] = $argv;

// What the clock is told, and how often it was read.
$set = static function (int $after) use ($clock): void {
    $file = fopen($clock, 'r+');
    fwrite($file, pack('qq', $after, 0));
    fclose($file);
};
$reads = static fn (): int => unpack('qafter/qreads', file_get_contents($clock))['reads'];
$fail = static function (string $why): never {
    fwrite(STDERR, $why . "\n");
    exit(1);
};

$secrets = static fn (): array => array_filter([export_token('invoices')['access_token'], export_token('invoices')['refresh_token'], $clientSecret]);

$calls = [
    'token_status' => static fn () => token_status('invoices'),
    'authorization_url' => static fn () => authorization_url('invoices', 'session'),
    'save_account' => static fn () => save_account('invoices', ['folder_processed' => '/Verarbeitet']),
    'access_token' => static fn () => access_token('invoices'),
    'refresh_token' => static fn () => refresh_token('invoices'),
    'refresh_tokens' => static fn () => refresh_tokens(PHP_INT_MAX >> 8),
    'list_folders' => static fn () => list_folders('invoices'),
    'list_messages' => static fn () => iterator_to_array(list_messages('invoices')),
    'import_messages' => static fn () => import_messages('invoices', static fn () => throw new Squeeze\Graph\LeaveInInbox()),
    'test_connection' => static fn () => test_connection('invoices'),
];
// What has to be the same in each result.
$outlines = [
    'token_status' => static fn ($status) => $status->state,
    'authorization_url' => static function ($url) {
        parse_str((string) parse_url($url, PHP_URL_QUERY), $query);

        return array_keys($query);
    },
    'save_account' => static fn ($signIn) => $signIn,
    'access_token' => static fn ($token) => strlen($token) > 20,
    'refresh_token' => static fn ($status) => $status->state,
    // A bug that the HTTP client catches is this account's failure.
    'refresh_tokens' => static fn ($report) => array_map(static fn ($result) => [$result->account, $result->problem !== null || $report->failed === 0], $report->results),
    'list_folders' => static fn ($folders) => array_map(static fn ($folder) => $folder->path, $folders),
    'list_messages' => static fn ($messages) => array_map(static fn ($message) => $message->id, $messages),
    'import_messages' => static fn ($report) => [count($report->results), $report->left],
    'test_connection' => static fn ($report) => array_map(static fn ($check) => $check->id, $report->checks),
];
foreach ($calls as $name => $call) {
    $outline = $outlines[$name];
    $set(0);
    $call();
    $call();
    $set(0);
    $whole = $outline($call());
    $total = $reads();
    $tried = $errors = 0;
    $slowest = $broken = 0.0;
    for ($at = 1; $at <= $total; $at += max(1, intdiv($total, (int) $places))) {
        $set($at);
        $tried++;
        $begun = microtime(true);
        try {
            $returned = $outline($call());
            $returned == $whole || $fail("$name at $at of $total returns less than the whole: " . json_encode($returned));
        } catch (Error $error) {
            $errors++;
            preg_match('~^squeeze_graph: internal error at [\w./+-]+:\d+:\d+(: |$)~', $error->getMessage()) === 1 || $fail("$name at $at of $total: {$error->getMessage()}");
            foreach ($secrets() as $secret) {
                str_contains($error->getMessage(), $secret) && $fail("$name at $at of $total shows a secret: {$error->getMessage()}");
            }
        } catch (Exception $exception) {
            // The HTTP client catches some itself.
        }
        $broken = max($broken, microtime(true) - $begun);
        $set(0);
        $begun = microtime(true);
        try {
            do {
                try {
                    $outline($call()) == $whole || $fail("$name after a bug at $at of $total returns less than the whole");
                    break;
                } catch (Squeeze\Graph\ImportRunningException) {
                    // What ran beside the broken call is just coming to its end.
                    usleep(10_000);
                }
            } while (microtime(true) - $begun < 4);
        } catch (Throwable $error) {
            $fail(sprintf('%s after a bug at %d of %d: %s: %s', $name, $at, $total, $error::class, $error->getMessage()));
        }
        $slowest = max($slowest, microtime(true) - $begun);
    }
    $slowest < 4 || $fail(sprintf('%s waited %.1f s after a bug', $name, $slowest));
    echo json_encode(['call' => $name, 'tried' => $tried, 'places' => $total, 'errors' => $errors, 'broken' => $broken, 'slowest' => $slowest]), "\n";
}
