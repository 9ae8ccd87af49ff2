<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * What the page itself says, in the reader's language. Explanations and remedies come from the extension.
 */
final class Words
{
    public const LANGUAGES = ['en', 'de'];

    /** @var array<string, string> */
    private readonly array $texts;

    /** @param 'en'|'de' $language */
    public function __construct(public readonly string $language)
    {
        /** @var array<string, string> $texts */
        $texts = require __DIR__ . '/../lang/' . $language . '.php';
        $this->texts = $texts;
    }

    /**
     * The first language of `Accept-Language` that is spoken here.
     *
     * @return 'en'|'de'
     */
    public static function preferred(string $acceptLanguage): string
    {
        foreach (explode(',', strtolower($acceptLanguage)) as $range) {
            $language = substr(trim($range), 0, 2);
            if (in_array($language, self::LANGUAGES, true)) {
                return $language;
            }
        }

        return 'en';
    }

    /** @param array<string, string|int> $values for `{name}` */
    public function text(string $key, array $values = []): string
    {
        $text = $this->texts[$key] ?? throw new \OutOfBoundsException(sprintf('no text "%s" in %s', $key, $this->language));
        $marks = array_map(static fn (string $name): string => '{' . $name . '}', array_keys($values));

        return strtr($text, array_combine($marks, array_map(strval(...), array_values($values))));
    }

    public function has(string $key): bool
    {
        return isset($this->texts[$key]);
    }
}
