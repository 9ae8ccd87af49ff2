--TEST--
phpinfo() shows no password of a setting, as text and as HTML, and ini_get() still gives the value
--EXTENSIONS--
squeeze_graph
--INI--
squeeze_graph.proxy=http://user:canary<1@proxy.example:3128
squeeze_graph.store=mysql://root:canary@database.example/graph
--FILE--
<?php
ini_set('squeeze_graph.proxy', 'user:canary/2@proxy.example:1');
ob_start();
(new ReflectionExtension('squeeze_graph'))->info();
$info = ob_get_clean();
var_dump(str_contains($info, 'canary'));
echo preg_replace('/^(?!Store|squeeze_graph\.(store|proxy) ).*\n/m', '', $info), "\n";
var_dump(ini_get('squeeze_graph.proxy'));
?>
--EXPECT--
bool(false)
Store => mysql:…
Store key => none
squeeze_graph.store => mysql:… => mysql:…
squeeze_graph.proxy => …@proxy.example:1 => http://…@proxy.example:3128

string(29) "user:canary/2@proxy.example:1"
