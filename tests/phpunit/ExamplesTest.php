<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;
use Symfony\Component\Console\Input\ArrayInput;
use Symfony\Component\Console\Output\BufferedOutput;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\list_messages;

/**
 * The examples do what their first lines say.
 */
final class ExamplesTest extends GraphTestCase
{
    private const FOLDER = __DIR__ . '/../../examples/';

    public function testTheJobTellsWhoHasToAct(): void
    {
        $this->signedIn('well');
        $this->account('dead');
        adopt_token('dead', ['refresh_token' => 'unknown to Microsoft', 'expires_at' => 1]);
        $run = Php::run([self::FOLDER . 'job.php']);
        self::assertSame(0, $run->status(), $run->errors());
        self::assertMatchesRegularExpression('/^to the person who signs in: dead: .+\n/', $run->output());
        self::assertStringEndsWith("0 renewed, 1 failed, 0 of them for a passing reason\n", $run->output());
    }

    public function testTheImporterMapsFieldsAndKeepsToItsLists(): void
    {
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('Invoice 17', ['17.pdf' => '%PDF 17'], from: 'billing@supplier.example'));
        $this->sandbox->deliver(World::USER, Mail::mime('Buy now', ['offer.pdf' => '%PDF'], from: 'news@shop.example'));
        $this->sandbox->deliver(World::USER, Mail::mime('Who is this', ['1.pdf' => '%PDF'], from: 'someone@unknown.example'));
        $dsn = 'sqlite:' . $this->folder . '/host.sqlite';
        $run = Php::run([
            self::FOLDER . 'import-invoices.php', 'invoices', $dsn,
            '--allow', 'supplier.example', '--allow', 'shop.example', '--block', 'news@shop.example',
        ]);
        self::assertSame('1 imported, 0 rejected, 1 left, 0 failed', trim($run->output()), $run->errors());
        $rows = (new \PDO($dsn))->query('SELECT sender, subject, file_name FROM invoice')->fetchAll(\PDO::FETCH_NUM);
        self::assertSame([['billing@supplier.example', 'Invoice 17', '17.pdf']], $rows);
        self::assertSame(1, list_messages('invoices')->total());
        self::assertSame(2, list_messages('invoices', '/Verarbeitet')->total());
    }

    public function testOldTokensAreReadInTheirZone(): void
    {
        $this->account('old');
        file_put_contents($this->folder . '/tokens.json', json_encode([
            'old' => ['access_token' => 'a', 'refresh_token' => 'r', 'expires_at' => '2026-10-25 02:30:00'],
            'gone' => ['refresh_token' => 'r', 'expires_at' => '2026-10-25 02:30:00'],
        ]));
        $run = Php::run([self::FOLDER . 'old-tokens.php', $this->folder . '/tokens.json', 'Europe/Berlin']);
        self::assertSame(
            "old: the old access token has ended (until 2026-10-25 00:30 UTC)\ngone: no such account, skipped\n",
            $run->output(),
            $run->errors(),
        );
    }

    public function testTheSymfonyCommandRunsWithAFake(): void
    {
        require_once 'Symfony/Component/Console/autoload.php';
        require_once self::FOLDER . 'InvoiceImporter.php';
        require_once self::FOLDER . 'symfony/ImportCommand.php';
        $client = new FakeClient();
        $client->addAccount('invoices');
        $client->mailbox('invoices')->deliver('nothing in it', []);
        $command = new \Example\Symfony\ImportCommand(new \Example\InvoiceImporter($client, new \PDO('sqlite::memory:')));
        $output = new BufferedOutput();
        self::assertSame(0, $command->run(new ArrayInput([]), $output));
        self::assertSame("0 imported, 1 rejected\n", $output->fetch());
    }

    public function testTheLaravelProviderIsReadable(): void
    {
        exec(sprintf('%s -n -l %s 2>&1', escapeshellarg(PHP_BINARY), escapeshellarg(self::FOLDER . 'laravel/GraphServiceProvider.php')), $lines, $status);
        self::assertSame(0, $status, implode("\n", $lines));
    }
}
