<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\ConfigurationException;

/**
 * The settings of one account, and how what is saved changes them: the extension's checks, in its order and with its
 * problem codes. Endpoints of one's own are allowed, as with `squeeze_graph.custom_endpoints = 1`.
 *
 * @internal
 */
final class AccountSettings
{
    public const DEFAULTS = [
        'protocol' => 'delegated',
        'tenant_id' => null,
        'client_id' => null,
        'client_secret' => null,
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
    private const CREDENTIAL = ['client_secret', 'client_certificate', 'client_key'];
    private const FOLDERS = ['folder_inbox', 'folder_processed', 'folder_error'];
    /** Characters of a name, an address, an id or a secret; of a URL or a path. */
    private const LINE_LIMIT = 1_024;
    private const PATH_LIMIT = 4_096;
    /** A refresh token that is not used for 90 days ends. */
    private const REFRESH_INTERVAL_LIMIT = 90 * 86_400;
    private const GUID = '/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/Di';

    /** @param array<string, mixed> $values */
    private function __construct(private readonly string $account, private array $values)
    {
    }

    /**
     * The settings as they are after saving.
     *
     * @param array<array-key, mixed> $patch as save_account() takes it
     * @throws ConfigurationException
     */
    public static function saved(string $account, ?self $stored, #[\SensitiveParameter] array $patch): self
    {
        $settings = new self($account, $stored->values ?? self::DEFAULTS);
        $given = [];
        foreach ($patch as $key => $value) {
            $key = (string) $key;
            if (!array_key_exists($key, self::DEFAULTS)) {
                throw $settings->wrong('setting_unknown', sprintf('There is no setting "%s".', $key));
            }
            $read = $settings->read($key, $value);
            if ($key === 'client_secret' && $read === null && $value !== null) {
                // A form never shows it: left empty it stays.
                continue;
            }
            $given[$key] = $read;
            $settings->values[$key] = $read ?? self::DEFAULTS[$key];
        }
        $settings->takeCredential($stored, $given);
        $settings->check();
        $proven = isset($given['client_secret']) || $settings->values['client_certificate'] !== null;
        if ($stored !== null && !$settings->hasIdentityOf($stored) && !$proven) {
            throw $settings->wrong('secret_needed', 'Another application or place needs the client_secret again.');
        }
        $settings->checkFolders($stored);

        return $settings;
    }

    /**
     * Whether what is saved brings a secret or a certificate.
     *
     * @param array<array-key, mixed> $patch
     */
    public static function setsCredential(#[\SensitiveParameter] array $patch): bool
    {
        $given = array_intersect_key($patch, array_flip(self::CREDENTIAL));

        return array_filter($given, static fn (mixed $value): bool => !in_array($value, [null, ''], true)) !== [];
    }

    public function text(string $key): ?string
    {
        $value = $this->values[$key] ?? null;

        return is_string($value) ? $value : null;
    }

    /** @return list<string> */
    public function scopes(): array
    {
        return array_values(array_filter((array) $this->values['scopes'], is_string(...)));
    }

    public function isDelegated(): bool
    {
        return $this->values['protocol'] === 'delegated';
    }

    /** Whether the job looks after the account. */
    public function isLookedAfter(): bool
    {
        return $this->values['enabled'] === true && $this->isDelegated();
    }

    /** Seconds. */
    public function refreshInterval(): int
    {
        return is_int($this->values['refresh_interval']) ? $this->values['refresh_interval'] : self::DEFAULTS['refresh_interval'];
    }

    /** The same application at the same place: then tokens stay good. */
    public function hasIdentityOf(self $other): bool
    {
        $identity = static fn (self $settings): array => [
            $settings->values['protocol'],
            strtolower((string) $settings->text('tenant_id')),
            strtolower((string) $settings->text('client_id')),
            $settings->values['cloud'],
            $settings->values['authority_url'],
            $settings->values['graph_url'],
        ];

        return $identity($this) === $identity($other);
    }

    /**
     * As the properties of {@see \Squeeze\Graph\Account}.
     *
     * @return array<string, mixed>
     */
    public function properties(): array
    {
        $properties = ['hasSecret' => $this->values['client_secret'] !== null];
        foreach (array_diff_key($this->values, ['client_secret' => null]) as $key => $value) {
            $properties[lcfirst(str_replace('_', '', ucwords($key, '_')))] = $value;
        }

        return $properties;
    }

    /** One value as its setting's type; null stands for the default. */
    private function read(string $key, mixed $value): mixed
    {
        return match ($key) {
            'protocol' => $this->choice($key, $value, ['delegated', 'application']),
            'cloud' => $this->choice($key, $value, ['global', 'usgov', 'usgov-dod', 'china']),
            'client_certificate', 'client_key' => $this->path($key, $value),
            'secret_expires_at' => $this->date($key, $value),
            'redirect_uri' => $this->line($key, $value, self::PATH_LIMIT),
            'user', 'mailbox' => $this->address($key, $value),
            'folder_inbox', 'folder_processed', 'folder_error' => $this->line($key, $value, self::PATH_LIMIT, trimmed: false),
            'scopes' => self::isEmpty($value) ? null : $this->scopesOf($value),
            'refresh_interval' => self::isEmpty($value) ? null : $this->interval($key, $value),
            'enabled' => match (true) {
                self::isEmpty($value) => null,
                is_bool($value) => $value,
                default => throw $this->wrongType($key, 'bool', $value),
            },
            'authority_url', 'graph_url' => $this->root($key, $value),
            default => $this->line($key, $value, self::LINE_LIMIT),
        };
    }

    /** Null, or the empty text that a form sends in its place. */
    private static function isEmpty(mixed $value): bool
    {
        return $value === null || is_string($value) && preg_match('/^\s*$/u', $value) === 1;
    }

    private function line(string $key, mixed $value, int $limit, bool $trimmed = true): ?string
    {
        if ($value === null) {
            return null;
        }
        if (!is_string($value) || preg_match('//u', $value) !== 1) {
            throw $this->wrongType($key, 'string', $value);
        }
        $text = $trimmed ? preg_replace('/^\s+|\s+$/u', '', $value) ?? $value : $value;

        return match (true) {
            $text === '' => null,
            mb_strlen($text) > $limit => throw $this->wrong(
                'setting_too_long',
                sprintf('The setting "%s" is longer than %d characters.', $key, $limit),
            ),
            preg_match('/\p{Cc}/u', $text) === 1 => throw $this->wrong(
                'setting_control_characters',
                sprintf('The setting "%s" holds a line break or another control character.', $key),
            ),
            default => $text,
        };
    }

    /** The path of a PEM file, whole: who reads the file later has another current directory. */
    private function path(string $key, mixed $value): ?string
    {
        $path = $this->line($key, $value, self::PATH_LIMIT);
        $isWhole = $path === null || str_starts_with($path, '/') || str_contains($path, ':');

        return $isWhole ? $path : rtrim((string) getcwd(), '/') . '/' . $path;
    }

    /** @param list<string> $choices */
    private function choice(string $key, mixed $value, array $choices): ?string
    {
        return match (true) {
            $value === null, $value === '' => null,
            !is_string($value) => throw $this->wrongType($key, 'string', $value),
            in_array($value, $choices, true) => $value,
            default => throw $this->wrong(
                'setting_not_allowed',
                sprintf('The setting "%s" can not be "%s", but: %s.', $key, $value, implode(', ', $choices)),
            ),
        };
    }

    /** Text without a zone is read as UTC: only the day matters. */
    private function date(string $key, mixed $value): ?\DateTimeImmutable
    {
        if ($value instanceof \DateTimeInterface) {
            return LocalTime::utc($value->getTimestamp());
        }
        if ($value !== null && !is_string($value)) {
            throw $this->wrongType($key, 'DateTimeInterface|string', $value);
        }
        $text = $this->line($key, $value, self::LINE_LIMIT);
        if ($text === null) {
            return null;
        }
        // Digits alone would be epoch seconds elsewhere; as the end of a secret they are a date without its dashes.
        $instant = ctype_digit($text) ? null : LocalTime::read($text, 'UTC');
        if ($instant === null) {
            throw $this->wrong('setting_not_a_date', sprintf('The setting "%s" is not a date: "%s".', $key, $text));
        }

        return LocalTime::utc($instant);
    }

    private function address(string $key, mixed $value): ?string
    {
        $text = $this->line($key, $value, self::LINE_LIMIT);
        if ($text === null || preg_match('/^\S+@[^\s@]+$/Du', $text) === 1 || preg_match(self::GUID, $text) === 1) {
            return $text;
        }

        throw $this->wrong('setting_not_an_address', sprintf('The setting "%s" is not an e-mail address: "%s".', $key, $text));
    }

    private function interval(string $key, mixed $value): int
    {
        return match (true) {
            !is_int($value) => throw $this->wrongType($key, 'int', $value),
            $value >= 1 && $value <= self::REFRESH_INTERVAL_LIMIT => $value,
            default => throw $this->wrong(
                'setting_out_of_range',
                sprintf('The setting "%s" can not be %d, but 1 to %d.', $key, $value, self::REFRESH_INTERVAL_LIMIT),
            ),
        };
    }

    /** @return list<string> without what is always added, each once */
    private function scopesOf(mixed $value): array
    {
        $scopes = is_array($value) ? array_filter($value, is_string(...)) : null;
        if ($scopes === null || count($scopes) !== count((array) $value)) {
            throw $this->wrongType('scopes', 'list<string>', $value);
        }
        $checked = [];
        foreach ($scopes as $scope) {
            $short = Scopes::shortName($scope);
            if (preg_match('/^[\x21-\x7e]{1,255}$/D', $scope) !== 1 || strpbrk($scope, '"\\,') !== false) {
                throw $this->wrong('scope_invalid', sprintf('The setting "scopes" holds what is not one scope: "%s".', $scope));
            }
            if (Scopes::isOpenId($short) && $short !== $scope) {
                throw $this->wrong('scope_prefixed', sprintf('The scope "%s" has a resource in front; write %s.', $scope, $short));
            }
            if (!in_array(strtolower($scope), ['openid', 'profile'], true)) {
                $checked[strtolower($scope)] ??= $scope;
            }
        }
        $permissions = array_filter($checked, static fn (string $scope): bool => !Scopes::isOpenId($scope));
        $whole = array_filter($permissions, static fn (string $scope): bool => Scopes::shortName($scope) === '.default');

        return match (true) {
            $checked === [] => throw $this->wrong('scopes_empty', 'The setting "scopes" names no permission.'),
            count($checked) > 100 => throw $this->wrong('scopes_too_many', 'The setting "scopes" has more than 100 entries.'),
            $whole !== [] && count($permissions) > 1 => throw $this->wrong(
                'scopes_mixed_with_default',
                'The setting "scopes" names ".default" together with single permissions.',
            ),
            default => array_values($checked),
        };
    }

    /** A root in one form: lower-case host, no default port, no slash at its end. */
    private function root(string $key, mixed $value): ?string
    {
        $text = $this->line($key, $value, self::PATH_LIMIT);
        if ($text === null) {
            return null;
        }
        $url = parse_url($text);
        $refuse = fn (string $code): ConfigurationException => $this->wrong(
            $code,
            sprintf('The setting "%s" can not be the root of a service: https, without password, query and fragment.', $key),
        );
        if ($url === false || preg_match('/\s/', $text) === 1) {
            throw $refuse('endpoint_invalid');
        }
        if (isset($url['user']) || isset($url['pass'])) {
            throw $refuse('endpoint_credentials');
        }
        $scheme = strtolower($url['scheme'] ?? '');
        $host = strtolower($url['host'] ?? '');
        if ($host === '' || isset($url['query']) || isset($url['fragment']) || !in_array($scheme, ['http', 'https'], true)) {
            throw $refuse('endpoint_invalid');
        }
        if ($scheme === 'http' && !in_array($host, ['localhost', '127.0.0.1', '[::1]'], true)) {
            throw $refuse('endpoint_not_https');
        }
        $port = $url['port'] ?? null;
        $shown = $port === null || $port === ['http' => 80, 'https' => 443][$scheme] ? '' : ':' . $port;

        return rtrim($scheme . '://' . $host . $shown . ($url['path'] ?? ''), '/');
    }

    /**
     * A secret, or a certificate with its key: what is new takes the place of the other, and an end that was entered for
     * the old one is not the new one's. The files are not looked at.
     *
     * @param array<string, mixed> $given what the patch sets, null where it resets
     * @throws ConfigurationException
     */
    private function takeCredential(?self $stored, #[\SensitiveParameter] array $given): void
    {
        $before = $stored->values ?? self::DEFAULTS;
        $had = $before['client_certificate'] !== null;
        $isNew = static fn (string $key): bool => isset($given[$key]) && $given[$key] !== $before[$key];
        $newFiles = $isNew('client_certificate') || $isNew('client_key');
        if (isset($given['client_secret'])) {
            if ($newFiles) {
                throw $this->wrong('credential_ambiguous', 'Both a client_secret and a new client_certificate are given.');
            }
            $this->values['client_certificate'] = $this->values['client_key'] = null;
        }
        $missing = match (true) {
            isset($given['client_secret']) => null,
            // One half without the other is a mistake, unless it is what is left of a pair that was taken away.
            isset($given['client_certificate']) && $this->values['client_key'] === null => 'client_key',
            isset($given['client_key']) && $this->values['client_certificate'] === null => 'client_certificate',
            default => null,
        };
        if ($missing !== null) {
            throw $this->wrong('setting_missing', sprintf('The setting "%s" is missing.', $missing));
        }
        if ($this->values['client_certificate'] === null || $this->values['client_key'] === null) {
            $this->values['client_certificate'] = $this->values['client_key'] = null;
        } elseif ($newFiles) {
            $this->values['client_secret'] = null;
        }
        $changed = $newFiles || $had && $this->values['client_certificate'] === null;
        // A form sends back the end that it showed: only the day counts.
        $day = static fn (mixed $end): ?string => $end instanceof \DateTimeInterface ? $end->format('Y-m-d') : null;
        $isShown = $day($this->values['secret_expires_at']) === $day($before['secret_expires_at']);
        if ($changed && (!array_key_exists('secret_expires_at', $given) || $isShown)) {
            $this->values['secret_expires_at'] = null;
        }
    }

    /** Whether the settings are complete and fit together. */
    private function check(): void
    {
        $missing = fn (string $key): ConfigurationException
            => $this->wrong('setting_missing', sprintf('The setting "%s" is missing.', $key));
        $this->checkTenant($this->text('tenant_id') ?? throw $missing('tenant_id'));
        if (preg_match('/^[\x21-\x7e]+$/D', $this->text('client_id') ?? throw $missing('client_id')) !== 1) {
            throw $this->wrong('client_id_invalid', 'The setting "client_id" holds characters that no application id has.');
        }
        if ($this->values['client_secret'] === null && $this->values['client_certificate'] === null) {
            throw $missing('client_secret');
        }
        $redirect = $this->text('redirect_uri');
        if ($redirect !== null) {
            RedirectUri::check($this->account, $redirect);
        } elseif ($this->isDelegated()) {
            throw $missing('redirect_uri');
        }
        if (!$this->isDelegated() && $this->values['mailbox'] === null) {
            throw $this->wrong('mailbox_needed', 'An account with protocol "application" needs the setting "mailbox".');
        }
        if (($this->values['authority_url'] === null) !== ($this->values['graph_url'] === null)) {
            throw $this->wrong('endpoint_pair', 'Only authority_url and graph_url together name another cloud.');
        }
    }

    private function checkTenant(string $tenant): void
    {
        $shared = in_array(strtolower($tenant), ['common', 'organizations'], true);
        if ($shared && !$this->isDelegated()) {
            throw $this->wrong('tenant_not_for_application', sprintf('"%s" is not enough for an application.', $tenant));
        }
        $label = '[0-9a-z](?:[0-9a-z-]{0,61}[0-9a-z])?';
        $isDomain = strlen($tenant) <= 253
            && preg_match('/^(?:' . $label . '\.)+(?=[0-9-]*[a-z])' . $label . '$/Di', $tenant) === 1;
        if (!$shared && !$isDomain && preg_match(self::GUID, $tenant) !== 1) {
            throw $this->wrong('tenant_invalid', sprintf('The setting "tenant_id" is not a tenant: "%s".', $tenant));
        }
    }

    /** Whether what is new among the folders can be a folder's name; whether there is one shows when it is used. */
    private function checkFolders(?self $stored): void
    {
        foreach (self::FOLDERS as $key) {
            $name = $this->text($key);
            if ($name === null || $name === $stored?->text($key)) {
                continue;
            }
            $complaint = FolderName::complaint($name);
            if ($complaint !== null) {
                throw $this->wrong('setting_refused', sprintf('The setting "%s" %s.', $key, $complaint));
            }
        }
    }

    private function wrongType(string $key, string $expected, mixed $given): ConfigurationException
    {
        return $this->wrong(
            'setting_type',
            sprintf('The setting "%s" must be of type %s, %s given.', $key, $expected, get_debug_type($given)),
        );
    }

    private function wrong(string $code, string $explanation): ConfigurationException
    {
        return Problems::configuration($this->account, $code, $explanation);
    }
}
