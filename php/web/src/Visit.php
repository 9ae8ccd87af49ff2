<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\Account;
use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\Client;

/**
 * One request with all that a page needs to answer it.
 */
final class Visit
{
    public function __construct(
        public readonly Request $request,
        public readonly Session $session,
        public readonly Client $client,
        public readonly Configuration $configuration,
        public readonly Words $words,
        public readonly Tenant $tenant,
    ) {
    }

    /** @param array<string, string> $query */
    public function url(string $page = '', array $query = []): string
    {
        return $this->configuration->basePath . '/' . $this->tenant->name . '/' . $page
            . ($query === [] ? '' : '?' . http_build_query($query, encoding_type: PHP_QUERY_RFC3986));
    }

    /** @param array<string, string> $query */
    public function seeOther(string $page = '', array $query = []): Response
    {
        return Response::seeOther($this->url($page, $query));
    }

    /** Leaves something for the next page to tell. */
    public function tell(Notice $notice): void
    {
        $this->session->set('notice', $notice->toArray());
    }

    /** @param array<string, mixed> $values */
    public function page(string $template, array $values = [], int $status = 200): Response
    {
        $view = new View($this->words, $this->configuration->timezone);

        return new Response($status, $view->render($template, $values + [
            'base' => $this->configuration->basePath,
            'path' => $this->request->path,
            'back' => $this->back(),
            'csrf' => $this->session->csrf(),
            'tenant' => $this->tenant,
            'several_tenants' => count($this->configuration->tenants) > 1,
            'notice' => Notice::fromSession($this->session->take('notice')),
            'here' => $this->url(),
        ]));
    }

    /** Where the same page is found again, below the base path. */
    private function back(): string
    {
        if ($this->request->isPost()) {
            return '/' . $this->tenant->name . '/';
        }
        $account = $this->request->query('account');

        return $this->request->path . ($account === '' ? '' : '?account=' . rawurlencode($account));
    }

    /**
     * The account that the query or the form names.
     *
     * @throws AccountNotFoundException
     */
    public function account(): Account
    {
        return $this->client->getAccount($this->accountName());
    }

    public function accountName(): string
    {
        return $this->request->isPost() ? $this->request->form('account', trim: false) : $this->request->query('account');
    }
}
