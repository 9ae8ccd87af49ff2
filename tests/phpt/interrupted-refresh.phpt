--TEST--
The answer to a token request is stored although the call was interrupted, even when the script ends at once
--EXTENSIONS--
squeeze_graph
pcntl
--INI--
squeeze_graph.custom_endpoints=1
--FILE--
<?php
use Squeeze\Graph\TokenState;
use function Squeeze\Graph\{access_token, save_account, token_status};

require __DIR__ . '/token-server.inc';
ini_set('squeeze_graph.store', $store = own_folder() . '/store.sqlite');
$server = new TokenServer(2);
save_account('goes on', $server->account());
save_account('ends', $server->account());
pcntl_async_signals(true);
pcntl_signal(SIGALRM, fn () => throw new RuntimeException('alarm'));

pcntl_alarm(1);
try {
    access_token('goes on');
} catch (RuntimeException $exception) {
    echo $exception->getMessage(), ', ', token_status('goes on')->state->name, "\n";
}
sleep(2);
echo token_status('goes on')->state->name, ' ', access_token('goes on'), "\n";

$script = 'pcntl_async_signals(true); pcntl_signal(SIGALRM, fn () => exit(3)); pcntl_alarm(1); Squeeze\Graph\access_token("ends");';
$command = getenv('TEST_PHP_EXECUTABLE') . ' -n ' . getenv('TEST_PHP_EXTRA_ARGS') . ' -d ' . escapeshellarg("squeeze_graph.store=$store") . ' -r ' . escapeshellarg($script);
$start = microtime(true);
passthru($command, $status);
printf("status %d, %s, %s\n", $status, microtime(true) - $start < 4.5 ? 'soon' : 'late', access_token('ends'));
?>
--EXPECT--
alarm, Expired
Valid token-1
status 3, soon, token-2
