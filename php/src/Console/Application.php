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
use Squeeze\Graph\ExtensionClient;
use Symfony\Component\Console\Application as Symfony;
use Symfony\Component\Console\Command\Command as SymfonyCommand;
use Symfony\Component\Console\Exception\CommandNotFoundException;
use Symfony\Component\Console\Exception\ExceptionInterface;
use Symfony\Component\Console\Input\ArgvInput;
use Symfony\Component\Console\Input\InputDefinition;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Input\StreamableInputInterface;
use Symfony\Component\Console\Output\BufferedOutput;
use Symfony\Component\Console\Output\ConsoleOutput;
use Symfony\Component\Console\Output\ConsoleOutputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * `squeeze-graph`: by hand what the functions do. Options that all commands share, the language, and the exit codes.
 */
final class Application extends Symfony
{
    /** Options whose value may be `-`, standard input, which Symfony takes for the beginning of an option. */
    private const FILES = ['--client-secret-file', '--settings'];

    /** Options that can be repeated: of the first, Symfony takes the value for the command. */
    private const TENANTS = ['--store', '--key-file'];

    public readonly Words $words;
    private readonly SymfonyWords $symfony;

    /** @var list<string> the script's name first */
    private readonly array $argv;

    /**
     * @param list<string> $argv as PHP gives it, the script's name first
     * @param array<string, string> $environment for the language where no --lang is given
     */
    public function __construct(public readonly Client $client, array $argv, array $environment = [])
    {
        $this->argv = self::joined($argv);
        // Known before the commands are made: their descriptions are in that language, too.
        $this->words = new Words(Language::spoken(array_slice($argv, 1), $environment));
        $this->symfony = new SymfonyWords($this->words->language);
        parent::__construct('squeeze-graph', phpversion('squeeze_graph') ?: $this->words->text('(squeeze_graph is not loaded)'));
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
        $output = new ConsoleOutput();
        $errors = $output->getErrorOutput();
        try {
            Language::check(array_slice($this->argv, 1));
            Signals::listen();

            return $this->run(new ArgvInput($this->argv), $output);
        } catch (Interrupted) {
            $errors->writeln($this->words->text('Interrupted. What was done is kept, the next run goes on from here.'));

            return ExitCode::TryAgain->value;
        } catch (UsageException $error) {
            $message = $error->in($this->words);
        } catch (ExceptionInterface $error) {
            $message = $this->symfony->sentence($error->getMessage());
        } catch (\ValueError $error) {
            // A value that no account, folder or time can have: "Squeeze\Graph\find_folder(): Argument #2 ($folder) must …".
            $message = (string) preg_replace('/^.*\(\): Argument #\d+ \(\$(\w+)\)/', '$1', $error->getMessage());
        }
        foreach (explode("\n", 'squeeze-graph: ' . trim($message)) as $line) {
            $errors->writeln(Text::line($line));
        }

        return ExitCode::Configuration->value;
    }

    public function hasTheExtension(): bool
    {
        return extension_loaded('squeeze_graph') || !$this->client instanceof ExtensionClient;
    }

    /**
     * The tenants on the command line, as settings.
     *
     * @return non-empty-list<array<string, string>>
     * @throws UsageException
     */
    public function tenants(): array
    {
        return Arguments::among(array_slice($this->argv, 1), ['store', 'key-file'])->tenants();
    }

    public function find(string $name): SymfonyCommand
    {
        try {
            return parent::find($name);
        } catch (CommandNotFoundException $error) {
            // Without alternatives, which the message names already: of a single one Symfony asks whether to run it.
            throw new CommandNotFoundException($error->getMessage(), [], 0, $error);
        }
    }

    protected function configureIO(InputInterface $input, OutputInterface $output): void
    {
        parent::configureIO($input, $output);
        // Nobody is there to answer.
        if ($input instanceof StreamableInputInterface && $input->getStream() === null && !stream_isatty(STDIN)) {
            $input->setInteractive(false);
        }
    }

    protected function getDefaultInputDefinition(): InputDefinition
    {
        $definition = parent::getDefaultInputDefinition();
        $definition->setOptions([
            ...array_map($this->symfony->option(...), array_values($definition->getOptions())),
            new InputOption('store', null, InputOption::VALUE_REQUIRED, $this->words->text('the token store; can be repeated for some commands')),
            new InputOption('key-file', null, InputOption::VALUE_REQUIRED, $this->words->text('the key file of the store before it')),
            new InputOption('lang', null, InputOption::VALUE_REQUIRED, $this->words->text('language: en or de')),
            new InputOption('json', null, InputOption::VALUE_NONE, $this->words->text('one JSON object a line')),
        ]);

        return $definition;
    }

    /** @return list<SymfonyCommand> */
    protected function getDefaultCommands(): array
    {
        return array_map($this->symfony->command(...), array_values(parent::getDefaultCommands()));
    }

    protected function doRunCommand(SymfonyCommand $command, InputInterface $input, OutputInterface $output): int
    {
        if ($this->words->language !== 'de' || !in_array($command->getName(), ['help', 'list'], true) || !$output instanceof ConsoleOutputInterface) {
            return parent::doRunCommand($command, $input, $output);
        }
        // The headings are written in Symfony's code.
        $page = new BufferedOutput($output->getVerbosity(), $output->isDecorated(), $output->getFormatter());
        $exit = parent::doRunCommand($command, $input, $page);
        $output->write($this->symfony->page($page->fetch()), false, OutputInterface::OUTPUT_RAW);

        return $exit;
    }

    /**
     * With option and value as one word where Symfony would not see that they belong together.
     *
     * @param list<string> $argv
     * @return list<string>
     */
    private static function joined(array $argv): array
    {
        $joined = [];
        $ended = false;
        foreach ($argv as $word) {
            $before = $joined === [] || $ended ? '' : $joined[count($joined) - 1];
            $ended = $ended || $word === '--';
            $belongs = in_array($before, self::TENANTS, true) || ($word === '-' && in_array($before, self::FILES, true));
            $joined[] = $belongs ? array_pop($joined) . '=' . $word : $word;
        }

        return $joined;
    }
}
