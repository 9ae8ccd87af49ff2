<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\CheckStatus;
use Squeeze\Graph\ConnectionReport;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\test_connection;

final class ConnectionReportTest extends GraphTestCase
{
    public function testAGoodConnectionPassesEveryCheck(): void
    {
        $this->signedIn();
        refresh_tokens();
        $report = test_connection('invoices');
        foreach ($report->checks as $check) {
            self::assertContains($check->status, [CheckStatus::Ok, CheckStatus::Skipped], $check->id . ': ' . $check->detail);
            self::assertNotSame('', $check->label);
        }
        self::assertTrue($report->ok);
        self::assertGreaterThan(10, count($report->checks));
        self::assertEquals($report, ConnectionReport::fromArray(json_decode(json_encode($report), true)));
        self::assertSame(0, $this->sandbox->asked('POST /me'), 'nothing in the mailbox changes');
    }

    public function testAJobThatDoesNotRunIsWarnedOf(): void
    {
        $this->signedIn();
        $report = test_connection('invoices');
        self::assertContains(CheckStatus::Warning, array_column($report->checks, 'status'));
        self::assertTrue($report->ok);
    }

    /**
     * @dataProvider defects
     * @param array<string, ?string> $change
     */
    public function testADefectIsNamedAndNeverThrown(array $change, bool $signIn): void
    {
        $this->account('invoices', $change);
        if ($signIn) {
            $this->signIn('invoices');
        }
        $report = test_connection('invoices');
        self::assertFalse($report->ok);
        $failed = array_values(array_filter($report->checks, static fn ($check): bool => $check->status === CheckStatus::Failed));
        self::assertNotSame([], $failed);
        self::assertNotSame('', $failed[0]->problem->remedy);
    }

    /**
     * @return iterable<string, array{array<string, ?string>, bool}>
     */
    public function defects(): iterable
    {
        yield 'nobody signed in' => [[], false];
        yield 'a folder that is missing' => [['folder_error' => '/Nirgends'], true];
        yield 'a folder twice' => [['folder_error' => '/Verarbeitet'], true];
        yield 'an ambiguous folder' => [['folder_inbox' => 'Rechnungen'], true];
        yield 'a mailbox without rights' => [['mailbox' => World::CLOSED], true];
        yield 'a mailbox that is none' => [['mailbox' => 'nobody@contoso.example'], true];
    }

    public function testAnUnknownAccountIsAFailedCheck(): void
    {
        self::assertFalse(test_connection('nobody')->ok);
    }

    public function testWithoutAStoreTheChecksAreAllThereToo(): void
    {
        $known = array_column(test_connection('nobody')->checks, 'label', 'id');
        ini_set('squeeze_graph.store', $this->folder . '/none/store.sqlite');
        foreach (['without a folder', 'a stream wrapper'] as $case) {
            $report = test_connection('nobody');
            self::assertFalse($report->ok, $case);
            self::assertSame($known, array_column($report->checks, 'label', 'id'), $case);
            self::assertSame(CheckStatus::Failed, $report->checks[0]->status, $case);
            self::assertNotNull($report->checks[0]->problem, $case);
            foreach (array_slice($report->checks, 1) as $check) {
                self::assertSame(CheckStatus::Skipped, $check->status, $case);
                self::assertStringContainsString($report->checks[0]->label, $check->detail, $case);
            }
            ini_set('squeeze_graph.log', 'php://memory');
        }
    }

    public function testAServerThatHangsEndsTheTestInTime(): void
    {
        $this->signedIn();
        $this->sandbox->fault(['path' => '/graph/', 'count' => null, 'delay_ms' => 60_000]);
        $start = microtime(true);
        self::assertFalse(test_connection('invoices')->ok);
        self::assertLessThan(23, microtime(true) - $start);
    }

    public function testTheLabelsAreInTheReadersLanguage(): void
    {
        $this->account();
        $english = array_column(test_connection('invoices')->checks, 'label');
        ini_set('squeeze_graph.language', 'de');
        self::assertNotSame($english, array_column(test_connection('invoices')->checks, 'label'));
    }
}
