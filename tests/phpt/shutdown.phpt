--TEST--
Shutdown functions and destructors may call the extension, also after a fatal error in a callback and in the middle of exit
--EXTENSIONS--
squeeze_graph
--INI--
squeeze_graph.custom_endpoints=1
--FILE--
<?php
use function Squeeze\Graph\{access_token, adopt_token, has_account, list_accounts, refresh_tokens, save_account, set_logger};

require __DIR__ . '/token-server.inc';
// The folder's own shutdown function runs first; what is removed then is made again in a second one.
$folder = own_folder();
ini_set('squeeze_graph.store', $folder . '/store.sqlite');
$server = new TokenServer(0);

final class Last
{
    public static ?self $kept = null;

    public function __construct(private string $name, private TokenServer $server)
    {
    }

    public function __destruct()
    {
        $folder = sys_get_temp_dir() . '/squeeze-graph-last-' . getmypid();
        mkdir($folder, 0700);
        ini_set('squeeze_graph.store', "$folder/store.sqlite");
        save_account($this->name, $this->server->account());
        echo "destructor of $this->name: ", count(list_accounts()), ' ', substr(access_token($this->name), 0, 6), "\n";
        array_map(unlink(...), glob("$folder/*"));
        rmdir($folder);
    }
}

Last::$kept = new Last('static', $server);
$global = new Last('global', $server);
$delegated = ['protocol' => 'delegated', 'redirect_uri' => 'http://localhost/callback', 'scopes' => ['Mail.ReadWrite', 'offline_access']] + $server->account();
save_account('one', $delegated);
adopt_token('one', ['access_token' => 'old', 'refresh_token' => 'r', 'expires_at' => 1]);
set_logger(function () use ($global) {
});

$child = function (string $end) use ($folder) {
    $code = 'namespace Squeeze\Graph; register_shutdown_function(function () {
            echo "shutdown: ", count(list_accounts()), " account, ", token_status("one")->state->name, "\n";
        });
        adopt_token("one", ["access_token" => "old", "refresh_token" => "r", "expires_at" => 1]);
        refresh_tokens(progress: function () { ' . $end . ' });
        echo "not reached\n";';
    $begun = microtime(true);
    passthru(getenv('TEST_PHP_EXECUTABLE') . ' -n ' . getenv('TEST_PHP_EXTRA_ARGS') . ' -d display_errors=1 -d html_errors=0 -d squeeze_graph.custom_endpoints=1 -d ' . escapeshellarg("squeeze_graph.store=$folder/store.sqlite") . ' -r ' . escapeshellarg($code), $status);
    echo "status $status, ", microtime(true) - $begun < 4 ? 'soon' : 'late', "\n";
};
$child('exit(3);');
$child('no_such_function();');
$child('ini_set("memory_limit", "8M"); $x = str_repeat("x", 100_000_000);');
$child('throw new \Exception("uncaught");');
// Nobody resumes a fiber after a fatal error, and nobody waits for what it has left behind.
$child('$GLOBALS["f"] = new \Fiber(function () { refresh_tokens(0, ["one"], fn () => \Fiber::suspend()); }); $GLOBALS["f"]->start(); error_reporting(E_ALL & ~E_DEPRECATED); trigger_error("fatal", E_USER_ERROR);');
$child('$GLOBALS["f"] = new \Fiber(function () { try { refresh_tokens(0, ["one"], fn () => \Fiber::suspend()); } finally { echo "unwound\n"; } }); $GLOBALS["f"]->start(); exit(4);');
?>
--EXPECTF--
shutdown: 1 account, Valid
status 3, soon

Fatal error: Uncaught Error: Call to undefined function %s
Stack trace:
%A
shutdown: 1 account, Valid
status 255, soon

Fatal error: Allowed memory size of %d bytes exhausted %s
shutdown: 1 account, Valid
status 255, soon

Fatal error: Uncaught Exception: uncaught %s
Stack trace:
%A
shutdown: 1 account, Valid
status 255, soon

Fatal error: fatal in %s
shutdown: 1 account, Valid
status 255, soon
shutdown: 1 account, Valid
unwound
status 4, soon
destructor of %s: 1 token-
destructor of %s: 1 token-
