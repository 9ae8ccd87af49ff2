<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Symfony\Component\Console\Exception\MissingInputException;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\StreamableInputInterface;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Asks the person at the terminal. Questions go to standard error, because standard output is for results; a signal ends
 * the waiting, and what was switched off at the terminal is switched on again.
 */
final class Prompt
{
    /** @var resource */
    private readonly mixed $stream;

    /** @param OutputInterface $output for questions */
    public function __construct(InputInterface $input, private readonly OutputInterface $output, private readonly Words $words)
    {
        $stream = $input instanceof StreamableInputInterface ? $input->getStream() : null;
        $this->stream = is_resource($stream) ? $stream : STDIN;
    }

    /**
     * @param ?string $default what an empty answer stands for
     * @param (\Closure(?string): ?string)|null $wrong what is wrong with an answer; then it is asked for again
     */
    public function ask(string $question, ?string $default = null, ?\Closure $wrong = null): ?string
    {
        $shown = Text::line($question) . ($default === null ? '' : sprintf(' [<comment>%s</comment>]', Text::line($default)));

        return $this->until($shown, fn (): string => $this->line(), $default, $wrong);
    }

    /**
     * The same without showing on the screen what is typed. An empty answer is null.
     *
     * @param (\Closure(?string): ?string)|null $wrong
     */
    public function askUnseen(string $question, ?\Closure $wrong = null): ?string
    {
        return $this->until(Text::line($question), fn (): string => $this->unseen(), null, $wrong);
    }

    public function confirm(string $question, bool $default): bool
    {
        $choice = $this->words->text($default ? 'Y/n' : 'y/N');
        $answer = $this->until(sprintf('%s [%s]', Text::line($question), $choice), fn (): string => $this->line(), null, null);

        return $answer === null ? $default : preg_match('/^[yj]/i', $answer) === 1;
    }

    /**
     * @param \Closure(): string $read
     * @param (\Closure(?string): ?string)|null $wrong
     */
    private function until(string $question, \Closure $read, ?string $default, ?\Closure $wrong): ?string
    {
        while (true) {
            $this->output->write($question . ': ');
            $answer = trim($read());
            $answer = $answer === '' ? $default : $answer;
            $reason = $wrong === null ? null : $wrong($answer);
            if ($reason === null) {
                return $answer;
            }
            $this->output->writeln(sprintf('<error>✗</error> %s', Text::line($reason)));
        }
    }

    private function line(): string
    {
        if (stream_isatty($this->stream)) {
            // PHP begins an interrupted read anew by itself; so it is only asked for what is there.
            do {
                $ready = [$this->stream];
                $none = null;
            } while (@stream_select($ready, $none, $none, 1, 0) !== 1);
        }
        $line = fgets($this->stream, 4_096);
        if ($line === false) {
            throw new MissingInputException($this->words->text('There was no answer. Nothing has changed.'));
        }

        return $line;
    }

    private function unseen(): string
    {
        $mode = stream_isatty($this->stream) ? trim((string) @shell_exec('stty -g 2>/dev/null')) : '';
        if ($mode === '') {
            return $this->line();
        }
        try {
            shell_exec('stty -echo');

            return $this->line();
        } finally {
            shell_exec('stty ' . escapeshellarg($mode));
            $this->output->writeln('');
        }
    }
}
