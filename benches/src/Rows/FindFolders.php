<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\BatchClient;
use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;

use function Squeeze\Graph\find_folder;

/**
 * Three folders by name somewhere in a tree of about 500, when nothing is known yet.
 */
final class FindFolders extends Row
{
    private const NAMES = ['Ordner 0017', 'Ordner 0250', 'Ordner 0450'];
    private const PAGE = '?$select=id,displayName,childFolderCount&$top=100';

    public function name(): string
    {
        return 'folders';
    }

    public function title(): string
    {
        return 'find 3 folders in a tree of 500, nothing cached';
    }

    public function targets(): array
    {
        return [30 => 0.15, 0 => 0.5];
    }

    public function setUp(Scene $scene): void
    {
        $scene->clearMailbox();
        $scene->server->control('POST', '/folders/generate', ['path' => '/Ablage', 'count' => 470, 'children' => 6]);
    }

    public function prepare(Scene $scene, string $way): array
    {
        $scene->newStore();

        return [];
    }

    public function ours(array $given): mixed
    {
        return array_map(static fn (string $name): string => find_folder(Scene::ACCOUNT, $name)->id, self::NAMES);
    }

    public function plain(array $given): mixed
    {
        $client = new PlainClient($given);
        $ids = [];
        // The whole tree has to be read: a name that is found twice must not be taken for one that is there once.
        $read = static function (string $path) use (&$read, &$ids, $client): void {
            foreach ($client->all($path . self::PAGE) as $folder) {
                $ids[$folder['displayName']][] = $folder['id'];
                if ($folder['childFolderCount'] > 0) {
                    $read('/me/mailFolders/' . $folder['id'] . '/childFolders');
                }
            }
        };
        $read('/me/mailFolders');

        return self::pick($ids);
    }

    public function batch(array $given): mixed
    {
        $client = new BatchClient($given);
        $ids = [];
        $level = $client->all('/me/mailFolders' . self::PAGE);
        while ($level !== []) {
            $requests = [];
            foreach ($level as $folder) {
                $ids[$folder['displayName']][] = $folder['id'];
                if ($folder['childFolderCount'] > 0) {
                    $requests[] = ['GET', '/me/mailFolders/' . $folder['id'] . '/childFolders' . self::PAGE];
                }
            }
            $level = [];
            foreach ($client->together($requests) as $page) {
                array_push($level, ...$page['value'], ...(isset($page['@odata.nextLink']) ? $client->all($page['@odata.nextLink']) : []));
            }
        }

        return self::pick($ids);
    }

    /**
     * @param array<string, list<string>> $ids
     * @return list<string>
     */
    private static function pick(array $ids): array
    {
        return array_map(static fn (string $name): string => count($ids[$name]) === 1 ? $ids[$name][0] : throw new \RuntimeException($name), self::NAMES);
    }
}
