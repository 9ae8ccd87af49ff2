<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

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
        $rows = [];
        foreach ($this->visit->client->listAccounts() as $account) {
            $rows[] = ['account' => $account, 'life' => Lifetime::of($account->status, new \DateTimeImmutable())];
        }

        return $this->visit->page('accounts', ['rows' => $rows]);
    }
}
