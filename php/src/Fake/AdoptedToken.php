<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

/**
 * A token that older scripts kept, read as the extension reads it: keys of theirs are left alone, a life time without its
 * beginning says nothing, and no expiry means expired.
 *
 * @internal
 */
final class AdoptedToken
{
    private const LIMIT = 65_536;

    /** @param list<string> $scopes */
    private function __construct(
        public readonly ?string $access,
        public readonly ?string $refresh,
        public readonly ?int $expiresAt,
        public readonly ?int $issuedAt,
        public readonly array $scopes,
    ) {
    }

    /**
     * @param array<array-key, mixed> $token
     * @throws \ValueError
     */
    public static function read(#[\SensitiveParameter] array $token, ?string $timezone): self
    {
        $access = self::text($token, 'access_token', '/^[\x21-\x7e]*$/D');
        $refresh = self::text($token, 'refresh_token', '/^[\x20-\x7e]*$/D');
        $scope = self::text($token, 'scope', '//');
        self::text($token, 'id_token', '//');
        [$issuedAt, $expiresAt] = self::life($token, $timezone);
        if ($access === null && $refresh === null) {
            throw self::wrong('must contain an access_token or a refresh_token');
        }

        return new self($access, $refresh, $expiresAt, $issuedAt, Scopes::granted($scope ?? ''));
    }

    /** @param array<array-key, mixed> $token */
    private static function text(#[\SensitiveParameter] array $token, string $key, string $form): ?string
    {
        $value = $token[$key] ?? '';
        if (!is_string($value)) {
            throw self::wrong(sprintf('must have a string for "%s"', $key));
        }
        if (strlen($value) > self::LIMIT || preg_match($form, $value) !== 1) {
            throw self::wrong(sprintf('has a "%s" that is too long or holds characters that no token has', $key));
        }

        return $value === '' ? null : $value;
    }

    /**
     * @param array<array-key, mixed> $token
     * @return array{?int, ?int} when it was issued, when it ends, where that is said
     */
    private static function life(#[\SensitiveParameter] array $token, ?string $timezone): array
    {
        foreach (['expires_at', 'expires', 'expires_on'] as $key) {
            $instant = self::instant($token, $key, $timezone);
            if ($instant !== null) {
                return [self::beginning($token, $timezone), $instant];
            }
        }
        $begin = self::instant($token, 'issued_at', $timezone);
        $life = $token['expires_in'] ?? null;
        if ($life === null) {
            return [$begin, null];
        }
        if (!is_int($life) && !(is_string($life) && preg_match('/^[+-]?\d+$/D', $life) === 1)) {
            throw self::wrong('must have a number of seconds for "expires_in"');
        }

        return [$begin, $begin === null ? null : $begin + (int) $life];
    }

    /**
     * When a token was issued whose end is said by itself: no reason to refuse the token.
     *
     * @param array<array-key, mixed> $token
     */
    private static function beginning(#[\SensitiveParameter] array $token, ?string $timezone): ?int
    {
        try {
            return self::instant($token, 'issued_at', $timezone);
        } catch (\ValueError) {
            return null;
        }
    }

    /** @param array<array-key, mixed> $token */
    private static function instant(#[\SensitiveParameter] array $token, string $key, ?string $timezone): ?int
    {
        $value = $token[$key] ?? null;
        if ($value === null) {
            return null;
        }
        if (!is_int($value) && !is_string($value) && !$value instanceof \DateTimeInterface) {
            throw self::wrong(sprintf('must have a time for "%s"', $key));
        }

        return LocalTime::instant($value, $timezone);
    }

    private static function wrong(string $complaint): \ValueError
    {
        return new \ValueError('adoptToken(): Argument #2 ($token) ' . $complaint);
    }
}
