--TEST--
Settings: defaults, scopes and checked values
--EXTENSIONS--
squeeze_graph
--INI--
squeeze_graph.language=de
--FILE--
<?php
foreach (ini_get_all('squeeze_graph') as $name => $setting) {
    printf("%-32s %-40s %d\n", $name, var_export($setting['local_value'], true), $setting['access']);
}
$tries = [
    ['squeeze_graph.store', ''], ['squeeze_graph.store', "/a\0b"], ['squeeze_graph.store', '/srv/a.sqlite'],
    ['squeeze_graph.connect_timeout', '0'], ['squeeze_graph.connect_timeout', 'ten'], ['squeeze_graph.connect_timeout', '5'],
    ['squeeze_graph.timeout', '86401'], ['squeeze_graph.retry_budget', '-1'], ['squeeze_graph.retry_budget', '0'],
    ['squeeze_graph.concurrency', '0'], ['squeeze_graph.concurrency', '8'], ['squeeze_graph.custom_endpoints', '1'],
    ['squeeze_graph.language', 'fr'], ['squeeze_graph.language', 'en'], ['squeeze_graph.log_level', 'loud'],
    ['squeeze_graph.log_level', 'debug'],
];
foreach ($tries as [$name, $value]) {
    printf("%s = %s: %s\n", $name, json_encode($value), ini_set($name, $value) === false ? 'refused' : 'taken');
}
ini_restore('squeeze_graph.language');
echo ini_get('squeeze_graph.language'), "\n";
?>
--EXPECT--
squeeze_graph.ca_file            ''                                       5
squeeze_graph.concurrency        '4'                                      5
squeeze_graph.connect_timeout    '10'                                     5
squeeze_graph.custom_endpoints   '0'                                      4
squeeze_graph.key_file           ''                                       5
squeeze_graph.language           'de'                                     5
squeeze_graph.log                ''                                       5
squeeze_graph.log_level          'warning'                                5
squeeze_graph.proxy              ''                                       5
squeeze_graph.proxy_auth_file    ''                                       5
squeeze_graph.retry_budget       '120'                                    5
squeeze_graph.store              '/var/lib/squeeze-graph/store.sqlite'    5
squeeze_graph.timeout            '60'                                     5
squeeze_graph.store = "": taken
squeeze_graph.store = "\/a\u0000b": refused
squeeze_graph.store = "\/srv\/a.sqlite": taken
squeeze_graph.connect_timeout = "0": refused
squeeze_graph.connect_timeout = "ten": refused
squeeze_graph.connect_timeout = "5": taken
squeeze_graph.timeout = "86401": refused
squeeze_graph.retry_budget = "-1": refused
squeeze_graph.retry_budget = "0": taken
squeeze_graph.concurrency = "0": refused
squeeze_graph.concurrency = "8": taken
squeeze_graph.custom_endpoints = "1": refused
squeeze_graph.language = "fr": refused
squeeze_graph.language = "en": taken
squeeze_graph.log_level = "loud": refused
squeeze_graph.log_level = "debug": taken
de
