<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\Account;
use Squeeze\Graph\Problem;

/**
 * The form of an account: what it shows, what was entered, what is wrong with it. It never shows a secret.
 */
final class AccountForm
{
    public const FIELDS = [
        'protocol', 'user', 'mailbox', 'client_id', 'client_secret', 'secret_expires_at', 'tenant_id',
        'folder_inbox', 'folder_processed', 'folder_error',
    ];

    /** @var array<string, string> by field; a text, no key */
    public array $errors = [];

    /**
     * @param array<string, string> $values
     * @param ?Account $account the account as it is stored; null: a new one
     */
    private function __construct(
        public string $name,
        public array $values,
        public readonly ?Account $account,
        public bool $enabled,
    ) {
    }

    /** @param array<string, string> $suggestions */
    public static function empty(array $suggestions): self
    {
        $values = array_intersect_key($suggestions, array_flip(self::FIELDS)) + ['folder_inbox' => 'wellknown:inbox', 'protocol' => 'delegated'];

        return new self('', $values + array_fill_keys(self::FIELDS, ''), null, true);
    }

    public static function of(Account $account): self
    {
        $values = array_intersect_key($account->toSettings(), array_flip(self::FIELDS));
        $values['secret_expires_at'] = $account->clientCertificate === null ? $account->secretExpiresAt?->format('Y-m-d') : '';

        return new self($account->account, array_map(strval(...), $values) + array_fill_keys(self::FIELDS, ''), $account, $account->enabled);
    }

    public static function entered(Request $request, ?Account $account): self
    {
        $values = [];
        foreach (self::FIELDS as $field) {
            $values[$field] = $request->form($field);
        }

        return new self($account->account ?? $request->form('name'), $values, $account, $request->form('enabled') === '1');
    }

    /** @return array<string, string> in the order of the form */
    public function complaints(): array
    {
        $order = array_fill_keys(['', 'name', ...self::FIELDS], null);

        return array_filter(array_replace($order, $this->errors));
    }

    /** Whether all that can be told without the extension is right. */
    public function check(Words $words): bool
    {
        $required = ['tenant_id', 'client_id', 'folder_inbox'];
        if ($this->values['protocol'] === 'application') {
            $required[] = 'mailbox';
        }
        if ($this->account === null) {
            $required[] = 'client_secret';
            if ($this->name === '' || mb_strlen($this->name) > 190) {
                $this->errors['name'] = $words->text($this->name === '' ? 'form.required' : 'form.too_long', ['field' => $words->text('form.name')]);
            }
        }
        foreach ($required as $field) {
            if ($this->values[$field] === '') {
                $this->errors[$field] = $words->text('form.required', ['field' => $words->text('form.' . $field)]);
            }
        }

        // Said here and not after a sign-in: Microsoft makes no secret that looks so, and lists its ID beside it.
        if (preg_match('/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/iD', trim($this->values['client_secret'])) === 1) {
            $this->errors['client_secret'] = $words->text('form.secret_is_id');
        }

        return $this->errors === [];
    }

    /** Puts what the extension says at the field that it names, in the words of the form. */
    public function blame(Problem $problem, Words $words): void
    {
        if ($problem->code === 'secret_needed') {
            $this->errors['client_secret'] = $words->text('form.secret_needed');

            return;
        }
        $text = $problem->explanation . ' ' . $problem->remedy;
        $blamed = '';
        foreach (self::FIELDS as $field) {
            if (preg_match('/\b' . $field . '\b/', $problem->explanation) === 1) {
                $blamed = $blamed === '' ? $field : $blamed;
                $text = (string) preg_replace('/\b' . $field . '\b/', $words->text('form.' . $field), $text);
            }
        }
        $this->errors[$blamed] = $text;
    }

    /** @return array<string, mixed> as save_account() takes them */
    public function settings(): array
    {
        $settings = $this->values;
        if ($this->account?->clientCertificate !== null) {
            // Its end is read from the certificate.
            unset($settings['secret_expires_at']);
        }

        return $settings + ['enabled' => $this->enabled];
    }

    /** The form again, without what may not be sent back. */
    public function withoutSecret(): self
    {
        $this->values['client_secret'] = '';

        return $this;
    }
}
