--TEST--
The script's time limit ends a call that waits, as it ends any other code
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
save_account('waits', $server->account());
$start = microtime(true);
register_shutdown_function(function () use ($start) {
    $now = microtime(true) - $start;
    echo 'shutdown: ', $now > 0.9 && $now < 1.9 ? 'in time' : sprintf('after %.2f s', $now), "\n";
});
set_time_limit(1000);
// What the kernel sends when the limit is reached.
proc_open(sprintf('exec sh -c "sleep 1; kill -PROF %d"', getmypid()), [], $pipes);
access_token('waits');
echo "not reached\n";
?>
--EXPECTF--
Fatal error: Maximum execution time of 1000 seconds exceeded in %s on line %d
shutdown: in time
