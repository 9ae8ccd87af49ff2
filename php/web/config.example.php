<?php

/**
 * The account page's configuration. Copy it to config.php, or name it in the environment variable
 * SQUEEZE_GRAPH_WEB_CONFIG. Everything may be left out: then there is one tenant with the settings of php.ini, and nobody
 * may come in but by the link that php/web/serve shows.
 */

declare(strict_types=1);

use Squeeze\Graph\Web\Request;

return [
    // By the name that stands in the path. store, key_file, log, log_level, proxy, proxy_auth_file and ca_file are the
    // extension's settings of the same names.
    'tenants' => [
        'nord' => [
            'label' => 'Nord GmbH',
            'store' => '/var/lib/squeeze-graph/nord.sqlite',
            'key_file' => '/etc/squeeze-graph/nord.key',
            // For what the page itself does. The job and the import write to the log of php.ini, and one log there is
            // enough for all tenants: each is shown its own lines.
            'log' => '/var/log/squeeze-graph/nord.log',
            'log_level' => 'info',
            // What the form of a new account begins with.
            'suggestions' => [
                'tenant_id' => '11111111-aaaa-4bbb-8ccc-000000000001',
                'client_id' => 'c0ffee00-0001-4000-8000-000000000001',
                'folder_processed' => '/Verarbeitet',
                'folder_error' => '/Fehler',
            ],
            // What every account gets without being asked: any setting of save_account().
            'account' => ['cloud' => 'global'],
        ],
        'sued' => [
            'label' => 'Süd AG',
            'store' => '/var/lib/squeeze-graph/sued.sqlite',
            'key_file' => '/etc/squeeze-graph/sued.key',
        ],
    ],

    // Where Microsoft sends the browser back to that signs in on this page: registered once, for all tenants. Left out:
    // what the browser calls this server, followed by /callback.
    'redirect_uri' => 'https://squeeze.example/graph/callback',

    // What comes before the page's own paths.
    'base_path' => '/graph',

    // en or de; left out: what the browser prefers.
    'language' => 'de',

    // In which zone times are shown. They are kept in UTC.
    'timezone' => 'Europe/Berlin',

    // Who may come in. The page has no login of its own: here the host's session decides, for a tenant, or for anything at
    // all (null). A session that is opened here is used for the page as well, and closed after each call; its cookie must be
    // SameSite=Lax, for Microsoft sends the browser back here. Left out: nobody, but by the link of php/web/serve.
    'access' => static function (Request $request, ?string $tenant): bool {
        if (session_status() !== PHP_SESSION_ACTIVE) {
            session_name('squeeze');
            session_start(['cookie_httponly' => true, 'cookie_samesite' => 'Lax', 'use_strict_mode' => true]);
        }

        return ($_SESSION['is_administrator'] ?? false) === true
            && ($tenant === null || in_array($tenant, (array) ($_SESSION['tenants'] ?? []), true));
    },
];
