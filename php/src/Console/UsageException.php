<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * The command line can not be understood. The message says why, in English; {@see in()} says it in the reader's language.
 */
final class UsageException extends \InvalidArgumentException
{
    /** @var list<string|int> */
    private readonly array $values;

    /** @param string $text as {@see Words::text()} takes it */
    public function __construct(private readonly string $text, string|int ...$values)
    {
        $this->values = array_values($values);
        parent::__construct(vsprintf($text, $this->values));
    }

    public function in(Words $words): string
    {
        return $words->text($this->text, ...$this->values);
    }
}
