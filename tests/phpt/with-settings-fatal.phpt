--TEST--
A fatal error inside with_settings() ends the script as it should, with the settings restored
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
// PHP 8.4 calls E_USER_ERROR old-fashioned before it obeys.
error_reporting(E_ALL & ~E_DEPRECATED);
register_shutdown_function(function () {
    echo 'shutdown: ', ini_get('squeeze_graph.store'), "\n";
});
Squeeze\Graph\with_settings(['store' => '/a'], function () {
    trigger_error('fatal', E_USER_ERROR);
});
?>
--EXPECTF--
Fatal error: fatal in %s on line %d
shutdown: /var/lib/squeeze-graph/store.sqlite
