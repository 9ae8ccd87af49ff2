<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\Account;

/**
 * The accounts of a tenant with their state and their buttons.
 */
final class AccountList
{
    public function __construct(private readonly Visit $visit)
    {
    }

    public function show(): Response
    {
        return $this->visit->page('accounts', ['rows' => self::rows($this->visit)]);
    }

    /** @return list<AccountRow> */
    public static function rows(Visit $visit): array
    {
        $now = new \DateTimeImmutable();

        return array_map(static fn (Account $account): AccountRow => new AccountRow($account, $now), $visit->client->listAccounts());
    }
}
