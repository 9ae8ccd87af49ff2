<?php

declare(strict_types=1);

namespace Example\Tests;

use Example\InvoiceImporter;
use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Client;
use Squeeze\Graph\ExtensionClient;
use Squeeze\Graph\Fake\Attached;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Testing\Mail;
use Squeeze\Graph\Testing\Sandbox;
use Squeeze\Graph\Testing\WithSandbox;

use function Squeeze\Graph\list_messages;

require_once __DIR__ . '/../InvoiceImporter.php';

/**
 * Two ways to test an importer: a mailbox in memory, quick and without the extension; and the sandbox, which behaves as
 * Microsoft 365 does.
 */
final class InvoiceImporterTest extends TestCase
{
    use WithSandbox;

    public function testInMemory(): void
    {
        $client = new FakeClient();
        $client->addAccount('invoices');
        $mailbox = $client->mailbox('invoices');
        $mailbox->deliver('Invoice 17', ['17.pdf' => '%PDF 17'], from: 'billing@supplier.example');
        $mailbox->deliver('Holiday photos', ['beach.jpg' => 'JFIF'], from: 'aunt@supplier.example');
        $mailbox->deliver('Buy now', ['offer.pdf' => '%PDF'], from: 'news@shop.example');
        $mailbox->deliver('Who is this', ['1.pdf' => '%PDF'], from: 'someone@unknown.example');

        $database = $this->database();
        $report = $this->importer($client, $database)->run('invoices');

        self::assertSame([1, 1], [$report->imported, $report->rejected]);
        self::assertSame([['17.pdf']], self::rows($database, 'SELECT file_name FROM invoice'));
        self::assertCount(2, $mailbox->messagesIn('/Verarbeitet'), 'the invoice, and the newsletter unread');
        self::assertCount(1, $mailbox->messagesIn('/Fehler'));
        self::assertCount(1, $mailbox->messagesIn('wellknown:inbox'));
    }

    public function testWithTheDatabaseAwayNothingIsLost(): void
    {
        $client = new FakeClient();
        $client->addAccount('invoices');
        $client->mailbox('invoices')->deliver('Invoice 17', ['17.pdf' => '%PDF 17']);
        $away = new \PDO('sqlite::memory:', options: [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);   // without the table
        for ($run = 0; $run < 10; $run++) {
            self::assertSame(0, $this->importer($client, $away)->run('invoices')->imported);
        }
        self::assertCount(1, $client->mailbox('invoices')->messagesIn('wellknown:inbox'));
        self::assertSame(1, $this->importer($client, $this->database())->run('invoices')->imported);
    }

    public function testWhichFieldIsFilledFromWhatIsATable(): void
    {
        $client = new FakeClient();
        $client->addAccount('invoices');
        $client->mailbox('invoices')->deliver(
            'Invoice 17',
            ['17.pdf' => '%PDF 17', Attached::inline('logo.png', 'a picture', contentId: 'logo@mail'), 'terms.pdf' => '%PDF'],
            from: 'Supplier <billing@supplier.example>',
            receivedAt: new \DateTimeImmutable('2026-07-01T10:00:00+02:00'),
        );
        $database = new \PDO('sqlite::memory:', options: [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $fields = ['partner' => 'from_name', 'document' => 'attachment', 'arrived' => 'received'];
        $importer = new InvoiceImporter($client, $database, fields: $fields);
        $importer->createTable();
        $importer->run('invoices');
        self::assertSame([
            ['Supplier', '17.pdf', '2026-07-01 08:00:00'],
            ['Supplier', 'terms.pdf', '2026-07-01 08:00:00'],
        ], self::rows($database, 'SELECT partner, document, arrived FROM invoice ORDER BY position'));

        foreach ([['amount' => 'total'], ['x; DROP TABLE invoice' => 'subject'], ['import_key' => 'subject']] as $wrong) {
            try {
                new InvoiceImporter($client, $database, fields: $wrong);
                self::fail((string) array_key_first($wrong));
            } catch (\InvalidArgumentException $refused) {
                self::assertNotSame('', $refused->getMessage());
            }
        }
    }

    public function testAgainstTheSandbox(): void
    {
        $this->signedInAccount('invoices');
        $this->sandbox()->deliver(Sandbox::USER, Mail::mime('Invoice 17', ['17.pdf' => '%PDF 17']));
        $database = $this->database();
        self::assertSame(1, $this->importer(new ExtensionClient(), $database)->run('invoices')->imported);
        self::assertSame([['17.pdf']], self::rows($database, 'SELECT file_name FROM invoice'));
        self::assertSame(1, list_messages('invoices', '/Verarbeitet')->total());
    }

    /** @return array<array-key, mixed> */
    private static function rows(\PDO $database, string $query): array
    {
        $rows = $database->query($query);
        self::assertInstanceOf(\PDOStatement::class, $rows);

        return $rows->fetchAll(\PDO::FETCH_NUM);
    }

    private function importer(Client $client, \PDO $database): InvoiceImporter
    {
        return new InvoiceImporter($client, $database, allowed: ['supplier.example', 'shop.example'], blocked: ['news@shop.example']);
    }

    private function database(): \PDO
    {
        $database = new \PDO('sqlite::memory:', options: [\PDO::ATTR_ERRMODE => \PDO::ERRMODE_EXCEPTION]);
        $this->importer(new FakeClient(), $database)->createTable();

        return $database;
    }
}
