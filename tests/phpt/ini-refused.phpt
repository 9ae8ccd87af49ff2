--TEST--
A value in php.ini that can not be used is named when PHP starts, with what the setting takes
--EXTENSIONS--
squeeze_graph
--INI--
squeeze_graph.retry_budget=abc
squeeze_graph.language=fr
squeeze_graph.concurrency=0
squeeze_graph.timeout=30
--FILE--
<?php
foreach (['retry_budget', 'language', 'concurrency', 'timeout'] as $name) {
    echo $name, ' = ', ini_get("squeeze_graph.$name"), "\n";
}
?>
--EXPECTF--
Warning: PHP Startup: squeeze_graph.concurrency can not be "0", "4" is used; it takes: 1–64 in Unknown on line 0

Warning: PHP Startup: squeeze_graph.language can not be "fr", "en" is used; it takes: en, de in Unknown on line 0

Warning: PHP Startup: squeeze_graph.retry_budget can not be "abc", "120" is used; it takes: 0–86400 (s) in Unknown on line 0
retry_budget = 120
language = en
concurrency = 4
timeout = 30
