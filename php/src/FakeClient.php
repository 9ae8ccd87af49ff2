<?php

declare(strict_types=1);

namespace Squeeze\Graph;

use Squeeze\Graph\Fake\Accounts;
use Squeeze\Graph\Fake\AdoptedToken;
use Squeeze\Graph\Fake\Argument;
use Squeeze\Graph\Fake\Calls;
use Squeeze\Graph\Fake\ConnectionTest;
use Squeeze\Graph\Fake\Download;
use Squeeze\Graph\Fake\FolderName;
use Squeeze\Graph\Fake\Import;
use Squeeze\Graph\Fake\ImportFolders;
use Squeeze\Graph\Fake\LocalTime;
use Squeeze\Graph\Fake\Mailbox;
use Squeeze\Graph\Fake\MessageArray;
use Squeeze\Graph\Fake\Problems;
use Squeeze\Graph\Fake\RefreshJob;
use Squeeze\Graph\Fake\Settings;
use Squeeze\Graph\Fake\SignIns;

/**
 * A client in memory, for tests of what uses one: no extension, no network, no store.
 *
 * Accounts are saved and signed in, folders found and imports run by the extension's rules; what Microsoft would say
 * against it is told by {@see failNext()}. Nothing is encrypted, and nothing outlives the object.
 *
 * ```php
 * $client = new FakeClient();
 * $client->addAccount('invoices');
 * $client->mailbox('invoices')->deliver('Invoice 17', ['17.pdf' => '%PDF-1.7']);
 * (new MyImporter($client))->run();
 * assert(count($client->mailbox('invoices')->messagesIn('/Verarbeitet')) === 1);
 * ```
 */
final class FakeClient implements Client
{
    private readonly Calls $calls;
    private readonly Accounts $accounts;
    private readonly SignIns $signIns;
    /** @var array<string, Mailbox> by account */
    private array $mailboxes = [];
    /** @var array<string, Import> by account */
    private array $imports = [];

    /** @param (\Closure(): \DateTimeInterface)|null $clock what time it is; null: the machine's */
    public function __construct(?\Closure $clock = null)
    {
        $this->calls = new Calls();
        $this->accounts = new Accounts($clock);
        $this->signIns = new SignIns($this->accounts);
    }

    /**
     * Saves an account with all that one needs, with its three folders, and signs it in.
     *
     * @param array<string, mixed> $settings as {@see saveAccount()} takes them, on top
     */
    public function addAccount(string $name, array $settings = []): void
    {
        $this->saveAccount($name, $settings + [
            'tenant_id' => 'contoso.example',
            'client_id' => '00000000-0000-4000-8000-000000000000',
            'client_secret' => 'secret',
            'redirect_uri' => 'https://host.example/callback',
            'folder_processed' => '/Verarbeitet',
            'folder_error' => '/Fehler',
        ]);
        foreach (['folder_inbox', 'folder_processed', 'folder_error'] as $folder) {
            $path = $this->accounts->settings($name)->text($folder);
            if ($path !== null && !str_starts_with($path, 'id:')) {
                $this->mailbox($name)->addFolder($path);
            }
        }
        $this->signIn($name);
    }

    /**
     * As if a person had signed in.
     *
     * @param list<string>|null $scopes what was consented to; null: all that the account asks for. What is not among
     *     them is in {@see TokenStatus::$missingScopes}
     */
    public function signIn(string $account, string $as = 'anna.gruber@contoso.example', ?array $scopes = null): void
    {
        $this->accounts->issue($account, $as, $scopes);
    }

    /**
     * As if Microsoft no longer took the refresh token: a person has to sign in again.
     *
     * @throws \LogicException nobody is signed in
     */
    public function endSignIn(string $account): void
    {
        $problem = Problems::of('invalid_grant', 'The sign-in has ended.', 'Sign in again.', Actor::User);
        $this->accounts->block($account, $problem, byAdministrator: false);
    }

    /**
     * As if Microsoft had refused a renewal until an administrator acts: {@see TokenState::ActionRequired}.
     *
     * A new `client_secret` or certificate, an admin consent and {@see actionTaken()} make the next renewal succeed.
     *
     * @param Problem|null $problem null: the client secret has expired
     * @throws \LogicException nobody is signed in
     */
    public function requireAction(string $account, ?Problem $problem = null): void
    {
        $this->accounts->block($account, $problem ?? Problems::secretExpired(), byAdministrator: true);
    }

    /** As if the administrator had acted at Microsoft: the next renewal succeeds. */
    public function actionTaken(string $account): void
    {
        $this->accounts->settle($account);
    }

    /** As if the access token's time were over. */
    public function expireToken(string $account): void
    {
        $this->accounts->expire($account);
    }

    /** The mailbox of an account, to put mails into and to look where they went. */
    public function mailbox(string $account): Mailbox
    {
        $this->accounts->settings($account);

        return $this->mailboxes[$account] ??= new Mailbox($account);
    }

    /**
     * The next call of a method throws this. Several are thrown one after another.
     *
     * @param string $method of {@see Client}
     */
    public function failNext(string $method, \Throwable $failure): void
    {
        $this->calls->failNext($method, $failure);
    }

    /**
     * What was called, in order.
     *
     * @return list<array{method: string, arguments: list<mixed>}>
     */
    public function calls(): array
    {
        return $this->calls->all();
    }

    public function withSettings(#[\SensitiveParameter] array $settings, callable $run): mixed
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        Settings::check($settings);

        return $run();
    }

    public function resealStore(): int
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return count($this->accounts->names());
    }

    public function setLogger(?callable $logger): void
    {
        $this->calls->note(__FUNCTION__, func_get_args());
    }

    public function saveAccount(string $account, #[\SensitiveParameter] array $settings): bool
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->accounts->save($account, $settings);
    }

    public function getAccount(string $account): Account
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->accounts->get($account);
    }

    public function hasAccount(string $account): bool
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->accounts->has($account);
    }

    public function listAccounts(): array
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return array_map($this->accounts->get(...), $this->accounts->names());
    }

    public function deleteAccount(string $account): bool
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        unset($this->mailboxes[$account], $this->imports[$account]);

        return $this->accounts->delete($account);
    }

    public function authorizationUrl(
        string $account,
        #[\SensitiveParameter] ?string $session = null,
        ?string $prompt = null,
        ?string $loginHint = null,
        ?string $route = null,
        ?string $redirectUri = null,
    ): string {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->signIns->authorizationUrl($account, $session, $prompt, $loginHint, $route, $redirectUri);
    }

    public function exchangeCode(#[\SensitiveParameter] array $query, #[\SensitiveParameter] ?string $session = null): TokenStatus
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->signIns->exchange($query, $session);
    }

    public function callbackRoute(#[\SensitiveParameter] array $query): ?string
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return SignIns::route($query);
    }

    public function adminConsentUrl(
        string $account,
        #[\SensitiveParameter] ?string $session = null,
        ?string $redirectUri = null,
    ): string {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->signIns->adminConsentUrl($account, $session, $redirectUri);
    }

    public function accessToken(string $account, int $minValidity = 300, ?string $challenge = null): string
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        Argument::notNegative(__FUNCTION__, '$minValidity', $minValidity);
        if ($challenge === null) {
            return (string) $this->accounts->good($account, $minValidity)->access;
        }
        $decoded = base64_decode(strtr($challenge, '-_', '+/'), true);
        if (!is_array(json_decode($challenge, true)) && !is_array(json_decode((string) $decoded, true))) {
            throw new \ValueError('accessToken(): Argument #3 ($challenge) must be a claims challenge, JSON or base64 of JSON');
        }

        return (string) $this->accounts->renew($account)->access;
    }

    public function tokenStatus(string $account): TokenStatus
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->accounts->status($account);
    }

    public function isTokenExpired(string $account, int $leeway = 300): bool
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        Argument::notNegative(__FUNCTION__, '$leeway', $leeway);
        $this->accounts->settings($account);
        $remaining = $this->accounts->token($account)?->remaining($this->accounts->now()) ?? 0;

        return $remaining <= $leeway;
    }

    public function refreshToken(string $account): TokenStatus
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        $this->accounts->renew($account);

        return $this->accounts->status($account);
    }

    public function refreshTokens(int $horizon = 3900, ?array $accounts = null, ?callable $progress = null): RefreshReport
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        $job = new RefreshJob($this->accounts, fn () => $this->calls->fail('refreshToken'));

        return $job->run($horizon, $accounts, $progress);
    }

    public function revokeTokens(string $account): void
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        $this->accounts->forget($account);
    }

    public function adoptToken(
        string $account,
        #[\SensitiveParameter] array $token,
        ?string $timezone = null,
        bool $onlyIfAbsent = false,
    ): TokenStatus {
        $this->calls->note(__FUNCTION__, func_get_args());
        $adopted = AdoptedToken::read($token, $timezone);
        $this->accounts->settings($account);
        if (!$onlyIfAbsent || $this->accounts->token($account) === null) {
            $this->accounts->adopt($account, $adopted);
        }

        return $this->accounts->status($account);
    }

    public function exportToken(string $account): array
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        $settings = $this->accounts->settings($account);
        $token = $this->accounts->token($account);
        if ($token === null && $settings->isDelegated()) {
            throw Problems::signInRequired($account, $this->accounts->wasSignedIn($account));
        }

        return [
            'access_token' => $token?->access,
            'refresh_token' => $token?->refresh,
            'expires_at' => $token?->expiresAt,
            'scope' => implode(' ', $token->scopes ?? []),
        ];
    }

    public function isExpired(int|string|\DateTimeInterface $expiresAt, ?string $timezone = null, int $leeway = 300): bool
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        Argument::notNegative(__FUNCTION__, '$leeway', $leeway);

        return LocalTime::instant($expiresAt, $timezone) <= $this->accounts->now() + $leeway;
    }

    public function toUtc(string $localTime, string $timezone): \DateTimeImmutable
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return LocalTime::toUtc($localTime, $timezone);
    }

    public function listFolders(string $account, ?string $parent = null, bool $recursive = true, bool $hidden = false): array
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->open($account)->folders($parent, $recursive);
    }

    public function findFolder(string $account, string $folder): Folder
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->open($account)->find($folder);
    }

    public function createFolder(string $account, string $path): Folder
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->open($account)->addFolder($path);
    }

    public function listMessages(
        string $account,
        ?string $folder = null,
        ?int $limit = null,
        ?\DateTimeInterface $since = null,
        bool $unreadOnly = false,
        bool $newestFirst = false,
    ): Messages {
        $this->calls->note(__FUNCTION__, func_get_args());
        Argument::notNegative(__FUNCTION__, '$limit', $limit);
        $complaint = $folder === null ? null : FolderName::complaint($folder);
        if ($complaint !== null) {
            throw new \ValueError('listMessages(): Argument #2 ($folder) ' . $complaint);
        }
        $folder ??= $this->accounts->settings($account)->text('folder_inbox') ?? 'wellknown:inbox';

        return MessageArray::query(fn (): array => $this->open($account)->messagesIn($folder), $limit, $since, $unreadOnly, $newestFirst);
    }

    public function getMessage(string $account, string $messageId, bool $textBody = false): Message
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->open($account)->whole($messageId, $textBody);
    }

    public function getMime(string $account, string $messageId, ?int $maxBytes = null): string
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return (new Download(__FUNCTION__, $account, $this->open($account), $maxBytes))->mime($messageId);
    }

    public function saveMime(string $account, string $messageId, string $path, ?int $maxBytes = null): int
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return Download::save($path, (new Download(__FUNCTION__, $account, $this->open($account), $maxBytes))->mime($messageId));
    }

    public function listAttachments(string $account, string $messageId): array
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return array_column($this->open($account)->stored($messageId)['attachments'], 'about');
    }

    public function getAttachment(string $account, string $messageId, string $attachmentId, ?int $maxBytes = null): string
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return (new Download(__FUNCTION__, $account, $this->open($account), $maxBytes))->attachment($messageId, $attachmentId);
    }

    public function saveAttachment(
        string $account,
        string $messageId,
        string $attachmentId,
        string $path,
        ?int $maxBytes = null,
    ): int {
        $this->calls->note(__FUNCTION__, func_get_args());
        $download = new Download(__FUNCTION__, $account, $this->open($account), $maxBytes);

        return Download::save($path, $download->attachment($messageId, $attachmentId));
    }

    public function moveMessage(string $account, string $messageId, string $folder): Message
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        $mailbox = $this->open($account);

        return $mailbox->change($messageId, ['folderId' => $mailbox->find($folder)->id]);
    }

    public function moveMessages(string $account, array $messageIds, string $folder): array
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->open($account)->moveAll($messageIds, $folder);
    }

    public function copyMessage(string $account, string $messageId, string $folder): Message
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->open($account)->copy($messageId, $folder);
    }

    public function updateMessage(
        string $account,
        string $messageId,
        ?bool $isRead = null,
        ?array $categories = null,
        ?bool $flagged = null,
    ): Message {
        $this->calls->note(__FUNCTION__, func_get_args());

        return $this->open($account)->change(
            $messageId,
            array_filter(compact('isRead', 'categories'), static fn (mixed $value): bool => $value !== null),
        );
    }

    public function deleteMessage(string $account, string $messageId, bool $permanently = false): void
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        $mailbox = $this->open($account);
        if ($permanently) {
            $mailbox->delete($messageId);
        } else {
            $mailbox->change($messageId, ['folderId' => $mailbox->find('wellknown:deleteditems')->id]);
        }
    }

    public function getMailboxSettings(string $account): MailboxSettings
    {
        $this->calls->note(__FUNCTION__, func_get_args());
        $this->open($account);

        return MailboxSettings::fromArray(['timeZone' => 'Europe/Berlin', 'language' => 'de-DE']);
    }

    public function testConnection(string $account): ConnectionReport
    {
        $this->calls->note(__FUNCTION__, func_get_args());

        return (new ConnectionTest($this->accounts, $this->open(...)))->run($account);
    }

    public function importMessages(
        string $account,
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
        $this->calls->note(__FUNCTION__, func_get_args());
        Argument::notNegative(__FUNCTION__, '$limit', $limit);
        if ($maxBytes !== null && $maxBytes < 1) {
            throw new \ValueError('importMessages(): Argument #8 ($maxBytes) must be greater than or equal to 1');
        }
        if ($maxFailures < 1) {
            throw new \ValueError('importMessages(): Argument #9 ($maxFailures) must be greater than or equal to 1');
        }
        if (!in_array($body, ['text', 'html', null], true)) {
            throw new \ValueError('importMessages(): Argument #7 ($body) must be either "text", "html" or null');
        }
        $folders = (new ImportFolders($this->accounts, $this->open(...)))->of($account);
        $mailbox = $this->open($account);
        $now = new \DateTimeImmutable('@' . $this->accounts->now());

        return ($this->imports[$account] ??= new Import($account, $mailbox))->run(
            $folders,
            $now,
            $handler,
            $directory,
            $accept,
            $limit,
            $requireAttachments,
            $body,
            $maxBytes,
            $maxFailures,
            $progress,
        );
    }

    /** The mailbox, with a token that is good. */
    private function open(string $account): Mailbox
    {
        $this->accounts->good($account);

        return $this->mailbox($account);
    }
}
