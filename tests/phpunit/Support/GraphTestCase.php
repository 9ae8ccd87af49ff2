<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\TokenStatus;

use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\exchange_code;
use function Squeeze\Graph\save_account;

/**
 * A test with a store of its own and the sandbox as it is after its start.
 */
abstract class GraphTestCase extends TestCase
{
    protected const SESSION = 'browser-of-the-administrator';

    protected Sandbox $sandbox;
    protected string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/squeeze-graph-' . bin2hex(random_bytes(6));
        mkdir($this->folder, 0700);
        ini_set('squeeze_graph.store', $this->folder . '/store.sqlite');
        ini_set('squeeze_graph.retry_budget', '5');
        ini_set('squeeze_graph.timeout', '5');
        $this->sandbox = Sandbox::shared();
        $this->sandbox->reset();
    }

    protected function tearDown(): void
    {
        foreach (['store', 'key_file', 'retry_budget', 'timeout', 'language', 'log', 'log_level', 'concurrency'] as $name) {
            ini_restore('squeeze_graph.' . $name);
        }
        self::remove($this->folder);
    }

    /**
     * The settings of an account at the sandbox.
     *
     * @param array<string, mixed> $changes
     * @return array<string, mixed>
     */
    protected function settings(array $changes = []): array
    {
        return $changes + [
            'tenant_id' => World::TENANT,
            'client_id' => World::CLIENT,
            'client_secret' => World::SECRET,
            'redirect_uri' => World::REDIRECT_URI,
            'user' => World::USER,
            'folder_inbox' => 'wellknown:inbox',
            'folder_processed' => '/Verarbeitet',
            'folder_error' => '/Fehler',
            'authority_url' => $this->sandbox->about('authority_url'),
            'graph_url' => $this->sandbox->about('graph_url'),
        ];
    }

    /**
     * @param array<string, mixed> $changes
     */
    protected function account(string $name = 'invoices', array $changes = []): string
    {
        save_account($name, $this->settings($changes));

        return $name;
    }

    /**
     * @param array<string, string|true> $options of the sandbox's sign-in
     */
    protected function signIn(string $account, array $options = []): TokenStatus
    {
        return exchange_code($this->redirected($account, $options), self::SESSION);
    }

    /**
     * @param array<string, string|true> $options
     * @return array<string, string>
     */
    protected function redirected(string $account, array $options = []): array
    {
        return $this->sandbox->signIn(authorization_url($account, self::SESSION), $options);
    }

    /**
     * An account that is signed in.
     *
     * @param array<string, mixed> $changes
     */
    protected function signedIn(string $name = 'invoices', array $changes = []): string
    {
        $this->account($name, $changes);
        $this->signIn($name);

        return $name;
    }

    /**
     * Lets this process have the store open no longer, as before every fork. To start another program is a fork for PHP 8.2, and for 8.4
     * it is none.
     */
    protected static function closeStore(): void
    {
        $pid = pcntl_fork();
        if ($pid === 0) {
            // Nothing of PHPUnit may run twice.
            posix_kill(getmypid(), SIGKILL);
        }
        pcntl_waitpid($pid, $status);
    }

    /**
     * @template T of \Throwable
     * @param class-string<T> $class
     * @return T
     */
    protected function thrown(string $class, callable $run): \Throwable
    {
        try {
            $run();
        } catch (\Throwable $error) {
            self::assertInstanceOf($class, $error, sprintf('%s: %s', $error::class, $error->getMessage()));
            if ($error instanceof GraphException) {
                self::assertNotSame('', $error->getMessage());
                self::assertNotSame('', $error->getProblem()->explanation);
                self::assertNotSame('', $error->getProblem()->remedy);
            }

            return $error;
        }
        self::fail(sprintf('%s was not thrown', $class));
    }

    protected static function remove(string $path): void
    {
        if (is_dir($path) && !is_link($path)) {
            @chmod($path, 0700);
            foreach (array_diff(scandir($path), ['.', '..']) as $name) {
                self::remove($path . '/' . $name);
            }
            rmdir($path);
        } elseif (file_exists($path) || is_link($path)) {
            unlink($path);
        }
    }
}
