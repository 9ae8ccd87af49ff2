<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Markdown;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\authorization_url;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\has_account;
use function Squeeze\Graph\list_attachments;
use function Squeeze\Graph\set_logger;

/**
 * The examples of the stub run, with the variables that a reader would have.
 */
final class StubExamplesTest extends GraphTestCase
{
    public function testEveryFunctionHasAnExampleAndEachRuns(): void
    {
        mkdir($this->folder . '/archive', 0700);
        mkdir($this->folder . '/acme', 0700);
        $failures = $called = [];
        foreach ($this->examples() as $example) {
            $failure = $this->failureOf($example);
            if ($failure !== null) {
                $failures[] = $example . "\n" . $failure;
            }
            preg_match_all('/\b[a-z]+(?:_[a-z]+)+(?=\()/', $example, $names);
            array_push($called, ...$names[0]);
        }
        self::assertCount(0, $failures, implode("\n\n", $failures));
        $functions = array_map(
            static fn (\ReflectionFunction $function): string => $function->getShortName(),
            (new \ReflectionExtension('squeeze_graph'))->getFunctions(),
        );
        self::assertSame([], array_values(array_diff($functions, $called)), 'functions without an example');
    }

    private function failureOf(string $example): ?string
    {
        if (!has_account('accounting') || get_account('accounting')->status->state !== TokenState::Valid) {
            $this->signedIn('accounting');
        }
        $id = $this->sandbox->deliver(World::USER, Mail::mime('Invoice 17', ['17.pdf' => '%PDF']));
        $_GET = $this->sandbox->signIn(authorization_url('accounting', 'cookie'));
        $_COOKIE = ['oauth' => 'cookie'];
        $_POST = ['secret' => World::SECRET];
        file_put_contents($this->folder . '/token.json', json_encode(['refresh_token' => 'r', 'expires_at' => '2026-10-25 02:30:00']));
        $pdo = new \PDO('sqlite::memory:');
        $pdo->exec('CREATE TABLE mail (import_key, subject)');
        $variables = [
            'id' => $id,
            'ids' => [$id],
            'attachment' => list_attachments('accounting', $id)[0],
            'pdo' => $pdo,
            'psrLogger' => new class () {
                /** @param array<string, string> $context */
                public function log(string $level, string $message, array $context = []): void
                {
                }
            },
            'exception' => $this->thrown(GraphException::class, static fn () => get_account('nobody')),
        ];
        // What would end or disturb this process, and what lies elsewhere on a reader's machine.
        $code = preg_replace(['/\bexit\(/', '/\b(?:header|error_log)\(/', '/ … /'], ['return (', 'strlen(', ''], $example);
        $code = preg_replace("~'(?:/srv/\\w+/|(?=token\\.json))~", "'" . $this->folder . '/', (string) $code);
        ob_start();
        try {
            (static function (array $variables, string $code): void {
                extract($variables);
                eval('namespace Squeeze\Graph; ' . $code);
            })($variables, (string) $code);
        } catch (\Throwable $error) {
            return str_starts_with($code, 'throw new ' . substr((string) strrchr($error::class, '\\'), 1)) ? null : (string) $error;
        } finally {
            ob_end_clean();
            set_logger(null);
        }

        return null;
    }

    /**
     * @return iterable<string>
     */
    private function examples(): iterable
    {
        preg_match_all('~/\*\*(?:(?!\*/).)*\*/~s', (string) file_get_contents(Markdown::ROOT . '/stubs/squeeze_graph.stub.php'), $comments);
        foreach ($comments[0] as $comment) {
            if (preg_match('~@example\n(.*)\*/~s', $comment, $found) === 1) {
                yield trim((string) preg_replace('/^ *\* ?(?:    )?/m', '', rtrim($found[1])));
            }
        }
    }
}
