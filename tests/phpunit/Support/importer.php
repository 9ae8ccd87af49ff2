<?php

declare(strict_types=1);

/*
 * usage: php importer.php FOLDER [DIRECTORY]
 *
 * A host's import script at its plainest, which tests run as a process of its own to kill it or to break what it needs. Every mail becomes
 * a row of the host's database, whose UNIQUE import key makes it exactly once, and a line of its ledger. A subject whose letters add up to
 * a multiple of seven is rejected, so that every attempt decides alike.
 *
 * Mails are put into DIRECTORY, if there is one. FOLDER holds the host's database, its ledger, perhaps a fault.php (a function that is run before the work on each mail), and a journal:
 * what happened, a line each, written at once.
 */

namespace Squeeze\Graph\Tests\Support;

use Squeeze\Graph\ImportResult;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\RejectMessage;

use function Squeeze\Graph\import_messages;

$folder = $argv[1];

$note = static function (string ...$words) use ($folder): void {
    file_put_contents($folder . '/journal', implode(' ', $words) . "\n", FILE_APPEND);
};

$handler = static function (IncomingMessage $mail) use ($folder, $note): void {
    $note('begin', $mail->message->id, $mail->importKey, (string) $mail->attempt);
    if (is_file($folder . '/fault.php')) {
        (require $folder . '/fault.php')($mail);
    }
    if (!is_file($mail->mimePath) || hash_file('sha256', (string) $mail->attachments[0]->path) !== $mail->attachments[0]->sha256) {
        throw new \LogicException('the mail is not whole');
    }
    $database = new \PDO('sqlite:' . $folder . '/database/host.sqlite');
    $database->exec('CREATE TABLE IF NOT EXISTS mails (import_key TEXT PRIMARY KEY, message TEXT NOT NULL, sha256 TEXT NOT NULL)');
    $database->beginTransaction();
    $database->prepare('INSERT INTO mails VALUES (?, ?, ?) ON CONFLICT (import_key) DO NOTHING')
        ->execute([$mail->importKey, $mail->message->id, $mail->attachments[0]->sha256]);
    $ledger = fopen($folder . '/ledger', 'a') ?: throw new \RuntimeException('the ledger can not be opened');
    if (@fwrite($ledger, $mail->importKey . "\n") === false) {
        throw new \RuntimeException('the ledger can not be written: ' . (error_get_last()['message'] ?? ''));
    }
    fclose($ledger);
    $database->commit();
    $note('done', $mail->message->id);
    if (array_sum(array_map(ord(...), str_split((string) $mail->message->subject))) % 7 === 0) {
        throw new RejectMessage('not for us');
    }
};

$note('start');
$report = import_messages('invoices', $handler, $argv[2] ?? null, progress: static function (int $done, int $known, ImportResult $result) use ($note): void {
    // By now the receipt is durable.
    if ($result->outcome->name === 'Imported' || $result->outcome->name === 'Rejected') {
        $note('told', $result->message->id);
    }
});
$note('end');
$reasons = array_values(array_unique(array_column($report->results, 'reason')));
echo json_encode(['imported' => $report->imported, 'rejected' => $report->rejected, 'failed' => $report->failed, 'reasons' => $reasons]), "\n";
