<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * What is written of one tenant: in its own log, where it has one, and in that of php.ini, into which the job and the
 * import write for all tenants. Each line names its store, and so none is shown to another tenant.
 */
final class TenantLog
{
    private const TALKATIVE = ['debug', 'info'];

    private readonly string $store;
    private readonly string $ownFile;
    private readonly string $ownLevel;
    private readonly string $commonFile;
    private readonly string $commonLevel;

    /**
     * @param array<string, string> $settings of php.ini, whatever the tenant says: `squeeze_graph.…`
     */
    public function __construct(Tenant $tenant, array $settings)
    {
        $setting = static fn (string $name): string => $settings['squeeze_graph.' . $name] ?? '';
        $own = static fn (string $name): string => $tenant->settings['squeeze_graph.' . $name] ?? $setting($name);
        $this->store = $own('store');
        $this->ownFile = $own('log');
        $this->ownLevel = $own('log_level');
        $this->commonFile = $setting('log');
        $this->commonLevel = $setting('log_level');
    }

    /**
     * What php.ini says, below what is in force for a tenant or a call.
     *
     * @return array<string, string>
     */
    public static function settings(): array
    {
        // With details each is an array.
        $value = static fn (mixed $setting): mixed => is_array($setting) ? $setting['global_value'] ?? null : null;
        $settings = [];
        foreach (array_map($value, extension_loaded('squeeze_graph') ? ini_get_all('squeeze_graph') ?: [] : []) as $name => $text) {
            $settings[(string) $name] = is_string($text) ? $text : '';
        }

        return $settings;
    }

    /** Why there is nothing to be read: a key of the language files; null: there may be. */
    public function trouble(): ?string
    {
        $files = $this->files();

        return match (true) {
            $this->ownFile === '' && $this->commonFile === '' => 'log.off',
            $files === [] => 'log.stderr',
            array_filter($files, is_file(...)) === [] => 'log.empty',
            array_filter($files, is_readable(...)) === [] => 'log.unreadable',
            default => null,
        };
    }

    /** What is missing in it: a key of the language files; null: nothing. */
    public function gap(): ?string
    {
        return match (true) {
            $this->files() === [] => null,
            $this->commonFile === '' || $this->commonFile === 'stderr' => 'log.web_only',
            !in_array($this->commonLevel, self::TALKATIVE, true), !in_array($this->ownLevel, self::TALKATIVE, true) => 'log.quiet',
            default => null,
        };
    }

    /**
     * The newest first. Single answers of Graph, which are written at the level debug, are left out.
     *
     * @return list<LogRecord>
     */
    public function newest(int $limit): array
    {
        $records = [];
        foreach ($this->files() as $file) {
            $records = [...$records, ...(new LogFile($file))->newest($limit, $this->isOurs(...))];
        }
        usort($records, static fn (LogRecord $one, LogRecord $other): int => strcmp($other->time, $one->time));

        return array_slice($records, 0, $limit);
    }

    /** @return list<string> */
    private function files(): array
    {
        return array_values(array_unique(array_filter(
            [$this->ownFile, $this->commonFile],
            static fn (string $file): bool => $file !== '' && $file !== 'stderr',
        )));
    }

    private function isOurs(LogRecord $record): bool
    {
        $store = $record->text('store');

        return $record->level !== 'debug' && $store !== null && self::path($store) === self::path($this->store);
    }

    /** One store may be named in several ways: as it is, and through a symbolic link. */
    private static function path(string $store): string
    {
        $path = realpath($store);

        return $path === false ? $store : $path;
    }
}
