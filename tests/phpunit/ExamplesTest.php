<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Example\Symfony\ImportCommand;
use Squeeze\Graph\Client;
use Squeeze\Graph\ExtensionClient;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\LaravelContainer;
use Squeeze\Graph\Tests\Support\LaravelLog;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;
use Symfony\Component\Config\FileLocator;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\ArrayInput;
use Symfony\Component\Console\Output\BufferedOutput;
use Symfony\Component\DependencyInjection\ContainerBuilder;
use Symfony\Component\DependencyInjection\Loader\YamlFileLoader;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\set_logger;

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

    public function testTheImporterFillsTheFieldsThatAreNamed(): void
    {
        $this->signedIn();
        $this->sandbox->deliver(World::USER, Mail::mime('Invoice 17', ['17.pdf' => '%PDF 17']));
        $dsn = 'sqlite:' . $this->folder . '/host.sqlite';
        $run = Php::run([
            self::FOLDER . 'import-invoices.php', 'invoices', $dsn,
            '--field', 'partner=from_name', '--field', 'document=attachment', '--field', 'title=subject',
        ]);
        self::assertSame(0, $run->status(), $run->errors());
        $rows = (new \PDO($dsn))->query('SELECT partner, document, title FROM invoice')->fetchAll(\PDO::FETCH_NUM);
        self::assertSame([['Supplier', '17.pdf', 'Invoice 17']], $rows);
    }

    /** @return iterable<string, array{list<string>}> */
    public static function misunderstandings(): iterable
    {
        $importer = ['import-invoices.php', 'invoices', 'sqlite::memory:'];
        yield 'a misspelt white list' => [[...$importer, '--alow', 'supplier.example']];
        yield 'a white list without anybody' => [[...$importer, '--allow']];
        yield 'an empty one' => [[...$importer, '--allow', '']];
        yield 'two options in a row' => [[...$importer, '--allow', '--block', 'shop.example']];
        yield 'a field without a source' => [[...$importer, '--field', 'amount']];
        yield 'a source that there is not' => [[...$importer, '--field', 'amount=total']];
        yield 'no account' => [['import-invoices.php']];
        yield 'an option as account' => [['import-invoices.php', '--allow', 'supplier.example']];
        yield 'no file of tokens' => [['old-tokens.php']];
        yield 'no zone' => [['old-tokens.php', __FILE__]];
        yield 'a file that is none' => [['old-tokens.php', '/nonexistent', 'Europe/Berlin']];
        yield 'a file without tokens' => [['old-tokens.php', __FILE__, 'Europe/Berlin']];
    }

    /**
     * @dataProvider misunderstandings
     * @param list<string> $command
     */
    public function testWhatIsMisunderstoodIsRefusedBeforeAnythingHappens(array $command): void
    {
        $run = Php::run([self::FOLDER . $command[0], ...array_slice($command, 1)]);
        self::assertSame(78, $run->status(), $run->output() . $run->errors());
        self::assertStringContainsString("\nusage: php " . $command[0], $run->errors());
    }

    public function testTheSymfonyCommandRunsWithAFake(): void
    {
        $container = $this->symfony('services.yaml', 'services_test.yaml');
        $client = $container->get(Client::class);
        self::assertInstanceOf(FakeClient::class, $client);
        $client->addAccount('invoices');
        $client->mailbox('invoices')->deliver('nothing in it', []);
        $client->mailbox('invoices')->deliver('not allowed', ['1.pdf' => '%PDF'], from: 'someone@unknown.example');
        $command = $container->get(ImportCommand::class);
        self::assertInstanceOf(ImportCommand::class, $command);
        $output = new BufferedOutput();
        self::assertSame(0, $command->run(new ArrayInput([]), $output));
        self::assertSame("0 imported, 1 rejected\n", $output->fetch());
        self::assertCount(1, $client->mailbox('invoices')->messagesIn('wellknown:inbox'));
    }

    public function testSymfonyGivesTheImporterTheExtension(): void
    {
        $container = $this->symfony('services.yaml');
        self::assertSame(ExtensionClient::class, $container->getDefinition(Client::class)->getClass());
        self::assertSame(['invoices:import'], array_column($container->findTaggedServiceIds('console.command')[ImportCommand::class] ?? [], 'name'));
    }

    public function testTheLaravelProviderRunsWithEitherClient(): void
    {
        require_once __DIR__ . '/Support/laravel.php';
        require_once self::FOLDER . 'laravel/GraphServiceProvider.php';
        $fake = new FakeClient();
        foreach ([null, $fake] as $client) {
            $container = new LaravelContainer();
            $provider = new \Example\Laravel\GraphServiceProvider($container);
            $provider->register();
            if ($client !== null) {
                $container->instance(Client::class, $client);
            }
            $container->instance('log', $log = new LaravelLog());
            $provider->boot();
            self::assertInstanceOf($client === null ? ExtensionClient::class : FakeClient::class, $container->make(Client::class));
        }
        self::assertSame(['setLogger'], array_column($fake->calls(), 'method'));
        $logger = $fake->calls()[0]['arguments'][0];
        self::assertIsCallable($logger);
        $logger('warning', 'as the extension calls it', []);
        self::assertSame([['warning', 'as the extension calls it']], $log->lines);
        set_logger(null);
    }

    /** The container as Symfony compiles it. */
    private function symfony(string ...$files): ContainerBuilder
    {
        foreach (['Console', 'DependencyInjection', 'Config', 'Yaml'] as $component) {
            require_once 'Symfony/Component/' . $component . '/autoload.php';
        }
        require_once self::FOLDER . 'InvoiceImporter.php';
        require_once self::FOLDER . 'symfony/ImportCommand.php';
        $container = new ContainerBuilder();
        // What the framework's own bundle does.
        $container->registerForAutoconfiguration(Command::class)->addTag('console.command', ['name' => 'invoices:import']);
        $loader = new YamlFileLoader($container, new FileLocator(self::FOLDER . 'symfony'));
        foreach ($files as $file) {
            $loader->load($file);
        }
        $container->getDefinition(ImportCommand::class)->setPublic(true);
        $container->getDefinition(Client::class)->setPublic(true);
        putenv('INVOICES_DSN=sqlite::memory:');
        try {
            $container->compile(resolveEnvPlaceholders: true);
        } finally {
            putenv('INVOICES_DSN');
        }

        return $container;
    }
}
