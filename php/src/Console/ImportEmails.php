<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Squeeze\Graph\Account;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\ImportOutcome;
use Squeeze\Graph\ImportResult;
use Squeeze\Graph\ImportRunningException;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\get_account;
use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_accounts;

/**
 * Imports the mails of every enabled account into folders: a template for an importer of one's own.
 */
final class ImportEmails extends Script
{
    private string $directory = '';
    private ?int $limit = null;

    protected function name(): string
    {
        return 'import-emails';
    }

    protected function help(): array
    {
        return [
            'en' => <<<'TEXT'
                Imports the mails of every enabled account. Each becomes a folder DIR/<import key>/ with message.eml, the
                attachments, and mail.json, which is written last: a folder that has it is complete.

                Usage: import-emails --directory DIR [options]

                  --directory DIR     where to (made when it is missing)
                  --limit N           at most this many mails of each account
                TEXT,
            'de' => <<<'TEXT'
                Importiert die Mails aller eingeschalteten Konten. Aus jeder wird ein Ordner DIR/<import key>/ mit message.eml,
                den Anlagen und mail.json, die zuletzt geschrieben wird: ein Ordner, der sie hat, ist vollständig.

                Aufruf: import-emails --directory DIR [Optionen]

                  --directory DIR     wohin (wird angelegt, wenn es fehlt)
                  --limit N           höchstens so viele Mails je Konto
                TEXT,
        ];
    }

    protected function options(): array
    {
        return ['directory' => true, 'limit' => true];
    }

    protected function prepare(): void
    {
        $this->directory = $this->arguments->value('directory') ?? throw new UsageException('Option --directory is missing');
        $this->limit = $this->arguments->number('limit', 1);
        if (!is_dir($this->directory) && !@mkdir($this->directory, 0700, true) && !is_dir($this->directory)) {
            throw new UsageException('The folder %s can not be made: %s', $this->directory, error_get_last()['message'] ?? '?');
        }
    }

    protected function run(?array $accounts): ExitCode
    {
        $exit = ExitCode::AllWell;
        $list = $accounts === null
            ? array_filter(list_accounts(), static fn (Account $account): bool => $account->enabled)
            : array_map(get_account(...), $accounts);
        if ($list === []) {
            $this->output->say($this->words->text('no account is set up'));
        }
        foreach ($list as $account) {
            if ($account->status->state === TokenState::NeverSignedIn) {
                $this->output->record('skipped', ['account' => $account->account, 'reason' => 'never_signed_in']);
                $this->output->say(sprintf('%s: %s', $account->account, $this->words->text('NeverSignedIn')));
                continue;
            }
            try {
                $exit = $exit->and($this->import($account->account));
            } catch (ImportRunningException) {
                // Not a failure: the mails are being taken care of.
                $this->output->record('skipped', ['account' => $account->account, 'reason' => 'import_running']);
                $this->output->note($this->words->text('%s: another process is importing, nothing to do', $account->account));
            } catch (GraphException $error) {
                $exit = $exit->and($this->report($error, $account->account));
            }
        }

        return $exit;
    }

    private function import(string $account): ExitCode
    {
        $report = import_messages(
            $account,
            function (IncomingMessage $mail) use ($account): void {
                $this->keep($account, $mail);
            },
            directory: $this->directory,
            limit: $this->limit,
            progress: function (int $done, int $known, ImportResult $result) use ($account): void {
                $this->show($account, $result);
                $this->output->progress($done, $known, $account);
            },
        );
        $this->output->endProgress();
        $this->output->record('summary', [
            'account' => $account,
            'imported' => $report->imported,
            'rejected' => $report->rejected,
            'left' => $report->left,
            'failed' => $report->failed,
            'bytes' => $report->bytes,
            'seconds' => $report->seconds,
        ]);
        $this->output->say($this->words->text(
            '%s: %d imported, %d rejected, %d left, %d failed',
            $account,
            $report->imported,
            $report->rejected,
            $report->left,
            $report->failed,
        ));

        return $report->failed > 0 ? ExitCode::TryAgain : ExitCode::AllWell;
    }

    /**
     * Called once for each mail. Returning means "it is ours now": the mail leaves the inbox. Throwing leaves it there.
     *
     * A mail comes again when the process died right after this function: it has the same import key then, and the
     * same files, so writing once more is harmless. An importer with a database puts a unique index on that key.
     */
    private function keep(string $account, IncomingMessage $mail): void
    {
        $folder = dirname($mail->mimePath);
        $files = [];
        foreach ($mail->attachments as $incoming) {
            $files[] = [
                'file' => $incoming->path === null ? null : basename($incoming->path),
                'sha256' => $incoming->sha256,
            ] + $incoming->attachment->jsonSerialize();
        }
        $json = json_encode([
            'importKey' => $mail->importKey,
            'account' => $account,
            'message' => $mail->message,
            'attachments' => $files,
        ], JSON_THROW_ON_ERROR | JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_INVALID_UTF8_SUBSTITUTE);

        // Written beside and renamed: whoever waits for mail.json never reads half of it.
        $new = $folder . '/.mail.json';
        try {
            $stream = fopen($new, 'wb') ?: throw new \RuntimeException(sprintf('%s can not be written', $new));
            $written = fwrite($stream, $json . "\n") === strlen($json) + 1 && fsync($stream) && fclose($stream);
            if (!$written || !rename($new, $folder . '/mail.json')) {
                throw new \RuntimeException(sprintf('%s/mail.json can not be written', $folder));
            }
        } finally {
            if (is_file($new)) {
                unlink($new);
            }
        }
    }

    private function show(string $account, ImportResult $result): void
    {
        $this->output->record('result', ['account' => $account] + $result->jsonSerialize());
        $line = sprintf(
            '%s: %s: %s',
            $account,
            $this->words->text($result->outcome->name),
            $result->message->subject ?? $this->words->text('no subject'),
        );
        $line = $result->reason === null ? $line : sprintf('%s (%s)', $line, $this->reason($result->reason));
        if ($result->outcome === ImportOutcome::Failed) {
            $this->output->tell('! ' . $line);
        } else {
            $this->output->say($line);
        }
    }

    /** The extension's own reasons in the reader's language; those of a handler as they are. */
    private function reason(string $reason): string
    {
        $time = str_starts_with($reason, 'not before ') ? substr($reason, strlen('not before ')) : null;

        return match (true) {
            $time !== null => $this->words->text('not before %s', $time),
            $reason === 'no attachment' => $this->words->text('no attachment'),
            default => $reason,
        };
    }
}
