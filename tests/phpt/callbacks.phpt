--TEST--
Callbacks may throw, call back into the extension, suspend a fiber and log; a call that ended in one leaves the next one whole
--EXTENSIONS--
squeeze_graph
--INI--
squeeze_graph.custom_endpoints=1
--FILE--
<?php
use Squeeze\Graph\RefreshResult;
use function Squeeze\Graph\{access_token, adopt_token, list_accounts, refresh_tokens, save_account, set_logger, token_status};

require __DIR__ . '/token-server.inc';
ini_set('squeeze_graph.store', own_folder() . '/store.sqlite');
$server = new TokenServer(0);
$delegated = ['protocol' => 'delegated', 'redirect_uri' => 'http://localhost/callback', 'scopes' => ['Mail.ReadWrite', 'offline_access']] + $server->account();
foreach (['one', 'two', 'three'] as $account) {
    save_account($account, $delegated);
}
$again = function (): void {
    foreach (['one', 'two', 'three'] as $account) {
        adopt_token($account, ['access_token' => 'old', 'refresh_token' => 'r', 'expires_at' => 1]);
    }
};

$again();
$told = [];
$report = refresh_tokens(progress: function (int $done, int $total, RefreshResult $result) use (&$told): void {
    // Back into the extension, on an account whose renewal was just reported.
    $told[] = "$done/$total {$result->outcome->name} " . token_status($result->account)->state->name;
});
echo implode(', ', $told), "\n", "$report->refreshed refreshed\n";

$again();
try {
    refresh_tokens(progress: fn () => throw new LogicException('no more'));
} catch (LogicException $exception) {
    echo $exception->getMessage(), "\n";
}
echo refresh_tokens()->failed, " failed\n";

$again();
$fiber = new Fiber(fn () => refresh_tokens(progress: fn () => Fiber::suspend('suspended')));
echo $fiber->start(), ', ', count(list_accounts()), " accounts meanwhile\n";
while (!$fiber->isTerminated()) {
    $fiber->resume();
}
echo $fiber->getReturn()->refreshed, " refreshed\n";

$again();
$records = [];
set_logger(function (string $level, string $message, array $context) use (&$records): void {
    $records[] = [$level, $message, $context];
    list_accounts();
});
refresh_tokens();
$levels = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'];
var_dump($records !== [], array_diff(array_column($records, 0), $levels), str_contains(json_encode($records), 'token-'));

set_logger(null);
$again();
set_logger(fn () => throw new DomainException('logger'));
try {
    refresh_tokens();
    echo "nothing was logged\n";
} catch (DomainException $exception) {
    echo $exception->getMessage(), "\n";
}
set_logger(null);
echo count(list_accounts()), " accounts\n";
?>
--EXPECT--
1/3 Refreshed Valid, 2/3 Refreshed Valid, 3/3 Refreshed Valid
3 refreshed
no more
0 failed
suspended, 3 accounts meanwhile
3 refreshed
bool(true)
array(0) {
}
bool(false)
logger
3 accounts
