<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Too many requests, even after waiting as long as `squeeze_graph.retry_budget` allows. */
class ThrottledException extends GraphException
{
    private readonly ?int $retryAfter;

    /** @param int|null $retry_after seconds */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        ?int $retry_after = null,
    ) {
        parent::__construct($problem, $account, $previous);
        $this->retryAfter = $retry_after;
    }

    /** Seconds until it is worth trying again, if Microsoft said so. */
    public function getRetryAfter(): ?int
    {
        return $this->retryAfter;
    }
}
