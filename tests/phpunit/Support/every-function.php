<?php

/**
 * Calls every function of the extension, well and badly, and prints all that can be seen of it from PHP: values, exceptions, backtraces,
 * phpinfo, the process's arguments. Its standard output is searched for secrets.
 *
 * Arguments: the gateway's URL, its folder, the sandbox's URL, the gateway's careless modes (commas between). LEAK=1 in the environment
 * makes it leak on purpose, in every place.
 */

declare(strict_types=1);

namespace Squeeze\Graph;

use Squeeze\Graph\Tests\Support\Sandbox;
use Squeeze\Graph\Tests\Support\Trap;
use Squeeze\Graph\Tests\Support\World;

require __DIR__ . '/../bootstrap.php';

/** Keeps what the calls need, out of every argument list and closure. */
final class Vault
{
    public static string $session = '';
    public static string $sandbox = '';
    public static string $url = '';
    public static string $folder = '';
    /** @var array<string, string> */
    public static array $callback = [];
    /** @var array<string, mixed> */
    public static array $token = [];
    public static string $message = '';
    public static string $attachment = '';
    /** @var array<string, string> settings that hold a password, by name */
    public static array $passwords = [];
    public static string $elsewhere = '';
    /** Keeps the proxy. */
    public static Trap $proxy;
    /** @var array<string, true> */
    public static array $called = [];

    /** @return array<string, mixed> */
    public static function settings(): array
    {
        return [
            'tenant_id' => World::TENANT, 'client_id' => World::CLIENT, 'client_secret' => World::SECRET, 'redirect_uri' => World::REDIRECT_URI,
            'user' => World::USER, 'folder_processed' => '/Verarbeitet', 'folder_error' => '/Fehler', 'authority_url' => self::$url, 'graph_url' => self::$url . '/graph',
        ];
    }

    /**
     * Settings with a password in them, and what only the environment knows.
     *
     * @param array<string, string> $settings
     */
    public static function under(array $settings, callable $run): mixed
    {
        try {
            return with_settings($settings, $run);
        } finally {
            putenv('SQUEEZE_GRAPH_KEY');
        }
    }

    public static function setPasswords(): void
    {
        $password = static fn (): string => bin2hex(random_bytes(16));
        [$database, $inTheProxy, $ofTheProxy] = [$password(), $password(), $password()];
        self::note('password of a database', $database);
        self::note('password in the proxy', $inTheProxy);
        self::note('password of the proxy', $ofTheProxy);
        self::$proxy = new Trap(self::$folder . '/proxy');
        $file = self::$folder . '/proxy-auth';
        file_put_contents($file, "squeeze:$ofTheProxy\n");
        chmod($file, 0600);
        self::$passwords = [
            'squeeze_graph.store' => "mysql://root:$database@database.example/graph",
            'squeeze_graph.proxy' => str_replace('//', "//squeeze:$inTheProxy@", self::$proxy->url),
            'squeeze_graph.proxy_auth_file' => $file,
        ];
        // Beside the store that is searched, sealed with a key that is in no file.
        self::$elsewhere = ini_get('squeeze_graph.store') . '-elsewhere';
    }

    /** The key of the environment, for the time of one call: it is known that others see it there. */
    public static function putKey(string $key): void
    {
        self::note('key of the environment', $key);
        putenv('SQUEEZE_GRAPH_KEY=' . $key);
    }

    public static function note(string $kind, string $secret): void
    {
        file_put_contents(self::$folder . '/secrets', json_encode([$kind, $secret], JSON_THROW_ON_ERROR) . "\n", FILE_APPEND);
    }

    /** A person signs in and comes back; what came back is kept for exchange_code. */
    public static function walk(): void
    {
        parse_str((string) parse_url($url = authorization_url('invoices', self::$session), PHP_URL_QUERY), $query);
        self::note('state', $query['state']);
        self::note('nonce', $query['nonce']);
        $process = proc_open([Sandbox::binary(), 'sign-in', '--url', str_replace(self::$url, self::$sandbox, $url)], [['file', '/dev/null', 'r'], ['pipe', 'w']], $pipes);
        parse_str((string) parse_url(trim((string) stream_get_contents($pipes[1])), PHP_URL_QUERY), self::$callback);
        proc_close($process);
        self::note('code', self::$callback['code']);
    }
}

/** Everything PHP can show of a value. */
function tell(mixed $value): void
{
    print_r($value);
    var_dump($value);
    echo @var_export($value, true), @json_encode($value, JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE);
    if (is_object($value)) {
        print_r((array) $value);
        print_r(get_object_vars($value));
        foreach ((new \ReflectionObject($value))->getProperties() as $property) {
            $property->setAccessible(true);
            var_dump($property->getValue($value));
        }
        try {
            echo serialize($value);
        } catch (\Exception $closure) {
            echo $closure->getMessage();
        }
    }
    if ($value instanceof \Throwable) {
        echo $value, $value->getTraceAsString(), print_r($value->getTrace(), true);
        if ($value instanceof GraphException) {
            tell($value->getProblem());
        }
        tell($value->getPrevious());
    }
    debug_print_backtrace();
}

/** What PHP code sees that is called back; it may throw with a cause. */
function called_back(mixed ...$seen): void
{
    tell($seen);
    print_r(debug_backtrace());
    print_r(get_defined_vars());
}

/** @return iterable<string, callable(): mixed> a function's name (a letter behind it: another way to call it) => the call */
function calls(): iterable
{
    // What a file is asked for holds what the server sent: it is not searched.
    $file = Vault::$folder . '/saved';
    yield 'save_account' => static fn () => save_account('invoices', Vault::settings());
    yield 'save_account b' => static fn () => save_account('invoices', ['unknown' => 1] + Vault::settings());
    yield 'save_account c' => static fn () => save_account('invoices', ['client_secret' => World::SECRET . "\0"]);
    yield 'save_account d' => static fn () => save_account('invoices', ['client_secret' => [World::SECRET]]);
    yield 'save_account e' => static fn () => save_account('invoices', ['authority_url' => 'https://u:' . World::SECRET . '@gateway.example'] + Vault::settings());
    yield 'get_account' => static fn () => get_account('invoices');
    yield 'has_account' => static fn () => has_account('invoices');
    yield 'list_accounts' => static fn () => list_accounts();
    yield 'delete_account' => static fn () => delete_account('nobody');
    yield 'authorization_url' => static fn () => strlen(authorization_url('invoices', Vault::$session));
    yield 'authorization_url b' => static fn () => authorization_url('nobody', Vault::$session);
    yield 'admin_consent_url' => static fn () => strlen(admin_consent_url('invoices', Vault::$session));
    yield 'callback_route' => static fn () => callback_route(Vault::$callback);
    yield 'exchange_code' => static fn () => exchange_code(Vault::$callback, Vault::$session);
    yield 'exchange_code b' => static fn () => exchange_code(Vault::$callback, 'another');
    yield 'exchange_code c' => static fn () => exchange_code(['code' => [Vault::$callback['code']]] + Vault::$callback, Vault::$session);
    yield 'exchange_code d' => static fn () => exchange_code(['error' => 'access_denied', 'error_description' => Vault::$callback['code'] . ' ' . Vault::$callback['state']] + Vault::$callback, Vault::$session);
    yield 'exchange_code e' => static fn () => exchange_code(Vault::$callback, []);
    yield 'adopt_token' => static fn () => adopt_token('invoices', Vault::$token);
    yield 'adopt_token b' => static fn () => adopt_token('invoices', ['expires_at' => Vault::$token['refresh_token']] + Vault::$token);
    yield 'adopt_token c' => static fn () => adopt_token('invoices', ['refresh_token' => Vault::$token['refresh_token'] . "\n"]);
    yield 'adopt_token d' => static fn () => adopt_token('nobody', Vault::$token);
    yield 'access_token' => static fn () => strlen(access_token('invoices'));
    yield 'access_token b' => static fn () => strlen(access_token('invoices', 90_000));
    yield 'access_token c' => static fn () => strlen(access_token('invoices', 300, base64_encode('{"access_token":{"nbf":{"essential":true}}}')));
    yield 'token_status' => static fn () => token_status('invoices');
    yield 'is_token_expired' => static fn () => is_token_expired('invoices');
    yield 'refresh_token' => static fn () => refresh_token('invoices');
    yield 'refresh_tokens' => static fn () => refresh_tokens(90_000, null, called_back(...));
    yield 'refresh_tokens b' => static fn () => refresh_tokens(90_000, null, static fn () => throw new \LogicException('from a callback', 0, new \RuntimeException('cause')));
    yield 'export_token' => static fn () => array_keys(export_token('invoices'));
    yield 'is_expired' => static fn () => is_expired(time());
    yield 'to_utc' => static fn () => to_utc('2026-01-01 00:00:00', 'Europe/Berlin');
    yield 'list_folders' => static fn () => list_folders('invoices', recursive: false);
    yield 'find_folder' => static fn () => find_folder('invoices', '/Kunden');
    yield 'find_folder b' => static fn () => find_folder('invoices', 'Rechnungen');
    yield 'create_folder' => static fn () => create_folder('invoices', '/Neu');
    yield 'list_messages' => static fn () => iterator_to_array(list_messages('invoices'));
    yield 'list_messages b' => static fn () => [$list = list_messages('invoices'), $list->total()];
    yield 'get_message' => static fn () => get_message('invoices', Vault::$message);
    yield 'get_mime' => static fn () => strlen(get_mime('invoices', Vault::$message));
    yield 'save_mime' => static fn () => save_mime('invoices', Vault::$message, $file);
    yield 'list_attachments' => static fn () => list_attachments('invoices', Vault::$message);
    yield 'get_attachment' => static fn () => strlen(get_attachment('invoices', Vault::$message, Vault::$attachment));
    yield 'save_attachment' => static fn () => save_attachment('invoices', Vault::$message, Vault::$attachment, $file);
    yield 'update_message' => static fn () => update_message('invoices', Vault::$message, is_read: true);
    yield 'copy_message' => static fn () => copy_message('invoices', Vault::$message, '/Kunden');
    yield 'move_message' => static fn () => move_message('invoices', Vault::$message, 'wellknown:inbox');
    yield 'move_messages' => static fn () => move_messages('invoices', [Vault::$message], 'wellknown:inbox');
    yield 'delete_message' => static fn () => delete_message('invoices', 'AAMkAGI=');
    yield 'get_mailbox_settings' => static fn () => get_mailbox_settings('invoices');
    yield 'test_connection' => static fn () => test_connection('invoices');
    yield 'import_messages' => static fn () => import_messages('invoices', called_back(...), accept: static fn (Message $message) => called_back($message) ?? Disposition::Import, limit: 1, progress: called_back(...));
    yield 'import_messages b' => static fn () => import_messages('invoices', static fn () => throw new \RuntimeException('from a handler', 0, new \LogicException('cause')), limit: 1, require_attachments: false);
    yield 'set_logger' => static fn () => set_logger(called_back(...));
    yield 'with_settings' => static fn () => with_settings(['language' => 'de'], static fn () => called_back(...));
    yield 'with_settings b' => static fn () => with_settings(['log_level' => 'debug'], static fn () => refresh_token('nobody'));
    yield 'with_settings c' => static fn () => with_settings(['store' => 'mysql://root:' . World::SECRET . '@host/db'], list_accounts(...));
    yield 'with_settings d' => static fn () => with_settings(['proxy' => 'ftp' . substr(Vault::$passwords['squeeze_graph.proxy'], 4)], static fn () => access_token('behind a proxy'));
    $throughTheProxy = ['proxy' => Vault::$passwords['squeeze_graph.proxy'], 'retry_budget' => 0];
    foreach ([$throughTheProxy, ['proxy' => Vault::$proxy->url, 'proxy_auth_file' => Vault::$passwords['squeeze_graph.proxy_auth_file']] + $throughTheProxy] as $proxied) {
        yield 'test_connection ' . count($proxied) => static fn () => with_settings($proxied, static fn () => test_connection('behind a proxy'));
        yield 'refresh_token ' . count($proxied) => static fn () => with_settings($proxied, static fn () => refresh_token('behind a proxy'));
        yield 'access_token ' . count($proxied) => static fn () => with_settings($proxied, static fn () => strlen(access_token('behind a proxy')));
    }
    yield 'list_accounts b' => static fn () => [Vault::putKey(KEY_OF_THE_ENVIRONMENT), Vault::under(['store' => Vault::$elsewhere], static fn () => [save_account('a', Vault::settings()), list_accounts(), reseal_store(), key_shown()])];
    yield 'list_accounts c' => static fn () => [Vault::putKey(KEY_OF_THE_ENVIRONMENT . 'x'), Vault::under(['store' => Vault::$elsewhere], list_accounts(...))];
    yield 'access_token d' => static fn () => strlen(access_token('robot'));
    yield 'refresh_token b' => static fn () => refresh_token('robot');
    yield 'token_status b' => static fn () => token_status('robot');
    yield 'list_folders b' => static fn () => list_folders('robot', recursive: false);
    yield 'export_token b' => static fn () => array_keys(export_token('robot'));
    yield 'test_connection b' => static fn () => test_connection('robot');
    yield 'reseal_store' => static fn () => reseal_store();
    yield 'revoke_tokens' => static fn () => revoke_tokens('invoices');
}

/** Where `phpinfo()` says that the key comes from; the environment that it shows, too, is not looked at. */
function key_shown(): string
{
    ob_start();
    phpinfo(INFO_MODULES);

    return (string) ob_get_clean();
}

define(__NAMESPACE__ . '\\KEY_OF_THE_ENVIRONMENT', bin2hex(random_bytes(32)));
[, Vault::$url, Vault::$folder, Vault::$sandbox] = $argv;
Vault::$session = bin2hex(random_bytes(16));
Vault::note('session', Vault::$session);
Vault::note('client_secret', World::SECRET);

Vault::setPasswords();
save_account('invoices', Vault::settings());
save_account('robot', ['protocol' => 'application', 'client_id' => World::DAEMON, 'mailbox' => World::USER, 'user' => null] + Vault::settings());
save_account('behind a proxy', ['authority_url' => 'https://login.gateway.example', 'graph_url' => 'https://graph.gateway.example'] + Vault::settings());
adopt_token('behind a proxy', ['refresh_token' => 'of-nobody']);
Vault::note('store key', trim((string) file_get_contents(ini_get('squeeze_graph.store') . '.key')));
Vault::walk();
exchange_code(Vault::$callback, Vault::$session);
Vault::$token = export_token('invoices');
foreach (list_messages('invoices') as $message) {
    if ($message->hasAttachments) {
        Vault::$message = $message->id;
        Vault::$attachment = list_attachments('invoices', $message->id)[0]->id;
    }
}

foreach (['', ...array_filter(explode(',', $argv[4]))] as $mode) {
    foreach (calls() as $name => $call) {
        file_put_contents(Vault::$folder . '/mode', '');
        // Signed in again, whatever the call before has done to the account.
        if (!has_account('invoices')) {
            save_account('invoices', Vault::settings());
        }
        if (str_starts_with($name, 'exchange_code')) {
            Vault::walk();
        }
        adopt_token('invoices', Vault::$token);
        file_put_contents(Vault::$folder . '/mode', $mode);
        Vault::$called[explode(' ', $name)[0]] = true;
        echo "\n== $mode $name\n";
        try {
            tell($call());
        } catch (\Throwable $error) {
            tell($error);
        }
        if ($name === 'set_logger') {
            // The calls behind it have been heard; the next round is without again.
            file_put_contents(Vault::$folder . '/mode', '');
            refresh_token('invoices');
        }
    }
    set_logger(null);
}

$all = array_map(static fn (\ReflectionFunction $function): string => $function->getShortName(), (new \ReflectionExtension('squeeze_graph'))->getFunctions());
$missing = array_diff($all, array_keys(Vault::$called));
echo "\n";
phpinfo();
print_r(ini_get_all('squeeze_graph'));
// `ini_get` gives every script what is set; what `phpinfo()` shows is for more eyes.
with_settings(Vault::$passwords, static function (): void {
    phpinfo(INFO_MODULES);
    (new \ReflectionExtension('squeeze_graph'))->info();
});
(new \ReflectionExtension('squeeze_graph'))->info();
foreach (['cmdline', 'environ'] as $what) {
    echo strtr((string) file_get_contents('/proc/self/' . $what), "\0", "\n");
}
foreach (glob('/proc/self/task/*/children') as $children) {
    foreach (array_filter(explode(' ', (string) file_get_contents($children))) as $child) {
        echo @file_get_contents("/proc/$child/cmdline");
    }
}
if (getenv('LEAK') !== false) {
    $token = Vault::$token['refresh_token'];
    echo "\nthe token is ", base64_encode('x' . $token), "\n";
    fwrite(STDERR, urlencode($token) . "\n");
    error_log(bin2hex($token));
    file_put_contents(ini_get('squeeze_graph.log'), json_encode(['token' => substr($token, 0, 30)]) . "\n", FILE_APPEND);
    file_put_contents(ini_get('squeeze_graph.store') . '-journal', "\0\1" . $token . "\0");
    file_put_contents(sys_get_temp_dir() . '/left', substr($token, -25));
}
fwrite(STDERR, $missing === [] ? "every function was called\n" : 'not called: ' . implode(', ', $missing) . "\n");
