<?php

declare(strict_types=1);

namespace Example;

use Squeeze\Graph\Client;
use Squeeze\Graph\Disposition;
use Squeeze\Graph\ImportReport;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\Message;
use Squeeze\Graph\RejectMessage;
use Squeeze\Graph\StopImport;

/**
 * Takes invoices from a mailbox into a database table: who may send is decided before anything is downloaded, and each
 * mail becomes rows exactly once.
 */
final class InvoiceImporter
{
    /** The columns of the table, and where in the mail they come from. */
    private const FIELDS = ['sender', 'subject', 'received_at', 'file_name', 'sha256'];

    /**
     * @param list<string> $allowed addresses or domains that may send; empty: everyone
     * @param list<string> $blocked addresses or domains whose mails are set aside
     */
    public function __construct(
        private readonly Client $client,
        private readonly \PDO $database,
        private readonly array $allowed = [],
        private readonly array $blocked = [],
    ) {
    }

    public function run(string $account): ImportReport
    {
        return $this->client->importMessages($account, $this->take(...), accept: $this->accept(...));
    }

    /** Decides on the headers alone. What is not accepted is never downloaded. */
    private function accept(Message $message): Disposition
    {
        $sender = strtolower($message->from->address ?? '');
        $fits = static fn (string $rule): bool => $sender === strtolower($rule) || str_ends_with($sender, '@' . strtolower($rule));

        return match (true) {
            array_filter($this->blocked, $fits) !== [] => Disposition::Processed,
            $this->allowed !== [] && array_filter($this->allowed, $fits) === [] => Disposition::Leave,
            default => Disposition::Import,
        };
    }

    /** Returning means: it is in the database. Then, and only then, the mail is moved. */
    private function take(IncomingMessage $mail): void
    {
        $rows = [];
        foreach ($mail->attachments as $incoming) {
            if ($incoming->path === null || !str_ends_with(strtolower($incoming->attachment->name), '.pdf')) {
                continue;
            }
            $rows[] = [
                $mail->importKey,
                $mail->message->from?->address,
                $mail->message->subject,
                $mail->message->receivedAt?->format('Y-m-d H:i:s'),   // UTC
                $incoming->attachment->name,
                $incoming->sha256,
            ];
            // A real host moves the file at $incoming->path into its document store here.
        }
        if ($rows === []) {
            throw new RejectMessage('no PDF attached');
        }
        try {
            $this->database->beginTransaction();
            $columns = implode(', ', ['import_key', ...self::FIELDS]);
            $insert = $this->database->prepare(
                "INSERT INTO invoice ($columns) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (import_key, sha256, file_name) DO NOTHING",
            );
            foreach ($rows as $row) {
                $insert->execute($row);
            }
            $this->database->commit();
        } catch (\PDOException $failure) {
            if ($this->database->inTransaction()) {
                $this->database->rollBack();
            }

            // The database is away: that is no fault of this mail. It stays, and the run ends.
            throw new StopImport('the database is away', 0, $failure);
        }
    }
}
