<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * What the extension has written down of refreshes, sign-ins and imports, newest first.
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
        $path = $visit->tenant->log() ?? (string) ini_get('squeeze_graph.log');
        $level = $visit->tenant->settings['squeeze_graph.log_level'] ?? (string) ini_get('squeeze_graph.log_level');
        $trouble = match (true) {
            $path === '' => 'log.off',
            $path === 'stderr' => 'log.stderr',
            !$visit->configuration->ownsLog($visit->tenant) => 'log.shared',
            !is_file($path) => 'log.empty',
            !is_readable($path) => 'log.unreadable',
            default => null,
        };
        $entries = $trouble === null ? (new LogFile($path))->newest(self::SHOWN) : [];

        return $visit->page('log', [
            'trouble' => $trouble ?? ($entries === [] ? 'log.empty' : null),
            'quiet' => !in_array($level, ['debug', 'info'], true),
            'entries' => array_map($this->entry(...), $entries),
            'accounts' => $visit->client->listAccounts(),
        ]);
    }

    /**
     * @param array<string, mixed> $record
     * @return array<string, mixed>
     */
    private function entry(array $record): array
    {
        $facts = array_diff_key($record, array_flip(['time', 'level', 'message', 'account', 'pid']));
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
