--TEST--
Signals are handled while a call waits: a handler that returns lets it go on, one that throws ends it, exit runs shutdown functions
--EXTENSIONS--
squeeze_graph
pcntl
--INI--
squeeze_graph.custom_endpoints=1
--FILE--
<?php
use function Squeeze\Graph\{access_token, save_account};

require __DIR__ . '/token-server.inc';
ini_set('squeeze_graph.store', own_folder() . '/store.sqlite');
$server = new TokenServer(2);
foreach (['returns', 'throws', 'exits'] as $account) {
    save_account($account, $server->account());
}
pcntl_async_signals(true);
$start = 0.0;

pcntl_signal(SIGALRM, function () use (&$start, &$between) {
    echo 'handler: ', $between(0.9, 1.8), "\n";
});
$between = function (float $least, float $most) use (&$start): string {
    $now = microtime(true) - $start;
    return $now >= $least && $now < $most ? 'in time' : sprintf('after %.2f s', $now);
};
$start = microtime(true);
pcntl_alarm(1);
echo access_token('returns'), ': ', $between(1.9, 3.5), "\n";

$server->delay(4);
pcntl_signal(SIGALRM, function () {
    throw new RuntimeException('alarm');
});
$start = microtime(true);
pcntl_alarm(1);
try {
    access_token('throws');
} catch (RuntimeException $exception) {
    echo $exception->getMessage(), ': ', $between(0.9, 3.0), "\n";
}

register_shutdown_function(function () use ($between) {
    echo 'shutdown: ', $between(0.9, 3.0), "\n";
});
pcntl_signal(SIGALRM, function () {
    exit(3);
});
$start = microtime(true);
pcntl_alarm(1);
access_token('exits');
echo "not reached\n";
?>
--EXPECT--
handler: in time
token-1: in time
alarm: in time
shutdown: in time
