<?php

declare(strict_types=1);

namespace Example;

use Squeeze\Graph\Client;
use Squeeze\Graph\Disposition;
use Squeeze\Graph\ImportReport;
use Squeeze\Graph\IncomingAttachment;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\Message;
use Squeeze\Graph\RejectMessage;
use Squeeze\Graph\StopImport;

/**
 * Takes invoices from a mailbox into a database table: who may send is decided before anything is downloaded, which field
 * of a document is filled from what in the mail is a table, and each mail becomes rows exactly once.
 */
final class InvoiceImporter
{
    /** The fields of a document, and what of the mail goes into each: a name of {@see value()}. */
    public const FIELDS = [
        'sender' => 'from',
        'subject' => 'subject',
        'received_at' => 'received',
        'file_name' => 'attachment',
        'sha256' => 'sha256',
    ];

    /**
     * @param list<string> $allowed addresses or domains that may send; empty: everyone
     * @param list<string> $blocked addresses or domains whose mails are set aside
     * @param array<string, string> $fields field of a document => what of the mail goes into it
     */
    public function __construct(
        private readonly Client $client,
        private readonly \PDO $database,
        private readonly array $allowed = [],
        private readonly array $blocked = [],
        private readonly array $fields = self::FIELDS,
    ) {
        // What is not stored must not look stored.
        $database->setAttribute(\PDO::ATTR_ERRMODE, \PDO::ERRMODE_EXCEPTION);
        foreach ($fields as $field => $source) {
            // The name of a field becomes part of a statement.
            if (preg_match('/^[a-z][a-z0-9_]*$/D', $field) !== 1 || in_array($field, ['import_key', 'position'], true)) {
                throw new \InvalidArgumentException(sprintf('"%s" can not be a field', $field));
            }
            if (!in_array($source, self::sources(), true)) {
                throw new \InvalidArgumentException(
                    sprintf('Nothing of a mail is called "%s", but: %s', $source, implode(', ', self::sources())),
                );
            }
        }
    }

    /**
     * What of a mail can go into a field.
     *
     * @return list<string>
     */
    public static function sources(): array
    {
        return [
            'from', 'from_name', 'to', 'subject', 'received', 'message_id', 'importance',
            'attachment', 'type', 'size', 'sha256', 'path',
        ];
    }

    /** Makes the table that the fields ask for, unless it is there. */
    public function createTable(): void
    {
        // The unique key is what makes "at least once" exactly once: a mail that comes again has the same import key.
        $columns = implode('', array_map(static fn (string $field): string => $field . ' TEXT, ', array_keys($this->fields)));
        $this->database->exec(
            'CREATE TABLE IF NOT EXISTS invoice'
            . " (import_key VARCHAR(64) NOT NULL, position INTEGER NOT NULL, {$columns}UNIQUE (import_key, position))",
        );
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
        foreach ($mail->attachments as $position => $incoming) {
            if ($incoming->path === null || !str_ends_with(strtolower($incoming->attachment->name), '.pdf')) {
                continue;
            }
            $row = [$mail->importKey, $position];
            foreach ($this->fields as $source) {
                $row[] = self::value($source, $mail->message, $incoming);
            }
            $rows[] = $row;
            // A real host moves the file at $incoming->path into its document store here.
        }
        if ($rows === []) {
            throw new RejectMessage('no PDF attached');
        }
        try {
            $this->database->beginTransaction();
            $columns = ['import_key', 'position', ...array_keys($this->fields)];
            $insert = $this->database->prepare(sprintf(
                // MySQL: INSERT IGNORE INTO … VALUES (…)
                'INSERT INTO invoice (%s) VALUES (%s) ON CONFLICT (import_key, position) DO NOTHING',
                implode(', ', $columns),
                implode(', ', array_fill(0, count($columns), '?')),
            ));
            if ($insert === false) {
                throw new \PDOException('The statement can not be prepared');
            }
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

    /** What of a mail, or of one of its attachments, a name of {@see sources()} means. */
    private static function value(string $source, Message $message, IncomingAttachment $incoming): string|int|null
    {
        return match ($source) {
            'from' => $message->from?->address,
            'from_name' => $message->from?->name,
            'to' => implode(', ', array_column($message->to, 'address')),
            'subject' => $message->subject,
            'received' => $message->receivedAt?->format('Y-m-d H:i:s'),   // UTC
            'message_id' => $message->internetMessageId,
            'importance' => $message->importance->value,
            'attachment' => $incoming->attachment->name,
            'type' => $incoming->attachment->contentType,
            'size' => $incoming->attachment->size,
            'sha256' => $incoming->sha256,
            'path' => $incoming->path,
            default => throw new \LogicException($source),
        };
    }
}
