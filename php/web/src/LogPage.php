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

    /** What stands elsewhere in a row, or says nothing to who reads it. */
    private const NO_FACTS = ['time', 'level', 'message', 'account', 'pid', 'store'];

    /** Facts that have a name here, in the order in which they are shown. Others follow as they are written. */
    private const FACTS = [
        'imported', 'rejected', 'left', 'refreshed', 'skipped', 'failed', 'code', 'aadsts', 'status', 'expires_in', 'attempt',
        'correlation_id', 'request_id',
    ];

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

    /** @return array<string, mixed> */
    private function entry(LogRecord $record): array
    {
        $facts = array_diff_key($record->facts, array_flip(self::NO_FACTS));
        $facts = array_filter($facts, static fn (mixed $value): bool => is_scalar($value) && $value !== '');
        $facts = array_replace(array_intersect_key(array_flip(self::FACTS), $facts), $facts);
        $key = 'log.message.' . strtr(strtolower($record->message), ' ', '_');
        $words = $this->visit->words;

        return [
            'time' => $record->time,
            'calm' => in_array($record->level, ['debug', 'info', 'notice'], true),
            'level' => $this->word('log.level.', $record->level),
            'account' => $record->text('account') ?? '',
            'message' => $words->has($key) ? $words->text($key) : $record->message,
            'facts' => array_combine(array_map(fn (int|string $name): string => $this->word('log.fact.', (string) $name), array_keys($facts)), $facts),
        ];
    }

    /** A word of the log in the reader's language, where it is known. */
    private function word(string $prefix, string $word): string
    {
        return $this->visit->words->has($prefix . $word) ? $this->visit->words->text($prefix . $word) : $word;
    }
}
