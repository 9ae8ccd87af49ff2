<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\Account;
use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\ActionRequiredException;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\Problem;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\TokenState;
use Squeeze\Graph\TokenStatus;

/**
 * The accounts in memory: their settings and how their sign-ins stand.
 *
 * @internal
 */
final class Accounts
{
    private const LIFE = 3_600;
    /** A token with less life than this is renewed before it is handed out, seconds. */
    private const RENEWAL_MARGIN = 300;
    /** A life that no token has is asked for at most once in this time, seconds. */
    private const FORCED_PAUSE = 300;

    /** @var array<string, AccountSettings> by name */
    private array $accounts = [];
    /** @var array<string, int> how often each was given another identity, by name */
    private array $generations = [];
    /** @var array<string, Token> by name; one of an older identity counts for nothing but that there was one */
    private array $tokens = [];

    /** @param (\Closure(): \DateTimeInterface)|null $clock */
    public function __construct(private readonly ?\Closure $clock)
    {
    }

    public function now(): int
    {
        return $this->clock === null ? time() : ($this->clock)()->getTimestamp();
    }

    /**
     * @param array<array-key, mixed> $patch
     * @return bool whether someone must (again) sign in
     * @throws ConfigurationException
     */
    public function save(string $name, #[\SensitiveParameter] array $patch): bool
    {
        self::check($name);
        $stored = $this->accounts[$name] ?? null;
        $settings = AccountSettings::saved($name, $stored, $patch);
        $token = $this->token($name);
        if ($stored !== null && (!$settings->hasIdentityOf($stored) || self::isSomeoneElse($stored, $settings, $token))) {
            $this->generations[$name] = $this->generation($name) + 1;
        }
        $this->accounts[$name] = $settings;
        if (AccountSettings::setsCredential($patch)) {
            $this->settle($name);
        }

        return in_array($this->status($name)->state, [TokenState::NeverSignedIn, TokenState::SignInRequired], true);
    }

    public function has(string $name): bool
    {
        self::check($name);

        return isset($this->accounts[$name]);
    }

    public function delete(string $name): bool
    {
        $known = $this->has($name);
        // The next account of that name is another one.
        $this->generations[$name] = $this->generation($name) + 1;
        unset($this->accounts[$name], $this->tokens[$name]);

        return $known;
    }

    /** @return list<string> sorted */
    public function names(): array
    {
        $names = array_map(strval(...), array_keys($this->accounts));
        sort($names, SORT_STRING);

        return $names;
    }

    /** @throws AccountNotFoundException */
    public function settings(string $name): AccountSettings
    {
        self::check($name);

        return $this->accounts[$name] ?? throw new AccountNotFoundException(self::unknown($name), $name);
    }

    public static function unknown(string $name): Problem
    {
        return Problems::of('account_not_found', sprintf('There is no account "%s".', $name), 'Save it first.');
    }

    /** @throws AccountNotFoundException */
    public function get(string $name): Account
    {
        $status = $this->status($name);

        return Account::fromArray($this->settings($name)->properties() + [
            'account' => $name,
            'signedInAs' => $status->signedInAs,
            'status' => $status,
        ]);
    }

    /** @throws AccountNotFoundException */
    public function status(string $name): TokenStatus
    {
        $settings = $this->settings($name);
        $token = $this->token($name);
        $granted = $token->scopes ?? [];

        return TokenStatus::fromArray([
            'account' => $name,
            'state' => $this->state($name, $settings, $token),
            'expiresAt' => self::instant($token?->expiresAt),
            'refreshedAt' => self::instant($token?->refreshedAt),
            'signedInAs' => $token?->as,
            'grantedScopes' => $granted,
            'missingScopes' => $settings->isDelegated()
                ? Scopes::missing($settings->scopes(), $granted, $token?->refresh !== null)
                : [],
            'problem' => $token?->problem,
            'clockSkew' => 0,
        ]);
    }

    /** The number of the account's present identity: a sign-in that began under another one is void. */
    public function generation(string $name): int
    {
        return $this->generations[$name] ?? 0;
    }

    /** The tokens of the account's present identity. */
    public function token(string $name): ?Token
    {
        $token = $this->tokens[$name] ?? null;

        return $token?->generation === $this->generation($name) ? $token : null;
    }

    /** Whether somebody had signed in, be it under an older identity. */
    public function wasSignedIn(string $name): bool
    {
        return isset($this->tokens[$name]);
    }

    /**
     * As if Microsoft had issued a new token.
     *
     * @param string|null $as to whom
     * @param list<string>|null $scopes that were granted; null: those of the account
     */
    public function issue(string $name, ?string $as, ?array $scopes = null): Token
    {
        $settings = $this->settings($name);

        return $this->tokens[$name] = new Token(
            $this->generation($name),
            'access-' . bin2hex(random_bytes(8)),
            $settings->isDelegated() ? 'refresh-' . bin2hex(random_bytes(8)) : null,
            $this->now() + self::LIFE,
            $this->now(),
            $this->now(),
            $settings->isDelegated() ? $as : null,
            $scopes ?? array_map(Scopes::shortName(...), $settings->scopes()),
        );
    }

    public function adopt(string $name, AdoptedToken $adopted): void
    {
        $this->settings($name);
        $this->tokens[$name] = new Token(
            $this->generation($name),
            $adopted->access,
            $adopted->refresh,
            $adopted->expiresAt ?? $this->now(),
            null,
            $adopted->issuedAt,
            null,
            $adopted->scopes,
        );
    }

    public function forget(string $name): void
    {
        $this->settings($name);
        unset($this->tokens[$name]);
    }

    public function expire(string $name): void
    {
        $this->settings($name);
        $token = $this->token($name);
        if ($token !== null) {
            $token->expiresAt = $this->now() - 1;
        }
    }

    /** As if a renewal had met with this. */
    public function block(string $name, Problem $why, bool $byAdministrator): void
    {
        $this->settings($name);
        $token = $this->token($name) ?? throw new \LogicException(sprintf('Nobody has signed in for "%s".', $name));
        $token->problem = $why;
        $token->needsAdministrator = $byAdministrator;
        $token->isSettled = false;
    }

    /** As if whoever had to act had done so. */
    public function settle(string $name): void
    {
        $this->settings($name);
        $token = $this->token($name);
        if ($token !== null) {
            $token->isSettled = true;
        }
    }

    /**
     * A token that is good for so many seconds, renewed where it has to be.
     *
     * @throws SignInRequiredException
     * @throws ActionRequiredException
     */
    public function good(string $name, int $validity = 0): Token
    {
        $settings = $this->settings($name);
        $token = $this->token($name);
        $now = $this->now();
        $remaining = $token?->remaining($now) ?? 0;
        $enough = $remaining > 0 && $remaining >= $validity;
        if ($token !== null) {
            $renewable = !$settings->isDelegated() || ($token->refresh !== null && !$token->needsSignIn());
            $forced = $token->forcedAt !== null && $now - $token->forcedAt < self::FORCED_PAUSE && $remaining > 60;
            if ($enough ? !$renewable || $remaining >= self::RENEWAL_MARGIN : $renewable && $forced) {
                return $token;
            }
        }
        try {
            $renewed = $this->renew($name);
        } catch (ActionRequiredException $failure) {
            return $token !== null && $enough ? $token : throw $failure;
        }
        if (!$enough && $remaining > 60) {
            $renewed->forcedAt = $now;
        }

        return $renewed;
    }

    /**
     * Asks for a new token in any case.
     *
     * @throws SignInRequiredException
     * @throws ActionRequiredException
     */
    public function renew(string $name): Token
    {
        $settings = $this->settings($name);
        $token = $this->token($name);
        if ($settings->isDelegated() && ($token === null || $token->refresh === null || $token->needsSignIn())) {
            throw Problems::signInRequired($name, $this->wasSignedIn($name), $token?->problem);
        }
        if ($token !== null && $token->needsAdministrator && !$token->isSettled) {
            throw Problems::actionRequired($name, $token->problem);
        }

        return $this->issue($name, $token?->as, $token?->scopes);
    }

    private function state(string $name, AccountSettings $settings, ?Token $token): TokenState
    {
        $delegated = $settings->isDelegated();

        return match (true) {
            $token === null && !$delegated => TokenState::Expired,
            // Somebody had signed in under an older identity.
            $token === null && $this->wasSignedIn($name) => TokenState::SignInRequired,
            $token === null => TokenState::NeverSignedIn,
            $token->needsSignIn() => TokenState::SignInRequired,
            $token->needsAdministrator => TokenState::ActionRequired,
            $token->remaining($this->now()) > 0 => TokenState::Valid,
            $delegated && $token->refresh === null => TokenState::SignInRequired,
            default => TokenState::Expired,
        };
    }

    /** Whether the settings name another user now than the one who is signed in. Of an adopted token nobody knows whose it is. */
    private static function isSomeoneElse(AccountSettings $before, AccountSettings $after, ?Token $token): bool
    {
        $same = static fn (string $one, string $other): bool => mb_strtolower($one) === mb_strtolower($other);
        $user = $after->text('user');
        $was = $before->text('user');
        $known = $token?->as;

        return $user !== null && $known !== null && !($was !== null && $same($was, $user)) && !$same($known, $user);
    }

    private static function check(string $name): void
    {
        if ($name === '' || mb_strlen($name) > 190 || preg_match('/\p{Cc}/u', $name) !== 0) {
            throw new \ValueError('An account name has 1 to 190 characters, and none of them is a control character');
        }
    }

    private static function instant(?int $seconds): ?\DateTimeImmutable
    {
        return $seconds === null ? null : LocalTime::utc($seconds);
    }
}
