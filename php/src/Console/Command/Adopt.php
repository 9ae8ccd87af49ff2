<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Symfony\Component\Console\Completion\CompletionInput;
use Symfony\Component\Console\Exception\InvalidOptionException;
use Symfony\Component\Console\Input\InputArgument;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * Takes over a token that older scripts kept, from a JSON file. Nobody has to sign in again.
 */
final class Adopt extends Command
{
    protected function configure(): void
    {
        $this->setName('adopt')->describe('Takes over a token that older scripts kept')->needsAccount()
            ->addArgument('file', InputArgument::REQUIRED, $this->text('JSON with access_token, refresh_token, expires_at …; - for standard input'))
            ->addOption('timezone', null, InputOption::VALUE_REQUIRED, $this->text('zone of times without an offset, such as Europe/Berlin'))
            ->addOption('only-if-absent', null, InputOption::VALUE_NONE, $this->text('leave an account alone that has tokens'));
    }

    protected function fixedValues(CompletionInput $input): array
    {
        return $input->mustSuggestOptionValuesFor('timezone') ? \DateTimeZone::listIdentifiers() : [];
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $file = $input->getArgument('file');
        /** @var array{access_token?: ?string} $token of any keys and types: adopting judges them */
        $token = self::readJson(is_string($file) ? $file : '');
        try {
            $status = $this->client->adoptToken(
                $this->account($input),
                $token,
                self::option($input, 'timezone'),
                $input->getOption('only-if-absent') === true,
            );
        } catch (\ValueError | \TypeError $error) {
            throw new InvalidOptionException($error->getMessage(), 0, $error);
        }
        if (self::wantsJson($input)) {
            $this->json($output, 'status', $status->jsonSerialize());
        } else {
            $output->writeln(sprintf('%s: %s, %s', Text::line($status->account), $this->state($status), self::time($status->expiresAt)));
        }

        return self::exitFor($status);
    }
}
