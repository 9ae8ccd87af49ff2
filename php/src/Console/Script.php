<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\Problem;

use function Squeeze\Graph\has_account;
use function Squeeze\Graph\with_settings;

/**
 * What the scripts of php/bin have in common: options, tenants, signals, exit codes.
 */
abstract class Script
{
    private const OPTIONS = [
        'store' => true, 'key-file' => true, 'account' => true, 'lang' => true,
        'json' => false, 'quiet' => false, 'help' => false, 'version' => false,
    ];

    private const COMMON_HELP = [
        'en' => <<<'TEXT'
              --store PATH        the token store (default: squeeze_graph.store of php.ini)
              --key-file PATH     the key file of the --store before it
                                  Both can be repeated, for many tenants.
              --account NAME      only this account; can be repeated
              --lang en|de        language (default: the terminal's, else squeeze_graph.language)
              --json              one JSON object a line on standard output
              --quiet             print only what someone has to act on, for cron
              --help, --version

            Exit codes: 0 all well; 1 an account needs a person (each is named with what to do);
            75 passing trouble only, or interrupted: run it again; 78 configuration or usage.
            TEXT,
        'de' => <<<'TEXT'
              --store PFAD        der Token-Speicher (sonst: squeeze_graph.store der php.ini)
              --key-file PFAD     die Schlüsseldatei des davor genannten --store
                                  Beide können wiederholt werden, für mehrere Mandanten.
              --account NAME      nur dieses Konto; kann wiederholt werden
              --lang en|de        Sprache (sonst: die des Terminals, dann squeeze_graph.language)
              --json              ein JSON-Objekt je Zeile auf der Standardausgabe
              --quiet             nur ausgeben, was jemand zu tun hat; für cron
              --help, --version

            Rückgabewerte: 0 alles gut; 1 ein Konto braucht jemanden (jedes wird genannt, mit dem, was
            zu tun ist); 75 nur Vorübergehendes, oder unterbrochen: noch einmal starten; 78 Konfiguration
            oder Aufruf.
            TEXT,
    ];

    protected Arguments $arguments;
    protected Output $output;
    protected Words $words;

    abstract protected function name(): string;

    /**
     * What it does, and its own options.
     *
     * @return array{en: string, de: string}
     */
    abstract protected function help(): array;

    /**
     * @return array<string, bool> its own options: name => whether it takes a value
     */
    abstract protected function options(): array;

    /**
     * Does the work for one tenant, whose settings are in force.
     *
     * @param ?list<string> $accounts the accounts asked for; null: all
     */
    abstract protected function run(?array $accounts): ExitCode;

    /**
     * Looks at its own options before any work starts.
     *
     * @throws UsageException
     */
    abstract protected function prepare(): void;

    /**
     * @param list<string> $argv as PHP gives it, the script's name first
     */
    final public function main(array $argv): int
    {
        $words = array_slice($argv, 1);
        // Known before anything can be wrong: what is wrong is said in that language, too.
        $language = Language::spoken($words, getenv());
        $this->words = new Words($language);
        try {
            $this->arguments = Arguments::parse($words, self::OPTIONS + $this->options());
            Language::check($words);
            if ($this->arguments->has('help')) {
                fwrite(STDOUT, $this->help()[$language] . "\n" . self::COMMON_HELP[$language] . "\n");

                return ExitCode::AllWell->value;
            }
            if ($this->arguments->has('version')) {
                fwrite(STDOUT, sprintf("%s %s\n", $this->name(), phpversion('squeeze_graph') ?: $this->words->text('(squeeze_graph is not loaded)')));

                return ExitCode::AllWell->value;
            }
            if (!extension_loaded('squeeze_graph')) {
                return $this->refuse($this->words->notLoaded());
            }
            $tenants = $this->arguments->tenants();
            $this->output = new Output($this->arguments->has('json'), $this->arguments->has('quiet'));
            $this->prepare();
        } catch (UsageException $error) {
            return $this->refuse($error->in($this->words) . "\n" . $this->words->text('Try: %s', $this->name() . ' --help'));
        }

        try {
            Signals::listen();

            return $this->work($tenants, $language)->value;
        } catch (Interrupted) {
            $this->output->note($this->words->text('Interrupted. What was done is kept, the next run goes on from here.'));

            return ExitCode::TryAgain->value;
        }
    }

    /**
     * @param non-empty-list<array<string, string>> $tenants
     */
    private function work(array $tenants, string $language): ExitCode
    {
        $asked = $this->arguments->values('account');
        $unknown = $asked;
        $exit = ExitCode::AllWell;
        foreach ($tenants as $settings) {
            try {
                $exit = $exit->and(with_settings($settings + ['squeeze_graph.language' => $language], function () use ($asked, &$unknown): ExitCode {
                    if ($asked === []) {
                        return $this->run(null);
                    }
                    $here = array_values(array_filter($asked, self::isThere(...)));
                    $unknown = array_diff($unknown, $here);

                    return $here === [] ? ExitCode::AllWell : $this->run($here);
                }));
            } catch (GraphException $error) {
                $exit = $exit->and($this->report($error, $settings['squeeze_graph.store'] ?? null));
            }
        }
        foreach ($unknown as $account) {
            $exit = $exit->and(ExitCode::Configuration);
            $message = $this->words->text('There is no account named %s. Check the name, and which store is configured.', $account);
            $this->output->record('error', ['account' => $account, 'message' => $message]);
            $this->output->note($message);
        }

        return $exit;
    }

    /** A name that no account can have is not there either. */
    private static function isThere(string $account): bool
    {
        try {
            return has_account($account);
        } catch (\ValueError) {
            return false;
        }
    }

    /**
     * Tells of a failure that ended the work for an account or, without one, for a tenant.
     */
    protected function report(GraphException $error, ?string $subject): ExitCode
    {
        $this->output->record('error', ['account' => $error->getAccount(), 'problem' => $error->getProblem()]);
        $this->output->tell($this->advice($error->getAccount() ?? $subject ?? $this->name(), $error->getProblem()));

        return ExitCode::of($error);
    }

    /**
     * A problem as someone who has to act on it wants to read it.
     */
    protected function advice(string $subject, Problem $problem): string
    {
        return sprintf("! %s: %s\n  → %s", $subject, $problem->explanation, $problem->remedy);
    }

    private function refuse(string $message): int
    {
        fwrite(STDERR, sprintf("%s: %s\n", $this->name(), $message));

        return ExitCode::Configuration->value;
    }
}
