<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * What is counted beside time: handshakes in a worker's life, peak memory, what loading costs, requests in flight.
 */
final class Costs
{
    public const NAME = 'costs';

    /** How often a process is started to see what loading costs. */
    private const STARTS = 101;

    public function __construct(private readonly Scene $scene)
    {
    }

    /**
     * @param list<Line> $lines what was measured before
     * @return list<Cost>
     */
    public function measure(array $lines): array
    {
        $bare = $this->peak('plain', '');
        [$load, $memory] = $this->loading();
        $costs = [
            new Cost('loading the extension, processor time', $load * 1e3, 2, 'ms'),
            new Cost('loading the extension, memory', $memory / 1e6, 4, 'MB'),
            new Cost('150 MB mail to a file, peak above PHP\'s own', ($this->large() - $bare) / 1e6, 20, 'MB'),
            new Cost('10,000 messages listed lazily, peak above PHP\'s own', ($this->listing() - $bare) / 1e6, 10, 'MB'),
        ];
        $most = static function (array $names, string $what) use ($lines): ?int {
            $found = array_filter($lines, static fn (Line $line): bool => in_array($line->row->name(), $names, true));

            return $found === [] ? null : max(array_map(static fn (Line $line): int => $line->most('ours', $what), $found));
        };
        $counts = [
            ['TLS handshakes in a worker\'s life, sequential calls', $most(['fpm-refresh', 'fpm-stored'], 'handshakes'), 2],
            ['TLS handshakes, downloads side by side', $most(['download', 'import'], 'handshakes'), 5],
            ['requests in flight on one mailbox', $most(['folders', 'list', 'download', 'move', 'import'], 'inFlight'), 4],
        ];
        foreach ($counts as [$what, $count, $most]) {
            if ($count !== null) {
                $costs[] = new Cost($what, $count, $most, '');
            }
        }
        foreach ($costs as $cost) {
            fwrite(STDERR, $cost->told() . "\n");
        }

        return $costs;
    }

    /** @return array{float, int} seconds of processor time and bytes that a process needs more with the extension than without */
    private function loading(): array
    {
        $times = ['ours' => [], 'plain' => []];
        $memory = ['ours' => [], 'plain' => []];
        for ($start = 0; $start < self::STARTS; $start++) {
            foreach (['ours', 'plain'] as $way) {
                $command = [...Process::command($way, $this->scene->store(), $this->scene->server->ca, true), '-r', ''];
                $cpu = Process::cpuOfChildren();
                Process::run($command);
                $times[$way][] = Process::cpuOfChildren() - $cpu;
                $memory[$way][] = (float) $this->resident($way);
            }
        }

        return [Line::median($times['ours']) - Line::median($times['plain']), (int) (Line::median($memory['ours']) - Line::median($memory['plain']))];
    }

    private function resident(string $way): int
    {
        $code = 'preg_match("/^VmRSS:\s+(\d+)/m", file_get_contents("/proc/self/status"), $match); echo 1024 * (int) $match[1];';

        return (int) Process::run([...Process::command($way, $this->scene->store(), $this->scene->server->ca, true), '-r', $code]);
    }

    private function peak(string $way, string $code): int
    {
        $code .= ' preg_match("/^VmHWM:\s+(\d+)/m", file_get_contents("/proc/self/status"), $match); echo 1024 * (int) $match[1];';

        return (int) Process::run([...Process::command($way, $this->scene->store(), $this->scene->server->ca), '-r', $code]);
    }

    private function large(): int
    {
        [$id] = $this->scene->fill(1, 110_000_000);
        $file = $this->scene->newFolder('mails') . '/mail.eml';
        $peak = $this->peak('ours', sprintf('if (Squeeze\Graph\save_mime("%s", "%s", "%s") < 150_000_000) { exit(1); }', Scene::ACCOUNT, $id, $file));
        $this->scene->newFolder('mails');

        return $peak;
    }

    private function listing(): int
    {
        $this->scene->fill(10_000, 2_000);

        return $this->peak('ours', sprintf('$seen = 0; foreach (Squeeze\Graph\list_messages("%s") as $message) { $seen++; } if ($seen !== 10_000) { exit(1); }', Scene::ACCOUNT));
    }
}
