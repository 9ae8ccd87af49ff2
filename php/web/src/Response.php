<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * An answer. Every one forbids the browser to keep it, to show it in a frame, and to load anything from elsewhere.
 */
final class Response
{
    /**
     * Forms may be sent to this site only: the way to Microsoft is a page with a link of its own, because browsers hold
     * redirects after a form to form-action as well, and a tenant may send its people on to sign-in servers that nobody
     * here knows.
     */
    private const POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; "
        . "frame-ancestors 'none'; base-uri 'none'";

    /** @param array<string, string> $headers */
    public function __construct(
        public readonly int $status,
        public readonly string $body = '',
        private readonly array $headers = [],
    ) {
    }

    /** To be asked for by GET, so that a reload repeats nothing. */
    public static function seeOther(string $location): self
    {
        return new self(303, headers: ['Location' => $location]);
    }

    /** @return array<string, string> */
    public function headers(): array
    {
        return $this->headers + [
            'Content-Type' => 'text/html; charset=utf-8',
            'Content-Security-Policy' => self::POLICY,
            'Cache-Control' => 'no-store',
            'Referrer-Policy' => 'no-referrer',
            'X-Content-Type-Options' => 'nosniff',
            'X-Frame-Options' => 'DENY',
            'Cross-Origin-Opener-Policy' => 'same-origin',
            'Permissions-Policy' => 'camera=(), geolocation=(), microphone=()',
        ];
    }

    public function send(): void
    {
        http_response_code($this->status);
        header_remove('X-Powered-By');
        foreach ($this->headers() as $name => $value) {
            header($name . ': ' . $value);
        }
        echo $this->body;
    }
}
