<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * The messages of a folder: walked page by page, from the beginning at each foreach.
 *
 * @extends \IteratorAggregate<int, Message>
 */
interface Messages extends \IteratorAggregate
{
    /**
     * How many there are, whatever the limit.
     *
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException
     */
    public function total(): int;
}
