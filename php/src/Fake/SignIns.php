<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\Actor;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\TokenStatus;

/**
 * Sign-ins under way: what ties a callback to the page that began it, and what a callback comes to. The same callback
 * again has the same outcome.
 *
 * @phpstan-type Begun array{account: string, generation: int, session: string, who: ?string, consent: bool, at: int,
 *     answer: ?string, failure: ?SignInFailedException}
 * @internal
 */
final class SignIns
{
    private const STATE_LIFE = 600;
    private const OUTCOME_LIFE = 86_400;
    private const PROMPTS = ['login', 'none', 'consent', 'select_account'];
    private const ROUTE_LIMIT = 512;
    /** What counts in a callback; a value that is no text is refused, all others are ignored. */
    private const KNOWN = ['code', 'state', 'error', 'error_description', 'error_subcode', 'suberror', 'admin_consent'];
    private const DEFAULT_USER = 'anna.gruber@contoso.example';

    /** @var array<string, Begun> by state */
    private array $begun = [];

    public function __construct(private readonly Accounts $accounts)
    {
    }

    /**
     * @throws ConfigurationException
     * @throws \ValueError
     */
    public function authorizationUrl(
        string $account,
        ?string $session,
        ?string $prompt,
        ?string $hint,
        ?string $route,
        ?string $redirectUri,
    ): string {
        $session = self::session($session);
        if ($prompt !== null && !in_array($prompt, self::PROMPTS, true)) {
            throw new \ValueError('authorizationUrl(): Argument #3 ($prompt) must be one of "' . implode('", "', self::PROMPTS) . '"');
        }
        if (in_array('', [$hint, $route, $redirectUri], true) || strlen((string) $route) > self::ROUTE_LIMIT) {
            throw new \ValueError(sprintf(
                'authorizationUrl(): $loginHint, $route and $redirectUri must not be empty, $route has at most %d bytes',
                self::ROUTE_LIMIT,
            ));
        }
        $settings = $this->accounts->settings($account);
        if (!$settings->isDelegated()) {
            throw Problems::configuration($account, 'application_has_no_sign_in', 'An application account signs itself in.');
        }
        $redirectUri = self::redirectUri($account, $settings, $redirectUri);
        $known = $settings->text('user') ?? $this->accounts->token($account)?->as;
        $state = $this->begin($account, $session, $hint ?? $known, consent: false, route: $route);

        return $this->page($settings, 'oauth2/v2.0/authorize', [
            'client_id' => $settings->text('client_id'),
            'response_type' => 'code',
            'redirect_uri' => $redirectUri,
            'scope' => implode(' ', ['openid', 'profile', ...$settings->scopes()]),
            'state' => $state,
            'prompt' => $prompt ?? ($hint ?? $known ? null : 'select_account'),
            'login_hint' => $hint ?? $known,
        ]);
    }

    /**
     * @throws ConfigurationException
     * @throws \ValueError
     */
    public function adminConsentUrl(string $account, ?string $session, ?string $redirectUri): string
    {
        if ($redirectUri === '') {
            throw new \ValueError('adminConsentUrl(): Argument #3 ($redirectUri) must not be empty');
        }
        $session = self::session($session);
        $settings = $this->accounts->settings($account);
        $redirectUri = self::redirectUri($account, $settings, $redirectUri);
        if (in_array(strtolower((string) $settings->text('tenant_id')), ['common', 'organizations'], true)) {
            throw Problems::configuration($account, 'admin_consent_needs_tenant', 'The account\'s tenant_id names no tenant.');
        }

        return $this->page($settings, 'v2.0/adminconsent', [
            'client_id' => $settings->text('client_id'),
            'redirect_uri' => $redirectUri,
            'scope' => 'https://graph.microsoft.com/.default',
            'state' => $this->begin($account, $session, null, consent: true),
        ]);
    }

    /** @param array<array-key, mixed> $query */
    public static function route(#[\SensitiveParameter] array $query): ?string
    {
        $state = $query['state'] ?? null;
        $parts = is_string($state) && strlen($state) >= 43 ? explode('.', $state, 2) : [];
        $route = isset($parts[1]) ? base64_decode(strtr($parts[1], '-_', '+/'), true) : false;

        return $route === false || preg_match('//u', $route) !== 1 ? null : $route;
    }

    /**
     * @param array<array-key, mixed> $query
     * @throws SignInFailedException
     * @throws \ValueError
     */
    public function exchange(#[\SensitiveParameter] array $query, ?string $session): TokenStatus
    {
        $session = self::session($session);
        $callback = self::read($query);
        $state = $callback['state'];
        if ($state === '') {
            throw self::refused(null, $callback);
        }
        $begun = $this->begun[$state] ?? null;
        if ($begun === null || $this->accounts->now() - $begun['at'] > self::OUTCOME_LIFE) {
            throw Problems::signInFailed(null, 'unknown_state', 'This sign-in was not begun here, or is long over.');
        }
        // Whoever has only the state does not burn it.
        if (!hash_equals($begun['session'], $session)) {
            throw Problems::signInFailed($begun['account'], 'wrong_session', 'The sign-in was begun in another browser.');
        }
        $answer = implode("\n", [$callback['error'], $callback['code'], $callback['error'] . $callback['code'] === '' ? 'consent' : '']);
        if ($begun['answer'] === null) {
            $failure = $this->outcome($begun, $callback);
            if ($failure !== null && $failure->getReason() === 'expired_state') {
                throw $failure;
            }
            $begun = ['answer' => $answer, 'failure' => $failure] + $begun;
            $this->begun[$state] = $begun;
        }
        if ($begun['answer'] !== $answer) {
            throw Problems::signInFailed($begun['account'], 'replayed', 'This sign-in has been used already, with another code.');
        }
        if ($begun['failure'] !== null) {
            throw $begun['failure'];
        }

        return $this->accounts->status($begun['account']);
    }

    /**
     * What a callback comes to the first time.
     *
     * @param Begun $begun
     * @param array<string, string> $callback
     */
    private function outcome(array $begun, #[\SensitiveParameter] array $callback): ?SignInFailedException
    {
        $account = $begun['account'];
        if (!$this->accounts->has($account)) {
            return Problems::signInFailed($account, 'account_changed', 'The account was deleted meanwhile.');
        }
        if ($callback['error'] !== '') {
            return self::refused($account, $callback);
        }
        if (abs($this->accounts->now() - $begun['at']) > self::STATE_LIFE) {
            return Problems::signInFailed($account, 'expired_state', 'The sign-in took longer than ten minutes.');
        }
        if ($begun['generation'] !== $this->accounts->generation($account)) {
            return Problems::signInFailed($account, 'account_changed', 'The account was changed meanwhile.');
        }
        if ($begun['consent'] !== ($callback['code'] === '')) {
            return self::invalid('It answers another request.', $account);
        }
        if ($begun['consent']) {
            // What was missing may be there now.
            $this->accounts->settle($account);

            return null;
        }
        $user = $this->accounts->settings($account)->text('user');
        $who = $begun['who'] ?? self::DEFAULT_USER;
        $expected = $this->accounts->token($account)->as ?? $user;
        if ($expected !== null && mb_strtolower($expected) !== mb_strtolower($who)) {
            return Problems::signInFailed($account, 'wrong_account', sprintf('%s signed in, and not %s.', $who, $expected));
        }
        $this->accounts->issue($account, $who);

        return null;
    }

    /**
     * The one that is given for this time, else the account's own.
     *
     * @throws ConfigurationException
     */
    private static function redirectUri(string $account, AccountSettings $settings, ?string $given): string
    {
        if ($given !== null) {
            RedirectUri::check($account, $given);
        }

        return $given
            ?? $settings->text('redirect_uri')
            ?? throw Problems::configuration($account, 'redirect_uri_missing', 'The account has no redirect_uri.');
    }

    private function begin(string $account, string $session, ?string $who, bool $consent, ?string $route = null): string
    {
        $base64 = static fn (string $bytes): string => rtrim(strtr(base64_encode($bytes), '+/', '-_'), '=');
        $state = $base64(random_bytes(32)) . ($route === null ? '' : '.' . $base64($route));
        $this->begun[$state] = [
            'account' => $account,
            'generation' => $this->accounts->generation($account),
            'session' => $session,
            'who' => $who,
            'consent' => $consent,
            'at' => $this->accounts->now(),
            'answer' => null,
            'failure' => null,
        ];

        return $state;
    }

    /** @param array<string, string|null> $query */
    private function page(AccountSettings $settings, string $path, array $query): string
    {
        $root = $settings->text('authority_url') ?? 'https://login.microsoftonline.com';

        return $root . '/' . $settings->text('tenant_id') . '/' . $path . '?' . http_build_query($query);
    }

    /**
     * The parts of a callback that is one, empty where there is none.
     *
     * @param array<array-key, mixed> $query
     * @return array<string, string>
     * @throws SignInFailedException
     */
    private static function read(#[\SensitiveParameter] array $query): array
    {
        $callback = [];
        foreach (self::KNOWN as $name) {
            $value = $query[$name] ?? '';
            if (!is_string($value) || array_key_exists($name, $query) && $query[$name] === null) {
                throw self::invalid(sprintf('The callback\'s %s is no text.', $name));
            }
            $callback[$name] = $value;
        }
        $consented = strtolower($callback['admin_consent']) === 'true';

        return match (true) {
            $callback['error'] !== '' && $callback['code'] !== '' => throw self::invalid('It has both a code and an error.'),
            $callback['error'] !== '' => $callback,
            $callback['code'] === '' && !$consented => throw self::invalid('It has neither a code nor an error.'),
            $callback['state'] === '' => throw self::invalid('It has no state.'),
            default => $callback,
        };
    }

    /** @param array<string, string> $callback */
    private static function refused(?string $account, array $callback): SignInFailedException
    {
        $sub = $callback['suberror'] !== '' ? $callback['suberror'] : $callback['error_subcode'];
        $consent = '/AADSTS(?:65001|90008|90094|90095|900941)(?!\d)/';
        $reason = match (true) {
            $callback['error'] === 'consent_required', $sub === 'consent_required',
            preg_match($consent, $callback['error_description']) === 1 => 'consent_required',
            $callback['error'] === 'access_denied', $sub === 'cancel' => 'denied',
            default => 'refused',
        };

        return Problems::signInFailed($account, $reason, 'Microsoft refused the sign-in.', $callback['error']);
    }

    private static function invalid(string $why, ?string $account = null): SignInFailedException
    {
        return Problems::signInFailed($account, 'invalid_callback', $why, actor: Actor::Host);
    }

    /** What was given, else PHP's active session; at a terminal there is one person. */
    private static function session(#[\SensitiveParameter] ?string $session): string
    {
        $id = session_id();

        return match (true) {
            $session === '' => throw new \ValueError('Argument ($session) must not be empty'),
            $session !== null => $session,
            is_string($id) && $id !== '' => $id,
            in_array(PHP_SAPI, ['cli', 'phpdbg'], true) => 'command line',
            default => throw Problems::configuration(null, 'session_required', 'There is no session to tie the sign-in to.'),
        };
    }
}
