<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A mail folder. */
final class Folder implements \JsonSerializable
{
    use Polyfill\PlainValue;

    public readonly string $id;
    public readonly string $name;
    /**
     * From the root, starts with `/`, can be passed wherever a folder is named. For a folder that was asked for by its id or
     * well-known name and that the mailbox's tree does not show, because the signed-in user may not see it or it lies outside,
     * it is `id:…` or `wellknown:…`, which can be passed likewise.
     */
    public readonly string $path;
    public readonly ?string $parentId;
    public readonly int $childCount;
    public readonly int $totalCount;
    public readonly int $unreadCount;
    public readonly bool $isHidden;
    /** `inbox`, `drafts`, …, where it is one of those. */
    public readonly ?string $wellKnownName;
}
