<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\ConnectionReport;
use Squeeze\Graph\GraphException;

/**
 * The connection test: account, token, the three folders.
 *
 * @internal
 */
final class ConnectionTest
{
    /** @var list<array<string, mixed>> */
    private array $checks = [];

    /** @param \Closure(string): Mailbox $open the mailbox of an account whose token is good */
    public function __construct(private readonly Accounts $accounts, private readonly \Closure $open)
    {
    }

    public function run(string $account): ConnectionReport
    {
        $this->check('account', fn (): string => $this->accounts->get($account)->account);
        if ($this->accounts->has($account)) {
            $this->check('token', fn (): string => ($this->open)($account)::class);
            $found = [];
            foreach (['folder_inbox', 'folder_processed', 'folder_error'] as $setting) {
                $this->check($setting, function () use ($account, $setting, &$found): string {
                    $name = $this->accounts->settings($account)->text($setting)
                        ?? throw Problems::configuration($account, 'folder_not_set', sprintf('The setting "%s" is not set.', $setting));
                    $folder = ($this->open)($account)->find($name);
                    if (in_array($folder->id, $found, true)) {
                        throw ImportFolders::namedTwice($account, $folder);
                    }
                    $found[] = $folder->id;

                    return $folder->path;
                });
            }
        }

        return ConnectionReport::fromArray([
            'ok' => !in_array('failed', array_column($this->checks, 'status'), true),
            'checks' => $this->checks,
        ]);
    }

    /** @param \Closure(): string $look what it says where all is well */
    private function check(string $id, \Closure $look): void
    {
        try {
            $this->checks[] = ['id' => $id, 'label' => $id, 'status' => 'ok', 'detail' => $look()];
        } catch (GraphException $failure) {
            $problem = $failure->getProblem();
            // Only an import needs all three folders.
            $status = $problem->code === 'folder_not_set' ? 'warning' : 'failed';
            $this->checks[] = ['id' => $id, 'label' => $id, 'status' => $status, 'detail' => $problem->explanation, 'problem' => $problem];
        }
    }
}
