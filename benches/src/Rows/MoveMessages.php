<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\BatchClient;
use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;

use function Squeeze\Graph\move_messages;

/**
 * 200 messages of the inbox to another folder, by their ids.
 */
final class MoveMessages extends Row
{
    private const COUNT = 200;

    public function name(): string
    {
        return 'move';
    }

    public function title(): string
    {
        return 'move 200 messages';
    }

    public function targets(): array
    {
        return [30 => 0.27, 0 => 0.7];
    }

    public function prepare(Scene $scene, string $way): array
    {
        return ['ids' => $scene->fill(self::COUNT, 1_000)];
    }

    public function ours(array $given): mixed
    {
        return array_map(static fn (object $moved): string => $moved->message->id, move_messages(Scene::ACCOUNT, $given['ids'], 'wellknown:archive'));
    }

    public function plain(array $given): mixed
    {
        $client = new PlainClient($given);

        return array_map(static fn (string $id): string => $client->post("/me/messages/{$id}/move", ['destinationId' => 'archive'])['id'], $given['ids']);
    }

    public function batch(array $given): mixed
    {
        $moved = (new BatchClient($given))->together(array_map(static fn (string $id): array => ['POST', "/me/messages/{$id}/move", ['destinationId' => 'archive']], $given['ids']));
        ksort($moved);

        return array_column($moved, 'id');
    }

    public function end(Scene $scene): mixed
    {
        $subjects = array_column($scene->server->messages('/Archiv'), 'subject');
        sort($subjects);

        return [count($scene->server->messages('/Posteingang')), $subjects];
    }
}
