<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * The ratios as bars, in SVG: how long ours takes of what the plain script takes.
 */
final class Chart
{
    private const WIDTH = 840;
    private const LEFT = 410;
    private const BAR = 360;
    private const STEP = 34;

    public function __construct(private readonly Report $report)
    {
    }

    public function svg(): string
    {
        $groups = [];
        foreach ($this->report->lines as $line) {
            $groups[$line->row->title()][$line->latency] = $line;
        }
        $body = '';
        $y = 58;
        foreach ($groups as $title => $lines) {
            $body .= self::text(self::LEFT - 10, $y + 16, $title, 'end');
            $top = $y;
            foreach ($lines as $latency => $line) {
                $body .= $this->bar($line, $top, $latency === 0 ? '#8fb3d9' : '#1f5f9f');
                $top += 13;
            }
            $y += self::STEP;
        }
        $height = $y + 34;
        $edge = self::LEFT + self::BAR;

        return implode("\n", [
            sprintf('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %1$d %2$d" font-family="sans-serif" font-size="12" role="img" aria-label="Time as a share of a plain curl script">', self::WIDTH, $height),
            '<rect width="100%" height="100%" fill="#ffffff"/>',
            self::text(16, 24, 'Time that squeeze_graph takes, as a share of a sequential curl script (shorter is better)', 'start', 'bold'),
            sprintf('<rect x="%d" y="36" width="10" height="10" fill="#1f5f9f"/>', self::LEFT),
            self::text(self::LEFT + 15, 45, '30 ms away'),
            sprintf('<rect x="%d" y="36" width="10" height="10" fill="#8fb3d9"/>', self::LEFT + 100),
            self::text(self::LEFT + 115, 45, '0 ms away'),
            sprintf('<path d="M%d 36h6" stroke="#c0392b" stroke-width="2"/>', self::LEFT + 196),
            self::text(self::LEFT + 206, 45, 'target'),
            sprintf('<path d="M%1$d 52V%2$d" stroke="#999999" stroke-dasharray="3 3"/>', $edge, $y),
            self::text($edge, $y + 18, 'curl = 1', 'middle'),
            rtrim($body),
            '</svg>',
            '',
        ]);
    }

    private function bar(Line $line, int $y, string $colour): string
    {
        $scale = static fn (float $ratio): float => self::BAR * min($ratio, 1.08);
        $length = max(1.0, $scale($line->ratio()));
        $bar = sprintf('<rect x="%d" y="%d" width="%.1f" height="11" fill="%s"/>', self::LEFT, $y, $length, $colour) . "\n";
        if ($line->target() !== null) {
            $bar .= sprintf('<path d="M%.1f %dv11" stroke="#c0392b" stroke-width="2"/>', self::LEFT + $scale($line->target()), $y) . "\n";
        }

        return $bar . self::text((int) (self::LEFT + max($length, $scale($line->target() ?? 0)) + 6), $y + 10, sprintf('%.2f', $line->ratio()));
    }

    private static function text(int $x, int $y, string $text, string $anchor = 'start', string $weight = 'normal'): string
    {
        return sprintf('<text x="%d" y="%d" text-anchor="%s" font-weight="%s" fill="#222222">%s</text>', $x, $y, $anchor, $weight, htmlspecialchars($text, ENT_XML1)) . "\n";
    }
}
