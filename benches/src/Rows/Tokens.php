<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

/**
 * Where a script keeps its tokens: a durable commit each, for a refresh token that is lost costs a sign-in.
 */
final class Tokens
{
    private readonly \PDO $database;
    private ?\PDOStatement $put = null;

    public function __construct(string $file)
    {
        $this->database = new \PDO('sqlite:' . $file, null, null, [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $this->database->exec('PRAGMA synchronous = FULL');
    }

    /**
     * A new database with these accounts, all of them due.
     *
     * @param list<string> $accounts
     * @param array<string, mixed> $given
     */
    public static function create(string $file, array $accounts, array $given): void
    {
        $database = new \PDO('sqlite:' . $file, null, null, [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $database->exec('PRAGMA journal_mode = WAL; CREATE TABLE tokens (account TEXT PRIMARY KEY, access_token TEXT, refresh_token TEXT, expires_at INTEGER)');
        $database->beginTransaction();
        $put = $database->prepare('INSERT INTO tokens VALUES (?, ?, ?, ?)');
        foreach ($accounts as $account) {
            $put->execute([$account, $given['access_token'], $given['refresh_token'], time() - 10]);
        }
        $database->commit();
    }

    /**
     * @return array{access_token: string, refresh_token: string}
     */
    public function of(string $account): array
    {
        $row = $this->database->prepare('SELECT access_token, refresh_token FROM tokens WHERE account = ?');
        $row->execute([$account]);

        return $row->fetch(\PDO::FETCH_ASSOC) ?: throw new \RuntimeException("There is no token of $account");
    }

    /**
     * @return array<string, string> refresh tokens by account
     */
    public function due(): array
    {
        $rows = $this->database->query('SELECT account, refresh_token FROM tokens WHERE expires_at < ' . (time() + 3900));

        return $rows->fetchAll(\PDO::FETCH_KEY_PAIR);
    }

    /**
     * @param array<string, mixed> $token
     */
    public function keep(string $account, array $token): void
    {
        $this->put ??= $this->database->prepare('UPDATE tokens SET access_token = ?, refresh_token = ?, expires_at = ? WHERE account = ?');
        $this->put->execute([$token['access_token'], $token['refresh_token'], time() + $token['expires_in'], $account]);
    }
}
