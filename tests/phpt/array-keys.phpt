--TEST--
A key that is not UTF-8, as any visitor can put into $_GET, is a key like another that nobody knows
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use function Squeeze\Graph\{callback_route, exchange_code, refresh_tokens, save_account, with_settings};

$folder = sys_get_temp_dir() . '/squeeze-graph-keys-' . getmypid();
mkdir($folder, 0700);
ini_set('squeeze_graph.store', $folder . '/store.sqlite');

parse_str('%ff=1&state=x', $query);
$attempts = [
    'callback_route' => fn () => callback_route($query),
    'exchange_code' => fn () => exchange_code($query, 'session'),
    'save_account' => fn () => save_account('a', ["\xff" => 1]),
    'scopes' => fn () => save_account('a', ['scopes' => ["\xff" => 'User.Read']]),
    'with_settings' => fn () => with_settings(["\xff" => 1], fn () => 1),
    'with_settings, value' => fn () => with_settings(['store' => "\xff"], fn () => 1),
    'names' => fn () => array_column(refresh_tokens(accounts: ["\xff" => 'b', 7 => 12])->results, 'account'),
    'fromArray' => fn () => Squeeze\Graph\Address::fromArray(['address' => 'a@b.example', "\xff" => 1]),
];
foreach ($attempts as $name => $do) {
    try {
        $result = is_array($done = $do()) ? implode(', ', $done) : var_export($done, true);
        echo "$name: $result\n";
    } catch (Throwable $error) {
        echo "$name: ", get_class($error), ': ', $error->getMessage(), "\n";
    }
}
array_map(unlink(...), glob($folder . '/*'));
rmdir($folder);
?>
--EXPECTF--
callback_route: NULL
exchange_code: Squeeze\Graph\SignInFailedException: What came back is not an answer of Microsoft's sign-in page%s
save_account: Squeeze\Graph\ConfigurationException: There is no setting %s
scopes: Squeeze\Graph\ConfigurationException: %stenant_id%s
with_settings: Squeeze\Graph\ConfigurationException: There is no setting %s
with_settings, value: ValueError: Squeeze\Graph\with_settings(): Argument #1 ($settings) must have valid UTF-8 for "squeeze_graph.store"
names: 12, b
fromArray: ValueError: Squeeze\Graph\Address::fromArray(): Argument #1 ($data) has the unknown key "%s"
