<?php

declare(strict_types=1);

namespace Squeeze\Graph\Testing;

use PHPUnit\Framework\Attributes\After;
use PHPUnit\Framework\Attributes\Before;
use Squeeze\Graph\TokenStatus;

use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\exchange_code;
use function Squeeze\Graph\save_account;

/**
 * For PHPUnit tests that run the extension against the sandbox: each test has a store of its own and a sandbox as it is
 * after its start. One sandbox serves all tests of the process.
 *
 * PHP has to be started with `-d squeeze_graph.custom_endpoints=1`, which can not be set later.
 *
 * ```php
 * final class ImporterTest extends TestCase
 * {
 *     use WithSandbox;
 *
 *     public function testAnInvoiceIsTaken(): void
 *     {
 *         $this->signedInAccount('invoices');
 *         $this->sandbox()->deliver(Sandbox::USER, Mail::mime('Invoice 17', ['17.pdf' => '%PDF']));
 *         // … run the importer, look at list_messages('invoices', '/Verarbeitet')
 *     }
 * }
 * ```
 */
trait WithSandbox
{
    private static ?Sandbox $sandbox = null;
    private ?string $storeFolder = null;

    protected function sandbox(): Sandbox
    {
        return self::$sandbox ??= new Sandbox();
    }

    /**
     * Saves an account at the sandbox and signs it in.
     *
     * @param array<string, mixed> $settings as save_account() takes them, on top of {@see Sandbox::settings()}
     */
    protected function signedInAccount(string $account, array $settings = []): TokenStatus
    {
        save_account($account, $this->sandbox()->settings($settings));
        $session = bin2hex(random_bytes(16));

        return exchange_code($this->sandbox()->signIn(authorization_url($account, $session)), $session);
    }

    /** @before */
    #[Before]
    public function beginWithSandbox(): void
    {
        if (!filter_var(ini_get('squeeze_graph.custom_endpoints'), FILTER_VALIDATE_BOOL)) {
            throw new \LogicException(
                'Tests with the sandbox need the extension and: php -d squeeze_graph.custom_endpoints=1 vendor/bin/phpunit',
            );
        }
        $this->storeFolder = sys_get_temp_dir() . '/squeeze-graph-' . bin2hex(random_bytes(8));
        mkdir($this->storeFolder, 0700);
        ini_set('squeeze_graph.store', $this->storeFolder . '/store.sqlite');
        // A key of its own: that of this machine, if php.ini names one, is for no store of a test.
        ini_set('squeeze_graph.key_file', '');
        $this->sandbox()->reset();
    }

    /** @after */
    #[After]
    public function endWithSandbox(): void
    {
        ini_restore('squeeze_graph.store');
        ini_restore('squeeze_graph.key_file');
        if ($this->storeFolder !== null) {
            array_map(unlink(...), array_filter(glob($this->storeFolder . '/*') ?: [], is_file(...)));
            rmdir($this->storeFolder);
            $this->storeFolder = null;
        }
    }
}
