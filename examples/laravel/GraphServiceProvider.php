<?php

declare(strict_types=1);

namespace Example\Laravel;

use Illuminate\Support\ServiceProvider;
use Squeeze\Graph\Client;
use Squeeze\Graph\ExtensionClient;

/**
 * For bootstrap/providers.php. A test replaces the client: $this->app->instance(Client::class, new FakeClient()).
 */
final class GraphServiceProvider extends ServiceProvider
{
    public function register(): void
    {
        $this->app->singleton(Client::class, ExtensionClient::class);
    }

    public function boot(): void
    {
        // Laravel's logger is PSR-3: what the extension has to say goes where the application's log goes.
        $this->app->make(Client::class)->setLogger($this->app->make('log')->log(...));
    }
}
