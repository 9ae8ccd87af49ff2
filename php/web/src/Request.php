<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * What the browser asks for. Made from PHP's globals in one place, so that everything else can be tested without them.
 */
final class Request
{
    /**
     * @param string $path decoded, below the base path, starts with `/`
     * @param array<array-key, mixed> $query
     * @param array<array-key, mixed> $form
     * @param array<string, string> $server as `$_SERVER`
     */
    public function __construct(
        public readonly string $method,
        public readonly string $path,
        public readonly array $query = [],
        #[\SensitiveParameter] public readonly array $form = [],
        private readonly array $server = [],
    ) {
    }

    /** @param string $basePath what comes before the page's own paths: empty, or `/graph` */
    public static function fromGlobals(string $basePath): self
    {
        $server = [];
        foreach ($_SERVER as $name => $value) {
            if (is_string($name) && is_string($value)) {
                $server[$name] = $value;
            }
        }
        $path = rawurldecode((string) parse_url('http://host' . ($server['REQUEST_URI'] ?? '/'), PHP_URL_PATH));
        if ($basePath !== '' && ($path === $basePath || str_starts_with($path, $basePath . '/'))) {
            $path = substr($path, strlen($basePath));
        }

        return new self(
            $server['REQUEST_METHOD'] ?? 'GET',
            $path === '' ? '/' : $path,
            $_GET,
            $_POST,
            $server,
        );
    }

    /** A text of the query; empty if it is not there or an array. */
    public function query(string $name): string
    {
        return self::text($this->query[$name] ?? '');
    }

    /** A text of the form, without the white space that comes with pasting; empty if it is not there or an array. */
    public function form(string $name, bool $trim = true): string
    {
        $text = self::text($this->form[$name] ?? '');

        return $trim ? trim($text) : $text;
    }

    public function isPost(): bool
    {
        return $this->method === 'POST';
    }

    public function isEncrypted(): bool
    {
        return !in_array(strtolower($this->server['HTTPS'] ?? ''), ['', 'off'], true);
    }

    /** The host name with its port, as the browser sent it; empty if it is no such thing. */
    public function host(): string
    {
        $host = $this->server['HTTP_HOST'] ?? '';

        return preg_match('/^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(:\d{1,5})?$/iD', $host) === 1 ? $host : '';
    }

    /** `https://host:port`, as far as this server can know. */
    public function origin(): string
    {
        return ($this->isEncrypted() ? 'https://' : 'http://') . $this->host();
    }

    /** A header, by its name in lower case. */
    public function header(string $name): string
    {
        return $this->server['HTTP_' . strtoupper(strtr($name, '-', '_'))] ?? '';
    }

    /**
     * Whether the browser seems to run on this machine and to know it: a page elsewhere can make a browser ask a loopback
     * address under another name, and a proxy on this machine asks for others. It is no proof: a proxy need not say that
     * it is one.
     */
    public function isFromThisMachine(): bool
    {
        $address = $this->server['REMOTE_ADDR'] ?? '';
        $name = preg_replace('/:\d+$/', '', strtolower($this->host()));

        return ($address === '::1' || str_starts_with($address, '127.'))
            && in_array($name, ['localhost', '127.0.0.1', '[::1]'], true)
            && $this->header('x-forwarded-for') === ''
            && $this->header('forwarded') === '';
    }

    private static function text(mixed $value): string
    {
        return is_string($value) ? mb_scrub($value, 'UTF-8') : '';
    }
}
