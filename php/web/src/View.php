<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Twig\Environment;
use Twig\Loader\FilesystemLoader;
use Twig\TwigFilter;
use Twig\TwigFunction;

/**
 * The templates. Whatever they print is escaped for HTML.
 */
final class View
{
    private readonly Environment $twig;

    public function __construct(private readonly Words $words, private readonly \DateTimeZone $timezone)
    {
        $this->twig = new Environment(
            new FilesystemLoader(__DIR__ . '/../templates'),
            ['autoescape' => 'html', 'strict_variables' => true, 'cache' => false],
        );
        $this->twig->addFunction(new TwigFunction('t', $words->text(...)));
        $this->twig->addFilter(new TwigFilter('moment', $this->moment(...)));
        $this->twig->addFilter(new TwigFilter('day', $this->day(...)));
        $this->twig->addGlobal('language', $words->language);
        $this->twig->addGlobal('languages', Words::LANGUAGES);
    }

    /** @param array<string, mixed> $values */
    public function render(string $template, array $values): string
    {
        return $this->twig->render($template . '.twig', $values);
    }

    /** A time with its zone, for a time without one is what people get wrong. */
    private function moment(\DateTimeInterface|string $time): string
    {
        return $this->local($time)->format($this->words->language === 'de' ? 'd.m.Y H:i T' : 'Y-m-d H:i T');
    }

    /** A day, which begins at midnight in UTC and would be the one before in zones west of it. */
    private function day(\DateTimeInterface $day): string
    {
        return \DateTimeImmutable::createFromInterface($day)->setTimezone(new \DateTimeZone('UTC'))->format($this->words->language === 'de' ? 'd.m.Y' : 'Y-m-d');
    }

    private function local(\DateTimeInterface|string $time): \DateTimeImmutable
    {
        $time = is_string($time) ? new \DateTimeImmutable($time, new \DateTimeZone('UTC')) : \DateTimeImmutable::createFromInterface($time);

        return $time->setTimezone($this->timezone);
    }
}
