<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\Problem;

/**
 * What one page leaves for the next to tell. It is kept in the session and so is plain data.
 */
final class Notice
{
    /**
     * @param 'success'|'warning'|'error' $kind
     * @param string $text a key of the language files
     * @param array<string, string|int> $values for the text
     * @param ?string $account whom it is about
     * @param bool $offersSignIn with the button that starts the sign-in
     * @param array<string, mixed>|null $problem
     * @param bool $offersConsent with the button for an administrator's consent
     */
    public function __construct(
        public readonly string $kind,
        public readonly string $text,
        public readonly array $values = [],
        public readonly ?string $account = null,
        public readonly bool $offersSignIn = false,
        public readonly ?array $problem = null,
        public readonly bool $offersConsent = false,
    ) {
    }

    /** @return array<string, mixed> */
    public static function problem(Problem $problem): array
    {
        return $problem->jsonSerialize();
    }

    /** @return array<string, mixed> */
    public function toArray(): array
    {
        return get_object_vars($this);
    }

    public static function fromSession(mixed $data): ?self
    {
        return is_array($data) ? new self(...$data) : null;
    }
}
