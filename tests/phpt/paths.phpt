--TEST--
Every path obeys open_basedir, and stream wrappers are refused
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use function Squeeze\Graph\{import_messages, list_accounts, save_attachment, save_mime, with_settings};

require __DIR__ . '/token-server.inc';
$inside = own_folder();
$outside = dirname($inside);
ini_set('squeeze_graph.store', "$inside/store.sqlite");
list_accounts();
ini_set('open_basedir', $inside);
foreach ([
    'store' => fn () => with_settings(['store' => "$outside/store.sqlite"], list_accounts(...)),
    'store by dots' => fn () => with_settings(['store' => "$inside/../store.sqlite"], list_accounts(...)),
    'key' => fn () => with_settings(['key_file' => "$outside/key"], list_accounts(...)),
    'certificates' => fn () => with_settings(['ca_file' => '/etc/ssl/certs/ca-certificates.crt'], list_accounts(...)),
    'proxy' => fn () => with_settings(['proxy_auth_file' => '/etc/passwd'], list_accounts(...)),
    'log' => fn () => with_settings(['log' => "$outside/log"], list_accounts(...)),
    'mail' => fn () => save_mime('a', 'id', "$outside/mail.eml"),
    'attachment' => fn () => save_attachment('a', 'id', 'id', "$outside/file"),
    'import' => fn () => import_messages('a', fn () => null, directory: $outside),
    'wrapper' => fn () => save_mime('a', 'id', 'php://output'),
    'compressed' => fn () => save_mime('a', 'id', "compress.zlib://$inside/mail.gz"),
    'wrapper for the key' => fn () => with_settings(['key_file' => 'data://text/plain,key'], list_accounts(...)),
    'wrapper for the store' => fn () => with_settings(['store' => 'phar:///tmp/a.phar/store'], list_accounts(...)),
    'allowed' => fn () => list_accounts() === [] ? throw new Exception('allowed') : null,
] as $name => $do) {
    try {
        $do();
        echo "$name: taken\n";
    } catch (Squeeze\Graph\GraphException $refused) {
        printf("%s: %s %s\n", $name, basename(strtr($refused::class, '\\', '/')), $refused->getProblem()->code);
    } catch (Exception $exception) {
        printf("%s: %s\n", $name, $exception->getMessage());
    }
}
?>
--EXPECT--
store: ConfigurationException path_open_basedir
store by dots: ConfigurationException path_open_basedir
key: ConfigurationException path_open_basedir
certificates: ConfigurationException path_open_basedir
proxy: ConfigurationException path_open_basedir
log: ConfigurationException path_open_basedir
mail: ConfigurationException path_open_basedir
attachment: ConfigurationException path_open_basedir
import: ConfigurationException path_open_basedir
wrapper: ConfigurationException path_stream_wrapper
compressed: ConfigurationException path_stream_wrapper
wrapper for the key: ConfigurationException path_stream_wrapper
wrapper for the store: ConfigurationException store_path_invalid
allowed: allowed
