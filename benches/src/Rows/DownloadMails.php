<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\BatchClient;
use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\LeaveInInbox;

use function Squeeze\Graph\import_messages;

/**
 * 100 mails of 100 KB without attachments, as an import gets them: list the inbox, ask each mail for its attachments, save its
 * source. The handler leaves every mail where it is. Before a mail is handed over it is noted, durably, so that one that kills its
 * process is known: one commit a mail, in every way.
 */
final class DownloadMails extends Row
{
    private const COUNT = 100;
    private const BYTES = 100_000;

    public function name(): string
    {
        return 'download';
    }

    public function title(): string
    {
        return 'download 100 mails of 100 KB, side by side';
    }

    public function targets(): array
    {
        return [30 => 0.3, 0 => 0.8];
    }

    public function setUp(Scene $scene): void
    {
        $scene->clearMailbox();
        for ($number = 1; $number <= self::COUNT; $number++) {
            $text = chunk_split(base64_encode(random_bytes(intdiv(self::BYTES * 3, 4))));
            $mime = "From: Billing <billing@supplier.example>\r\nTo: invoices@contoso.example\r\nSubject: Mail {$number}\r\n"
                . "Message-ID: <{$number}@supplier.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n" . $text;
            $scene->server->control('POST', '/mails', ['base64' => base64_encode($mime), 'received' => time() - 86_400 + $number]);
        }
    }

    public function prepare(Scene $scene, string $way): array
    {
        $scene->newStore();

        $folder = $scene->newFolder('mails');

        return ['directory' => $folder, 'database' => $folder . '/receipts.sqlite'];
    }

    public function ours(array $given): mixed
    {
        $seen = [];
        import_messages(Scene::ACCOUNT, function (IncomingMessage $mail) use (&$seen): void {
            $seen[] = [$mail->message->id, count($mail->attachments), filesize($mail->mimePath), hash_file('xxh128', $mail->mimePath)];
            throw new LeaveInInbox();
        }, require_attachments: false);

        return $seen;
    }

    public function plain(array $given): mixed
    {
        $client = new PlainClient($given);
        $receipts = new Receipts($given['database']);
        $seen = [];
        foreach ($client->all(self::inbox(50)) as $number => $message) {
            $attachments = $client->all(self::attachments($message['id']));
            $file = "{$given['directory']}/{$number}.eml";
            $client->download("/me/messages/{$message['id']}/\$value", $file);
            $receipts->note([$message['id']], 'begun');
            $seen[] = [$message['id'], count($attachments), filesize($file), hash_file('xxh128', $file)];
        }

        return $seen;
    }

    public function batch(array $given): mixed
    {
        $client = new BatchClient($given);
        $receipts = new Receipts($given['database']);
        $messages = $client->all(self::inbox(1000));
        $attachments = $client->together(array_map(static fn (array $message): array => ['GET', self::attachments($message['id'])], $messages));
        $files = [];
        foreach ($messages as $number => $message) {
            $files["/me/messages/{$message['id']}/\$value"] = "{$given['directory']}/{$number}.eml";
        }
        $client->downloadAll($files);
        $seen = [];
        foreach ($messages as $number => $message) {
            $file = "{$given['directory']}/{$number}.eml";
            $receipts->note([$message['id']], 'begun');
            $seen[] = [$message['id'], count($attachments[$number]['value']), filesize($file), hash_file('xxh128', $file)];
        }

        return $seen;
    }

    public static function inbox(int $page): string
    {
        return sprintf('/me/mailFolders/inbox/messages?$select=%s&$top=%d&$orderby=receivedDateTime', ListMessages::SELECT, $page);
    }

    public static function attachments(string $message): string
    {
        return "/me/messages/{$message}/attachments?\$select=id,name,contentType,size,isInline";
    }
}
