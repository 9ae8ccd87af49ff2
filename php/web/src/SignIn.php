<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\GraphException;
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
        $account = $this->visit->account()->account;
        $url = $this->visit->client->authorizationUrl(
            $account,
            $this->visit->session->signInValue(),
            route: $this->visit->tenant->name,
            // This sign-in comes back to this page. The account's own may be that of the host's sign-in, and stays.
            redirectUri: $this->visit->configuration->redirectUri($this->visit->request),
        );

        return $this->leave($account, $url);
    }

    /** Lets an administrator consent for the whole tenant, where people may not do so for themselves. */
    public function askAdministrator(): Response
    {
        $account = $this->visit->account()->account;
        $url = $this->visit->client->adminConsentUrl(
            $account,
            $this->visit->session->signInValue(),
            redirectUri: $this->visit->configuration->redirectUri($this->visit->request),
        );
        // This way has no route: see callback() of Site.
        $this->visit->session->set('consent_tenant', $this->visit->tenant->name);

        return $this->leave($account, $url);
    }

    /** Takes the callback, and shows its outcome on a page without code and state in its address. */
    public function finish(): Response
    {
        try {
            $status = $this->visit->client->exchangeCode($this->visit->request->query, $this->visit->session->signInValue());
        } catch (GraphException $failure) {
            $this->visit->tell($this->failed($failure));

            return $this->visit->seeOther();
        }
        $consented = $this->visit->request->query('admin_consent') !== '';
        $this->visit->tell(new Notice(
            'success',
            $consented ? 'consent.done' : 'sign_in.done',
            ['account' => $status->account, 'person' => $status->signedInAs ?? ''],
            $status->account,
            $consented,
        ));

        return $this->visit->seeOther();
    }

    /** Whatever it was, a network that is away too: told on another page, for the code stands in this one's address. */
    private function failed(GraphException $failure): Notice
    {
        $account = $failure->getAccount();
        $reason = $failure instanceof SignInFailedException ? $failure->getReason() : '';
        $text = $account === null ? 'sign_in.failed_unknown' : 'sign_in.' . $reason;

        return new Notice(
            'error',
            $this->visit->words->has($text) ? $text : 'sign_in.failed',
            ['account' => $account ?? ''],
            $account,
            $account !== null && !$failure instanceof AccountNotFoundException,
            Notice::problem($failure->getProblem()),
            $account !== null && $reason === 'consent_required',
        );
    }

    private function leave(string $account, string $url): Response
    {
        return $this->visit->page('leaving', ['account' => $account, 'url' => $url]);
    }
}
