<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * Thrown by an import's handler: the mail stays in the inbox, and counts as no failure.
 */
final class LeaveInInbox extends \Exception
{
    private readonly ?\DateTimeImmutable $notBefore;

    /** @param \DateTimeInterface|null $not_before not handed over again before this */
    public function __construct(string $reason = '', ?\DateTimeInterface $not_before = null)
    {
        parent::__construct($reason);
        $this->notBefore = $not_before === null ? null : Polyfill\Time::of($not_before);
    }

    /** Not handed over again before this. */
    public function getNotBefore(): ?\DateTimeImmutable
    {
        return $this->notBefore;
    }
}
