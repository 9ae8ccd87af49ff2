<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * What is remembered of one browser: its CSRF token, the value that ties a sign-in to it, its language, and what the
 * next page has to tell. PHP's session holds it; it is never locked while a page works, since a connection test takes
 * seconds.
 */
final class Session
{
    private const KEY = 'squeeze_graph';

    /** @var array<string, mixed> what this request changed; null: gone */
    private array $changes = [];
    private bool $renewed = false;

    /** @param array<array-key, mixed> $data */
    public function __construct(private array $data = [])
    {
    }

    /**
     * The browser's session: the one that the host has opened in this request, else one of the page's own.
     *
     * @param string $path where a cookie of the page's own is valid
     */
    public static function begin(string $path, bool $encrypted): self
    {
        if (session_id() === '') {
            session_name(self::KEY);
            session_set_cookie_params([
                'path' => $path,
                'secure' => $encrypted,
                'httponly' => true,
                // Lax, not Strict: Microsoft sends the browser back here.
                'samesite' => 'Lax',
            ]);
            session_cache_limiter('');
        }
        self::open();
        $data = $_SESSION[self::KEY] ?? [];
        session_write_close();

        return new self(is_array($data) ? $data : []);
    }

    /** Writes what changed. To be called before the answer is sent. */
    public function commit(): void
    {
        if ($this->changes !== []) {
            self::open();
            if ($this->renewed) {
                session_regenerate_id(true);
            }
            $kept = $_SESSION[self::KEY] ?? null;
            $_SESSION[self::KEY] = array_filter(
                $this->changes + (is_array($kept) ? $kept : []),
                static fn (mixed $value): bool => $value !== null,
            );
            session_write_close();
            $this->changes = [];
        }
    }

    private static function open(): void
    {
        if (session_status() !== PHP_SESSION_ACTIVE) {
            session_start(['use_strict_mode' => 1, 'use_only_cookies' => 1]);
        }
    }

    /** Whether a browser brings a session of the page's own. */
    public static function isBroughtBy(Request $request): bool
    {
        return preg_match('/(^|;\s*)' . self::KEY . '=/', $request->header('cookie')) === 1;
    }

    /** Gives it another id when it is written: the old one may be somebody else's choice. */
    public function renew(): void
    {
        $this->renewed = true;
    }

    /** What every form of this browser carries. */
    public function csrf(): string
    {
        return $this->random('csrf');
    }

    public function allows(string $csrf): bool
    {
        return hash_equals($this->csrf(), $csrf);
    }

    /** Ties both legs of a sign-in to this browser. */
    public function signInValue(): string
    {
        return $this->random('sign_in');
    }

    public function get(string $name): mixed
    {
        return $this->data[$name] ?? null;
    }

    public function set(string $name, mixed $value): void
    {
        $this->changes[$name] = $value;
        $this->data[$name] = $value;
    }

    /** What was left for the next page, once. */
    public function take(string $name): mixed
    {
        $value = $this->get($name);
        if ($value !== null) {
            $this->set($name, null);
        }

        return $value;
    }

    private function random(string $name): string
    {
        $value = $this->get($name);
        if (!is_string($value)) {
            $value = bin2hex(random_bytes(32));
            $this->set($name, $value);
        }

        return $value;
    }
}
