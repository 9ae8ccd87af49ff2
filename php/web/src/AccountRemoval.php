<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * Deletes an account, after a question.
 */
final class AccountRemoval
{
    public function __construct(private readonly Visit $visit)
    {
    }

    public function ask(): Response
    {
        return $this->visit->page('delete', ['account' => $this->visit->account()]);
    }

    public function delete(): Response
    {
        $name = $this->visit->accountName();
        $this->visit->client->deleteAccount($name);
        $this->visit->tell(new Notice('success', 'deleted.done', ['account' => $name]));

        return $this->visit->seeOther();
    }
}
