<?php

/**
 * The main job, step by step, against the sandbox: see tools/demo.
 */

declare(strict_types=1);

namespace Squeeze\Graph\Demo;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\exchange_code;
use function Squeeze\Graph\find_folder;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\token_status;

require __DIR__ . '/../php/src/autoload.php';

const ACCOUNT = 'invoices';
const SIGN_IN_SECONDS = 600;

function step(string $text): void
{
    echo stream_isatty(STDOUT) ? "\e[32m✓\e[0m " : '✓ ', $text, "\n";
}

/**
 * @param list<string> $command
 */
function run(array $command): string
{
    $process = proc_open($command, [['file', '/dev/null', 'r'], ['pipe', 'w']], $pipes);
    $output = (string) stream_get_contents($pipes[1]);
    if (proc_close($process) !== 0) {
        throw new \RuntimeException(sprintf("%s did not end well:\n%s", basename($command[0]), $output));
    }

    return $output;
}

/**
 * A script of php/bin, as cron would start it.
 */
function script(string $name, string ...$arguments): string
{
    return run([
        PHP_BINARY, '-d', 'extension=' . getenv('SQUEEZE_GRAPH_EXTENSION'), '-d', 'squeeze_graph.custom_endpoints=1',
        '-d', 'squeeze_graph.store=' . ini_get('squeeze_graph.store'),
        '-d', 'squeeze_graph.log=' . ini_get('squeeze_graph.log'), '-d', 'squeeze_graph.log_level=info', __DIR__ . '/../php/bin/' . $name, ...$arguments,
    ]);
}

function remove(string $path): void
{
    foreach (is_dir($path) && !is_link($path) ? array_diff(scandir($path), ['.', '..']) : [] as $name) {
        remove($path . '/' . $name);
    }
    is_dir($path) && !is_link($path) ? rmdir($path) : unlink($path);
}

/**
 * @return array<string, int> mails in the folders of the account
 */
function counts(): array
{
    $counts = [];
    foreach (['wellknown:inbox', '/Verarbeitet', '/Fehler'] as $name) {
        $folder = find_folder(ACCOUNT, $name);
        $counts[$folder->path] = $folder->totalCount;
    }

    return $counts;
}

function pad(string $text, int $width): string
{
    return mb_strimwidth($text, 0, $width, '…') . str_repeat(' ', max(0, $width - mb_strwidth($text)));
}

/**
 * Starts the sandbox with real-world mails in the inbox; it ends with this process.
 *
 * @return array<string, string> where it is, and who may sign in
 */
function startSandbox(): array
{
    // Kept: it is stopped when its resource goes.
    static $process;
    $process = proc_open(
        [(string) getenv('SQUEEZE_GRAPH_SANDBOX'), '--exit-with-stdin', '--mailbox', __DIR__ . '/../tests/sandbox/mails'],
        [['pipe', 'r'], ['pipe', 'w']],
        $pipes,
    );
    if ($process === false || ($line = fgets($pipes[1])) === false) {
        throw new \RuntimeException('The sandbox could not be started.');
    }
    $about = json_decode($line, true, 512, JSON_THROW_ON_ERROR);

    return $about + json_decode((string) file_get_contents($about['control_url']), true, 512, JSON_THROW_ON_ERROR);
}

/**
 * @return array<mixed> the query of the callback
 */
function signInAlone(string $url): array
{
    parse_str((string) parse_url(trim(run([(string) getenv('SQUEEZE_GRAPH_SANDBOX'), 'sign-in', '--url', $url])), PHP_URL_QUERY), $query);

    return $query;
}

/**
 * Starts the account page; it ends with this process.
 *
 * @param array<string, mixed> $sandbox
 * @return array{string, string} its address, and the link that lets a browser in
 */
function startPage(string $folder, array $sandbox): array
{
    $endpoints = ['authority_url' => $sandbox['authority_url'], 'graph_url' => $sandbox['graph_url']];
    $registration = ['tenant_id' => $sandbox['tenant_id'], 'client_id' => $sandbox['client_id'], 'user' => $sandbox['user']];
    $folders = ['folder_processed' => '/Verarbeitet', 'folder_error' => '/Fehler'];
    file_put_contents($folder . '/page.php', '<?php return ' . var_export([
        'tenants' => ['demo' => ['account' => $endpoints, 'suggestions' => $registration + $folders]],
        'timezone' => date_default_timezone_get(),
    ], true) . ';');
    mkdir($folder . '/sessions', 0700);
    $listener = stream_socket_server('tcp://127.0.0.1:0') ?: throw new \RuntimeException('No port is free.');
    $port = substr((string) strrchr((string) stream_socket_get_name($listener, false), ':'), 1);
    fclose($listener);
    $public = __DIR__ . '/../php/web/public';
    $token = bin2hex(random_bytes(32));
    $page = proc_open(
        [
            PHP_BINARY, '-d', 'extension=' . getenv('SQUEEZE_GRAPH_EXTENSION'), '-d', 'squeeze_graph.custom_endpoints=1',
            '-d', 'squeeze_graph.store=' . ini_get('squeeze_graph.store'),
            '-d', 'squeeze_graph.log=' . ini_get('squeeze_graph.log'), '-d', 'squeeze_graph.log_level=info',
            '-d', 'session.save_path=' . $folder . '/sessions',
            '-S', '127.0.0.1:' . $port, '-t', $public, $public . '/index.php',
        ],
        [['file', '/dev/null', 'r'], ['file', $folder . '/page.log', 'a'], ['file', $folder . '/page.log', 'a']],
        $pipes,
        null,
        ['SQUEEZE_GRAPH_WEB_CONFIG' => $folder . '/page.php', 'SQUEEZE_GRAPH_WEB_TOKEN' => $token] + getenv(),
    ) ?: throw new \RuntimeException('The account page could not be started.');
    register_shutdown_function(static function () use ($page): void {
        proc_terminate($page);
        proc_close($page);
    });
    for ($end = microtime(true) + 10; ($socket = @fsockopen('127.0.0.1', (int) $port)) === false; usleep(20_000)) {
        if (microtime(true) > $end || !proc_get_status($page)['running']) {
            throw new \RuntimeException("The account page did not start:\n" . file_get_contents($folder . '/page.log'));
        }
    }
    fclose($socket);

    // By name: Microsoft allows http:// for localhost, and the page looks at the name.
    $address = 'http://localhost:' . $port . '/';

    return [$address, $address . '?token=' . $token];
}

/**
 * @param array<string, string> $person
 */
function signInOnThePage(string $link, array $person): void
{
    printf(
        "\n  Open %s\n  and press \"Authenticate\". Sign in as %s, password %s, code %s.\n\n",
        $link,
        $person['user'],
        $person['password'],
        $person['mfa'],
    );
    if (getenv('DISPLAY') || getenv('WAYLAND_DISPLAY')) {
        exec('xdg-open ' . escapeshellarg($link) . ' >/dev/null 2>&1 &');
    }
    for ($end = microtime(true) + SIGN_IN_SECONDS; token_status(ACCOUNT)->state !== TokenState::Valid; usleep(200_000)) {
        if (microtime(true) > $end) {
            throw new \RuntimeException('Nobody signed in within ten minutes.');
        }
    }
}

function main(bool $once, bool $keep): void
{
    $folder = sys_get_temp_dir() . '/squeeze-graph-demo-' . bin2hex(random_bytes(4));
    mkdir($folder, 0700);
    if (!$keep) {
        register_shutdown_function(static fn () => remove($folder));
    }
    ini_set('squeeze_graph.store', $folder . '/store.sqlite');
    ini_set('squeeze_graph.log', $folder . '/graph.log');
    ini_set('squeeze_graph.log_level', 'info');

    $sandbox = startSandbox();
    step('The sandbox stands in for Microsoft Entra ID and Microsoft Graph: ' . $sandbox['url']);

    [$page, $link] = $once ? [null, ''] : startPage($folder, $sandbox);
    save_account(ACCOUNT, [
        'tenant_id' => $sandbox['tenant_id'],
        'client_id' => $sandbox['client_id'],
        'client_secret' => $sandbox['client_secret'],
        'redirect_uri' => ($page ?? 'http://localhost/') . 'callback',
        'user' => $sandbox['user'],
        'folder_inbox' => 'wellknown:inbox',
        'folder_processed' => '/Verarbeitet',
        'folder_error' => '/Fehler',
        'authority_url' => $sandbox['authority_url'],
        'graph_url' => $sandbox['graph_url'],
    ]);
    step(sprintf('Account "%s" is saved; someone has to sign in', ACCOUNT));

    if ($page === null) {
        exchange_code(signInAlone(authorization_url(ACCOUNT, 'demo')), 'demo');
    } else {
        signInOnThePage($link, $sandbox);
    }
    step(sprintf('Signed in as %s; the tokens are sealed in the store', token_status(ACCOUNT)->signedInAs));

    step('refresh-tokens, the job that cron starts every hour:');
    echo preg_replace('/^/m', '    ', rtrim(script('refresh-tokens', '--horizon', '172800'))), "\n";

    $before = counts();
    $lines = array_filter(explode("\n", script('import-emails', '--directory', $folder . '/mails', '--json')));
    step('import-emails has taken the inbox:');
    foreach ($lines as $line) {
        $result = json_decode($line, true, 512, JSON_THROW_ON_ERROR);
        if ($result['type'] === 'result') {
            showMail($result, $folder . '/mails');
        }
    }

    step('The mailbox, before and after:');
    foreach (counts() as $path => $count) {
        printf("    %s %3d → %d\n", pad($path, 14), $before[$path], $count);
    }
    if ($page !== null && stream_isatty(STDIN)) {
        echo "\n  The account page stays open: test the connection, choose folders, read the log. Press Enter to end.\n";
        fgets(STDIN);
    }
    step($keep ? 'The imported mails are in ' . $folder . '/mails' : 'Done; the temporary folder is removed (tools/demo --keep leaves it)');
}

/**
 * @param array<string, mixed> $result
 */
function showMail(array $result, string $directory): void
{
    $file = $directory . '/' . $result['importKey'] . '/mail.json';
    $what = is_file($file)
        ? implode(', ', array_column(json_decode((string) file_get_contents($file), true)['attachments'], 'file'))
        : $result['outcome'] . (isset($result['reason']) ? ': ' . $result['reason'] : '');
    echo '    ', pad($result['message']['subject'] ?? '(no subject)', 38), '  ', mb_strimwidth($what, 0, 70, '…'), "\n";
}

if (function_exists('pcntl_async_signals')) {
    // Leaves through the shutdown functions, so that the sandbox ends and the folder goes.
    pcntl_async_signals(true);
    foreach ([SIGINT, SIGTERM] as $signal) {
        pcntl_signal($signal, static fn (int $signal): never => exit(128 + $signal));
    }
}
try {
    main(in_array('--once', $argv, true), in_array('--keep', $argv, true));
} catch (GraphException $error) {
    fwrite(STDERR, sprintf("✗ %s\n  %s\n  → %s\n", $error->getMessage(), $error->getProblem()->explanation, $error->getProblem()->remedy));
    exit(1);
} catch (\RuntimeException $error) {
    fwrite(STDERR, '✗ ' . $error->getMessage() . "\n");
    exit(1);
}
