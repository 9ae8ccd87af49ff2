<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Several folders fit the name. */
class AmbiguousFolderException extends GraphException
{
    /** @var list<string> */
    private readonly array $candidates;

    /** @param list<string> $candidates full paths */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        array $candidates = [],
    ) {
        parent::__construct($problem, $account, $previous);
        $this->candidates = $candidates;
    }

    /**
     * Full paths of the folders that fit.
     *
     * @return list<string>
     */
    public function getCandidates(): array
    {
        return $this->candidates;
    }
}
