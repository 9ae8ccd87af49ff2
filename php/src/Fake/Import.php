<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\AttachmentKind;
use Squeeze\Graph\Disposition;
use Squeeze\Graph\ImportOutcome;
use Squeeze\Graph\ImportReport;
use Squeeze\Graph\ImportResult;
use Squeeze\Graph\ImportRunningException;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\LeaveInInbox;
use Squeeze\Graph\Message;
use Squeeze\Graph\RejectMessage;
use Squeeze\Graph\StopImport;

/**
 * The rules of an import, one mail after another: which mail goes where, what counts as an attempt, what ends a run.
 *
 * @internal
 */
final class Import
{
    private const ATTEMPTS = 3;

    /** @var array<string, array{key: string, attempt: int, failed: int, notBefore: ?\DateTimeInterface}> by message id */
    private array $receipts = [];
    /** @var list<string> the mails that failed one after another, as long as it may be an outage */
    private array $row = [];
    /** @var list<ImportResult> */
    private array $results = [];
    private int $bytes = 0;
    private bool $running = false;

    public function __construct(private readonly string $account, private readonly Mailbox $mailbox)
    {
    }

    /**
     * @param array{inbox: string, processed: string, error: string} $folders
     * @param callable(IncomingMessage): void $handler
     * @param (callable(Message): (bool|Disposition))|null $accept
     * @param 'text'|'html'|null $body
     * @param (callable(int, int, ImportResult): void)|null $progress
     */
    public function run(
        array $folders,
        \DateTimeInterface $now,
        callable $handler,
        ?string $directory = null,
        ?callable $accept = null,
        ?int $limit = null,
        bool $requireAttachments = true,
        ?string $body = null,
        ?int $maxBytes = null,
        int $maxFailures = 5,
        ?callable $progress = null,
    ): ImportReport {
        if ($this->running) {
            throw new ImportRunningException(
                Problems::of('import_running', 'This inbox is being imported already.', retryable: true),
                $this->account,
            );
        }
        $this->running = true;
        [$this->results, $this->row, $this->bytes] = [[], [], 0];
        $private = $directory === null ? self::temporary() : null;
        $began = microtime(true);
        $handed = 0;
        try {
            $waiting = $this->mailbox->messagesIn($folders['inbox']);
            foreach ($waiting as $message) {
                if ($limit !== null && $handed >= $limit) {
                    break;
                }
                $this->receipts[$message->id]
                    ??= ['key' => bin2hex(random_bytes(16)), 'attempt' => 0, 'failed' => 0, 'notBefore' => null];
                $key = $this->receipts[$message->id]['key'];
                try {
                    $sorted = $this->sort($message, $folders, $accept, $now, $requireAttachments, $maxBytes);
                } catch (StopImport) {
                    break;
                }
                if ($sorted === null) {
                    $handed++;
                    $place = ($private ?? $directory) . '/' . $key;
                    $sorted = $this->hand($this->incoming($message, $place, $body), $folders, $handler, $place, $private !== null);
                    if ($sorted === null) {
                        break;
                    }
                }
                [$outcome, $reason, $target] = $sorted;
                if ($target !== null) {
                    $this->move($message->id, $target);
                }
                $this->results[] = $result = ImportResult::fromArray([
                    'message' => $message,
                    'outcome' => $outcome,
                    'reason' => $reason === '' ? null : $reason,
                    'importKey' => $key,
                ]);
                $outage = count($this->row) >= $maxFailures;
                if ($outage) {
                    // Of the host: nothing of it counts against the mails.
                    foreach ($this->row as $id) {
                        $this->receipts[$id]['attempt']--;
                    }
                    $this->row = [];
                }
                try {
                    if ($progress !== null) {
                        $progress(count($this->results), count($waiting), $result);
                    }
                } catch (StopImport) {
                    break;
                }
                if ($outage) {
                    break;
                }
            }
        } finally {
            $this->settle($folders['error']);
            $this->running = false;
            if ($private !== null) {
                self::remove($private);
            }
        }

        return $this->report(microtime(true) - $began);
    }

    /**
     * What becomes of a mail that is not handed over; null if it is.
     *
     * @param array{inbox: string, processed: string, error: string} $folders
     * @param (callable(Message): (bool|Disposition))|null $accept
     * @return array{ImportOutcome, ?string, ?string}|null outcome, reason, the folder it goes to
     */
    private function sort(
        Message $message,
        array $folders,
        ?callable $accept,
        \DateTimeInterface $now,
        bool $requireAttachments,
        ?int $maxBytes,
    ): ?array {
        $notBefore = $this->receipts[$message->id]['notBefore'];
        if ($notBefore !== null && $notBefore > $now) {
            $instant = LocalTime::utc($notBefore->getTimestamp())->format('Y-m-d\TH:i:s\Z');

            return [ImportOutcome::Left, 'not before ' . $instant, null];
        }
        $decision = $accept === null ? true : $accept($message);
        if (!is_bool($decision) && !$decision instanceof Disposition) {
            throw new \TypeError('The accept callback must return a bool or a Disposition');
        }

        return match (true) {
            $decision === false, $decision === Disposition::Leave => [ImportOutcome::Filtered, null, null],
            $decision === Disposition::Processed => [ImportOutcome::Filtered, null, $folders['processed']],
            $decision === Disposition::Error => [ImportOutcome::Filtered, null, $folders['error']],
            $requireAttachments && !$this->hasFile($message->id) => [ImportOutcome::Rejected, 'no attachment', $folders['error']],
            $maxBytes !== null && $this->largest($message->id) > $maxBytes
                => [ImportOutcome::Rejected, sprintf('larger than %d bytes', $maxBytes), $folders['error']],
            default => null,
        };
    }

    /**
     * Hands a mail over. The files are the host's if the handler returned and the folder is the host's.
     *
     * @param array{inbox: string, processed: string, error: string} $folders
     * @param callable(IncomingMessage): void $handler
     * @return array{ImportOutcome, ?string, ?string}|null null: the run ends
     */
    private function hand(IncomingMessage $mail, array $folders, callable $handler, string $place, bool $private): ?array
    {
        $id = $mail->message->id;
        $kept = false;
        try {
            $handler($mail);
            $kept = !$private;
            $this->settle($folders['error']);

            return [ImportOutcome::Imported, null, $folders['processed']];
        } catch (RejectMessage $reject) {
            $this->settle($folders['error']);

            return [ImportOutcome::Rejected, $reject->getMessage(), $folders['error']];
        } catch (LeaveInInbox $leave) {
            $this->settle($folders['error']);
            $this->receipts[$id]['notBefore'] = $leave->getNotBefore();

            return [ImportOutcome::Left, $leave->getMessage(), null];
        } catch (StopImport) {
            return null;
        } catch (\Exception $failure) {
            $this->row[] = $id;

            return [ImportOutcome::Failed, $failure::class . ': ' . $failure->getMessage(), null];
        } finally {
            if (!$kept) {
                self::remove($place);
            }
        }
    }

    /** The failures in a row were no outage: they count, and the third sends a mail to the error folder. */
    private function settle(string $errorFolder): void
    {
        foreach ($this->row as $id) {
            if (++$this->receipts[$id]['failed'] >= self::ATTEMPTS) {
                $this->move($id, $errorFolder);
            }
        }
        $this->row = [];
    }

    /** A mail that is dragged back to the inbox is a new import: moving it closes its receipt. */
    private function move(string $id, string $folder): void
    {
        $this->mailbox->change($id, ['folderId' => $this->mailbox->find($folder)->id]);
        unset($this->receipts[$id]);
    }

    private function report(float $seconds): ImportReport
    {
        $count = fn (ImportOutcome $wanted): int => count(
            array_filter($this->results, static fn (ImportResult $result): bool => $result->outcome === $wanted),
        );
        $stayed = array_filter(
            $this->results,
            fn (ImportResult $result): bool => $result->outcome === ImportOutcome::Filtered
                && isset($this->receipts[$result->message->id]),
        );

        return ImportReport::fromArray([
            'imported' => $count(ImportOutcome::Imported),
            'rejected' => $count(ImportOutcome::Rejected),
            'left' => $count(ImportOutcome::Left) + count($stayed),
            'failed' => $count(ImportOutcome::Failed),
            'bytes' => $this->bytes,
            'seconds' => $seconds,
            'results' => $this->results,
        ]);
    }

    /** Whether it has what is an attachment to people: no picture inside the text, and no link. */
    private function hasFile(string $id): bool
    {
        foreach ($this->mailbox->stored($id)['attachments'] as ['about' => $about]) {
            $isPicture = str_starts_with(strtolower((string) $about->contentType), 'image/')
                || preg_match('/\.(?:bmp|emf|gif|ico|jpe?g|png|svg|tiff?|webp|wmf)$/Di', $about->name) === 1;
            $counts = match (true) {
                // What a signed or encrypted mail holds is inside.
                strtolower($about->name) === 'smime.p7m' => true,
                $about->kind === AttachmentKind::Reference => false,
                $about->kind === AttachmentKind::Item => true,
                default => !$about->isInline || !$isPicture,
            };
            if ($counts) {
                return true;
            }
        }

        return false;
    }

    /** Bytes of the largest of its files. */
    private function largest(string $id): int
    {
        $stored = $this->mailbox->stored($id);

        return max(array_map(strlen(...), [$stored['mime'], ...array_column($stored['attachments'], 'bytes')]));
    }

    /** @param 'text'|'html'|null $body */
    private function incoming(Message $message, string $place, ?string $body): IncomingMessage
    {
        if (!is_dir($place)) {
            mkdir($place, 0700, true);
        }
        $stored = $this->mailbox->stored($message->id);
        $this->bytes += strlen($stored['mime']);
        self::write($place . '/message.eml', $stored['mime']);
        $attachments = [];
        foreach ($stored['attachments'] as $index => ['about' => $about, 'bytes' => $bytes]) {
            if ($about->kind === AttachmentKind::Reference) {
                $attachments[] = ['attachment' => $about];
                continue;
            }
            $path = $place . '/' . FileName::of($index + 1, $about->name, $about->kind === AttachmentKind::Item);
            self::write($path, $bytes);
            $this->bytes += strlen($bytes);
            $attachments[] = ['attachment' => $about, 'path' => $path, 'sha256' => hash('sha256', $bytes)];
        }

        return IncomingMessage::fromArray([
            'message' => $message,
            'mimePath' => $place . '/message.eml',
            'attachments' => $attachments,
            'importKey' => $this->receipts[$message->id]['key'],
            'attempt' => ++$this->receipts[$message->id]['attempt'],
            'body' => $body === null ? null : $this->mailbox->whole($message->id, $body === 'text')->body,
        ]);
    }

    private static function write(string $path, string $bytes): void
    {
        if (file_put_contents($path, $bytes) !== strlen($bytes)) {
            throw new \RuntimeException(sprintf('%s can not be written', $path));
        }
        chmod($path, 0600);
    }

    private static function temporary(): string
    {
        $folder = sys_get_temp_dir() . '/squeeze-graph-fake-' . bin2hex(random_bytes(8));
        mkdir($folder, 0700);

        return $folder;
    }

    private static function remove(string $folder): void
    {
        foreach (glob($folder . '/*') ?: [] as $path) {
            is_dir($path) ? self::remove($path) : unlink($path);
        }
        if (is_dir($folder)) {
            rmdir($folder);
        }
    }
}
