<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\SignInRequiredException;

/**
 * Renews one account's token now, as the job would.
 */
final class Renewal
{
    public function __construct(private readonly Visit $visit)
    {
    }

    public function renew(): Response
    {
        $name = $this->visit->account()->account;
        try {
            $this->visit->client->refreshToken($name);
            $notice = new Notice('success', 'renewed.done', ['account' => $name], $name);
        } catch (GraphException $failure) {
            $notice = new Notice(
                'error',
                'renewed.failed',
                ['account' => $name],
                $name,
                $failure instanceof SignInRequiredException,
                Notice::problem($failure->getProblem()),
            );
        }
        $this->visit->tell($notice);

        return $this->visit->seeOther();
    }
}
