<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

/**
 * Scopes: compared without their resource and without case, as Microsoft writes them now this way and now that.
 *
 * @internal
 */
final class Scopes
{
    private const OPEN_ID = ['openid', 'profile', 'email', 'offline_access'];

    /** `https://graph.microsoft.com/Mail.Read` is `Mail.Read`. */
    public static function shortName(string $scope): string
    {
        return substr((string) strrchr('/' . $scope, '/'), 1);
    }

    /** Whether it is one of OpenID Connect itself, which belong to no resource. */
    public static function isOpenId(string $scope): bool
    {
        return in_array(strtolower($scope), self::OPEN_ID, true);
    }

    /**
     * The short names in a token's `scope`.
     *
     * @return list<string>
     */
    public static function granted(string $scope): array
    {
        $names = [];
        foreach (preg_split('/\s+/', rawurldecode($scope), -1, PREG_SPLIT_NO_EMPTY) ?: [] as $one) {
            $name = self::shortName($one);
            if ($name !== '') {
                $names[strtolower($name)] ??= $name;
            }
        }

        return array_values($names);
    }

    /**
     * What is configured and was not granted. Of nothing granted nothing is known.
     *
     * @param list<string> $configured
     * @param list<string> $granted
     * @return list<string>
     */
    public static function missing(array $configured, array $granted, bool $hasRefreshToken): array
    {
        $known = array_map(strtolower(...), array_map(self::shortName(...), $granted));
        $isMissing = static function (string $scope) use ($known, $hasRefreshToken): bool {
            $name = strtolower(self::shortName($scope));

            return match (true) {
                $name === 'offline_access' => !$hasRefreshToken,
                self::isOpenId($name), $name === '.default' => false,
                default => !in_array($name, $known, true),
            };
        };

        return $granted === [] ? [] : array_values(array_filter($configured, $isMissing));
    }
}
