<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * How the last renewal of each account went, which the store knows, and what the extension has written down of renewals,
 * sign-ins and imports, newest first.
 */
final class LogPage
{
    private const SHOWN = 100;

    public function __construct(private readonly Visit $visit)
    {
    }

    public function show(): Response
    {
        $visit = $this->visit;
        $log = new TenantLog($visit->tenant, TenantLog::settings());
        $trouble = $log->trouble();
        $entries = $trouble === null ? $log->newest(self::SHOWN) : [];

        return $visit->page('log', [
            'trouble' => $trouble ?? ($entries === [] ? 'log.empty' : null),
            'gap' => $log->gap(),
            'entries' => array_map($this->entry(...), $entries),
            'rows' => AccountList::rows($visit),
        ]);
    }

    /**
     * @param array<string, mixed> $record
     * @return array<string, mixed>
     */
    private function entry(array $record): array
    {
        $facts = array_diff_key($record, array_flip(['time', 'level', 'message', 'account', 'pid', 'store']));
        $key = 'log.message.' . strtr(strtolower((string) $record['message']), ' ', '_');

        return [
            'time' => $record['time'],
            'level' => $record['level'],
            'account' => is_string($record['account'] ?? null) ? $record['account'] : '',
            'message' => $this->visit->words->has($key) ? $this->visit->words->text($key) : (string) $record['message'],
            'facts' => array_filter($facts, static fn (mixed $value): bool => is_scalar($value) && $value !== ''),
        ];
    }
}
