--TEST--
What the extension throws has the file, line and trace of the call, the account, and words in both languages
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use Squeeze\Graph\{AccountNotFoundException, GraphException, StoreException};
use function Squeeze\Graph\{get_account, list_accounts, with_settings};

require __DIR__ . '/token-server.inc';
ini_set('squeeze_graph.store', own_folder() . '/store.sqlite');

function look(string $name): void
{
    get_account($name);
}

foreach (['en', 'de'] as $language) {
    ini_set('squeeze_graph.language', $language);
    try {
        look('nobody');
    } catch (GraphException $exception) {
        printf("%s at %s:%d\n", $exception::class, basename($exception->getFile()), $exception->getLine());
        echo preg_replace('~ /.*/~', ' ', $exception->getTraceAsString()), "\n";
        var_dump($exception->getAccount(), $exception->getPrevious(), $exception->getProblem()->code);
        echo $exception->getMessage(), "\n";
        var_dump($exception->getMessage() === $exception->getProblem()->explanation . ' ' . $exception->getProblem()->remedy);
    }
}

// A failure inside a callback that our own code calls keeps its place, too.
try {
    with_settings(['store' => '/nonexistent/store.sqlite'], function () {
        list_accounts();
    });
} catch (StoreException $exception) {
    printf("%s at %s:%d\n", $exception::class, basename($exception->getFile()), $exception->getLine());
}
var_dump(list_accounts());
?>
--EXPECT--
Squeeze\Graph\AccountNotFoundException at thrown.php:10
#0 thrown.php(10): Squeeze\Graph\get_account('nobody')
#1 thrown.php(16): look('nobody')
#2 {main}
string(6) "nobody"
NULL
string(17) "account_not_found"
There is no account named “nobody” in this store. Check the name and which store is configured, or create the account with save_account().
bool(true)
Squeeze\Graph\AccountNotFoundException at thrown.php:10
#0 thrown.php(10): Squeeze\Graph\get_account('nobody')
#1 thrown.php(16): look('nobody')
#2 {main}
string(6) "nobody"
NULL
string(17) "account_not_found"
In diesem Speicher gibt es kein Konto namens „nobody“. Prüfen Sie den Namen und den eingestellten Speicher, oder legen Sie das Konto mit save_account() an.
bool(true)
Squeeze\Graph\StoreException at thrown.php:29
array(0) {
}
