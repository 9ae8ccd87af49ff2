<?php

/**
 * Calls every function of the extension thousands of times and tells whether memory grew meanwhile.
 *
 * usage: tools/php -d squeeze_graph.custom_endpoints=1 tests/memory/growth.php CALLS [FAMILY...]
 *
 * One line a family: what the engine's and the process's memory grew by after a quarter of the calls, which fills caches and pools.
 * Ends with 1 when one of them grew.
 */

declare(strict_types=1);

use Squeeze\Graph\{Disposition, IncomingMessage, LeaveInInbox, Message, Problem, RejectMessage, StopImport, ThrottledException};
use Squeeze\Graph\Tests\Support\{Mail, Sandbox, World};

use function Squeeze\Graph\{access_token, admin_consent_url, adopt_token, authorization_url, callback_route, copy_message, create_folder, delete_account, delete_message, exchange_code, export_token, find_folder, get_account, get_attachment, get_mailbox_settings, get_message, get_mime, has_account, import_messages, is_expired, is_token_expired, list_accounts, list_attachments, list_folders, list_messages, move_message, move_messages, refresh_token, refresh_tokens, reseal_store, revoke_tokens, save_account, save_attachment, save_mime, set_logger, test_connection, to_utc, token_status, update_message, with_settings};

require __DIR__ . '/../phpunit/bootstrap.php';

const SESSION = 'browser-of-the-administrator';

/** Bytes that the engine may hold more at the end. */
const ENGINE_LIMIT = 1024;
/** KiB that the process may hold more at the end; its memory comes and goes in pages, pools and threads' stacks. */
const PROCESS_LIMIT = 1536;
/** Fewer calls do not fill the pools, and say nothing of the process's memory. */
const MEANINGFUL = 2000;

$folder = sys_get_temp_dir() . '/squeeze-graph-growth-' . bin2hex(random_bytes(6));
mkdir($folder, 0700);
register_shutdown_function(static function () use ($folder): void {
    exec('rm -rf ' . escapeshellarg($folder));
});
ini_set('squeeze_graph.store', $folder . '/store.sqlite');
ini_set('squeeze_graph.retry_budget', '5');

$sandbox = Sandbox::shared();
$settings = [
    'tenant_id' => World::TENANT,
    'client_id' => World::CLIENT,
    'client_secret' => World::SECRET,
    'redirect_uri' => World::REDIRECT_URI,
    'user' => World::USER,
    'folder_inbox' => 'wellknown:inbox',
    'folder_processed' => '/Verarbeitet',
    'folder_error' => '/Fehler',
    'authority_url' => $sandbox->about('authority_url'),
    'graph_url' => $sandbox->about('graph_url'),
];
save_account('a', $settings);
$callback = $sandbox->signIn(authorization_url('a', SESSION));
exchange_code($callback, SESSION);
save_account('b', $settings);
adopt_token('b', export_token('a'));
$mime = Mail::mime('Rechnung', ['rechnung.pdf' => str_repeat('pdf', 1000), 'beleg.txt' => 'Beleg']);
$mail = $sandbox->deliver(World::USER, $mime);
for ($i = 0; $i < 4; $i++) {
    $sandbox->deliver(World::USER, Mail::mime('Weitere ' . $i));
}
$attachment = list_attachments('a', $mail)[0]->id;
$problem = ['code' => 'c', 'message' => 'm', 'explanation' => 'e', 'remedy' => 'r', 'actor' => 'user', 'retryable' => false, 'since' => '2026-01-02T03:04:05Z'];

/** Runs what must throw. */
$throws = static function (callable $run): void {
    try {
        $run();
    } catch (Throwable) {
        return;
    }
    throw new LogicException('nothing was thrown');
};
/** An import of the only mail that is accepted, which lies in the inbox again afterwards. */
$import = static function (callable $handler, mixed ...$options) use ($mail): void {
    $options += ['accept' => static fn (Message $message): bool => $message->id === $mail];
    try {
        import_messages('a', $handler, ...$options);
    } finally {
        move_message('a', $mail, 'wellknown:inbox');
    }
};

$families = [
    'accounts' => [
        fn () => save_account('new', ['mailbox' => World::SHARED] + $settings),
        fn () => get_account('new')->toSettings(),
        fn () => has_account('new'),
        fn () => list_accounts(),
        fn () => save_account('new', ['folder_error' => '/Fehler/' . random_int(0, 9)]),
        fn () => $throws(fn () => save_account('new', ['nonsense' => 1])),
        fn () => $throws(fn () => get_account('nobody')),
        fn () => delete_account('new'),
        fn () => delete_account('new'),
    ],
    'sign-in' => [
        fn () => authorization_url('a', SESSION, route: 'tenant-7'),
        fn () => callback_route($callback),
        fn () => admin_consent_url('a', SESSION),
        fn () => exchange_code($callback, SESSION),
        fn () => $throws(fn () => exchange_code(['code' => 'other'] + $callback, SESSION)),
        fn () => $throws(fn () => exchange_code($callback, 'another browser')),
        fn () => $throws(fn () => exchange_code(['state' => [], 'code' => 'x'], SESSION)),
        function (): void {
            parse_str((string) parse_url(authorization_url('a', SESSION), PHP_URL_QUERY), $query);
            try {
                exchange_code(['state' => $query['state'], 'code' => 'made up'], SESSION);
            } catch (Squeeze\Graph\SignInFailedException) {
            }
        },
    ],
    'tokens' => [
        fn () => access_token('a'),
        fn () => token_status('a')->jsonSerialize(),
        fn () => is_token_expired('a'),
        fn () => refresh_token('b'),
        fn () => export_token('a'),
        fn () => adopt_token('b', export_token('a')),
        fn () => refresh_tokens(60),
        fn () => adopt_token('b', ['expires_at' => time() - 60] + export_token('a')),
        fn () => access_token('b'),
        fn () => revoke_tokens('b'),
        fn () => $throws(fn () => access_token('b')),
        fn () => $throws(fn () => adopt_token('b', ['access_token' => 'x', 'expires_at' => '2026-10-25 02:30:00'])),
        fn () => adopt_token('b', export_token('a')),
        fn () => reseal_store(),
    ],
    'time' => [
        fn () => is_expired(time()),
        fn () => is_expired('2026-10-25 02:30:00', 'Europe/Berlin'),
        fn () => is_expired(new DateTimeImmutable('now')),
        fn () => to_utc('2026-10-25 02:30:00', 'W. Europe Standard Time'),
        fn () => $throws(fn () => to_utc('yesterday', 'Europe/Berlin')),
        fn () => $throws(fn () => is_expired('2026-10-25 02:30:00')),
    ],
    'folders' => [
        fn () => list_folders('a'),
        fn () => list_folders('a', '/Kunden', false, true),
        fn () => find_folder('a', '/Verarbeitet'),
        fn () => find_folder('a', 'wellknown:inbox'),
        fn () => find_folder('a', 'Fehler'),
        fn () => $throws(fn () => find_folder('a', 'Rechnungen')),
        fn () => $throws(fn () => find_folder('a', 'Nirgends')),
        fn () => create_folder('a', '/Verarbeitet/Neu'),
    ],
    'messages' => [
        fn () => iterator_to_array(list_messages('a')),
        fn () => list_messages('a', '/Verarbeitet', since: new DateTimeImmutable('-1 day'))->total(),
        fn () => get_message('a', $mail, true)->jsonSerialize(),
        fn () => get_mime('a', $mail),
        fn () => save_mime('a', $mail, $folder . '/mail.eml'),
        fn () => update_message('a', $mail, is_read: true, categories: ['Blau'], flagged: false),
        fn () => get_mailbox_settings('a'),
        fn () => $throws(fn () => get_message('a', 'AAMkAGI2TG93AAA=')),
        fn () => $throws(fn () => get_mime('a', $mail, 10)),
        fn () => $throws(fn () => save_mime('a', $mail, '/nowhere/mail.eml')),
    ],
    'attachments' => [
        fn () => list_attachments('a', $mail),
        fn () => get_attachment('a', $mail, $attachment),
        fn () => save_attachment('a', $mail, $attachment, $folder . '/file.pdf'),
        fn () => $throws(fn () => get_attachment('a', $mail, 'AAMkAGI2TG93AAA=')),
        fn () => $throws(fn () => get_attachment('a', $mail, $attachment, 10)),
    ],
    'moves' => [
        fn () => move_message('a', $mail, '/Verarbeitet'),
        fn () => move_message('a', $mail, 'wellknown:inbox'),
        fn () => move_messages('a', [$mail, 'AAMkAGI2TG93AAA='], '/Fehler'),
        fn () => move_messages('a', [$mail], 'wellknown:inbox'),
        fn () => delete_message('a', copy_message('a', $mail, '/Verarbeitet')->id, true),
        fn () => $throws(fn () => move_message('a', $mail, '/Nirgends')),
    ],
    'import' => [
        fn () => $import(fn (IncomingMessage $mail) => null),
        fn () => $import(fn (IncomingMessage $mail) => null, directory: $folder, body: 'text'),
        fn () => $import(fn (IncomingMessage $mail) => throw new RejectMessage('no')),
        fn () => $import(fn (IncomingMessage $mail) => throw new LeaveInInbox('later')),
        fn () => $import(fn (IncomingMessage $mail) => throw new RuntimeException('out')),
        fn () => $import(fn (IncomingMessage $mail) => throw new StopImport()),
        fn () => $import(fn () => null, accept: fn (Message $message): Disposition => Disposition::Leave),
        fn () => $throws(fn () => $import(fn (IncomingMessage $mail) => throw new Error('broken'))),
        fn () => exec('rm -rf ' . escapeshellarg($folder) . '/[A-Za-z0-9_-]*-*'),
    ],
    'connection-test' => [fn () => test_connection('a')->jsonSerialize(), fn () => test_connection('nobody')->jsonSerialize()],
    'errors' => [
        fn () => (new ThrottledException(Problem::fromArray($problem), 'a', new Exception('x'), 3))->getProblem(),
        fn () => $throws(fn () => Problem::fromArray(['since' => 'now'] + $problem)),
        fn () => $throws(fn () => access_token("a\xff")),
        fn () => $throws(fn () => access_token('nobody')),
        fn () => $throws(fn () => find_folder('nobody', '/')),
        fn () => $throws(fn () => list_messages('a', limit: -1)),
    ],
    'iterators' => [
        function (): void {
            foreach (list_messages('a') as $message) {
                break;
            }
        },
        fn () => list_messages('a', limit: 3)->getIterator()->current(),
        fn () => $throws(function (): void {
            foreach (list_messages('a') as $message) {
                throw new Exception($message->id);
            }
        }),
        function (): void {
            $list = list_messages('a');
            foreach ($list as $outer) {
                foreach ($list as $inner) {
                    return;
                }
            }
        },
        fn () => (static fn () => yield from list_messages('a'))()->current(),
    ],
    'callbacks' => [
        fn () => $throws(fn () => with_settings(['language' => 'de'], fn () => throw new Exception('out'))),
        fn () => with_settings(['timeout' => 3], fn () => access_token('a')),
        fn () => $throws(fn () => refresh_tokens(PHP_INT_MAX, ['a'], fn () => throw new Exception('out'))),
        fn () => $throws(fn () => $import(fn () => null, accept: fn () => throw new Exception('out'))),
        fn () => $throws(fn () => $import(fn () => null, progress: fn () => throw new Exception('out'))),
        function () use ($throws): void {
            set_logger(fn () => throw new Exception('out'));
            $throws(fn () => refresh_token('a'));
            set_logger(fn () => null);
            refresh_token('a');
            set_logger(null);
        },
    ],
    'stores' => [
        // More than are kept open at a time.
        function () use ($folder): void {
            with_settings(['store' => $folder . '/' . random_int(0, 39) . '.sqlite'], fn () => list_accounts());
        },
    ],
];

$resident = static fn (): int => (int) preg_replace('~.*VmRSS:\s*(\d+).*~s', '$1', file_get_contents('/proc/self/status'));
$calls = (int) ($argv[1] ?? 0);
if ($calls < 4 || array_diff(array_slice($argv, 2), array_keys($families)) !== []) {
    fwrite(STDERR, "usage: growth.php CALLS [FAMILY...]; families: " . implode(' ', array_keys($families)) . "\n");
    exit(64);
}
$grew = false;
foreach (array_slice($argv, 2) ?: array_keys($families) as $family) {
    $functions = $families[$family];
    $began = microtime(true);
    [$engine, $process] = [0, 0];
    for ($i = 0; $i < $calls; $i++) {
        if ($i === intdiv($calls, 4)) {
            gc_collect_cycles();
            [$engine, $process] = [memory_get_usage(), $resident()];
        }
        $functions[$i % count($functions)]();
    }
    gc_collect_cycles();
    [$engine, $process] = [memory_get_usage() - $engine, $resident() - $process];
    $flat = $engine < ENGINE_LIMIT && ($process < PROCESS_LIMIT || $calls < MEANINGFUL);
    $grew = $grew || !$flat;
    printf("%s %s: %d calls in %.0f s, engine %+d bytes, process %+d KiB\n", $flat ? 'flat' : 'GREW', $family, $calls, microtime(true) - $began, $engine, $process);
}
exit($grew ? 1 : 0);
