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
     * @param array<string, mixed> $report
     * @return array<string, string> check to the folder's name
     */
    private static function missing(array $report, Account $account): array
    {
        $settings = $account->toSettings();
        $missing = [];
        foreach ($report['checks'] as $check) {
            $name = $settings[$check['id']] ?? null;
            if (($check['problem']['code'] ?? null) === 'folder_not_found' && is_string($name) && FolderChooser::canBeCreated($name)) {
                $missing[$check['id']] = $name;
            }
        }

        return $missing;
    }
}
