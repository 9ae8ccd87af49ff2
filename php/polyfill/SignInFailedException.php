<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** A sign-in did not succeed. */
class SignInFailedException extends GraphException
{
    private readonly string $reason;

    /** @param string $reason as `getReason()` gives it back */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        string $reason = 'refused',
    ) {
        parent::__construct($problem, $account, $previous);
        $this->reason = $reason;
    }

    /**
     * Why: `denied`, `consent_required`, `unknown_state`, `expired_state`, `replayed`, `wrong_session`, `wrong_account`,
     * `account_changed`, `interrupted`, `invalid_callback` or `refused`.
     */
    public function getReason(): string
    {
        return $this->reason;
    }
}
