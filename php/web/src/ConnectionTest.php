<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

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
        ]);
    }
}
