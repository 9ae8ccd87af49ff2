<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\ConfigurationException;

/**
 * Where Microsoft sends the browser back to, by Microsoft's rules for it.
 *
 * @internal
 */
final class RedirectUri
{
    /** @throws ConfigurationException */
    public static function check(string $account, string $uri): void
    {
        $url = parse_url($uri);
        $scheme = strtolower($url['scheme'] ?? '');
        $host = strtolower($url['host'] ?? '');
        $code = match (true) {
            mb_strlen($uri) > 256 => 'redirect_uri_too_long',
            $url === false, $host === '', isset($url['user']), isset($url['pass']), preg_match('/\s/u', $uri) === 1
                => 'redirect_uri_invalid',
            isset($url['fragment']) => 'redirect_uri_fragment',
            strpbrk($uri, "!\$'(),;*") !== false => 'redirect_uri_characters',
            $host === '[::1]' => 'redirect_uri_ipv6_loopback',
            $scheme === 'https', $scheme === 'http' && in_array($host, ['localhost', '127.0.0.1'], true) => null,
            $scheme === 'http' => 'redirect_uri_not_https',
            default => 'redirect_uri_invalid',
        };
        if ($code !== null) {
            throw Problems::configuration($account, $code, sprintf('The redirect URI "%s" is none that Microsoft takes.', $uri));
        }
    }
}
