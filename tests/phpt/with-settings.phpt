--TEST--
with_settings() sets for the time of the call and restores however it ends
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use function Squeeze\Graph\with_settings;

$show = fn () => ini_get('squeeze_graph.store') . ' ' . ini_get('squeeze_graph.language') . ' ' . ini_get('squeeze_graph.timeout');
function attempt(callable $do): void
{
    try {
        echo $do(), "\n";
    } catch (Throwable $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}

echo $show(), "\n";
attempt(fn () => with_settings(['store' => '/a', 'squeeze_graph.timeout' => 5], $show));
attempt(fn () => with_settings(['store' => '/a'], fn () => with_settings(['store' => '/b', 'language' => 'de'], $show) . ' / ' . $show()));
attempt(fn () => with_settings(['store' => '/a'], fn () => throw new LogicException('out')));
attempt(fn () => with_settings(['store' => '/a', 'timeout' => 'x'], $show));
attempt(fn () => with_settings(['language' => 'de', 'timeout' => 'x'], $show));
attempt(fn () => with_settings(['timeout' => 60], fn () => ini_set('squeeze_graph.timeout', '7')) . ' ' . $show());
attempt(fn () => with_settings(['store' => '/a', 'custom_endpoints' => true], $show));
attempt(fn () => with_settings(['stroe' => '/a'], $show));
attempt(fn () => with_settings([1], $show));
attempt(fn () => with_settings(['store' => []], $show));
attempt(fn () => with_settings([], fn () => null) ?? 'null');
echo $show(), "\n";

// A generator and a fiber leave the callable before it ended.
$fiber = new Fiber(fn () => with_settings(['store' => '/fiber'], fn () => Fiber::suspend()));
$fiber->start();
$fiber->resume();
echo $show(), "\n";

register_shutdown_function(function () use ($show) {
    echo 'shutdown: ', $show(), "\n";
});
with_settings(['store' => '/a'], function () {
    exit("exit\n");
});
?>
--EXPECTF--
/var/lib/squeeze-graph/store.sqlite en 60
/a en 5
/b de 60 / /a en 60
LogicException: out
Squeeze\Graph\ConfigurationException: %s
Squeeze\Graph\ConfigurationException: squeeze_graph.timeout can not be set to “x”%s
60 /var/lib/squeeze-graph/store.sqlite en 60
Squeeze\Graph\ConfigurationException: %s
Squeeze\Graph\ConfigurationException: %s
ValueError: Squeeze\Graph\with_settings(): Argument #1 ($settings) must have the names of settings as keys
TypeError: Squeeze\Graph\with_settings(): Argument #1 ($settings) must have a string, int, bool or null for "squeeze_graph.store", array given
null
/var/lib/squeeze-graph/store.sqlite en 60
/var/lib/squeeze-graph/store.sqlite en 60
exit
shutdown: /var/lib/squeeze-graph/store.sqlite en 60
