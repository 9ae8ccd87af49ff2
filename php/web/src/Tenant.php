<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * A tenant of the host ("Mandant"): its own store, key and log.
 */
final class Tenant
{
    /** What may differ from tenant to tenant, as settings of the extension. */
    private const SETTINGS = ['store', 'key_file', 'log', 'log_level', 'proxy', 'proxy_auth_file', 'ca_file'];

    /** @var array<string, string> settings of the extension */
    public readonly array $settings;
    public readonly string $label;
    /** @var array<array-key, mixed> settings that every account gets, and that the form does not show */
    public readonly array $account;
    /** @var array<string, string> what the form of a new account begins with */
    public readonly array $suggestions;

    /**
     * @param string $name a word of the path: lower-case letters, digits, `-`
     * @param array<array-key, mixed> $about
     * @throws \UnexpectedValueException
     */
    public function __construct(public readonly string $name, array $about)
    {
        $wrong = static fn (string $what): never => throw new \UnexpectedValueException(sprintf('tenant "%s": %s', $name, $what));
        if (preg_match('/^[a-z0-9][a-z0-9-]*$/D', $name) !== 1 || in_array($name, ['callback', 'language'], true)) {
            $wrong('the name may have lower-case letters, digits and "-" only, and "callback" and "language" are taken');
        }
        $unknown = array_diff(array_keys($about), ['label', 'account', 'suggestions', ...self::SETTINGS]);
        if ($unknown !== []) {
            $wrong(sprintf('"%s" is no setting', reset($unknown)));
        }
        $text = static fn (string $what, mixed $value): string => Configuration::text(sprintf('tenant "%s": "%s"', $name, $what), $value);
        $this->label = $text('label', $about['label'] ?? $name);
        $this->account = (array) ($about['account'] ?? []);
        $suggestions = [];
        foreach ((array) ($about['suggestions'] ?? []) as $key => $value) {
            $suggestions[(string) $key] = $text('suggestions.' . $key, $value);
        }
        $this->suggestions = $suggestions;
        $settings = [];
        foreach (array_intersect_key($about, array_flip(self::SETTINGS)) as $key => $value) {
            $settings['squeeze_graph.' . $key] = $text((string) $key, $value);
        }
        $this->settings = $settings;
    }
}
