<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Squeeze\Graph\Client;
use Squeeze\Graph\Console\Command\AccountAdd;
use Squeeze\Graph\Console\Command\AccountList;
use Squeeze\Graph\Console\Command\AccountRemove;
use Squeeze\Graph\Console\Command\AccountShow;
use Squeeze\Graph\Console\Command\Adopt;
use Squeeze\Graph\Console\Command\Doctor;
use Squeeze\Graph\Console\Command\Folders;
use Squeeze\Graph\Console\Command\Import;
use Squeeze\Graph\Console\Command\KeyRotate;
use Squeeze\Graph\Console\Command\Messages;
use Squeeze\Graph\Console\Command\Refresh;
use Squeeze\Graph\Console\Command\SignIn;
use Squeeze\Graph\Console\Command\Status;
use Squeeze\Graph\Console\Command\Test;
use Squeeze\Graph\GraphException;
use Symfony\Component\Console\Application as Symfony;
use Symfony\Component\Console\Exception\ExceptionInterface;
use Symfony\Component\Console\Input\ArgvInput;
use Symfony\Component\Console\Input\InputDefinition;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\ConsoleOutput;
use Symfony\Component\Console\Output\ConsoleOutputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * `squeeze-graph`: by hand what the functions do. Options that all commands share, the language, and the exit codes.
 */
final class Application extends Symfony
{
    public readonly Words $words;

    /**
     * @param list<string> $argv as PHP gives it, the script's name first
     * @param array<string, string> $environment for the language where no --lang is given
     */
    public function __construct(
        public readonly Client $client,
        private readonly array $argv,
        private readonly array $environment = [],
    ) {
        // Known before the commands are made: their descriptions are in that language, too.
        $this->words = new Words($this->language());
        parent::__construct('squeeze-graph', phpversion('squeeze_graph') ?: '');
        $this->setCatchExceptions(false);
        $this->setAutoExit(false);
        $this->addCommands([
            new AccountAdd($this),
            new AccountList($this),
            new AccountShow($this),
            new AccountRemove($this),
            new SignIn($this),
            new Status($this),
            new Test($this),
            new Folders($this),
            new Messages($this),
            new Import($this),
            new Refresh($this),
            new Adopt($this),
            new KeyRotate($this),
            new Doctor($this),
        ]);
    }

    public function main(): int
    {
        $input = new ArgvInput($this->argv);
        $output = new ConsoleOutput();
        try {
            return $this->run($input, $output);
        } catch (ExceptionInterface $error) {
            $output->getErrorOutput()->writeln('squeeze-graph: ' . Text::plain($error->getMessage()));

            return ExitCode::Configuration->value;
        }
    }

    public function doRun(InputInterface $input, OutputInterface $output): int
    {
        if (!extension_loaded('squeeze_graph') && $this->client instanceof \Squeeze\Graph\ExtensionClient) {
            throw new \Symfony\Component\Console\Exception\RuntimeException(
                $this->words->text('The PHP extension squeeze_graph is not loaded; add it to %s.', php_ini_loaded_file() ?: 'php.ini'),
            );
        }
        $settings = ['squeeze_graph.language' => $this->words->language];
        foreach (['store' => 'squeeze_graph.store', 'key-file' => 'squeeze_graph.key_file'] as $option => $setting) {
            $value = $input->getParameterOption('--' . $option, null, true);
            if (is_string($value)) {
                $settings[$setting] = $value;
            }
        }

        return $this->client->withSettings($settings, function () use ($input, $output): int {
            try {
                return $this->listening(fn (): int => parent::doRun($input, $output));
            } catch (GraphException $error) {
                $this->report($error, $input, $output);

                return ExitCode::of($error)->value;
            } catch (Interrupted) {
                self::errors($output)->writeln($this->words->text('Interrupted. What was done is kept, the next run goes on from here.'));

                return ExitCode::TryAgain->value;
            }
        });
    }

    protected function getDefaultInputDefinition(): InputDefinition
    {
        $definition = parent::getDefaultInputDefinition();
        $definition->addOptions([
            new InputOption('store', null, InputOption::VALUE_REQUIRED, $this->words->text('the token store')),
            new InputOption('key-file', null, InputOption::VALUE_REQUIRED, $this->words->text('the key file of the store')),
            new InputOption('lang', null, InputOption::VALUE_REQUIRED, $this->words->text('language: en or de')),
            new InputOption('json', null, InputOption::VALUE_NONE, $this->words->text('one JSON object a line')),
        ]);

        return $definition;
    }

    /**
     * What happened, who acts, what to do; with --json as data.
     */
    private function report(GraphException $error, InputInterface $input, OutputInterface $output): void
    {
        $problem = $error->getProblem();
        if ($input->hasParameterOption('--json', true)) {
            $output->writeln(Text::json(['type' => 'error', 'account' => $error->getAccount(), 'problem' => $problem]), OutputInterface::OUTPUT_RAW);

            return;
        }
        $errors = self::errors($output);
        $errors->writeln(sprintf('<error>✗</error> %s%s', $error->getAccount() === null ? '' : Text::line($error->getAccount()) . ': ', Text::line($problem->explanation)));
        $errors->writeln('  → ' . Text::line($problem->remedy));
        $ids = array_filter([$problem->code, $problem->requestId, $problem->correlationId]);
        $errors->writeln('  ' . Text::line(implode(', ', $ids)), OutputInterface::VERBOSITY_VERBOSE);
    }

    private static function errors(OutputInterface $output): OutputInterface
    {
        return $output instanceof ConsoleOutputInterface ? $output->getErrorOutput() : $output;
    }

    /**
     * @param \Closure(): int $run
     */
    private function listening(\Closure $run): int
    {
        if (function_exists('pcntl_async_signals')) {
            pcntl_async_signals(true);
            foreach ([SIGINT, SIGTERM, SIGHUP] as $signal) {
                pcntl_signal($signal, static function (int $signal): never {
                    throw new Interrupted(sprintf('signal %d', $signal));
                });
            }
        }

        return $run();
    }

    /**
     * --lang, else the terminal's language, else the one of php.ini.
     */
    private function language(): string
    {
        foreach ($this->argv as $index => $word) {
            if ($word === '--') {
                break;
            }
            $given = $word === '--lang' ? $this->argv[$index + 1] ?? '' : (str_starts_with($word, '--lang=') ? substr($word, 7) : null);
            if ($given !== null) {
                return $given === 'de' ? 'de' : 'en';
            }
        }
        $locale = ($this->environment['LC_ALL'] ?? '') ?: ($this->environment['LC_MESSAGES'] ?? '') ?: ($this->environment['LANG'] ?? '');

        return str_starts_with($locale, 'de') || ini_get('squeeze_graph.language') === 'de' ? 'de' : 'en';
    }
}
