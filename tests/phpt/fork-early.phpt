--TEST--
A child that is forked while a helper reads the CA certificates never waits for that helper, which is in its parent only
--EXTENSIONS--
squeeze_graph
pcntl
posix
--INI--
squeeze_graph.custom_endpoints=1
squeeze_graph.retry_budget=0
--SKIPIF--
<?php
if (!is_file('/etc/ssl/certs/ca-certificates.crt')) {
    die('skip no CA certificates here');
}
?>
--FILE--
<?php
use Squeeze\Graph\ConnectionException;
use function Squeeze\Graph\{access_token, save_account};

require __DIR__ . '/token-server.inc';
$folder = own_folder();
ini_set('squeeze_graph.store', "$folder/store.sqlite");
// So many that reading them takes longer than the pause between two looks at the signals.
$bundle = "$folder/many.pem";
file_put_contents($bundle, str_repeat(file_get_contents('/etc/ssl/certs/ca-certificates.crt'), 10));
putenv("SSL_CERT_FILE=$bundle");
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
$ask = function (string $account): void {
    try {
        access_token($account);
    } catch (ConnectionException) {
    }
};

// A process for each moment: certificates are read once in its life.
foreach ([0, 20, 50] as $milliseconds) {
    if (($process = pcntl_fork()) > 0) {
        pcntl_waitpid($process, $status);
        if ($status !== 0) {
            echo "forked after $milliseconds ms: ", pcntl_wifsignaled($status) ? 'hangs' : 'fails', "\n";
        }
        continue;
    }
    // Accounts of its own as well, for a failure is not asked for again at once.
    save_account("parent $milliseconds", $settings);
    save_account("child $milliseconds", $settings);
    $forked = null;
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, function () use (&$forked, $ask, $milliseconds) {
        $forked = pcntl_fork();
        if ($forked === 0) {
            $ask("child $milliseconds");
            posix_kill(getmypid(), SIGKILL);
        }
    });
    $parent = getmypid();
    if (pcntl_fork() === 0) {
        usleep($milliseconds * 1000);
        posix_kill($parent, SIGUSR1);
        posix_kill(getmypid(), SIGKILL);
    }
    $ask("parent $milliseconds");
    $end = microtime(true) + 15;
    while (($forked === null || pcntl_waitpid($forked, $status, WNOHANG) === 0) && microtime(true) < $end) {
        usleep(1000);
    }
    if (microtime(true) < $end) {
        exit(0);
    }
    if ($forked === null) {
        echo "the signal after $milliseconds ms was lost\n";
        exit(0);
    }
    posix_kill($forked, SIGKILL);
    posix_kill($parent, SIGKILL);
}
echo "done\n";
?>
--EXPECT--
done
