<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\ActionRequiredException;
use Squeeze\Graph\Actor;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\Problem;
use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\SignInRequiredException;

/**
 * Problems as the extension tells them, in short.
 *
 * @internal
 */
final class Problems
{
    public static function of(
        string $code,
        string $explanation,
        string $remedy = '',
        Actor $actor = Actor::Host,
        bool $retryable = false,
        ?int $aadsts = null,
    ): Problem {
        return Problem::fromArray([
            'code' => $code,
            'aadsts' => $aadsts,
            'message' => $explanation,
            'explanation' => $explanation,
            'remedy' => $remedy,
            'actor' => $actor,
            'retryable' => $retryable,
            'since' => new \DateTimeImmutable(),
        ]);
    }

    public static function configuration(?string $account, string $code, string $explanation): ConfigurationException
    {
        return new ConfigurationException(self::of($code, $explanation, 'Change the account.'), $account);
    }

    public static function signInRequired(string $account, bool $wasSignedIn, ?Problem $why = null): SignInRequiredException
    {
        $why ??= $wasSignedIn
            ? self::of('sign_in_required', 'The sign-in is no longer valid.', 'Sign in again.', Actor::User)
            : self::of('never_signed_in', 'Nobody has signed in yet.', 'Sign in.', Actor::User);

        return new SignInRequiredException($why, $account);
    }

    public static function actionRequired(string $account, ?Problem $why): ActionRequiredException
    {
        return new ActionRequiredException($why ?? self::secretExpired(), $account);
    }

    public static function secretExpired(): Problem
    {
        return self::of(
            'invalid_client',
            'The client secret has expired.',
            'Create a new one and save it.',
            Actor::AppAdministrator,
            aadsts: 7_000_222,
        );
    }

    /**
     * @param 'account_changed'|'consent_required'|'denied'|'expired_state'|'interrupted'|'invalid_callback'|'refused'|'replayed'|'unknown_state'|'wrong_account'|'wrong_session' $reason
     * @param string|null $code null: the reason's own
     */
    public static function signInFailed(
        ?string $account,
        string $reason,
        string $explanation,
        ?string $code = null,
        Actor $actor = Actor::User,
    ): SignInFailedException {
        return new SignInFailedException(
            self::of($code ?? 'sign_in_' . $reason, $explanation, 'Start the sign-in again.', $actor),
            $account,
            reason: $reason,
        );
    }
}
