<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\authorization_url;

/**
 * Every sample of the README runs as it stands there.
 */
final class ReadmeTest extends GraphTestCase
{
    private const README = __DIR__ . '/../../README.md';
    private const SESSION_ID = 'sessionofthebrowser0123456';

    /**
     * What a sample needs around it, and what it has to print; by the first function of the extension that it imports.
     *
     * @return array<string, array{account: string, output: string}>
     */
    private static function expectations(): array
    {
        return [
            'authorization_url, save_account' => ['account' => 'none', 'output' => ''],
            'exchange_code' => ['account' => 'returning', 'output' => 'Signed in as anna.gruber@contoso.example'],
            'test_connection' => ['account' => 'signed in', 'output' => 'Ok '],
            'access_token' => ['account' => 'signed in', 'output' => ''],
            'find_folder, list_folders' => ['account' => 'signed in', 'output' => '/Kunden/Müller & Söhne/Rechnungen'],
            'list_attachments, list_messages, save_attachment, save_mime, update_message' => ['account' => 'signed in', 'output' => ''],
            'import_messages' => ['account' => 'signed in', 'output' => '1 imported, 1 rejected'],
            'refresh_token' => ['account' => 'signed in', 'output' => ''],
            'adopt_token' => ['account' => 'saved', 'output' => ''],
        ];
    }

    /**
     * @dataProvider samples
     */
    public function testASampleRuns(string $functions, string $code): void
    {
        ['account' => $account, 'output' => $output] = self::expectations()[$functions];
        $prelude = sprintf('<?php session_id(%s);', var_export(self::SESSION_ID, true));
        if ($account !== 'none') {
            $this->account();
        }
        if ($account === 'returning') {
            $prelude .= sprintf('$_GET = %s;', var_export($this->sandbox->signIn(authorization_url('invoices', self::SESSION_ID)), true));
        } elseif ($account === 'signed in') {
            $this->signIn('invoices');
            $this->sandbox->deliver(World::USER, Mail::mime('invoice', ['Rechnung.PDF' => '%PDF']));
            $this->sandbox->deliver(World::USER, Mail::mime('unreadable', ['unreadable.zip' => 'PK']));
            $this->sandbox->deliver(World::USER, Mail::mime('Out of office: on holiday'));
        }
        file_put_contents($this->folder . '/prelude.php', $prelude);
        file_put_contents($this->folder . '/sample.php', "<?php\n\ndeclare(strict_types=1);\n\n" . $code);
        $run = Php::run([$this->folder . '/sample.php'], [
            'auto_prepend_file' => $this->folder . '/prelude.php',
            'session.save_path' => $this->folder,
            'sys_temp_dir' => $this->folder,
            'squeeze_graph.store' => $account === 'none' ? $this->folder . '/empty.sqlite' : $this->folder . '/store.sqlite',
        ]);
        self::assertSame('', $run->errors());
        self::assertSame(0, $run->status());
        self::assertStringContainsString($output, $run->output());
        if (str_contains($functions, 'save_mime')) {
            self::assertStringContainsString('Message-ID', file_get_contents($this->folder . '/message.eml'));
            self::assertSame('%PDF', file_get_contents($this->folder . '/invoice.pdf'));
        }
    }

    /**
     * @return iterable<string, array{string, string}>
     */
    public function samples(): iterable
    {
        preg_match_all('/^```php\n(.*?)^```$/ms', file_get_contents(self::README), $blocks);
        foreach ($blocks[1] as $code) {
            preg_match('/^use function Squeeze\\\\Graph\\\\\{?([\w, ]+)\}?;$/m', $code, $import);
            yield $import[1] => [$import[1], $code];
        }
    }

    public function testEverySampleHasItsTest(): void
    {
        $samples = array_keys(iterator_to_array($this->samples()));
        self::assertEqualsCanonicalizing(array_keys(self::expectations()), $samples);
    }

    public function testTheSettingsOfTheReadmeExist(): void
    {
        preg_match('/^```ini\n(.*?)^```$/ms', file_get_contents(self::README), $block);
        $settings = parse_ini_string($block[1], false, INI_SCANNER_RAW);
        self::assertGreaterThan(4, count($settings));
        foreach ($settings as $name => $value) {
            self::assertNotFalse(ini_get($name), $name);
        }
    }
}
