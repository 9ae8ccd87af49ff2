--TEST--
Secrets are no part of a stack trace
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use function Squeeze\Graph\{adopt_token, authorization_url, callback_route, exchange_code, save_account, with_settings};

ini_set('squeeze_graph.store', '/nonexistent/store.sqlite');
ini_set('zend.exception_string_param_max_len', '100');
ini_set('zend.exception_ignore_args', '0');
foreach ([
    fn () => save_account('', ['client_secret' => 'CANARY']),
    fn () => with_settings(['CANARY' => 'CANARY'], 'nothing_of_that_name'),
    fn () => adopt_token('', ['refresh_token' => 'CANARY']),
    fn () => exchange_code(['code' => 'CANARY'], ''),
    fn () => authorization_url('', 'CANARY'),
] as $do) {
    try {
        $do();
        echo "accepted\n";
    } catch (Throwable $error) {
        $trace = print_r($error->getTrace(), true) . $error;
        echo get_class($error), ' ', substr_count($trace, 'SensitiveParameterValue') > 0 ? 'hidden' : 'open', ' ', str_contains($trace, 'CANARY') ? 'leaks' : 'tight', "\n";
    }
}
?>
--EXPECT--
ValueError hidden tight
TypeError hidden tight
ValueError hidden tight
ValueError hidden tight
ValueError hidden tight
