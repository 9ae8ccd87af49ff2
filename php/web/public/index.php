<?php

/**
 * The account page: the front controller under FPM, and the router of `php -S localhost:8080 -t php/web/public php/web/public/index.php`.
 */

declare(strict_types=1);

use Squeeze\Graph\ExtensionClient;
use Squeeze\Graph\Web\Configuration;
use Squeeze\Graph\Web\Request;
use Squeeze\Graph\Web\Response;
use Squeeze\Graph\Web\Session;
use Squeeze\Graph\Web\Site;

require __DIR__ . '/../src/autoload.php';

if (PHP_SAPI === 'cli-server' && in_array(Request::fromGlobals('')->path, ['/style.css', '/page.js', '/icon.svg'], true)) {
    return false;
}

(static function (): void {
    try {
        $configuration = Configuration::load();
        $request = Request::fromGlobals($configuration->basePath);
        $session = null;
        $begin = static function () use (&$session, $configuration, $request): Session {
            return $session = Session::begin($configuration->basePath . '/', $request->isEncrypted());
        };
        $response = (new Site($configuration, new ExtensionClient()))->answer($request, $begin);
        $session?->commit();
    } catch (Throwable $error) {
        // The browser learns nothing of the inside; PHP's error log does.
        error_log(sprintf('account page: %s: %s in %s:%d', $error::class, $error->getMessage(), $error->getFile(), $error->getLine()));
        $response = new Response(500, "The account page has failed. PHP's error log says why.\n", ['Content-Type' => 'text/plain; charset=utf-8']);
    }
    $response->send();
})();
