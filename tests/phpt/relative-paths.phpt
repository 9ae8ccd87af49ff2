--TEST--
A relative path counts from where PHP is when the call begins
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use function Squeeze\Graph\{has_account, save_account};

require __DIR__ . '/token-server.inc';
$folder = own_folder();
$settings = [
    'tenant_id' => 'contoso.example', 'client_id' => '00000000-0000-4000-8000-000000000001', 'client_secret' => 's',
    'redirect_uri' => 'https://host.example/callback',
];
ini_set('squeeze_graph.store', 'store.sqlite');
foreach (['one', 'two'] as $name) {
    mkdir("$folder/$name");
    chdir("$folder/$name");
    save_account($name, $settings);
}
foreach (['one', 'two'] as $name) {
    chdir("$folder/$name");
    printf("%s: %s, %s\n", $name, file_exists("$folder/$name/store.sqlite") ? 'a store' : 'no store', json_encode([has_account('one'), has_account('two')]));
}
// What is allowed and what is opened are the same place.
ini_set('open_basedir', $folder);
chdir("$folder/one");
echo json_encode(has_account('one')), "\n";
ini_set('squeeze_graph.store', '../../store.sqlite');
try {
    has_account('two');
} catch (Squeeze\Graph\ConfigurationException $refused) {
    echo $refused->getProblem()->code, "\n";
}
ini_set('squeeze_graph.store', '../two/store.sqlite');
echo json_encode(has_account('two')), "\n";
foreach (['one', 'two'] as $name) {
    array_map(unlink(...), array_filter(glob("$folder/$name/{,.}*", GLOB_BRACE), is_file(...)));
    rmdir("$folder/$name");
}
?>
--EXPECT--
one: a store, [true,false]
two: a store, [false,true]
true
path_open_basedir
true
