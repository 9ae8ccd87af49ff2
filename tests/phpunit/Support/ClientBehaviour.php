<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\AmbiguousFolderException;
use Squeeze\Graph\Client;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\Disposition;
use Squeeze\Graph\Folder;
use Squeeze\Graph\FolderNotFoundException;
use Squeeze\Graph\ImportResult;
use Squeeze\Graph\ImportRunningException;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\LeaveInInbox;
use Squeeze\Graph\Message;
use Squeeze\Graph\MessageNotFoundException;
use Squeeze\Graph\MoveResult;
use Squeeze\Graph\RefreshOutcome;
use Squeeze\Graph\RejectMessage;
use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\StopImport;
use Squeeze\Graph\TokenState;

/**
 * What every client does alike: whoever tests an importer with the fake may rely on it.
 *
 * The account is "invoices", signed in, with the folders /Verarbeitet and /Fehler in a mailbox without mails.
 */
trait ClientBehaviour
{
    /** @return Client with the account, signed in */
    abstract protected function client(): Client;

    /**
     * @param array<string, string> $attachments
     * @return string the message's id
     */
    abstract protected function arrives(string $subject, array $attachments = ['invoice.pdf' => '%PDF']): string;

    public function testAnAccountIsKnownByItsSettings(): void
    {
        $client = $this->client();
        self::assertTrue($client->hasAccount('invoices'));
        self::assertFalse($client->hasAccount('others'));
        $account = $client->getAccount('invoices');
        self::assertSame('/Verarbeitet', $account->folderProcessed);
        self::assertSame('wellknown:inbox', $account->folderInbox);
        self::assertTrue($account->hasSecret);
        self::assertTrue($account->enabled);
        self::assertSame(43_200, $account->refreshInterval);
        self::assertFalse($client->saveAccount('invoices', ['folder_error' => '/Verarbeitet/Fehler']));
        self::assertSame('/Verarbeitet/Fehler', $client->getAccount('invoices')->folderError);
        self::assertTrue($client->saveAccount('another', ['client_secret' => 'x'] + $account->toSettings()));
        self::assertSame(['another', 'invoices'], array_column($client->listAccounts(), 'account'));
        self::assertTrue($client->deleteAccount('another'));
        self::assertFalse($client->deleteAccount('another'));
        $half = ['client_certificate' => '/etc/app.pem'];
        $both = $half + ['client_key' => '/etc/app.key', 'client_secret' => 'x'];
        foreach ([['nonsense' => 1], ['tenant_id' => 'fabrikam.example'], ['tenant_id' => null], $half, $both] as $settings) {
            self::assertTrue($this->throws(ConfigurationException::class, fn () => $client->saveAccount('invoices', $settings)));
        }
        self::assertTrue($this->throws(AccountNotFoundException::class, fn () => $client->getAccount('others')));
        self::assertTrue($this->throws(AccountNotFoundException::class, fn () => $client->accessToken('others')));
    }

    public function testASignInEndsWithATokenAndRevokingForgetsIt(): void
    {
        $client = $this->client();
        self::assertSame(TokenState::Valid, $client->tokenStatus('invoices')->state);
        self::assertFalse($client->isTokenExpired('invoices'));
        $token = $client->accessToken('invoices');
        self::assertSame($token, $client->accessToken('invoices'));
        self::assertSame($token, $client->exportToken('invoices')['access_token']);
        self::assertSame(TokenState::Valid, $client->refreshToken('invoices')->state);
        self::assertNotSame($token, $client->accessToken('invoices'));
        self::assertSame(RefreshOutcome::NotDue, $client->refreshTokens(60)->results[0]->outcome);
        self::assertSame(RefreshOutcome::UnknownAccount, $client->refreshTokens(60, ['others'])->results[0]->outcome);
        $client->revokeTokens('invoices');
        self::assertSame(TokenState::NeverSignedIn, $client->tokenStatus('invoices')->state);
        self::assertTrue($this->throws(SignInRequiredException::class, fn () => $client->exportToken('invoices')));
        self::assertSame(RefreshOutcome::NeverSignedIn, $client->refreshTokens()->results[0]->outcome);
        $end = time() + 1_800;
        $status = $client->adoptToken('invoices', ['access_token' => 'a', 'refresh_token' => 'r', 'expires_at' => $end]);
        self::assertSame($end, $status->expiresAt?->getTimestamp());
        self::assertSame(['a', 'r'], array_slice(array_values($client->exportToken('invoices')), 0, 2));
    }

    public function testAnApplicationHasNothingToExportBeforeItsFirstToken(): void
    {
        $client = $this->client();
        $settings = ['protocol' => 'application', 'mailbox' => 'invoices@contoso.example', 'client_secret' => 'secret'];
        $client->saveAccount('robot', $settings + $client->getAccount('invoices')->toSettings());
        $nothing = ['access_token' => null, 'refresh_token' => null, 'expires_at' => null, 'scope' => ''];
        self::assertSame($nothing, $client->exportToken('robot'));
    }

    public function testACallbackThatWasNotBegunIsRefused(): void
    {
        $client = $this->client();
        $url = $client->authorizationUrl('invoices', 'browser', route: 'tenant-7');
        parse_str((string) parse_url($url, PHP_URL_QUERY), $query);
        self::assertSame('tenant-7', $client->callbackRoute(['state' => $query['state']]));
        $reasons = [];
        foreach (
            [
                [['state' => 'made up', 'code' => 'c'], 'browser'],
                [['state' => $query['state'], 'code' => 'c'], 'another browser'],
                [['state' => $query['state'], 'error' => 'access_denied'], 'browser'],
            ] as [$callback, $session]
        ) {
            try {
                $client->exchangeCode($callback, $session);
            } catch (SignInFailedException $failure) {
                $reasons[] = $failure->getReason();
            }
        }
        self::assertSame(['unknown_state', 'wrong_session', 'denied'], $reasons);
        self::assertSame(TokenState::Valid, $client->tokenStatus('invoices')->state);
    }

    public function testFoldersAreFoundByEveryKindOfName(): void
    {
        $client = $this->client();
        $folder = $client->createFolder('invoices', '/Verarbeitet/Jahr 2026\/27/März');
        self::assertSame('/Verarbeitet/Jahr 2026\/27/März', $folder->path);
        self::assertEquals($folder, $client->createFolder('invoices', '/Verarbeitet/Jahr 2026\/27/März'));
        foreach (['März', 'märz', ' März', $folder->path . "\u{a0}", ' ' . $folder->path, 'Verarbeitet / Jahr 2026\/27/März', $folder->path, 'id:' . $folder->id] as $name) {
            self::assertSame($folder->id, $client->findFolder('invoices', $name)->id, $name);
        }
        self::assertSame('inbox', $client->findFolder('invoices', 'wellknown:inbox')->wellKnownName);
        self::assertSame('inbox', $client->findFolder('invoices', 'inbox')->wellKnownName);
        self::assertSame('inbox', $client->findFolder('invoices', ' wellknown:inbox ')->wellKnownName);
        self::assertSame('inbox', $client->findFolder('invoices', 'inbox ')->wellKnownName);
        $client->createFolder('invoices', 'wellknown:inbox/März');
        try {
            $client->findFolder('invoices', 'März');
            self::fail('two folders fit');
        } catch (AmbiguousFolderException $failure) {
            $candidates = $failure->getCandidates();
            sort($candidates);
            self::assertSame(['/Posteingang/März', '/Verarbeitet/Jahr 2026\/27/März'], $candidates);
        }
        self::assertTrue($this->throws(FolderNotFoundException::class, fn () => $client->findFolder('invoices', '/Verarbeited')));
        $below = array_column($client->listFolders('invoices', '/Verarbeitet'), 'path');
        self::assertSame(['/Verarbeitet/Jahr 2026\/27', '/Verarbeitet/Jahr 2026\/27/März'], $below);
    }

    public function testMessagesAreListedReadAndMoved(): void
    {
        $client = $this->client();
        $first = $this->arrives('first', ['a ü.txt' => 'bytes']);
        $second = $this->arrives('second');
        $list = $client->listMessages('invoices');
        self::assertSame(2, $list->total());
        self::assertSame(['first', 'second'], array_column(iterator_to_array($list, false), 'subject'));
        $newest = iterator_to_array($client->listMessages('invoices', limit: 1, newestFirst: true), false);
        self::assertSame(['second'], array_column($newest, 'subject'));
        [$attachment] = $client->listAttachments('invoices', $first);
        self::assertSame('a ü.txt', $attachment->name);
        self::assertSame('bytes', $client->getAttachment('invoices', $first, $attachment->id));
        self::assertStringContainsString('Subject: first', $client->getMime('invoices', $first));
        self::assertNotNull($client->getMessage('invoices', $first)->bodyType);
        self::assertTrue($client->updateMessage('invoices', $first, isRead: true, categories: ['Rechnung'])->isRead);
        self::assertSame(['Rechnung'], $client->getMessage('invoices', $first)->categories);
        self::assertCount(1, iterator_to_array($client->listMessages('invoices', unreadOnly: true), false));
        $target = $client->findFolder('invoices', '/Verarbeitet')->id;
        self::assertSame([$first, $target], array_values((array) [
            ($moved = $client->moveMessage('invoices', $first, '/Verarbeitet'))->id,
            $moved->folderId,
        ]));
        $results = $client->moveMessages('invoices', [$second, $first . 'x'], '/Verarbeitet');
        self::assertSame([true, false], array_map(static fn (MoveResult $result): bool => $result->message !== null, $results));
        self::assertNotSame($first, $client->copyMessage('invoices', $first, '/Fehler')->id);
        $client->deleteMessage('invoices', $first);
        self::assertSame(1, $client->listMessages('invoices', 'wellknown:deleteditems')->total());
        $client->deleteMessage('invoices', $second, permanently: true);
        self::assertTrue($this->throws(MessageNotFoundException::class, fn () => $client->getMessage('invoices', $second)));
        self::assertSame([0, 0, 1], $this->counts());
    }

    public function testAnImportSortsMailsByWhatTheHandlerDoes(): void
    {
        $client = $this->client();
        foreach (['fine', 'bad', 'later', 'broken', 'newsletter'] as $subject) {
            $this->arrives($subject);
        }
        $this->arrives('nothing attached', []);
        $keys = $outcomes = [];
        $report = $client->importMessages(
            'invoices',
            static function (IncomingMessage $mail) use (&$keys): void {
                $keys[$mail->message->subject] = [$mail->importKey, $mail->attempt];
                self::assertFileExists($mail->mimePath);
                self::assertSame('%PDF', file_get_contents((string) $mail->attachments[0]->path));
                match ($mail->message->subject) {
                    'bad' => throw new RejectMessage('no invoice number'),
                    'later' => throw new LeaveInInbox('not yet'),
                    'broken' => throw new \RuntimeException('cannot read it'),
                    default => null,
                };
            },
            accept: static fn (Message $message): bool|Disposition
                => $message->subject === 'newsletter' ? Disposition::Processed : true,
            progress: static function (int $done, int $known, ImportResult $result) use (&$outcomes): void {
                $outcomes[(string) $result->message->subject] = $result->outcome->name;
            },
        );
        ksort($outcomes);
        self::assertSame([
            'bad' => 'Rejected', 'broken' => 'Failed', 'fine' => 'Imported', 'later' => 'Left',
            'newsletter' => 'Filtered', 'nothing attached' => 'Rejected',
        ], $outcomes);
        self::assertSame([1, 2, 1, 1], [$report->imported, $report->rejected, $report->left, $report->failed]);
        self::assertSame([2, 2, 2], $this->counts());
        $again = [];
        $client->importMessages('invoices', static function (IncomingMessage $mail) use (&$again): void {
            $again[$mail->message->subject] = [$mail->importKey, $mail->attempt];
        });
        self::assertSame([$keys['later'][0], 2], $again['later']);
        self::assertSame([$keys['broken'][0], 2], $again['broken']);
        self::assertSame([0, 4, 2], $this->counts());
    }

    public function testALimitOfNoBytesIsAMistakeAndMovesNothing(): void
    {
        $client = $this->client();
        $this->arrives('fine');
        foreach ([0, -1] as $maxBytes) {
            $call = static fn () => $client->importMessages('invoices', static fn () => null, maxBytes: $maxBytes);
            self::assertTrue($this->throws(\ValueError::class, $call), (string) $maxBytes);
        }
        self::assertSame([1, 0, 0], $this->counts());
    }

    public function testAMailTellsItsSize(): void
    {
        $client = $this->client();
        $this->arrives('fine');
        [$listed] = iterator_to_array($client->listMessages('invoices'));
        $bytes = strlen($client->getMime('invoices', $listed->id));
        self::assertSame([$bytes, $bytes], [$listed->size, $client->getMessage('invoices', $listed->id)->size]);
    }

    public function testTheThirdFailureOfAMailSendsItToTheErrorFolder(): void
    {
        $client = $this->client();
        $this->arrives('broken');
        for ($run = 1; $run <= 3; $run++) {
            self::assertSame([1, 0, 0], $this->counts());
            $client->importMessages('invoices', static fn () => throw new \RuntimeException('no'));
        }
        self::assertSame([0, 0, 1], $this->counts());
    }

    public function testAnOutageOfTheHostMovesNothing(): void
    {
        $client = $this->client();
        for ($i = 0; $i < 4; $i++) {
            $this->arrives('mail ' . $i);
        }
        for ($run = 1; $run <= 4; $run++) {
            $handed = 0;
            $client->importMessages('invoices', static function () use (&$handed): never {
                $handed++;

                throw new \RuntimeException('the database is away');
            }, maxFailures: 2);
            self::assertSame(2, $handed);
        }
        self::assertSame([4, 0, 0], $this->counts());
        $attempts = [];
        $client->importMessages('invoices', static function (IncomingMessage $mail) use (&$attempts): void {
            $attempts[] = $mail->attempt;
        });
        self::assertSame([1, 1, 1, 1], $attempts);
    }

    public function testStoppingAndEndingAnImportLeavesTheMailWhereItIs(): void
    {
        $client = $this->client();
        foreach (['first', 'second', 'third'] as $subject) {
            $this->arrives($subject);
        }
        $report = $client->importMessages('invoices', static function (IncomingMessage $mail): void {
            if ($mail->message->subject === 'second') {
                throw new StopImport();
            }
        });
        self::assertSame(1, $report->imported);
        self::assertTrue($this->throws(\Error::class, fn () => $client->importMessages('invoices', static fn () => throw new \Error('bug'))));
        self::assertSame([2, 1, 0], $this->counts());
        $report = $client->importMessages('invoices', function () use ($client): void {
            self::assertTrue($this->throws(
                ImportRunningException::class,
                static fn () => $client->importMessages('invoices', static fn () => null),
            ));
        }, limit: 1);
        self::assertSame(1, $report->imported);
        self::assertSame([1, 2, 0], $this->counts());
    }

    public function testAMailThatIsDraggedBackIsANewImport(): void
    {
        $client = $this->client();
        $id = $this->arrives('again');
        $keys = [];
        for ($run = 0; $run < 2; $run++) {
            $client->importMessages('invoices', static function (IncomingMessage $mail) use (&$keys): void {
                $keys[] = $mail->importKey;
                self::assertSame(1, $mail->attempt);
            });
            $client->moveMessage('invoices', $id, 'wellknown:inbox');
        }
        self::assertCount(2, array_unique($keys));
    }

    public function testLocalTimesAreRead(): void
    {
        $client = $this->client();
        foreach (
            [
                ['2026-07-01 12:00', 'Europe/Berlin', '2026-07-01T10:00:00+00:00'],
                ['2026-10-25 02:30:00', 'Europe/Berlin', '2026-10-25T00:30:00+00:00'],
                ['2026-03-29 02:30:00', 'Europe/Berlin', '2026-03-29T01:00:00+00:00'],
                ['2026-10-25T03:00:00', 'Europe/Berlin', '2026-10-25T02:00:00+00:00'],
                ['2026-11-01 01:30:00', 'America/New_York', '2026-11-01T05:30:00+00:00'],
                ['2026-01-01 00:00:00', 'Asia/Kolkata', '2025-12-31T18:30:00+00:00'],
            ] as [$local, $zone, $instant]
        ) {
            self::assertSame($instant, $client->toUtc($local, $zone)->format('c'), $local . ' ' . $zone);
        }
        self::assertTrue($client->isExpired('2020-01-01 00:00:00', 'Europe/Berlin'));
        self::assertFalse($client->isExpired(time() + 1_000));
        self::assertTrue($client->isExpired(time() + 1_000, leeway: 1_001));
        foreach (['2026-01-01 00:00:00', '1767225600000', 'tomorrow', '2026-02-30 00:00:00'] as $time) {
            self::assertTrue($this->throws(\ValueError::class, fn () => $client->isExpired($time)), $time);
        }
    }

    /** @return array{int, int, int} mails in the inbox, processed, in the error folder */
    private function counts(): array
    {
        return array_map(
            fn (string $folder): int => $this->client()->listMessages('invoices', $folder)->total(),
            ['wellknown:inbox', '/Verarbeitet', '/Fehler'],
        );
    }

    /** @param class-string<\Throwable> $class */
    private function throws(string $class, callable $run): bool
    {
        try {
            $run();
        } catch (\Throwable $thrown) {
            return $thrown instanceof $class ? true : throw $thrown;
        }

        return false;
    }
}
