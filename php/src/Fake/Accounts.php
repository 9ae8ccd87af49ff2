<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\Account;
use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\Actor;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\Problem;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\TokenState;
use Squeeze\Graph\TokenStatus;

/**
 * The accounts in memory: their settings and how their sign-ins stand.
 *
 * @phpstan-type Token array{access: string, refresh: string, expiresAt: int, refreshedAt: ?int, as: ?string}
 * @internal
 */
final class Accounts
{
    private const DEFAULTS = [
        'protocol' => 'delegated',
        'tenant_id' => null,
        'client_id' => null,
        'client_certificate' => null,
        'client_key' => null,
        'secret_expires_at' => null,
        'redirect_uri' => null,
        'user' => null,
        'mailbox' => null,
        'folder_inbox' => 'wellknown:inbox',
        'folder_processed' => null,
        'folder_error' => null,
        'scopes' => ['User.Read', 'Mail.ReadWrite', 'Mail.ReadWrite.Shared', 'MailboxSettings.ReadWrite', 'offline_access'],
        'refresh_interval' => 43_200,
        'enabled' => true,
        'cloud' => 'global',
        'authority_url' => null,
        'graph_url' => null,
    ];
    private const IDENTITY = ['protocol', 'tenant_id', 'client_id', 'cloud', 'authority_url', 'graph_url'];
    private const LIFE = 3_600;

    /** @var array<string, array{settings: array<string, mixed>, secret: ?string}> by name */
    private array $accounts = [];
    /** @var array<string, Token> by name */
    private array $tokens = [];
    /** @var array<string, Problem> why an account needs a sign-in again, by name */
    private array $ended = [];

    /** @param (\Closure(): \DateTimeInterface)|null $clock */
    public function __construct(private readonly ?\Closure $clock)
    {
    }

    public function now(): int
    {
        return $this->clock === null ? time() : ($this->clock)()->getTimestamp();
    }

    /**
     * @param array<string, mixed> $settings
     * @return bool whether someone must (again) sign in
     * @throws ConfigurationException
     */
    public function save(string $name, array $settings): bool
    {
        if ($name === '' || mb_strlen($name) > 190) {
            throw new \ValueError('An account name has 1 to 190 characters');
        }
        $old = $this->accounts[$name] ?? null;
        $new = $old['settings'] ?? self::DEFAULTS;
        $secret = $old['secret'] ?? null;
        foreach ($settings as $key => $value) {
            if ($key === 'client_secret') {
                $secret = match (true) {
                    is_string($value) && $value !== '' => $value,
                    $value === null => null,
                    default => $secret,
                };
            } elseif (!array_key_exists($key, self::DEFAULTS)) {
                throw self::wrong($name, sprintf('There is no setting "%s".', $key));
            } else {
                $new[$key] = $value === null || $value === '' ? self::DEFAULTS[$key] : $value;
            }
        }
        [$new, $secret] = self::credential($name, $settings, $old['settings'] ?? self::DEFAULTS, $new, $secret);
        $identity = static fn (array $of): array => array_intersect_key($of, array_flip(self::IDENTITY));
        $another = $old !== null && $identity($old['settings']) !== $identity($new);
        if ($another && $new['client_certificate'] === null && ($settings['client_secret'] ?? '') === '') {
            throw self::wrong($name, 'Another identity needs the client secret again.');
        }
        $needed = ['tenant_id', 'client_id', $new['protocol'] === 'delegated' ? 'redirect_uri' : 'mailbox'];
        foreach ($needed as $key) {
            if (!is_string($new[$key])) {
                throw self::wrong($name, sprintf('The setting "%s" is missing.', $key));
            }
        }
        if ($secret === null && $new['client_certificate'] === null) {
            throw self::wrong($name, 'The setting "client_secret" is missing.');
        }
        if ($another) {
            unset($this->tokens[$name], $this->ended[$name]);
        }
        $this->accounts[$name] = ['settings' => $new, 'secret' => $secret];

        return $new['protocol'] === 'delegated'
            && in_array($this->status($name)->state, [TokenState::NeverSignedIn, TokenState::SignInRequired], true);
    }

    /**
     * A secret, or a certificate with its key: what is set takes the place of the other. The files are not looked at.
     *
     * @param array<string, mixed> $given
     * @param array<string, mixed> $old
     * @param array<string, mixed> $new
     * @return array{array<string, mixed>, ?string} the settings and the secret
     * @throws ConfigurationException
     */
    private static function credential(string $name, array $given, array $old, array $new, ?string $secret): array
    {
        $pair = ['client_certificate', 'client_key'];
        $setsSecret = ($given['client_secret'] ?? '') !== '';
        $sets = array_filter($pair, static fn (string $key): bool => $new[$key] !== null && $new[$key] !== $old[$key]);
        if ($setsSecret && $sets !== []) {
            throw self::wrong($name, 'Both a client_secret and a new client_certificate were given.');
        }
        if ($setsSecret) {
            $new['client_certificate'] = $new['client_key'] = null;
        }
        foreach ([$pair, array_reverse($pair)] as [$one, $other]) {
            if ($new[$one] !== null && $new[$other] === null) {
                if (($given[$one] ?? '') !== '') {
                    throw self::wrong($name, sprintf('The setting "%s" is missing.', $other));
                }
                $new[$one] = null;
            }
        }
        $changed = array_intersect_key($new, array_flip($pair)) !== array_intersect_key($old, array_flip($pair));
        if ($changed && !array_key_exists('secret_expires_at', $given)) {
            $new['secret_expires_at'] = null;
        }

        return [$new, $sets === [] ? $secret : null];
    }

    public function has(string $name): bool
    {
        return isset($this->accounts[$name]);
    }

    public function delete(string $name): bool
    {
        $known = $this->has($name);
        unset($this->accounts[$name], $this->tokens[$name], $this->ended[$name]);

        return $known;
    }

    /** @return list<string> sorted */
    public function names(): array
    {
        $names = array_map(strval(...), array_keys($this->accounts));
        sort($names, SORT_STRING);

        return $names;
    }

    /**
     * @return array<string, mixed>
     * @throws AccountNotFoundException
     */
    public function settings(string $name): array
    {
        return $this->accounts[$name]['settings'] ?? throw new AccountNotFoundException(
            Problems::of('account_not_found', sprintf('There is no account "%s".', $name), 'Save it first.'),
            $name,
        );
    }

    /** @throws AccountNotFoundException */
    public function get(string $name): Account
    {
        $properties = [];
        foreach ($this->settings($name) as $key => $value) {
            $properties[lcfirst(str_replace('_', '', ucwords($key, '_')))] = $value;
        }
        if (is_string($properties['secretExpiresAt'])) {
            $utc = new \DateTimeZone('UTC');
            $properties['secretExpiresAt'] = new \DateTimeImmutable($properties['secretExpiresAt'], $utc);
        }
        $status = $this->status($name);

        return Account::fromArray($properties + [
            'account' => $name,
            'hasSecret' => $this->accounts[$name]['secret'] !== null,
            'signedInAs' => $status->signedInAs,
            'status' => $status,
        ]);
    }

    /** @throws AccountNotFoundException */
    public function status(string $name): TokenStatus
    {
        $settings = $this->settings($name);
        $token = $this->token($name);

        return TokenStatus::fromArray([
            'account' => $name,
            'state' => match (true) {
                isset($this->ended[$name]) => TokenState::SignInRequired,
                $token !== null && $token['expiresAt'] > $this->now() => TokenState::Valid,
                $token !== null, $settings['protocol'] === 'application' => TokenState::Expired,
                default => TokenState::NeverSignedIn,
            },
            'expiresAt' => self::instant($token['expiresAt'] ?? null),
            'refreshedAt' => self::instant($token['refreshedAt'] ?? null),
            'signedInAs' => $token['as'] ?? null,
            'grantedScopes' => $token === null ? [] : $settings['scopes'],
            'problem' => $this->ended[$name] ?? null,
            'clockSkew' => 0,
        ]);
    }

    /** @return Token|null */
    public function token(string $name): ?array
    {
        return $this->tokens[$name] ?? null;
    }

    /** As if Microsoft had issued a new one to whoever signed in. */
    public function issue(string $name, ?string $as): void
    {
        $this->keep($name, [
            'access' => 'access-' . bin2hex(random_bytes(8)),
            'refresh' => 'refresh-' . bin2hex(random_bytes(8)),
            'expiresAt' => $this->now() + self::LIFE,
            'refreshedAt' => $this->now(),
            'as' => $as,
        ]);
    }

    /** @param Token $token */
    public function keep(string $name, array $token): void
    {
        $this->settings($name);
        unset($this->ended[$name]);
        $this->tokens[$name] = $token;
    }

    public function forget(string $name): void
    {
        $this->settings($name);
        unset($this->tokens[$name], $this->ended[$name]);
    }

    public function expire(string $name): void
    {
        $this->settings($name);
        if (isset($this->tokens[$name])) {
            $this->tokens[$name]['expiresAt'] = $this->now() - 1;
        }
    }

    public function end(string $name, Problem $why): void
    {
        $this->settings($name);
        $this->ended[$name] = $why;
    }

    public function whyEnded(string $name): ?Problem
    {
        return $this->ended[$name] ?? null;
    }

    /**
     * Renews the token if it does not last, or in any case.
     *
     * @return Token
     * @throws SignInRequiredException
     */
    public function good(string $name, int $validity = 300, bool $anew = false): array
    {
        $settings = $this->settings($name);
        $token = $this->token($name);
        if ($token !== null && !$anew && $token['expiresAt'] > $this->now() + $validity) {
            return $token;
        }
        if (isset($this->ended[$name]) || ($token === null && $settings['protocol'] === 'delegated')) {
            throw $this->signInRequired($name);
        }
        $this->issue($name, $token['as'] ?? null);

        return $this->tokens[$name];
    }

    public function signInRequired(string $name): SignInRequiredException
    {
        $never = Problems::of('never_signed_in', 'Nobody has signed in yet.', 'Sign in.', Actor::User);

        return new SignInRequiredException($this->ended[$name] ?? $never, $name);
    }

    public static function wrong(string $name, string $explanation): ConfigurationException
    {
        return new ConfigurationException(Problems::of('account_setting', $explanation, 'Change the account.'), $name);
    }

    private static function instant(?int $seconds): ?\DateTimeImmutable
    {
        return $seconds === null ? null : new \DateTimeImmutable('@' . $seconds);
    }
}
