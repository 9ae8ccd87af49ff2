<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\Client;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\SignInRequiredException;

/**
 * The account page as a whole: who may ask, which tenant and page are meant, and what is said when something fails.
 */
final class Site
{
    public function __construct(private readonly Configuration $configuration, private readonly Client $client)
    {
    }

    /** @param \Closure(): Session $begin the browser's session; none is begun for who may not come in */
    public function answer(Request $request, \Closure $begin): Response
    {
        $refused = fn (): Response => $this->refusal(
            new Words(Words::preferred($request->header('accept-language'))),
            403,
            $this->configuration->refusal(),
        );
        if (!$this->configuration->allows($request, null)) {
            return $refused();
        }
        $link = $this->configuration->link;
        if ($link?->isUsedBy($request) === true) {
            $link->admit($begin());

            // The token leaves the address.
            return Response::seeOther($this->configuration->basePath . '/');
        }
        if ($link !== null && !Session::isBroughtBy($request)) {
            return $refused();
        }
        $session = $begin();
        if ($link?->hasAdmitted($session) === false) {
            return $refused();
        }
        $language = $session->get('language') ?? $this->configuration->language ?? Words::preferred($request->header('accept-language'));
        $words = new Words(in_array($language, Words::LANGUAGES, true) ? $language : 'en');
        if ($request->isPost() && !$session->allows($request->form('csrf'))) {
            return $this->refusal($words, 403, 'refused.csrf');
        }

        return match ($request->path) {
            '/' => $this->tenants($request, $session, $words),
            '/language' => $this->language($request, $session, $words),
            '/callback' => $this->callback($request, $session, $words),
            default => $this->page($request, $session, $words),
        };
    }

    private function tenants(Request $request, Session $session, Words $words): Response
    {
        $tenants = array_values(array_filter(
            $this->configuration->tenants,
            fn (Tenant $tenant): bool => $this->configuration->allows($request, $tenant->name),
        ));
        if (count($tenants) === 1) {
            return Response::seeOther($this->configuration->basePath . '/' . $tenants[0]->name . '/');
        }

        return $this->bare($words, 200, 'tenants', [
            'tenants' => $tenants,
            'csrf' => $session->csrf(),
            'notice' => Notice::fromSession($session->take('notice')),
        ]);
    }

    private function language(Request $request, Session $session, Words $words): Response
    {
        if (!$request->isPost()) {
            return $this->refusal($words, 405, 'refused.method');
        }
        if (in_array($request->form('to'), Words::LANGUAGES, true)) {
            $session->set('language', $request->form('to'));
        }
        // Only a path of this site: neither `//elsewhere` nor `/\elsewhere`.
        $back = $request->form('back');

        return Response::seeOther($this->configuration->basePath . (preg_match('#^/(?![/\\\\])[^\s\\\\]*$#D', $back) === 1 ? $back : '/'));
    }

    private function callback(Request $request, Session $session, Words $words): Response
    {
        if ($request->isPost()) {
            return $this->refusal($words, 405, 'refused.method');
        }
        // The route tells the tenant, and with it the store, before anything is proven; that store then proves the rest.
        $names = array_keys($this->configuration->tenants);
        $name = $this->client->callbackRoute($request->query) ?? (count($names) === 1 ? (string) $names[0] : null);
        // An administrator's consent has no route; it comes back to the browser that asked for it.
        $asked = $session->get('consent_tenant');
        $name ??= $request->query('admin_consent') !== '' && is_string($asked) ? $asked : '';
        if (!isset($this->configuration->tenants[$name])) {
            // Told on another page: this address has a code, perhaps.
            $session->set('notice', (new Notice('error', 'refused.tenant'))->toArray());

            return Response::seeOther($this->configuration->basePath . '/');
        }

        $finish = static fn (Visit $visit): Response => (new SignIn($visit))->finish();

        return $this->within($name, $finish, $request, $session, $words);
    }

    private function page(Request $request, Session $session, Words $words): Response
    {
        if (preg_match('#^/([a-z0-9-]+)/([a-z-]*)$#D', $request->path, $parts) !== 1) {
            return $this->refusal($words, 404, 'refused.unknown');
        }
        $pages = self::pages();
        $page = $pages[($request->method === 'HEAD' ? 'GET' : $request->method) . ' ' . $parts[2]] ?? null;
        if ($page === null) {
            $known = in_array($parts[2], array_map(static fn (string $key): string => explode(' ', $key)[1], array_keys($pages)), true);

            return $this->refusal($words, $known ? 405 : 404, $known ? 'refused.method' : 'refused.unknown');
        }

        return $this->within($parts[1], $page, $request, $session, $words);
    }

    /**
     * Pages of a tenant, by method and name.
     *
     * @return array<string, \Closure(Visit): Response>
     */
    private static function pages(): array
    {
        return [
            'GET ' => static fn (Visit $visit): Response => (new AccountList($visit))->show(),
            'GET account' => static fn (Visit $visit): Response => (new AccountEditor($visit))->show(),
            'POST account' => static fn (Visit $visit): Response => (new AccountEditor($visit))->save(),
            'GET delete' => static fn (Visit $visit): Response => (new AccountRemoval($visit))->ask(),
            'POST delete' => static fn (Visit $visit): Response => (new AccountRemoval($visit))->delete(),
            'POST sign-in' => static fn (Visit $visit): Response => (new SignIn($visit))->begin(),
            'POST admin-consent' => static fn (Visit $visit): Response => (new SignIn($visit))->askAdministrator(),
            'POST renew' => static fn (Visit $visit): Response => (new Renewal($visit))->renew(),
            'GET test' => static fn (Visit $visit): Response => (new ConnectionTest($visit))->show(),
            'POST test' => static fn (Visit $visit): Response => (new ConnectionTest($visit))->run(),
            'GET folders' => static fn (Visit $visit): Response => (new FolderChooser($visit))->show(),
            'POST folders' => static fn (Visit $visit): Response => (new FolderChooser($visit))->choose(),
            'POST new-folder' => static fn (Visit $visit): Response => (new FolderChooser($visit))->create(),
            'GET log' => static fn (Visit $visit): Response => (new LogPage($visit))->show(),
        ];
    }

    /** @param \Closure(Visit): Response $page */
    private function within(string $name, \Closure $page, Request $request, Session $session, Words $words): Response
    {
        $tenant = $this->configuration->tenants[$name] ?? null;
        if ($tenant === null) {
            return $this->refusal($words, 404, 'refused.tenant');
        }
        if (!$this->configuration->allows($request, $name)) {
            return $this->refusal($words, 403, $this->configuration->refusal());
        }
        $visit = new Visit($request, $session, $this->client, $this->configuration, $words, $tenant);
        $language = self::explanations($words);

        try {
            return $this->client->withSettings($tenant->settings + $language, static function () use ($page, $visit): Response {
                try {
                    return $page($visit);
                } catch (GraphException $failure) {
                    return self::failure($visit, $failure);
                }
            });
        } catch (GraphException $refused) {
            // A setting of the tenant can not be had.
            return $this->client->withSettings($language, static fn (): Response => self::failure($visit, $refused));
        }
    }

    /**
     * The language of what the extension says: the page's, unless the server has fixed one (php_admin_value).
     *
     * @return array<string, string>
     */
    private static function explanations(Words $words): array
    {
        $setting = extension_loaded('squeeze_graph') ? ini_get_all('squeeze_graph')['squeeze_graph.language'] ?? null : null;

        return self::isFixed($setting) ? [] : ['squeeze_graph.language' => $words->language];
    }

    /** @param mixed $setting with its details, as ini_get_all() has them */
    private static function isFixed(mixed $setting): bool
    {
        $access = is_array($setting) ? $setting['access'] ?? null : null;

        return is_int($access) && ($access & INI_USER) === 0;
    }

    /** What no page could make anything of. */
    private static function failure(Visit $visit, GraphException $failure): Response
    {
        $status = match (true) {
            $failure instanceof AccountNotFoundException => 404,
            $failure instanceof SignInRequiredException => 409,
            $failure instanceof ConfigurationException => 500,
            default => 502,
        };

        return $visit->page('failure', [
            'problem' => $failure->getProblem(),
            'sign_in' => $failure instanceof SignInRequiredException ? $failure->getAccount() : null,
        ], $status);
    }

    private function refusal(Words $words, int $status, string $text): Response
    {
        return $this->bare($words, $status, 'refusal', ['text' => $text]);
    }

    /**
     * A page that belongs to no tenant.
     *
     * @param array<string, mixed> $values
     */
    private function bare(Words $words, int $status, string $template, array $values): Response
    {
        $values += ['base' => $this->configuration->basePath, 'path' => '/', 'back' => '/', 'csrf' => null, 'tenant' => null, 'notice' => null];

        return new Response($status, (new View($words, $this->configuration->timezone))->render($template, $values));
    }
}
