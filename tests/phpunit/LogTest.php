<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\get_mime;
use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_folders;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\set_logger;
use function Squeeze\Graph\with_settings;

final class LogTest extends GraphTestCase
{
    protected function tearDown(): void
    {
        set_logger(null);
        parent::tearDown();
    }

    public function testALoggerHearsWhatHappensAndNoSecret(): void
    {
        ini_set('squeeze_graph.log_level', 'debug');
        $entries = [];
        set_logger(static function (string $level, string $message, array $context) use (&$entries): void {
            $entries[] = [$level, $message, $context];
        });
        $this->signedIn();
        refresh_token('invoices');
        $id = $this->sandbox->deliver(World::USER, Mail::mime('confidential subject', ['a.pdf' => 'x'], 'confidential text'));
        get_mime('invoices', $id);
        self::assertNotSame([], $entries);
        $all = json_encode($entries, JSON_THROW_ON_ERROR);
        $token = export_token('invoices');
        foreach ([$token['access_token'], $token['refresh_token'], World::SECRET, 'confidential text'] as $secret) {
            self::assertStringNotContainsString($secret, stripslashes($all));
        }
        $levels = ['emergency', 'alert', 'critical', 'error', 'warning', 'notice', 'info', 'debug'];
        foreach ($entries as [$level, $message]) {
            self::assertContains($level, $levels);
            self::assertNotSame('', $message);
        }
    }

    public function testALogFileHasOneJsonObjectALineAndModeOf0600(): void
    {
        $log = $this->folder . '/graph.log';
        ini_set('squeeze_graph.log', $log);
        ini_set('squeeze_graph.log_level', 'info');
        $this->signedIn();
        $this->sandbox->fault(['path' => '/graph/', 'count' => 1, 'graph' => ['status' => 503, 'code' => 'serviceNotAvailable']]);
        list_folders('invoices');
        self::assertSame('0600', substr(sprintf('%o', fileperms($log)), -4));
        foreach (file($log, FILE_IGNORE_NEW_LINES) as $line) {
            self::assertIsArray(json_decode($line, true, 512, JSON_THROW_ON_ERROR));
        }
        self::assertStringNotContainsString(access_token('invoices'), file_get_contents($log));
    }

    public function testALogTellsHowAnImportEnded(): void
    {
        $log = $this->folder . '/graph.log';
        ini_set('squeeze_graph.log', $log);
        ini_set('squeeze_graph.log_level', 'info');
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('mail', ['a.pdf' => 'x']));
        $this->sandbox->deliver(World::USER, Mail::mime('mail without a file'));
        import_messages('invoices', static fn () => null);
        save_account('invoices', ['folder_error' => '/Nirgends']);
        $this->thrown(GraphException::class, static fn () => import_messages('invoices', static fn () => null));
        $records = array_map(static fn (string $line): array => json_decode($line, true, 512, JSON_THROW_ON_ERROR), file($log));
        $imports = array_values(array_filter($records, static fn (array $record): bool => str_starts_with($record['message'], 'import')));
        $facts = array_map(static fn (array $record): array => array_diff_key($record, ['time' => 0, 'pid' => 0, 'store' => 0]), $imports);
        self::assertSame([
            ['account' => 'invoices', 'failed' => '0', 'imported' => '1', 'left' => '0', 'level' => 'info', 'message' => 'import ended', 'rejected' => '1'],
            ['account' => 'invoices', 'code' => 'import_folder_unusable', 'level' => 'warning', 'message' => 'import stopped'],
        ], $facts);
    }

    public function testALineTellsWhoseStoreItIsAndHowARunOfTheJobEnded(): void
    {
        $log = $this->folder . '/graph.log';
        $settings = ['log' => $log, 'log_level' => 'info'];
        foreach (['nord', 'sued'] as $tenant) {
            with_settings($settings + ['store' => $this->folder . '/' . $tenant . '.sqlite'], static fn () => refresh_tokens());
        }
        $records = array_map(static fn (string $line): array => json_decode($line, true, 512, JSON_THROW_ON_ERROR), file($log));
        $facts = array_map(static fn (array $record): array => array_diff_key($record, ['time' => 0, 'pid' => 0]), $records);
        $ended = ['failed' => '0', 'level' => 'info', 'message' => 'refresh ended', 'refreshed' => '0', 'skipped' => '0'];
        self::assertSame([
            $ended + ['store' => $this->folder . '/nord.sqlite'],
            $ended + ['store' => $this->folder . '/sued.sqlite'],
        ], $facts);
    }

    public function testALogThatCanNotBeWrittenIsToldOnceAndStopsNothing(): void
    {
        $this->signedIn();
        symlink($this->folder . '/elsewhere', $this->folder . '/link.log');
        foreach (['link.log', 'missing/graph.log'] as $log) {
            $child = Php::code(
                'set_error_handler(static fn () => throw new \ErrorException("a warning"));
                 for ($i = 0; $i < 3; ++$i) { refresh_token("invoices"); }
                 echo "done";',
                [
                    'squeeze_graph.log' => $this->folder . '/' . $log,
                    'squeeze_graph.log_level' => 'debug',
                    'log_errors' => '1',
                    'error_log' => $this->folder . '/php.log',
                ],
            );
            self::assertSame('done', $child->output(), $child->errors());
            $told = file_get_contents($this->folder . '/php.log');
            self::assertSame(1, substr_count($told, $this->folder . '/' . $log . ' can not be written'), $told);
        }
        self::assertFileDoesNotExist($this->folder . '/elsewhere');
    }

    public function testALoggerThatThrowsIsHeard(): void
    {
        ini_set('squeeze_graph.log_level', 'debug');
        $this->signedIn();
        set_logger(static fn () => throw new \DomainException('from the logger'));
        $this->thrown(\DomainException::class, static fn () => refresh_token('invoices'));
        set_logger(null);
        self::assertNotSame('', access_token('invoices'));
    }

    public function testNoTraceShowsASecret(): void
    {
        $child = Php::code(sprintf(
            'try { exchange_code(["code" => "the-code-of-the-callback", "state" => "the-state-of-the-callback"], "the-session-of-the-browser"); } catch (\Throwable $e) { echo $e, "\n", $e->getTraceAsString(); var_dump($e); }
             try { save_account("x", ["client_secret" => "the-secret-of-the-app", "unknown" => 1] + %s); } catch (\Throwable $e) { echo $e; var_dump($e); }
             try { adopt_token("nobody", ["refresh_token" => "the-refresh-token"]); } catch (\Throwable $e) { echo $e; var_dump($e); }',
            var_export($this->settings(), true),
        ), ['zend.exception_ignore_args' => '0']);
        foreach (['the-code', 'the-state', 'the-session', 'the-secret', 'the-refresh-token'] as $secret) {
            self::assertStringNotContainsString($secret, $child->output());
        }
        self::assertStringContainsString('SensitiveParameterValue', $child->output());
    }

    public function testAGraphExceptionCanBeMadeByPeoplesOwnTests(): void
    {
        $this->account();
        $problem = $this->thrown(GraphException::class, static fn () => access_token('invoices'))->getProblem();
        $previous = new \RuntimeException('cause');
        $error = new \Squeeze\Graph\ServiceException($problem, 'invoices', $previous);
        self::assertSame([$problem, 'invoices', $previous], [$error->getProblem(), $error->getAccount(), $error->getPrevious()]);
        self::assertSame(__FILE__, $error->getFile());
    }
}
