<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Markdown;
use Squeeze\Graph\Tests\Support\Sample;
use Squeeze\Graph\Tests\Support\SampleRunner;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\delete_message;
use function Squeeze\Graph\list_messages;

/**
 * What the documentation shows is so: samples run in the order of their page, what they print is what stands below them,
 * links lead somewhere, names exist.
 *
 * A page starts with the account `invoices`, signed in at the sandbox, and three mails in its inbox; they come again when
 * a sample has left another number there. The info string of a block says what it is:
 *
 * - `php`: runs as a script of its own. `php empty-store`: with a store that does not exist yet. `php callback`: as the page
 *   behind the redirect URI. `php phpunit`: a test class, run by PHPUnit. `php file:NAME.php`: the name under which commands
 *   below find it.
 * - `text output`: what the sample above it prints.
 * - `console`: lines after `$ ` run in bash, those between are what they print. A command may fail if `echo $?` follows.
 * - `ini`, `json`, `sql`, `cron`, `systemd`, `nginx`, `apache`: is read, and what it names has to exist.
 * - `text`: nothing to run.
 * - `no-run` and a reason, after any of them: it can not run here; PHP is still parsed.
 *
 * `…` stands for anything; times and durations are never compared.
 */
final class DocumentationTest extends GraphTestCase
{
    /** Words that may follow a language. */
    private const INFO = [
        'php' => ['empty-store', 'callback', 'phpunit'],
        'text' => ['output'],
        'console' => [], 'ini' => [], 'json' => [], 'sql' => [], 'cron' => [], 'systemd' => [], 'nginx' => [], 'apache' => [],
    ];

    /**
     * @dataProvider pagesWithSamples
     */
    public function testTheSamplesOfAPageRunInTheirOrder(string $page): void
    {
        $this->signedIn();
        $runner = new SampleRunner($this->sandbox, $this->folder, str_starts_with($page, 'docs/de/') ? 'de' : 'en');
        $failures = [];
        foreach ((new Markdown($page))->samples as $sample) {
            self::assertArrayHasKey($sample->language, self::INFO, sprintf('%s: ```%s is unknown', $sample->place(), $sample->info));
            $words = preg_grep('/^file:[a-z-]+\.php$/', $sample->words, PREG_GREP_INVERT);
            self::assertSame([], array_diff($words, self::INFO[$sample->language]), sprintf('%s: ```%s has an unknown word', $sample->place(), $sample->info));
            if ($sample->reason !== null) {
                self::assertNotSame('', $sample->reason, $sample->place() . ': no-run needs a reason');
            }
            $this->fillInbox();
            $failure = $runner->run($sample);
            if ($failure !== null) {
                $failures[] = sprintf('%s: %s', $sample->place(), $failure);
            }
        }
        self::assertCount(0, $failures, implode("\n\n", $failures));
    }

    /**
     * So that a look at the names of the tests shows what was not run.
     *
     * @dataProvider unrunSamples
     */
    public function testASampleThatDoesNotRunSaysWhy(Sample $sample): void
    {
        self::assertGreaterThan(1, str_word_count((string) $sample->reason), $sample->place());
    }

    /**
     * @dataProvider pages
     */
    public function testTheLinksOfAPageLeadSomewhere(string $page): void
    {
        $markdown = new Markdown($page);
        foreach ($markdown->links() as $link) {
            [$path, $anchor] = explode('#', $link, 2) + [1 => ''];
            $target = $path === '' ? Markdown::ROOT . '/' . $page : Markdown::ROOT . '/' . dirname($page) . '/' . rawurldecode($path);
            self::assertFileExists($target, sprintf('%s links to %s', $page, $link));
            if ($anchor !== '') {
                $inRepository = substr((string) realpath($target), strlen((string) realpath(Markdown::ROOT)) + 1);
                self::assertContains(rawurldecode($anchor), (new Markdown($inRepository))->anchors(), sprintf('%s links to %s', $page, $link));
            }
        }
        self::assertNotSame('', $markdown->prose);
    }

    /**
     * @dataProvider pages
     */
    public function testSettingsAndFunctionsThatAPageNamesExist(string $page): void
    {
        $settings = ini_get_all('squeeze_graph', false);
        foreach ((new Markdown($page))->code() as $code) {
            preg_match_all('/\bsqueeze_graph\.(?!so\b|ini\b|stub\b)[a-z_]+/', $code, $named);
            foreach ($named[0] as $name) {
                self::assertArrayHasKey($name, $settings, sprintf('%s names %s', $page, $code));
            }
            if (preg_match('/^([a-z]+(?:_[a-z]+)+)\(/', $code, $function) === 1) {
                $known = function_exists('Squeeze\\Graph\\' . $function[1]) || function_exists($function[1]);
                self::assertTrue($known, sprintf('%s names %s', $page, $code));
            }
        }
        $this->addToAssertionCount(1);
    }

    public function testEveryPageStandsInTheSummaryOnce(): void
    {
        $linked = array_map(
            static fn (string $link): string => str_starts_with($link, '../') ? substr($link, 3) : 'docs/' . $link,
            (new Markdown('docs/SUMMARY.md'))->links(),
        );
        self::assertEqualsCanonicalizing(array_diff(Markdown::pages(), ['docs/SUMMARY.md']), $linked);
    }

    /**
     * @dataProvider outputs
     */
    public function testWhatASamplePrintsIsCompared(string $shown, string $printed, bool $same): void
    {
        self::assertSame($same, SampleRunner::difference($shown, $printed) === null);
    }

    /**
     * @return iterable<string, array{string, string, bool}>
     */
    public function outputs(): iterable
    {
        yield 'the same' => ["a\nb\n", "a\nb\n", true];
        yield 'another line' => ["a\nb\n", "a\nc\n", false];
        yield 'a line too few' => ["a\n", "a\nb\n", false];
        yield 'a line too many' => ["a\nb\n", "a\n", false];
        yield 'an ellipsis in a line' => ["a … d\n", "a b c d\n", true];
        yield 'an ellipsis in a line ends with it' => ["a …\n", "a b\nc\n", false];
        yield 'a line that is an ellipsis' => ["a\n…\nd\n", "a\nb\nc\nd\n", true];
        yield 'widths of columns' => ["a    b\n", "a b\n", true];
        yield 'times' => ["until 2026-11-24 21:25 UTC\n", "until 2031-01-02 03:04 UTC\n", true];
        yield 'durations' => ["ends in 59 min\n", "ends in 1 h 2 min\n", true];
        yield 'other numbers' => ["2 mails\n", "3 mails\n", false];
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function pages(): iterable
    {
        foreach (Markdown::pages() as $page) {
            yield $page => [$page];
        }
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function pagesWithSamples(): iterable
    {
        foreach (Markdown::pages() as $page) {
            if ((new Markdown($page))->samples !== []) {
                yield $page => [$page];
            }
        }
    }

    /**
     * @return iterable<string, array{Sample}>
     */
    public function unrunSamples(): iterable
    {
        foreach (Markdown::pages() as $page) {
            foreach ((new Markdown($page))->samples as $sample) {
                if ($sample->reason !== null) {
                    yield sprintf('%s, %s: %s', $sample->place(), $sample->language, $sample->reason) => [$sample];
                }
            }
        }
    }

    private function fillInbox(): void
    {
        $messages = list_messages('invoices');
        if ($messages->total() === 3) {
            return;
        }
        foreach ($messages as $message) {
            delete_message('invoices', $message->id);
        }
        $this->sandbox->deliver(World::USER, Mail::mime('Invoice 2026-17', ['2026-17.pdf' => '%PDF']));
        $this->sandbox->deliver(World::USER, Mail::mime('Scans', ['unreadable.zip' => 'PK']));
        $this->sandbox->deliver(World::USER, Mail::mime('Out of office: on holiday'));
    }
}
