--TEST--
The stub says what the extension has: names, parameters, defaults, types, attributes, constants
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
$folder = dirname(__DIR__);
$stub = dirname($folder) . '/stubs/squeeze_graph.stub.php';
$dump = $folder . '/stub-parity/dump.php';

exec(escapeshellarg(getenv('TEST_PHP_EXECUTABLE') ?: PHP_BINARY) . ' -n ' . escapeshellarg($dump) . ' ' . escapeshellarg($stub), $lines, $status);
$said = implode("\n", $lines) . "\n";

ob_start();
require $dump;
$is = ob_get_clean();

if ($status !== 0 || $said !== $is) {
    $is = explode("\n", $is);
    foreach (explode("\n", $said) as $number => $line) {
        if ($line !== ($is[$number] ?? null)) {
            printf("line %d\n  stub:      %s\n  extension: %s\n", $number + 1, $line, $is[$number] ?? '');
            break;
        }
    }
}
$all = json_decode($said, true);
printf("%d functions, %d classes\n", count($all['functions']), count($all['classes']));
?>
--EXPECT--
40 functions, 47 classes
