<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\Process;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;

/**
 * The same three folders in a process whose store knows the tree. The plain scripts keep nothing, as most do: an id that was kept
 * would not tell that the folder got a namesake, so they read the tree again.
 */
final class FindFoldersAgain extends Row
{
    private readonly FindFolders $first;

    public function __construct()
    {
        $this->first = new FindFolders();
    }

    public function name(): string
    {
        return 'folders-again';
    }

    public function title(): string
    {
        return 'the same, ids cached';
    }

    public function targets(): array
    {
        return [30 => 0.06, 0 => 0.3];
    }

    public function setUp(Scene $scene): void
    {
        $this->first->setUp($scene);
        $scene->newStore();
        Process::worker($this->first, 'ours', $scene->given(), $scene);
    }

    public function prepare(Scene $scene, string $way): array
    {
        return [];
    }

    public function ours(array $given): mixed
    {
        return $this->first->ours($given);
    }

    public function plain(array $given): mixed
    {
        return $this->first->plain($given);
    }

    public function batch(array $given): mixed
    {
        return $this->first->batch($given);
    }
}
