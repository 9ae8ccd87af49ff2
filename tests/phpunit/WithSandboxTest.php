<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Testing\Mail;
use Squeeze\Graph\Testing\Sandbox;
use Squeeze\Graph\Testing\WithSandbox;
use Squeeze\Graph\Tests\Support\Markdown;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_accounts;
use function Squeeze\Graph\list_messages;

/**
 * The trait that people use in their own tests, used as they do.
 */
final class WithSandboxTest extends TestCase
{
    use WithSandbox;

    /** @dataProvider twice */
    public function testATestHasAnAccountAndAMailboxOfItsOwn(string $subject): void
    {
        self::assertSame([], list_accounts());
        self::assertSame(TokenState::Valid, $this->signedInAccount('invoices')->state);
        self::assertSame(0, list_messages('invoices')->total());
        $this->sandbox()->deliver(Sandbox::USER, Mail::mime($subject, ['17.pdf' => '%PDF']));
        self::assertSame(1, import_messages('invoices', static fn () => null)->imported);
        self::assertSame(1, list_messages('invoices', '/Verarbeitet')->total());
    }

    /** What php.ini of the machine names is left alone. */
    public function testATestHasAKeyOfItsOwn(): void
    {
        $this->endWithSandbox();
        ini_set('squeeze_graph.key_file', '/nonexistent/of-this-machine.key');
        try {
            $this->beginWithSandbox();
            self::assertSame(TokenState::Valid, $this->signedInAccount('invoices')->state);
        } finally {
            ini_restore('squeeze_graph.key_file');
        }
    }

    /** As docs/testing.md says: the library, the program and PHPUnit are enough. */
    public function testAProjectOfOnesOwnNeedsNoCheckout(): void
    {
        $page = new Markdown('docs/testing.md');
        $page = array_column($page->samples, 'text');
        $configuration = array_values(array_filter($page, static fn (string $code): bool => str_starts_with($code, '<phpunit')));
        $test = array_values(array_filter($page, static fn (string $code): bool => str_contains($code, 'class SandboxTest')));
        self::assertSame([1, 1], [count($configuration), count($test)]);
        $project = sys_get_temp_dir() . '/squeeze-graph-project-' . bin2hex(random_bytes(6));
        mkdir($project . '/tests', 0700, true);
        mkdir($project . '/library', 0700);
        exec(sprintf('cp -a %s %s', escapeshellarg(__DIR__ . '/../../php'), escapeshellarg($project . '/library/php')));
        file_put_contents($project . '/phpunit.xml', str_replace('/usr/share/squeeze-graph', $project . '/library', $configuration[0], $replaced));
        self::assertSame(1, $replaced);
        file_put_contents($project . '/tests/SandboxTest.php', "<?php\n\n" . $test[0]);
        $run = Php::run([(string) realpath($_SERVER['SCRIPT_FILENAME']), '-c', $project . '/phpunit.xml']);
        exec('rm -rf ' . escapeshellarg($project));
        self::assertSame(0, $run->status(), $run->output() . $run->errors());
        self::assertStringContainsString('OK (1 test', $run->output());
    }

    public function testTheProgramIsFoundWithoutBeingNamed(): void
    {
        $find = static fn (string $named): string => trim((string) shell_exec(sprintf(
            'PATH=/usr/bin SQUEEZE_GRAPH_SANDBOX=%s %s -n -r %s 2>&1',
            escapeshellarg($named),
            escapeshellarg(PHP_BINARY),
            escapeshellarg(sprintf(
                'require %s; try { echo Squeeze\Graph\Testing\Sandbox::binary(); } catch (RuntimeException $e) { echo $e->getMessage(); }',
                var_export(__DIR__ . '/../../php/src/autoload.php', true),
            )),
        )));
        $places = ['/usr/lib/squeeze-graph/squeeze-graph-sandbox', dirname(__DIR__, 2) . '/target/built/squeeze-graph-sandbox'];
        $there = array_values(array_filter($places, is_executable(...)));
        if ($there === []) {
            self::assertStringContainsString('set SQUEEZE_GRAPH_SANDBOX to its path', $find(''));
        } else {
            self::assertSame(realpath($there[0]), realpath($find('')));
        }
        self::assertSame('SQUEEZE_GRAPH_SANDBOX names no program: /nonexistent', $find('/nonexistent'));
        self::assertSame(PHP_BINARY, $find(PHP_BINARY));
    }

    /** @return list<array{string}> */
    public static function twice(): array
    {
        return [['first'], ['second']];
    }
}
