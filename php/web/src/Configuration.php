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
    private readonly ?\Closure $access;

    /**
     * @param array<string, mixed> $values
     * @throws \UnexpectedValueException a value is unknown or wrong
     */
    public function __construct(array $values = [])
    {
        $unknown = array_diff(array_keys($values), ['tenants', 'base_path', 'redirect_uri', 'language', 'timezone', 'access']);
        if ($unknown !== []) {
            throw new \UnexpectedValueException(sprintf('"%s" is no setting of the page', reset($unknown)));
        }
        $tenants = [];
        foreach ((array) ($values['tenants'] ?? ['default' => []]) as $name => $about) {
            $tenants[$name] = new Tenant((string) $name, (array) $about);
        }
        if ($tenants === []) {
            throw new \UnexpectedValueException('"tenants" is empty');
        }
        $this->tenants = $tenants;
        $this->basePath = rtrim((string) ($values['base_path'] ?? ''), '/');
        $this->redirectUri = isset($values['redirect_uri']) ? (string) $values['redirect_uri'] : null;
        $this->language = in_array($values['language'] ?? null, Words::LANGUAGES, true) ? $values['language'] : null;
        $this->timezone = new \DateTimeZone((string) ($values['timezone'] ?? 'UTC'));
        $access = $values['access'] ?? null;
        if ($access !== null && !$access instanceof \Closure) {
            throw new \UnexpectedValueException('"access" must be a closure: fn (Request $request, ?string $tenant): bool');
        }
        $this->access = $access;
    }

    /**
     * The file that SQUEEZE_GRAPH_WEB_CONFIG names, else config.php beside the page, else one tenant with the settings of
     * php.ini.
     */
    public static function load(): self
    {
        $named = (string) getenv('SQUEEZE_GRAPH_WEB_CONFIG');
        $file = $named !== '' ? $named : __DIR__ . '/../config.php';
        if ($named === '' && !is_file($file)) {
            return new self();
        }
        $values = require $file;

        return new self(is_array($values) ? $values : throw new \UnexpectedValueException($file . ' returns no array'));
    }

    /**
     * Whether this request may see a tenant, or anything at all (null). Unless the host decides, only a browser on this
     * machine may.
     */
    public function allows(Request $request, ?string $tenant): bool
    {
        return $this->access === null ? $request->isFromThisMachine() : ($this->access)($request, $tenant) === true;
    }

    /** Where Microsoft sends the browser back to; one for all tenants. */
    public function redirectUri(Request $request): string
    {
        return $this->redirectUri ?? $request->origin() . $this->basePath . '/callback';
    }

    /** Whether a tenant's log shows nothing of another tenant. */
    public function ownsLog(Tenant $tenant): bool
    {
        $same = array_filter($this->tenants, static fn (Tenant $other): bool => $other->log() === $tenant->log());

        return count($same) === 1 && ($tenant->log() !== null || count($this->tenants) === 1);
    }
}
