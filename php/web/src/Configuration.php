<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * What the host says of the page: see config.example.php.
 */
final class Configuration
{
    /** @var array<string, Tenant> by name */
    public readonly array $tenants;
    public readonly string $basePath;
    public readonly ?string $redirectUri;
    public readonly ?string $language;
    public readonly \DateTimeZone $timezone;
    /** Who may come in where the host does not decide; null: the host does, or nobody may. */
    public readonly ?ConsoleLink $link;
    private readonly ?\Closure $access;

    /**
     * @param array<array-key, mixed> $values
     * @param ?string $token what the link has that was shown on the console
     * @throws \UnexpectedValueException a value is unknown or wrong
     */
    public function __construct(array $values = [], #[\SensitiveParameter] ?string $token = null)
    {
        $unknown = array_diff(array_keys($values), ['tenants', 'base_path', 'redirect_uri', 'language', 'timezone', 'access']);
        if ($unknown !== []) {
            throw new \UnexpectedValueException(sprintf('"%s" is no setting of the page', reset($unknown)));
        }
        $tenants = [];
        foreach ((array) ($values['tenants'] ?? ['default' => []]) as $name => $about) {
            $name = (string) $name;
            $tenants[$name] = new Tenant($name, (array) $about);
        }
        if ($tenants === []) {
            throw new \UnexpectedValueException('"tenants" is empty');
        }
        $this->tenants = $tenants;
        $this->basePath = rtrim(self::text('"base_path"', $values['base_path'] ?? ''), '/');
        $this->redirectUri = isset($values['redirect_uri']) ? self::text('"redirect_uri"', $values['redirect_uri']) : null;
        $this->language = in_array($values['language'] ?? null, Words::LANGUAGES, true) ? $values['language'] : null;
        $this->timezone = new \DateTimeZone(self::text('"timezone"', $values['timezone'] ?? 'UTC'));
        $access = $values['access'] ?? null;
        if ($access !== null && !$access instanceof \Closure) {
            throw new \UnexpectedValueException('"access" must be a closure: fn (Request $request, ?string $tenant): bool');
        }
        $this->access = $access;
        $this->link = $access === null && $token !== null ? new ConsoleLink($token) : null;
    }

    /**
     * The file that SQUEEZE_GRAPH_WEB_CONFIG names, else config.php beside the page, else one tenant with the settings of
     * php.ini.
     */
    public static function load(): self
    {
        $named = (string) getenv('SQUEEZE_GRAPH_WEB_CONFIG');
        $file = $named !== '' ? $named : __DIR__ . '/../config.php';
        $token = (string) getenv(ConsoleLink::VARIABLE);
        $values = $named === '' && !is_file($file) ? [] : require $file;

        return new self(
            is_array($values) ? $values : throw new \UnexpectedValueException($file . ' returns no array'),
            $token === '' ? null : $token,
        );
    }

    /**
     * A value that has to be a text, or what PHP turns into one without losing anything.
     *
     * @throws \UnexpectedValueException it is an array, or an object that is no text
     */
    public static function text(string $what, mixed $value): string
    {
        return $value === null || is_scalar($value) || $value instanceof \Stringable
            ? (string) $value
            : throw new \UnexpectedValueException(sprintf('%s must be a text, and is of type %s', $what, get_debug_type($value)));
    }

    /**
     * Whether this request may see a tenant, or anything at all (null). Where the host does not decide, only a browser on
     * this machine may, and it has to come by the {@see ConsoleLink}: that a request looks local proves nothing behind a
     * proxy that says nothing of itself.
     */
    public function allows(Request $request, ?string $tenant): bool
    {
        if ($this->access === null) {
            return $this->link !== null && $request->isFromThisMachine();
        }
        try {
            return ($this->access)($request, $tenant) === true;
        } finally {
            // The host's session is locked as long as it is open, and a connection test takes seconds.
            if (session_status() === PHP_SESSION_ACTIVE) {
                session_write_close();
            }
        }
    }

    /** What somebody is told who may not come in: a key of the language files. */
    public function refusal(): string
    {
        return match (true) {
            $this->access !== null => 'refused.access',
            $this->link !== null => 'refused.link',
            default => 'refused.closed',
        };
    }

    /** Where Microsoft sends the browser back to; one for all tenants. */
    public function redirectUri(Request $request): string
    {
        return $this->redirectUri ?? $request->origin() . $this->basePath . '/callback';
    }
}
