<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\SignInFailedException;

/**
 * The way to Microsoft and back.
 */
final class SignIn
{
    public function __construct(private readonly Visit $visit)
    {
    }

    /** Leads to Microsoft by a page of our own: see {@see Response}. */
    public function begin(): Response
    {
        $account = $this->visit->account();
        // The redirect URI may have been another when the account was saved by somebody else; Microsoft compares it letter by letter.
        $redirectUri = $this->visit->configuration->redirectUri($this->visit->request);
        if ($account->redirectUri !== $redirectUri) {
            $this->visit->client->saveAccount($account->account, ['redirect_uri' => $redirectUri]);
        }
        $url = $this->visit->client->authorizationUrl(
            $account->account,
            $this->visit->session->signInValue(),
            route: $this->visit->tenant->name,
        );

        return $this->visit->page('leaving', ['account' => $account, 'url' => $url]);
    }

    /** Takes the callback, and shows its outcome on a page without code and state in its address. */
    public function finish(): Response
    {
        try {
            $status = $this->visit->client->exchangeCode($this->visit->request->query, $this->visit->session->signInValue());
        } catch (SignInFailedException $failure) {
            $account = $failure->getAccount();
            $text = $account === null ? 'sign_in.failed_unknown' : 'sign_in.' . $failure->getReason();
            $this->visit->tell(new Notice(
                'error',
                $this->visit->words->has($text) ? $text : 'sign_in.failed',
                ['account' => $account ?? ''],
                $account,
                $account !== null,
                Notice::problem($failure->getProblem()),
            ));

            return $this->visit->seeOther();
        }
        $this->visit->tell(new Notice(
            'success',
            'sign_in.done',
            ['account' => $status->account, 'person' => $status->signedInAs ?? ''],
            $status->account,
        ));

        return $this->visit->seeOther();
    }
}
