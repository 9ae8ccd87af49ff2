<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * All rows, in the order of the table.
 */
final class Rows
{
    /**
     * @return list<Row>
     */
    public static function all(): array
    {
        return [
            new Rows\ColdProcess(),
            new Rows\FindFolders(),
            new Rows\FindFoldersAgain(),
            new Rows\ListMessages(),
            new Rows\DownloadMails(),
            new Rows\LargeMail(),
            new Rows\MoveMessages(),
            new Rows\Import(),
            new Rows\FpmRefresh(),
            new Rows\FpmStored(),
            new Rows\RefreshAccounts(),
        ];
    }

    public static function named(string $name): Row
    {
        foreach (self::all() as $row) {
            if ($row->name() === $name) {
                return $row;
            }
        }
        throw new \InvalidArgumentException(sprintf('no row "%s"; there are: %s', $name, implode(', ', array_map(static fn (Row $row): string => $row->name(), self::all()))));
    }
}
