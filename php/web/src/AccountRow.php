<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\Account;
use Squeeze\Graph\TokenState;

/**
 * An account as the list shows it, with what its state means to who reads it. Texts are keys of the language files.
 */
final class AccountRow
{
    private const NEEDED_FOLDERS = ['folder_processed' => 'folderProcessed', 'folder_error' => 'folderError'];

    public readonly ?Lifetime $life;

    public function __construct(public readonly Account $account, \DateTimeInterface $now)
    {
        $this->life = Lifetime::of($account->status, $now);
    }

    public function state(): string
    {
        return $this->account->status->state === TokenState::Expired ? $this->expired() : 'state.' . $this->account->status->state->value;
    }

    /** The state as soon as the token has ended: what becomes of it depends on the account. */
    public function expired(): string
    {
        return match (true) {
            $this->account->protocol === 'application' => 'state.expired_application',
            !$this->account->enabled => 'state.expired_disabled',
            default => 'state.expired',
        };
    }

    /** What is said beside a bar that has run out. */
    public function over(): string
    {
        return match (true) {
            $this->account->status->state === TokenState::SignInRequired => 'over.sign_in_required',
            $this->account->status->state === TokenState::ActionRequired => 'over.action_required',
            $this->account->protocol === 'application' => 'over.application',
            !$this->account->enabled => 'over.disabled',
            default => 'over.job',
        };
    }

    /**
     * Folders that an import can not do without, and that are not set.
     *
     * @return list<string> fields of the form
     */
    public function missingFolders(): array
    {
        return array_keys(array_filter(self::NEEDED_FOLDERS, fn (string $name): bool => ($this->account->{$name} ?? '') === ''));
    }

    /** Those folders in the words of the form; empty where none is missing. */
    public function missingFolderNames(Words $words): string
    {
        return implode(', ', array_map(static fn (string $field): string => $words->text('form.' . $field), $this->missingFolders()));
    }
}
