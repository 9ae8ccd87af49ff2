<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

/**
 * What a script notes of the mails it takes, so that a kill loses and doubles none.
 */
final class Receipts
{
    private readonly \PDO $database;
    private readonly \PDOStatement $put;

    public function __construct(string $file)
    {
        $this->database = new \PDO('sqlite:' . $file, null, null, [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $this->database->exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE receipts (message TEXT PRIMARY KEY, state TEXT NOT NULL)');
        $this->put = $this->database->prepare('INSERT OR REPLACE INTO receipts (message, state) VALUES (?, ?)');
    }

    /**
     * @param list<string> $messages
     */
    public function note(array $messages, string $state): void
    {
        $this->database->beginTransaction();
        foreach ($messages as $message) {
            $this->put->execute([$message, $state]);
        }
        $this->database->commit();
    }
}
