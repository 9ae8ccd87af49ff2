<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\ConfigurationException;

/**
 * The names and values that `with_settings()` takes. They are checked, and change nothing of a client in memory.
 *
 * @internal
 */
final class Settings
{
    private const PREFIX = 'squeeze_graph.';
    private const SECONDS = '/^(?:[1-9]\d{0,3}|[1-7]\d{4}|8[0-5]\d{3}|86[0-3]\d{2}|86400)$/D';
    private const FORMS = [
        'store' => '//',
        'key_file' => '//',
        'connect_timeout' => self::SECONDS,
        'timeout' => self::SECONDS,
        'retry_budget' => '/^(?:0|[1-9]\d{0,3}|[1-7]\d{4}|8[0-5]\d{3}|86[0-3]\d{2}|86400)$/D',
        'concurrency' => '/^(?:[1-9]|[1-5]\d|6[0-4])$/D',
        'proxy' => '//',
        'proxy_auth_file' => '//',
        'ca_file' => '//',
        'language' => '/^(?:en|de)$/D',
        'log' => '//',
        'log_level' => '/^(?:debug|info|notice|warning|error|critical|alert|emergency)$/D',
    ];

    /**
     * @param array<array-key, mixed> $settings
     * @throws ConfigurationException
     * @throws \ValueError
     * @throws \TypeError
     */
    public static function check(#[\SensitiveParameter] array $settings): void
    {
        foreach ($settings as $key => $value) {
            if (is_int($key)) {
                throw new \ValueError('withSettings(): Argument #1 ($settings) must have the names of settings as keys');
            }
            $name = str_starts_with($key, self::PREFIX) ? substr($key, strlen(self::PREFIX)) : $key;
            if ($name !== 'custom_endpoints' && !array_key_exists($name, self::FORMS)) {
                throw self::wrong('configuration_unknown', sprintf('There is no setting "%s".', $key));
            }
            if ($value !== null && !is_scalar($value) || is_float($value)) {
                throw new \TypeError(sprintf(
                    'withSettings(): Argument #1 ($settings) must have a string, int, bool or null for "%s", %s given',
                    $name,
                    get_debug_type($value),
                ));
            }
            $text = is_bool($value) ? (string) (int) $value : (string) $value;
            // A client in memory allows endpoints of one's own as it is.
            if ($name === 'custom_endpoints' && $text !== '1') {
                throw self::wrong('configuration_not_changeable', sprintf('The setting "%s" can not be changed here.', $name));
            }
            if ($name !== 'custom_endpoints' && preg_match(self::FORMS[$name], $text) !== 1) {
                throw self::wrong('configuration_value', sprintf('The setting "%s" can not be "%s".', $name, $text));
            }
        }
    }

    private static function wrong(string $code, string $explanation): ConfigurationException
    {
        return new ConfigurationException(Problems::of($code, $explanation, 'Correct the setting.'));
    }
}
