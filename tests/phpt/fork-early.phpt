--TEST--
A child that is forked while a helper reads the CA certificates never waits for that helper, which is in its parent only
--EXTENSIONS--
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
// Nothing listens there, but before that is found out the certificates are read.
$url = 'https://127.0.0.1:1';
$settings = [
    'protocol' => 'application',
    'tenant_id' => '11111111-2222-3333-4444-555555555555',
    'client_id' => '66666666-7777-8888-9999-000000000000',
    'client_secret' => 'secret',
    'mailbox' => 'invoices@contoso.example',
    'authority_url' => $url,
    'graph_url' => $url,
    'scopes' => ["$url/.default"],
];
save_account('parent', $settings);
save_account('child', $settings);
$ask = function (string $account): void {
    try {
        access_token($account);
    } catch (ConnectionException) {
    }
};

// A process for each moment: certificates are read once in its life.
foreach ([0, 5, 10, 15, 20, 30, 40, 60] as $milliseconds) {
    if (($process = pcntl_fork()) > 0) {
        pcntl_waitpid($process, $status);
        if ($status !== 0) {
            echo "forked after $milliseconds ms: ", pcntl_wifsignaled($status) ? 'hangs' : 'fails', "\n";
        }
        continue;
    }
    $forked = null;
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, function () use (&$forked, $ask) {
        $forked = pcntl_fork();
        if ($forked === 0) {
            pcntl_alarm(15);
            $ask('child');
            posix_kill(getmypid(), SIGTERM);
        }
    });
    $parent = getmypid();
    if (pcntl_fork() === 0) {
        usleep($milliseconds * 1000);
        posix_kill($parent, SIGUSR1);
        posix_kill(getmypid(), SIGKILL);
    }
    $ask('parent');
    while ($forked === null) {
        usleep(1000);
    }
    pcntl_waitpid($forked, $status);
    if (pcntl_wtermsig($status) === SIGTERM) {
        exit(0);
    }
    posix_kill($parent, SIGKILL);
}
echo "done\n";
?>
--EXPECT--
done
