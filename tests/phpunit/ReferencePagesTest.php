<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Tests\Support\Markdown;
use Squeeze\Graph\Tests\Support\Php;

/**
 * The pages that list everything list everything, with its default: settings, commands, options.
 */
final class ReferencePagesTest extends TestCase
{
    public function testThePageOfSettingsHoldsEverySettingWithItsDefault(): void
    {
        $code = 'echo json_encode(ini_get_all("squeeze_graph"));';
        // Nothing of this machine's or this run's settings: the defaults.
        $run = Php::start(['-r', $code], ['squeeze_graph.custom_endpoints' => '0', 'squeeze_graph.store' => '/var/lib/squeeze-graph/store.sqlite'])->wait();
        $expected = array_map(static fn (array $setting): array => [
            'default' => $setting['global_value'] === '' || $setting['global_value'] === null ? 'empty' : '`' . $setting['global_value'] . '`',
            'anywhere' => ($setting['access'] & INI_USER) !== 0,
        ], json_decode($run->output(), true, 512, JSON_THROW_ON_ERROR));

        preg_match_all('/^\| \[`(squeeze_graph\.\w+)`\]\(#[\w-]+\) \| (empty|`[^`]+`)[^|]* \| [^|]+ \| (anywhere|php\.ini only) \|$/m', (new Markdown('docs/settings.md'))->prose, $rows, PREG_SET_ORDER);
        $shown = [];
        foreach ($rows as [, $name, $default, $where]) {
            $shown[$name] = ['default' => $default, 'anywhere' => $where === 'anywhere'];
        }
        ksort($expected);
        ksort($shown);
        self::assertSame($expected, $shown);
    }

    public function testThePageOfSettingsHoldsEverySettingOfAnAccountWithItsDefault(): void
    {
        // An account that was saved with what is required and nothing else.
        $client = new FakeClient();
        $required = ['tenant_id' => 'contoso.example', 'client_id' => 'c', 'client_secret' => 's', 'redirect_uri' => 'https://host.example/'];
        $client->saveAccount('invoices', $required);
        $expected = ['client_secret' => 'required, or a certificate'];
        foreach ($client->getAccount('invoices')->toSettings() as $name => $value) {
            $expected[$name] = match (true) {
                isset($required[$name]) => 'required',
                $name === 'mailbox' => "the person's own",
                $value === null => 'none',
                is_array($value) => '`' . implode('`, `', $value) . '`',
                default => '`' . (is_bool($value) ? json_encode($value) : $value) . '`',
            };
        }
        $section = strstr((new Markdown('docs/settings.md'))->prose, '## Settings of an account');
        preg_match_all('/^\| `([a-z_]+)` \| ([^|]+) \| [^|]+ \| [^|]+ \|$/m', (string) $section, $rows);
        $shown = array_combine($rows[1], $rows[2]);
        ksort($expected);
        ksort($shown);
        self::assertSame($expected, $shown);
    }

    public function testThePageOfCommandsHoldsEveryCommandWithItsArgumentsAndOptions(): void
    {
        $run = Php::run([Markdown::ROOT . '/php/bin/squeeze-graph', 'list', '--format=json', '--lang=en']);
        $expected = [];
        foreach (json_decode($run->output(), true, 512, JSON_THROW_ON_ERROR)['commands'] as $command) {
            if (in_array($command['name'], ['_complete', 'completion', 'help', 'list'], true)) {
                continue;   // Symfony's own.
            }
            $shared = ['help', 'quiet', 'verbose', 'version', 'ansi', 'no-ansi', 'no-interaction', 'store', 'key-file', 'lang', 'json'];
            $options = array_diff(array_keys($command['definition']['options']), $shared);
            $expected[$command['name']] = [...array_keys($command['definition']['arguments']), ...array_map(static fn (string $name): string => '--' . $name, $options)];
        }
        $shown = [];
        foreach (preg_split('/^### /m', (new Markdown('docs/command-line.md'))->prose) as $section) {
            if (preg_match('/^`([a-z:-]+)([^`]*)`$/m', strtok($section, "\n"), $heading) === 1) {
                preg_match_all('/^\| `(--[a-z-]+)/m', $section, $options);
                preg_match_all('/[A-Z]+/', $heading[2], $arguments);
                $shown[$heading[1]] = [...array_map(strtolower(...), $arguments[0]), ...$options[1]];
            }
        }
        ksort($expected);
        ksort($shown);
        self::assertEqualsCanonicalizing(array_keys($expected), array_keys($shown));
        foreach ($expected as $name => $parts) {
            self::assertEqualsCanonicalizing($parts, $shown[$name], $name);
        }
    }
}
