<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * Base of everything that can go wrong outside the caller's arguments. The message is explanation and remedy.
 */
abstract class GraphException extends \RuntimeException
{
    private readonly Problem $problem;
    private readonly ?string $account;

    /** For tests: the extension throws its exceptions itself. */
    public function __construct(Problem $problem, ?string $account = null, ?\Throwable $previous = null)
    {
        parent::__construct(trim($problem->explanation . ' ' . $problem->remedy), 0, $previous);
        $this->problem = $problem;
        $this->account = $account;
    }

    /** What happened, who must act, what to do. */
    public function getProblem(): Problem
    {
        return $this->problem;
    }

    /** The account it is about, where known. */
    public function getAccount(): ?string
    {
        return $this->account;
    }
}
