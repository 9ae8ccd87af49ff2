<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\BatchClient;
use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;

use function Squeeze\Graph\list_messages;

/**
 * The headers of 1000 messages of the inbox.
 */
final class ListMessages extends Row
{
    public const SELECT = 'id,internetMessageId,subject,from,sender,toRecipients,ccRecipients,bccRecipients,replyTo,receivedDateTime,sentDateTime,hasAttachments,isRead,importance,categories,parentFolderId,bodyPreview';
    private const COUNT = 1000;

    public function name(): string
    {
        return 'list';
    }

    public function title(): string
    {
        return 'list 1000 messages';
    }

    public function targets(): array
    {
        return [30 => 0.19, 0 => 0.9];
    }

    public function setUp(Scene $scene): void
    {
        $scene->fill(self::COUNT, 2_000);
    }

    public function prepare(Scene $scene, string $way): array
    {
        return [];
    }

    public function ours(array $given): mixed
    {
        $seen = [];
        foreach (list_messages(Scene::ACCOUNT) as $message) {
            $seen[] = $message->id . ' ' . $message->subject . ' ' . $message->receivedAt?->getTimestamp();
        }

        return self::summary($seen);
    }

    public function plain(array $given): mixed
    {
        return self::told((new PlainClient($given))->all(self::path(50)));
    }

    public function batch(array $given): mixed
    {
        return self::told((new BatchClient($given))->all(self::path(1000)));
    }

    private static function path(int $page): string
    {
        return sprintf('/me/mailFolders/inbox/messages?$select=%s&$top=%d&$filter=receivedDateTime%%20ge%%201900-01-01T00:00:00Z&$orderby=receivedDateTime', self::SELECT, $page);
    }

    /**
     * @param list<array<string, mixed>> $messages
     */
    private static function told(array $messages): mixed
    {
        return self::summary(array_map(static fn (array $message): string => $message['id'] . ' ' . $message['subject'] . ' ' . strtotime($message['receivedDateTime']), $messages));
    }

    /**
     * @param list<string> $seen
     * @return array{int, string}
     */
    private static function summary(array $seen): array
    {
        return [count($seen), hash('sha256', implode("\n", $seen))];
    }
}
