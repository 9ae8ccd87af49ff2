<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** No folder fits the name. */
class FolderNotFoundException extends GraphException
{
    /** @var list<string> */
    private readonly array $suggestions;

    /** @param list<string> $suggestions full paths */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        array $suggestions = [],
    ) {
        parent::__construct($problem, $account, $previous);
        $this->suggestions = $suggestions;
    }

    /**
     * Full paths of the closest folders.
     *
     * @return list<string>
     */
    public function getSuggestions(): array
    {
        return $this->suggestions;
    }
}
