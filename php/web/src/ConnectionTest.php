<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\Account;

/**
 * Tests the connection and shows every step. The report waits in the session, so that a reload does not test again.
 */
final class ConnectionTest
{
    public function __construct(private readonly Visit $visit)
    {
    }

    public function run(): Response
    {
        $name = $this->visit->account()->account;
        $report = $this->visit->client->testConnection($name);
        $this->visit->session->set('report', [
            'tenant' => $this->visit->tenant->name,
            'account' => $name,
            'at' => gmdate(DATE_ATOM),
            'report' => $report->jsonSerialize(),
        ]);

        return $this->visit->seeOther('test', ['account' => $name]);
    }

    public function show(): Response
    {
        $account = $this->visit->account();
        $kept = $this->visit->session->get('report');
        $ours = is_array($kept) && $kept['account'] === $account->account && $kept['tenant'] === $this->visit->tenant->name;

        return $this->visit->page('test', [
            'account' => $account,
            'report' => $ours ? $kept['report'] : null,
            'at' => $ours ? $kept['at'] : null,
            'missing' => $ours ? self::missing($kept['report'], $account) : [],
        ]);
    }

    /**
     * Folders that the test has not found and that can be made.
     *
     * @param mixed $report as it was kept
     * @return array<string, string> check to the folder's name
     */
    private static function missing(mixed $report, Account $account): array
    {
        $settings = $account->toSettings();
        $missing = [];
        foreach (is_array($report) && is_array($report['checks'] ?? null) ? $report['checks'] : [] as $check) {
            $id = is_array($check) ? $check['id'] ?? null : null;
            $name = is_string($id) ? $settings[$id] ?? null : null;
            if (is_string($id) && is_string($name) && self::isNotFound($check) && FolderChooser::canBeCreated($name)) {
                $missing[$id] = $name;
            }
        }

        return $missing;
    }

    private static function isNotFound(mixed $check): bool
    {
        $problem = is_array($check) ? $check['problem'] ?? null : null;

        return is_array($problem) && ($problem['code'] ?? null) === 'folder_not_found';
    }
}
