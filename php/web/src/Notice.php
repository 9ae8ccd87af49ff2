<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\Problem;

/**
 * What one page leaves for the next to tell. It is kept in the session and so is plain data.
 *
 * @phpstan-type Kept array{kind: 'success'|'warning'|'error', text: string, values?: array<string, string|int>, account?: ?string,
 *     offersSignIn?: bool, problem?: array<string, mixed>|null, offersConsent?: bool}
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

    /** @return Kept */
    public function toArray(): array
    {
        return [
            'kind' => $this->kind,
            'text' => $this->text,
            'values' => $this->values,
            'account' => $this->account,
            'offersSignIn' => $this->offersSignIn,
            'problem' => $this->problem,
            'offersConsent' => $this->offersConsent,
        ];
    }

    public static function fromSession(mixed $data): ?self
    {
        if (!is_array($data)) {
            return null;
        }
        /** @var Kept $data by toArray() */
        return new self(
            $data['kind'],
            $data['text'],
            $data['values'] ?? [],
            $data['account'] ?? null,
            $data['offersSignIn'] ?? false,
            $data['problem'] ?? null,
            $data['offersConsent'] ?? false,
        );
    }
}
