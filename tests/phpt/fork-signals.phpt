--TEST--
A signal that comes just before a call fails is handled: the engine drops those that find an exception in the air
--EXTENSIONS--
squeeze_graph
pcntl
posix
--INI--
squeeze_graph.custom_endpoints=1
squeeze_graph.retry_budget=0
--FILE--
<?php
use Squeeze\Graph\ConnectionException;
use function Squeeze\Graph\{access_token, save_account};

require __DIR__ . '/token-server.inc';
ini_set('squeeze_graph.store', own_folder() . '/store.sqlite');
$server = stream_socket_server('tcp://127.0.0.1:0');
$url = 'http://' . stream_socket_get_name($server, false);
pcntl_async_signals(true);
$parent = getmypid();

// The other side sends a signal and hangs up, faster than a call looks for signals while it waits.
$attempt = function (string $account) use ($server, $url, $parent): string {
    save_account($account, [
        'protocol' => 'application',
        'tenant_id' => '11111111-2222-3333-4444-555555555555',
        'client_id' => '66666666-7777-8888-9999-000000000000',
        'client_secret' => 'secret',
        'mailbox' => 'invoices@contoso.example',
        'authority_url' => $url,
        'graph_url' => $url,
        'scopes' => ["$url/.default"],
    ]);
    if (($child = pcntl_fork()) === 0) {
        $connection = stream_socket_accept($server);
        fread($connection, 1);
        posix_kill($parent, SIGUSR1);
        posix_kill(getmypid(), SIGKILL);
    }
    try {
        access_token($account);
        return 'no exception';
    } catch (ConnectionException | RuntimeException $exception) {
        return $exception::class;
    } catch (Error) {
        // A child of a call that still waits: the call goes on in its parent only.
        return ConnectionException::class;
    } finally {
        pcntl_waitpid($child, $status);
    }
};

$handled = 0;
pcntl_signal(SIGUSR1, function () use (&$handled) {
    $handled++;
});
for ($i = 0; $i < 5; $i++) {
    echo $attempt("returns $i"), ', ';
}
echo "handled: $handled\n";

pcntl_signal(SIGUSR1, function () {
    throw new UnderflowException();
});
echo $attempt('throws'), "\n";

$forked = null;
pcntl_signal(SIGUSR1, function () use (&$forked) {
    $forked = pcntl_fork();
});
$outcome = $attempt('forks');
if ($forked === 0) {
    echo "child: $outcome\n";
    posix_kill(getmypid(), SIGKILL);
}
pcntl_waitpid($forked, $status);
echo "parent: $outcome\n";

register_shutdown_function(function () {
    echo "shutdown\n";
});
pcntl_signal(SIGUSR1, function () {
    exit(3);
});
$attempt('exits');
echo "not reached\n";
?>
--EXPECT--
Squeeze\Graph\ConnectionException, Squeeze\Graph\ConnectionException, Squeeze\Graph\ConnectionException, Squeeze\Graph\ConnectionException, Squeeze\Graph\ConnectionException, handled: 5
UnderflowException
child: Squeeze\Graph\ConnectionException
parent: Squeeze\Graph\ConnectionException
shutdown
