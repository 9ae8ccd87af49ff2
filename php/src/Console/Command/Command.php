<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Account;
use Squeeze\Graph\Client;
use Squeeze\Graph\Console\Application;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Prompt;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\Console\UsageException;
use Squeeze\Graph\Folder;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\Problem;
use Squeeze\Graph\TokenState;
use Squeeze\Graph\TokenStatus;
use Symfony\Component\Console\Command\Command as Symfony;
use Symfony\Component\Console\Completion\CompletionInput;
use Symfony\Component\Console\Completion\CompletionSuggestions;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\ConsoleOutputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * What the commands have in common: the client, the tenants, the language, results as lines or as JSON.
 */
abstract class Command extends Symfony
{
    protected readonly Client $client;

    /** The store of the tenant at work, where there are several. */
    private ?string $store = null;

    final public function __construct(protected readonly Application $application)
    {
        $this->client = $application->client;
        parent::__construct();
    }

    /** What it does, and how it ended. */
    abstract protected function act(InputInterface $input, OutputInterface $output): ExitCode;

    /** Whether several --store make sense: then it acts for one after another. */
    protected function takesSeveralStores(InputInterface $input): bool
    {
        return false;
    }

    protected function worksWithoutTheExtension(): bool
    {
        return false;
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        if (!$this->application->hasTheExtension() && !$this->worksWithoutTheExtension()) {
            throw new \Symfony\Component\Console\Exception\RuntimeException($this->application->words->notLoaded());
        }
        $tenants = $this->application->tenants();
        $several = count($tenants) > 1;
        if ($several && !$this->takesSeveralStores($input)) {
            throw new UsageException('%s works for one --store at a time', (string) $this->getName());
        }
        $exit = ExitCode::AllWell;
        foreach ($tenants as $settings) {
            $this->store = $several ? $settings['squeeze_graph.store'] : null;
            if ($this->store !== null && !self::wantsJson($input)) {
                $output->writeln(sprintf('<comment>%s</comment>', Text::line($this->store)));
            }
            $exit = $exit->and($this->actFor($settings, $input, $output));
        }

        return $exit->value;
    }

    /** @param array<string, string> $settings of a tenant */
    private function actFor(array $settings, InputInterface $input, OutputInterface $output): ExitCode
    {
        if (!$this->application->hasTheExtension()) {
            return $this->act($input, $output);
        }
        $settings['squeeze_graph.language'] = $this->application->words->language;
        try {
            return $this->client->withSettings($settings, fn (): ExitCode => $this->act($input, $output));
        } catch (GraphException $error) {
            $this->report($error, $input, $output);

            return ExitCode::of($error);
        }
    }

    /** What happened, and what to do; with --json as data. */
    private function report(GraphException $error, InputInterface $input, OutputInterface $output): void
    {
        $problem = $error->getProblem();
        if (self::wantsJson($input)) {
            $this->json($output, 'error', ['account' => $error->getAccount(), 'problem' => $problem]);

            return;
        }
        $errors = self::errors($output);
        $account = $error->getAccount();
        $errors->writeln(sprintf('<error>✗</error> %s%s', $account === null ? '' : Text::line($account) . ': ', Text::line($this->inCommands($problem->explanation, $account))));
        $errors->writeln('  → ' . Text::line($this->inCommands($problem->remedy, $account)));
        $ids = array_filter([$problem->code, $problem->requestId, $problem->correlationId]);
        $errors->writeln('  ' . Text::line(implode(', ', $ids)), OutputInterface::VERBOSITY_VERBOSE);
    }

    /** The shell completes accounts, folders and the values of options. An error in the middle of the line would be of no use. */
    public function complete(CompletionInput $input, CompletionSuggestions $suggestions): void
    {
        if ($input->mustSuggestOptionValuesFor('lang')) {
            $suggestions->suggestValues(['en', 'de']);

            return;
        }
        $settings = [];
        foreach (['store' => 'squeeze_graph.store', 'key-file' => 'squeeze_graph.key_file'] as $option => $setting) {
            $given = $input->getOption($option);
            if (is_string($given)) {
                $settings[$setting] = $given;
            }
        }
        $store = $settings['squeeze_graph.store'] ?? (string) ini_get('squeeze_graph.store');
        try {
            $suggestions->suggestValues($this->fixedValues($input));
            // A store that is not there would be made.
            if ($this->application->hasTheExtension() && (str_contains($store, '://') || is_file($store))) {
                $suggestions->suggestValues($this->client->withSettings($settings, fn (): array => $this->storedValues($input)));
            }
        } catch (\Exception | \ValueError) {
            return;
        }
    }

    /** @return list<string> what can stand at the cursor and is always the same */
    protected function fixedValues(CompletionInput $input): array
    {
        return [];
    }

    /** @return list<string> what can stand at the cursor by the store or the mailbox */
    protected function storedValues(CompletionInput $input): array
    {
        return $input->mustSuggestArgumentValuesFor('account') || $input->mustSuggestArgumentValuesFor('accounts')
            ? array_map(static fn (Account $account): string => $account->account, $this->client->listAccounts())
            : [];
    }

    /** @return list<string> the folders of the account on the command line */
    protected function folderValues(CompletionInput $input): array
    {
        return array_map(static fn (Folder $folder): string => $folder->path, $this->client->listFolders($this->account($input)));
    }

    protected function text(string $english, string|int ...$values): string
    {
        return $this->application->words->text($english, ...$values);
    }

    protected function describe(string $english): static
    {
        return $this->setDescription($this->text($english));
    }

    protected function needsAccount(): static
    {
        return $this->addArgument('account', InputArgument::REQUIRED, $this->text('the account'));
    }

    /** @throws UsageException no account can have such a name */
    protected function account(InputInterface $input): string
    {
        $account = $input->getArgument('account');

        return self::accountName(is_string($account) ? $account : '');
    }

    /** @throws UsageException no account can have such a name */
    protected static function accountName(string $account): string
    {
        return match (true) {
            $account === '' => throw new UsageException('The name of an account can not be empty'),
            preg_match('/^.{1,190}$/Dsu', $account) !== 1 => throw new UsageException('The name of an account has at most 190 characters, in UTF-8'),
            preg_match('/\p{Cc}/u', $account) === 1 => throw new UsageException('The name of an account has no control characters'),
            default => $account,
        };
    }

    protected static function option(InputInterface $input, string $name): ?string
    {
        $value = $input->getOption($name);

        return is_string($value) ? $value : null;
    }

    /** A whole number of at least $least. */
    protected static function number(InputInterface $input, string $name, int $least): ?int
    {
        $value = self::option($input, $name);
        $number = $value === null ? null : filter_var($value, FILTER_VALIDATE_INT);
        if ($number === false || ($number !== null && $number < $least)) {
            throw new UsageException('Option --%s needs a whole number of at least %d, not %s', $name, $least, (string) $value);
        }

        return $number;
    }

    /** The text of a file, `-` being standard input. */
    protected static function read(string $file): string
    {
        $text = @file_get_contents($file === '-' ? 'php://stdin' : $file);

        return $text === false ? throw new UsageException('%s can not be read', $file) : $text;
    }

    /** @return array<array-key, mixed> */
    protected static function readJson(string $file): array
    {
        $data = json_decode(self::read($file), true);

        return is_array($data) ? $data : throw new UsageException('%s holds no JSON object', $file);
    }

    protected static function wantsJson(InputInterface $input): bool
    {
        return $input->getOption('json') === true;
    }

    /** @param array<string, mixed> $data */
    protected function json(OutputInterface $output, string $type, array $data): void
    {
        $which = $this->store === null ? [] : ['store' => $this->store];
        $output->writeln(Text::json(['type' => $type] + $which + $data), OutputInterface::OUTPUT_RAW);
    }

    /** Where what is no result goes. */
    protected static function errors(OutputInterface $output): OutputInterface
    {
        return $output instanceof ConsoleOutputInterface ? $output->getErrorOutput() : $output;
    }

    protected function prompt(InputInterface $input, OutputInterface $output): Prompt
    {
        return new Prompt($input, self::errors($output), $this->application->words);
    }

    /** The state in words, coloured by whether someone has to act. */
    protected function state(TokenStatus $status, bool $enabled = true): string
    {
        $style = match ($status->state) {
            TokenState::Valid => 'info',
            TokenState::Expired, TokenState::NeverSignedIn => 'comment',
            default => 'error',
        };
        $state = sprintf('<%1$s>%2$s</%1$s>', $style, $this->text('state ' . $status->state->name));

        return $enabled ? $state : $state . ' (' . $this->text('disabled') . ')';
    }

    /** The command that somebody types next; empty: none is needed. */
    protected function next(Account $account): string
    {
        $name = Text::word($account->account);

        return match (true) {
            !$account->enabled => '',
            $account->status->state === TokenState::NeverSignedIn,
            $account->status->state === TokenState::SignInRequired => 'squeeze-graph sign-in ' . $name,
            $account->status->state === TokenState::ActionRequired,
            $account->status->problem !== null => 'squeeze-graph status ' . $name,
            default => '',
        };
    }

    /** How long something still lasts, in the two largest units. */
    protected function left(?\DateTimeImmutable $end): string
    {
        if ($end === null) {
            return '–';
        }
        $seconds = $end->getTimestamp() - time();
        if ($seconds <= 0) {
            return $this->text('ended');
        }

        return match (true) {
            $seconds >= 86_400 => sprintf('%d d %d h', intdiv($seconds, 86_400), intdiv($seconds % 86_400, 3_600)),
            $seconds >= 3_600 => sprintf('%d h %d min', intdiv($seconds, 3_600), intdiv($seconds % 3_600, 60)),
            $seconds >= 60 => sprintf('%d min', intdiv($seconds, 60)),
            default => sprintf('%d s', $seconds),
        };
    }

    protected static function time(?\DateTimeImmutable $time): string
    {
        return $time === null ? '–' : $time->format('Y-m-d H:i \U\T\C');
    }

    protected function problem(OutputInterface $output, Problem $problem, string $account): void
    {
        $output->writeln('  ' . Text::line($this->inCommands($problem->explanation, $account)));
        $output->writeln('  → ' . Text::line($this->inCommands($problem->remedy, $account)));
    }

    /** The extension's sentences name PHP's functions; here those are commands. */
    protected function inCommands(string $sentence, ?string $account): string
    {
        $name = $account === null ? $this->text('ACCOUNT') : Text::word($account);
        $commands = [
            'save_account()' => 'squeeze-graph account:add ' . $name,
            'import_messages()' => 'squeeze-graph import ' . $name,
            'authorization_url()' => 'squeeze-graph sign-in ' . $name,
            'list_folders()' => 'squeeze-graph folders ' . $name,
            'create_folder()' => sprintf('squeeze-graph folders %s --create', $name),
        ];

        return strtr($sentence, $commands);
    }

    /** An account that needs a person makes the exit code say so; one that never signed in does not, nor one that is disabled. */
    protected static function exitFor(TokenStatus $status, bool $enabled = true): ExitCode
    {
        return match (true) {
            !$enabled => ExitCode::AllWell,
            $status->state === TokenState::SignInRequired,
            $status->state === TokenState::ActionRequired => ExitCode::PersonNeeded,
            default => ExitCode::AllWell,
        };
    }
}
