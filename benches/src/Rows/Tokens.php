<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

/**
 * Where a script keeps its tokens: a durable commit each, for a refresh token that is lost costs a sign-in.
 */
final class Tokens
{
    private readonly \PDO $database;
    private readonly \PDOStatement $put;

    public function __construct(string $file)
    {
        $this->database = new \PDO('sqlite:' . $file, null, null, [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $this->database->exec('PRAGMA synchronous = FULL');
        $this->put = $this->database->prepare('UPDATE tokens SET access_token = ?, refresh_token = ?, expires_at = ? WHERE account = ?');
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
        $this->put->execute([$token['access_token'], $token['refresh_token'], time() + $token['expires_in'], $account]);
    }
}
