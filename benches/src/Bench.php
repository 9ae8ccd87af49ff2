<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * Runs the rows, the ways of each in turn, so that whatever else the machine does meets them alike.
 */
final class Bench
{
    public const WAYS = ['ours', 'plain', 'batch'];

    public function __construct(private readonly Options $options, private readonly string $folder)
    {
    }

    public function run(): Report
    {
        $server = new Server($this->folder, $this->options->http2);
        $lines = [];
        foreach ($this->options->latencies as $latency) {
            $server->setLatency($latency);
            foreach (Rows::all() as $row) {
                // A target that is not set for a latency has no row there.
                if ($this->options->wants($row->name()) && ($this->options->rows !== [] || isset($row->targets()[$latency]))) {
                    $lines[] = $this->row($server, $row, $latency);
                }
            }
        }
        $server->setLatency(0);
        $costs = $this->options->wants(Costs::NAME) ? (new Costs(new Scene($server, $this->folder)))->measure($lines) : [];

        return new Report($lines, $costs, $this->options);
    }

    private function row(Server $server, Row $row, int $latency): Line
    {
        $scene = new Scene($server, $this->folder);
        $row->setUp($scene);
        $ways = array_filter(self::WAYS, static fn (string $way): bool => $way !== 'batch' || $row->hasBatch());
        $runs = [];
        $rounds = min($this->options->rounds, $row->mostRounds());
        for ($round = 0; $round < $rounds; $round++) {
            // Each way comes first in turn.
            foreach ($round % 2 === 0 ? $ways : array_reverse($ways) as $way) {
                $run = $row->run($scene, $way);
                $expected = ($runs['ours'] ?? $runs['plain'] ?? $runs['batch'] ?? [])[0] ?? $run;
                if ($run->result != $expected->result) {
                    throw new \RuntimeException(sprintf("%s: %s came to another result:\n%s\n%s", $row->name(), $way, self::excerpt($expected->result), self::excerpt($run->result)));
                }
                $runs[$way][] = $run;
            }
        }
        $line = new Line($row, $latency, $runs);
        fwrite(STDERR, $line->told() . "\n");

        return $line;
    }

    private static function excerpt(mixed $result): string
    {
        return substr(json_encode($result, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), 0, 2_000);
    }
}
