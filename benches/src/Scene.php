<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\save_account;

/**
 * Where a row plays: the server, a folder on the disk, a store with an account.
 */
final class Scene
{
    public const TENANT = '11111111-aaaa-4bbb-8ccc-000000000001';
    public const CLIENT = 'c0ffee00-0001-4000-8000-000000000001';
    public const SECRET = 'sbx8Q~c0ntoso+web/secret=Value.1%';
    public const USER = 'anna.gruber@contoso.example';
    public const ACCOUNT = 'invoices';

    private string $store;
    /** @var array<string, mixed> */
    private array $token;
    /** Over all scenes: a row must not find what another row's store remembers of a mailbox that was emptied since. */
    private static int $stores = 0;
    /** When all mails come: the same mails for every way. */
    private readonly int $began;

    public function __construct(public readonly Server $server, public readonly string $folder)
    {
        $this->began = time() - 60;
        $this->newStore();
    }

    /** A world as new: the mailbox, and a store with the account and a good token. */
    public function newStore(): void
    {
        $this->store = sprintf('%s/store-%d.sqlite', $this->folder, ++self::$stores);
        ini_set('squeeze_graph.store', $this->store);
        ini_set('squeeze_graph.ca_file', $this->server->ca);
        $this->token = $this->server->control('POST', '/tokens', ['life' => 86_400]);
        $this->account(self::ACCOUNT, $this->token, time() + 86_000);
    }

    public function store(): string
    {
        return $this->store;
    }

    /**
     * @param array<string, mixed> $token
     */
    public function account(string $name, array $token, int $ends): void
    {
        save_account($name, [
            'tenant_id' => self::TENANT,
            'client_id' => self::CLIENT,
            'client_secret' => self::SECRET,
            'redirect_uri' => 'http://localhost/callback',
            'folder_inbox' => 'wellknown:inbox',
            'folder_processed' => '/Verarbeitet',
            'folder_error' => '/Fehler',
            'authority_url' => $this->server->authority(),
            'graph_url' => $this->server->graph(),
        ]);
        adopt_token($name, ['access_token' => $token['access_token'], 'refresh_token' => $token['refresh_token'], 'expires_at' => $ends]);
    }

    /**
     * An empty mailbox.
     */
    public function clearMailbox(): void
    {
        // The same ids again: what the ways come to is compared.
        $this->server->control('POST', '/mailboxes/clear', ['again' => true]);
    }

    /**
     * Fills the inbox and returns the ids.
     *
     * @return list<string>
     */
    public function fill(int $count, int $bytes): array
    {
        $this->clearMailbox();
        $this->server->control('POST', '/mails/generate', ['count' => $count, 'size' => $bytes, 'received' => $this->began]);

        return array_column($this->server->messages('/Posteingang'), 'immutableId');
    }

    /** An empty folder on the disk. */
    public function newFolder(string $name): string
    {
        $path = $this->folder . '/' . $name;
        self::remove($path);
        mkdir($path, 0700);

        return $path;
    }

    public static function remove(string $path): void
    {
        if (is_dir($path) && !is_link($path)) {
            foreach (array_diff(scandir($path) ?: [], ['.', '..']) as $name) {
                self::remove($path . '/' . $name);
            }
            rmdir($path);
        } elseif (file_exists($path) || is_link($path)) {
            unlink($path);
        }
    }

    /**
     * What every run is told.
     *
     * @return array<string, mixed>
     */
    public function given(): array
    {
        return [
            'authority' => $this->server->authority(),
            'graph' => $this->server->graph() . '/v1.0',
            'bundle' => $this->server->bundle,
            'folder' => $this->folder,
            'access_token' => $this->token['access_token'],
            'refresh_token' => $this->token['refresh_token'],
        ];
    }
}
