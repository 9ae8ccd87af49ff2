<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * All figures, as a table in Markdown.
 */
final class Report implements \JsonSerializable
{
    private const BEGIN = '<!-- speed: begin (tools/bench --write) -->';
    private const END = '<!-- speed: end -->';
    /** Here, and not in the README, so that it stands there only once there is a chart. */
    private const CHART = '![How long the jobs take, beside scripts with ext-curl](docs/speed.svg)';

    /**
     * @param list<Line> $lines
     * @param list<Cost> $costs
     */
    public function __construct(public readonly array $lines, public readonly array $costs, private readonly Options $options)
    {
    }

    public function holds(): bool
    {
        return !in_array(false, array_map(static fn (Line|Cost $one): bool => $one->holds(), [...$this->lines, ...$this->costs]), true);
    }

    public function text(): string
    {
        $text = '';
        if ($this->lines !== []) {
            $text .= "| job | distance | squeeze_graph | plain curl | with `\$batch` and curl_multi | ratio | at most | requests | connections | handshakes | peak memory |\n"
                . "|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
            foreach ($this->lines as $line) {
                $text .= $this->line($line);
            }
        }
        if ($this->costs !== []) {
            $text .= ($text === '' ? '' : "\n") . "| beside time | is | at most |\n|---|--:|--:|\n";
            foreach ($this->costs as $cost) {
                $text .= sprintf("| %s | %s | %s |\n", $cost->what, $cost->holds() ? $cost->text() : "**{$cost->text()}**", trim($cost->most . ' ' . $cost->unit));
            }
        }

        return $text;
    }

    /** A text with the chart and the table between the markers. */
    public function into(string $text): string
    {
        $begin = strpos($text, self::BEGIN);
        $end = strpos($text, self::END);
        if ($begin === false || $end === false) {
            throw new \RuntimeException('README.md has no place for the table: ' . self::BEGIN);
        }

        return substr($text, 0, $begin + strlen(self::BEGIN)) . "\n" . self::CHART . "\n\n" . $this->text() . substr($text, $end);
    }

    private function line(Line $line): string
    {
        $both = static fn (callable $figure): string => implode(' : ', array_map($figure, ['ours', 'plain']));
        $ratio = sprintf('%.2f', $line->ratio());

        return sprintf(
            "| %s | %d ms | %s | %s | %s | %s | %s | %s | %s | %s | %s MB |\n",
            $line->row->title(),
            $line->latency,
            Line::time($line->seconds('ours')),
            Line::time($line->seconds('plain')),
            $line->has('batch') ? Line::time($line->seconds('batch')) : '',
            $line->holds() ? $ratio : "**{$ratio}**",
            $line->target() ?? '',
            $both(static fn (string $way): string => (string) $line->first($way)->requests()),
            $both(static fn (string $way): string => (string) $line->first($way)->connections()),
            $both(static fn (string $way): string => (string) $line->first($way)->handshakes()),
            $both(static fn (string $way): string => sprintf('%.0f', $line->most($way, 'peak') / 1e6)),
        );
    }

    public function jsonSerialize(): mixed
    {
        return ['rounds' => $this->options->rounds, 'http2' => $this->options->http2, 'rows' => $this->lines, 'costs' => $this->costs, 'holds' => $this->holds()];
    }
}
