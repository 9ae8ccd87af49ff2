--TEST--
A forked child works with clients and store of its own, and a fork inside a callback ends the call in the child only
--EXTENSIONS--
squeeze_graph
pcntl
--INI--
squeeze_graph.custom_endpoints=1
--FILE--
<?php
use function Squeeze\Graph\{access_token, list_accounts, list_messages, save_account, set_logger, revoke_tokens};

require __DIR__ . '/token-server.inc';
ini_set('squeeze_graph.store', own_folder() . '/store.sqlite');
$server = new TokenServer(0);
foreach (['parent', 'child', 'again', 'forks'] as $account) {
    save_account($account, $server->account());
}
access_token('parent');
$list = list_messages('parent');

$child = function (callable $do): int {
    $pid = pcntl_fork();
    if ($pid === 0) {
        exit($do() ? 0 : 9);
    }
    pcntl_waitpid($pid, $status);
    return pcntl_wexitstatus($status);
};

// The parent's connections are warm; a child that used them would wait for ever.
var_dump($child(fn () => str_starts_with(access_token('child'), 'token-')));
var_dump($child(fn () => save_account('from the child', $server->account()) === false));
var_dump(in_array('from the child', array_map(fn ($account) => $account->account, list_accounts()), true));
var_dump(str_starts_with(access_token('again'), 'token-'));
// A list made before the fork is walked and dropped in the child.
var_dump($child(function () use ($list) {
    try {
        $list->total();
    } catch (Squeeze\Graph\GraphException) {
    }
    return true;
}));

// A fork while a helper works for this call: the child gets an error, the parent its token.
$server->delay(1);
$forked = null;
pcntl_async_signals(true);
pcntl_signal(SIGALRM, function () use (&$forked) {
    $forked = pcntl_fork();
});
pcntl_alarm(1);
$server->delay(2);
try {
    $token = access_token('forks');
} catch (Error $error) {
    exit(str_contains($error->getMessage(), 'forked') && $forked === 0 ? 7 : 8);
}
pcntl_waitpid($forked, $status);
var_dump(str_starts_with($token, 'token-'), pcntl_wexitstatus($status));
?>
--EXPECT--
int(0)
int(0)
bool(true)
bool(true)
int(0)
bool(true)
int(7)
