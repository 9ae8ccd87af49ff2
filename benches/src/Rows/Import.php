<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\BatchClient;
use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;
use Squeeze\Graph\IncomingMessage;

use function Squeeze\Graph\import_messages;

/**
 * 200 mails of 100 KB with one attachment each: list, source, attachments, handler, move, and receipts in a database, each before
 * what it is to protect.
 */
final class Import extends Row
{
    private const COUNT = 200;
    private const BYTES = 72_000;

    public function name(): string
    {
        return 'import';
    }

    public function title(): string
    {
        return 'import 200 mails';
    }

    public function targets(): array
    {
        return [30 => 0.25, 0 => 0.8];
    }

    public function mostRounds(): int
    {
        return 3;
    }

    public function prepare(Scene $scene, string $way): array
    {
        $scene->newStore();
        $scene->fill(self::COUNT, self::BYTES);

        return ['directory' => $scene->newFolder('mails'), 'database' => $scene->newFolder('database') . '/receipts.sqlite'];
    }

    public function ours(array $given): mixed
    {
        $seen = [];
        import_messages(Scene::ACCOUNT, function (IncomingMessage $mail) use (&$seen): void {
            $seen[] = self::handle($mail->message->subject, $mail->mimePath, array_map(static fn (object $incoming): string => $incoming->path, $mail->attachments));
        }, $given['directory']);

        return $seen;
    }

    public function plain(array $given): mixed
    {
        $client = new PlainClient($given);
        $receipts = new Receipts($given['database']);
        $processed = self::folder($client, 'Verarbeitet');
        $seen = [];
        foreach ($client->all(DownloadMails::inbox(50)) as $message) {
            $folder = self::newFolder($given, $message);
            $client->download("/me/messages/{$message['id']}/\$value", $folder . '/message.eml');
            $files = [];
            foreach ($client->all(DownloadMails::attachments($message['id'])) as $number => $attachment) {
                $files[] = $file = "{$folder}/{$number}-" . basename($attachment['name']);
                $client->download("/me/messages/{$message['id']}/attachments/{$attachment['id']}/\$value", $file);
            }
            $receipts->note([$message['id']], 'begun');
            $seen[] = self::handle($message['subject'], $folder . '/message.eml', $files);
            $receipts->note([$message['id']], 'returned');
            $client->post("/me/messages/{$message['id']}/move", ['destinationId' => $processed]);
            $receipts->note([$message['id']], 'moved');
        }

        return $seen;
    }

    public function batch(array $given): mixed
    {
        $client = new BatchClient($given);
        $receipts = new Receipts($given['database']);
        $processed = self::folder($client, 'Verarbeitet');
        $seen = [];
        foreach (array_chunk($client->all(DownloadMails::inbox(1000)), 20) as $messages) {
            $lists = $client->together(array_map(static fn (array $message): array => ['GET', DownloadMails::attachments($message['id'])], $messages));
            $downloads = [];
            $files = [];
            foreach ($messages as $key => $message) {
                $folder = self::newFolder($given, $message);
                $downloads["/me/messages/{$message['id']}/\$value"] = $folder . '/message.eml';
                $files[$key] = [];
                foreach ($lists[$key]['value'] as $number => $attachment) {
                    $files[$key][] = $file = "{$folder}/{$number}-" . basename($attachment['name']);
                    $downloads["/me/messages/{$message['id']}/attachments/{$attachment['id']}/\$value"] = $file;
                }
            }
            $client->downloadAll($downloads);
            foreach ($messages as $key => $message) {
                $receipts->note([$message['id']], 'begun');
                $seen[] = self::handle($message['subject'], $given['directory'] . '/' . md5($message['id']) . '/message.eml', $files[$key]);
                $receipts->note([$message['id']], 'returned');
            }
            $client->together(array_map(static fn (array $message): array => ['POST', "/me/messages/{$message['id']}/move", ['destinationId' => $processed]], $messages));
            $receipts->note(array_column($messages, 'id'), 'moved');
        }

        return $seen;
    }

    public function end(Scene $scene): mixed
    {
        $subjects = array_column($scene->server->messages('/Verarbeitet'), 'subject');
        sort($subjects);

        return [count($scene->server->messages('/Posteingang')), $subjects];
    }

    /**
     * What the host does with a mail.
     *
     * @param list<string> $files
     * @return list<string>
     */
    private static function handle(?string $subject, string $mime, array $files): array
    {
        return [(string) $subject, hash_file('xxh128', $mime), ...array_map(static fn (string $file): string => hash_file('xxh128', $file), $files)];
    }

    /**
     * @param array<string, mixed> $given
     * @param array<string, mixed> $message
     */
    private static function newFolder(array $given, array $message): string
    {
        $folder = $given['directory'] . '/' . md5($message['id']);
        mkdir($folder, 0700);

        return $folder;
    }

    private static function folder(PlainClient $client, string $name): string
    {
        $found = array_filter($client->all('/me/mailFolders?$select=id,displayName&$top=100'), static fn (array $folder): bool => $folder['displayName'] === $name);

        return array_values($found)[0]['id'];
    }
}
