<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Account;
use Squeeze\Graph\Client;
use Squeeze\Graph\Console\Application;
use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\Problem;
use Squeeze\Graph\TokenState;
use Squeeze\Graph\TokenStatus;
use Symfony\Component\Console\Command\Command as Symfony;
use Symfony\Component\Console\Completion\CompletionInput;
use Symfony\Component\Console\Completion\CompletionSuggestions;
use Symfony\Component\Console\Exception\InvalidOptionException;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * What the commands have in common: the client, the language, results as lines or as JSON.
 */
abstract class Command extends Symfony
{
    protected readonly Client $client;

    final public function __construct(protected readonly Application $application)
    {
        $this->client = $application->client;
        parent::__construct();
    }

    /** What it does, and how it ended. */
    abstract protected function act(InputInterface $input, OutputInterface $output): ExitCode;

    final protected function execute(InputInterface $input, OutputInterface $output): int
    {
        return $this->act($input, $output)->value;
    }

    /** Account names on the command line are completed by the shell. */
    public function complete(CompletionInput $input, CompletionSuggestions $suggestions): void
    {
        if ($input->mustSuggestArgumentValuesFor('account') || $input->mustSuggestArgumentValuesFor('accounts')) {
            $suggestions->suggestValues(array_map(static fn (Account $account): string => $account->account, $this->client->listAccounts()));
        }
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

    protected static function account(InputInterface $input): string
    {
        $account = $input->getArgument('account');

        return is_string($account) ? $account : '';
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
            throw new InvalidOptionException(sprintf('--%s needs a whole number of at least %d, not %s', $name, $least, $value));
        }

        return $number;
    }

    protected static function wantsJson(InputInterface $input): bool
    {
        return $input->getOption('json') === true;
    }

    /** @param array<string, mixed> $data */
    protected static function json(OutputInterface $output, string $type, array $data): void
    {
        $output->writeln(Text::json(['type' => $type] + $data), OutputInterface::OUTPUT_RAW);
    }

    /** The state in words, coloured by whether someone has to act. */
    protected function state(TokenStatus $status): string
    {
        $style = match ($status->state) {
            TokenState::Valid => 'info',
            TokenState::Expired, TokenState::NeverSignedIn => 'comment',
            default => 'error',
        };

        return sprintf('<%1$s>%2$s</%1$s>', $style, $this->text('state ' . $status->state->name));
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

    protected static function problem(OutputInterface $output, Problem $problem): void
    {
        $output->writeln('  ' . Text::line($problem->explanation));
        $output->writeln('  → ' . Text::line($problem->remedy));
    }

    /** An account that needs a person makes the exit code say so; one that never signed in does not. */
    protected static function exitFor(TokenStatus $status): ExitCode
    {
        return match ($status->state) {
            TokenState::SignInRequired, TokenState::ActionRequired => ExitCode::PersonNeeded,
            default => ExitCode::AllWell,
        };
    }
}
