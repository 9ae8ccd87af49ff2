<?php

declare(strict_types=1);

namespace Squeeze\Graph;

use Squeeze\Graph\Fake\Accounts;
use Squeeze\Graph\Fake\Import;
use Squeeze\Graph\Fake\LocalTime;
use Squeeze\Graph\Fake\Mailbox;
use Squeeze\Graph\Fake\MessageArray;
use Squeeze\Graph\Fake\Problems;

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
    private readonly Accounts $accounts;
    /** @var array<string, array{account: string, session: ?string, route: ?string}> by state */
    private array $pending = [];
    /** @var array<string, Mailbox> by account */
    private array $mailboxes = [];
    /** @var array<string, Import> by account */
    private array $imports = [];
    /** @var array<string, list<\Throwable>> by method */
    private array $failures = [];
    /** @var list<array{method: string, arguments: array<int, mixed>}> */
    private array $calls = [];

    /** @param (\Closure(): \DateTimeInterface)|null $clock what time it is; null: the machine's */
    public function __construct(?\Closure $clock = null)
    {
        $this->accounts = new Accounts($clock);
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
            $path = $this->accounts->settings($name)[$folder];
            if (is_string($path) && !str_starts_with($path, 'id:')) {
                $this->mailbox($name)->addFolder($path);
            }
        }
        $this->signIn($name);
    }

    /** As if a person had signed in. */
    public function signIn(string $account, string $as = 'anna.gruber@contoso.example'): void
    {
        $this->accounts->issue($account, $as);
    }

    /** As if Microsoft no longer took the refresh token: a person has to sign in again. */
    public function endSignIn(string $account): void
    {
        $problem = Problems::of('invalid_grant', 'The sign-in has ended.', 'Sign in again.', Actor::User);
        $this->accounts->end($account, $problem);
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
        if (!method_exists(Client::class, $method)) {
            throw new \ValueError(sprintf('%s has no method %s()', Client::class, $method));
        }
        $this->failures[$method][] = $failure;
    }

    /**
     * What was called, in order.
     *
     * @return list<array{method: string, arguments: array<int, mixed>}>
     */
    public function calls(): array
    {
        return $this->calls;
    }

    public function withSettings(#[\SensitiveParameter] array $settings, callable $run): mixed
    {
        $this->called(__FUNCTION__, func_get_args());

        return $run();
    }

    public function resealStore(): int
    {
        $this->called(__FUNCTION__, func_get_args());

        return count($this->accounts->names());
    }

    public function setLogger(?callable $logger): void
    {
        $this->called(__FUNCTION__, func_get_args());
    }

    public function saveAccount(string $account, #[\SensitiveParameter] array $settings): bool
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->accounts->save($account, $settings);
    }

    public function getAccount(string $account): Account
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->accounts->get($account);
    }

    public function hasAccount(string $account): bool
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->accounts->has($account);
    }

    public function listAccounts(): array
    {
        $this->called(__FUNCTION__, func_get_args());

        return array_map($this->accounts->get(...), $this->accounts->names());
    }

    public function deleteAccount(string $account): bool
    {
        $this->called(__FUNCTION__, func_get_args());
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
        $this->called(__FUNCTION__, func_get_args());
        $settings = $this->accounts->settings($account);
        if ($settings['protocol'] !== 'delegated') {
            throw Accounts::wrong($account, 'An application account signs itself in.');
        }
        $state = bin2hex(random_bytes(16));
        $this->pending[$state] = compact('account', 'session', 'route');

        return 'https://login.microsoftonline.com/' . $settings['tenant_id'] . '/oauth2/v2.0/authorize?' . http_build_query([
            'client_id' => $settings['client_id'],
            'response_type' => 'code',
            'redirect_uri' => $redirectUri ?? $settings['redirect_uri'],
            'scope' => implode(' ', (array) $settings['scopes']),
            'state' => $state,
            'prompt' => $prompt ?? ($loginHint ?? $settings['user'] ? null : 'select_account'),
            'login_hint' => $loginHint ?? $settings['user'],
        ]);
    }

    public function exchangeCode(#[\SensitiveParameter] array $query, #[\SensitiveParameter] ?string $session = null): TokenStatus
    {
        $this->called(__FUNCTION__, func_get_args());
        $state = $query['state'] ?? null;
        $pending = is_string($state) ? $this->pending[$state] ?? null : null;
        $refused = static fn (string $reason, string $explanation): SignInFailedException => new SignInFailedException(
            Problems::of($reason, $explanation, 'Start the sign-in again.', Actor::User),
            $pending['account'] ?? null,
            reason: $reason,
        );
        if ($pending === null) {
            throw $refused('unknown_state', 'This sign-in was not begun here.');
        }
        if ($pending['session'] !== $session) {
            throw $refused('wrong_session', 'The sign-in was begun in another browser.');
        }
        unset($this->pending[$state]);
        if (isset($query['error'])) {
            throw $refused('denied', 'The sign-in was declined.');
        }
        if (!is_string($query['code'] ?? null)) {
            throw $refused('invalid_callback', 'The callback has no code.');
        }
        $user = $this->accounts->settings($pending['account'])['user'];
        $this->accounts->issue($pending['account'], is_string($user) ? $user : 'anna.gruber@contoso.example');

        return $this->accounts->status($pending['account']);
    }

    public function callbackRoute(#[\SensitiveParameter] array $query): ?string
    {
        $this->called(__FUNCTION__, func_get_args());
        $state = $query['state'] ?? null;

        return is_string($state) ? $this->pending[$state]['route'] ?? null : null;
    }

    public function adminConsentUrl(
        string $account,
        #[\SensitiveParameter] ?string $session = null,
        ?string $redirectUri = null,
    ): string {
        $this->called(__FUNCTION__, func_get_args());
        $settings = $this->accounts->settings($account);
        $state = bin2hex(random_bytes(16));
        $this->pending[$state] = ['account' => $account, 'session' => $session, 'route' => null];

        return 'https://login.microsoftonline.com/' . $settings['tenant_id'] . '/v2.0/adminconsent?' . http_build_query([
            'client_id' => $settings['client_id'],
            'redirect_uri' => $redirectUri ?? $settings['redirect_uri'],
            'state' => $state,
        ]);
    }

    public function accessToken(string $account, int $minValidity = 300, ?string $challenge = null): string
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->accounts->good($account, $minValidity, $challenge !== null)['access'];
    }

    public function tokenStatus(string $account): TokenStatus
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->accounts->status($account);
    }

    public function isTokenExpired(string $account, int $leeway = 300): bool
    {
        $this->called(__FUNCTION__, func_get_args());
        $this->accounts->settings($account);

        return ($this->accounts->token($account)['expiresAt'] ?? 0) <= $this->accounts->now() + $leeway;
    }

    public function refreshToken(string $account): TokenStatus
    {
        $this->called(__FUNCTION__, func_get_args());
        $this->accounts->good($account, anew: true);

        return $this->accounts->status($account);
    }

    public function refreshTokens(int $horizon = 3900, ?array $accounts = null, ?callable $progress = null): RefreshReport
    {
        $this->called(__FUNCTION__, func_get_args());
        $names = $accounts ?? array_filter(
            $this->accounts->names(),
            fn (string $name): bool => $this->accounts->get($name)->enabled && $this->accounts->get($name)->protocol === 'delegated',
        );
        $results = [];
        foreach ($names as $name) {
            // A name that was a key of an array may be an integer by now.
            $name = (string) $name;
            $problem = $this->accounts->whyEnded($name);
            $token = $this->accounts->token($name);
            $outcome = match (true) {
                !$this->accounts->has($name) => RefreshOutcome::UnknownAccount,
                $problem !== null => RefreshOutcome::SignInRequired,
                $token === null => RefreshOutcome::NeverSignedIn,
                $token['expiresAt'] > $this->accounts->now() + $horizon => RefreshOutcome::NotDue,
                default => RefreshOutcome::Refreshed,
            };
            if ($outcome === RefreshOutcome::Refreshed) {
                try {
                    $this->fail('refreshToken');
                    $this->accounts->issue($name, $token['as'] ?? null);
                } catch (GraphException $failure) {
                    $problem = $failure->getProblem();
                    $outcome = match (true) {
                        $failure instanceof SignInRequiredException => RefreshOutcome::SignInRequired,
                        $failure->getProblem()->retryable => RefreshOutcome::TemporaryFailure,
                        default => RefreshOutcome::ActionRequired,
                    };
                }
            }
            $results[] = $result = RefreshResult::fromArray([
                'account' => $name,
                'outcome' => $outcome,
                'status' => $this->accounts->has($name) ? $this->accounts->status($name) : null,
                'problem' => $problem,
            ]);
            if ($progress !== null) {
                $progress(count($results), count($names), $result);
            }
        }
        $count = static fn (RefreshOutcome ...$those): int => count(
            array_filter($results, static fn (RefreshResult $result): bool => in_array($result->outcome, $those, true)),
        );
        $refreshed = $count(RefreshOutcome::Refreshed);
        $skipped = $count(RefreshOutcome::NotDue, RefreshOutcome::NeverSignedIn);

        return RefreshReport::fromArray([
            'refreshed' => $refreshed,
            'skipped' => $skipped,
            'failed' => count($results) - $refreshed - $skipped,
            'seconds' => 0,
            'results' => $results,
        ]);
    }

    public function revokeTokens(string $account): void
    {
        $this->called(__FUNCTION__, func_get_args());
        $this->accounts->forget($account);
    }

    public function adoptToken(
        string $account,
        #[\SensitiveParameter] array $token,
        ?string $timezone = null,
        bool $onlyIfAbsent = false,
    ): TokenStatus {
        $this->called(__FUNCTION__, func_get_args());
        $this->accounts->settings($account);
        if (!$onlyIfAbsent || $this->accounts->token($account) === null) {
            $end = $token['expires_at'] ?? $token['expires'] ?? $token['expires_on'] ?? null;
            $begin = LocalTime::instant($token['issued_at'] ?? $this->accounts->now(), $timezone);
            $life = isset($token['expires_in']) ? (int) $token['expires_in'] : null;
            $this->accounts->keep($account, [
                'access' => $token['access_token'] ?? '',
                'refresh' => $token['refresh_token'] ?? '',
                'expiresAt' => $end !== null ? LocalTime::instant($end, $timezone) : $begin + ($life ?? 0),
                'refreshedAt' => null,
                'as' => null,
            ]);
        }

        return $this->accounts->status($account);
    }

    public function exportToken(string $account): array
    {
        $this->called(__FUNCTION__, func_get_args());
        $settings = $this->accounts->settings($account);
        $token = $this->accounts->token($account);
        if ($token === null && $settings['protocol'] === 'delegated') {
            throw $this->accounts->signInRequired($account);
        }

        return [
            'access_token' => $token['access'] ?? null,
            'refresh_token' => $token['refresh'] ?? null,
            'expires_at' => $token['expiresAt'] ?? null,
            'scope' => $token === null ? '' : implode(' ', (array) $settings['scopes']),
        ];
    }

    public function isExpired(int|string|\DateTimeInterface $expiresAt, ?string $timezone = null, int $leeway = 300): bool
    {
        $this->called(__FUNCTION__, func_get_args());

        return LocalTime::instant($expiresAt, $timezone) <= $this->accounts->now() + $leeway;
    }

    public function toUtc(string $localTime, string $timezone): \DateTimeImmutable
    {
        $this->called(__FUNCTION__, func_get_args());

        return LocalTime::toUtc($localTime, $timezone);
    }

    public function listFolders(string $account, ?string $parent = null, bool $recursive = true, bool $hidden = false): array
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->open($account)->folders($parent, $recursive);
    }

    public function findFolder(string $account, string $folder): Folder
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->open($account)->find($folder);
    }

    public function createFolder(string $account, string $path): Folder
    {
        $this->called(__FUNCTION__, func_get_args());

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
        $this->called(__FUNCTION__, func_get_args());
        $inbox = $this->accounts->settings($account)['folder_inbox'];
        $folder ??= is_string($inbox) ? $inbox : 'wellknown:inbox';
        $all = fn (): array => array_values(array_filter(
            $this->open($account)->messagesIn($folder),
            static fn (Message $message): bool => ($since === null || $message->receivedAt >= $since)
                && !($unreadOnly && $message->isRead),
        ));

        return new MessageArray(
            static fn (): array => array_slice($newestFirst ? array_reverse($all()) : $all(), 0, $limit),
            static fn (): int => count($all()),
        );
    }

    public function getMessage(string $account, string $messageId, bool $textBody = false): Message
    {
        $this->called(__FUNCTION__, func_get_args());
        $stored = $this->open($account)->stored($messageId);

        return Message::fromArray(['body' => $stored['body'], 'bodyType' => 'text', 'headers' => []] + $stored['message']);
    }

    public function getMime(string $account, string $messageId, ?int $maxBytes = null): string
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->bounded($account, $this->open($account)->stored($messageId)['mime'], $maxBytes);
    }

    public function saveMime(string $account, string $messageId, string $path, ?int $maxBytes = null): int
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->save($path, $this->bounded($account, $this->open($account)->stored($messageId)['mime'], $maxBytes));
    }

    public function listAttachments(string $account, string $messageId): array
    {
        $this->called(__FUNCTION__, func_get_args());

        return array_column($this->open($account)->stored($messageId)['attachments'], 'about');
    }

    public function getAttachment(string $account, string $messageId, string $attachmentId, ?int $maxBytes = null): string
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->bounded($account, $this->open($account)->attachment($messageId, $attachmentId)['bytes'], $maxBytes);
    }

    public function saveAttachment(
        string $account,
        string $messageId,
        string $attachmentId,
        string $path,
        ?int $maxBytes = null,
    ): int {
        $this->called(__FUNCTION__, func_get_args());
        $bytes = $this->open($account)->attachment($messageId, $attachmentId)['bytes'];

        return $this->save($path, $this->bounded($account, $bytes, $maxBytes));
    }

    public function moveMessage(string $account, string $messageId, string $folder): Message
    {
        $this->called(__FUNCTION__, func_get_args());
        $mailbox = $this->open($account);

        return $mailbox->change($messageId, ['folderId' => $mailbox->find($folder)->id]);
    }

    public function moveMessages(string $account, array $messageIds, string $folder): array
    {
        $this->called(__FUNCTION__, func_get_args());
        $mailbox = $this->open($account);
        $target = $mailbox->find($folder)->id;

        return array_map(static function (string $id) use ($mailbox, $target): MoveResult {
            try {
                return MoveResult::fromArray(['id' => $id, 'message' => $mailbox->change($id, ['folderId' => $target])]);
            } catch (MessageNotFoundException $missing) {
                return MoveResult::fromArray(['id' => $id, 'problem' => $missing->getProblem()]);
            }
        }, array_values($messageIds));
    }

    public function copyMessage(string $account, string $messageId, string $folder): Message
    {
        $this->called(__FUNCTION__, func_get_args());

        return $this->open($account)->copy($messageId, $folder);
    }

    public function updateMessage(
        string $account,
        string $messageId,
        ?bool $isRead = null,
        ?array $categories = null,
        ?bool $flagged = null,
    ): Message {
        $this->called(__FUNCTION__, func_get_args());

        return $this->open($account)->change(
            $messageId,
            array_filter(compact('isRead', 'categories'), static fn (mixed $value): bool => $value !== null),
        );
    }

    public function deleteMessage(string $account, string $messageId, bool $permanently = false): void
    {
        $this->called(__FUNCTION__, func_get_args());
        $mailbox = $this->open($account);
        if ($permanently) {
            $mailbox->delete($messageId);
        } else {
            $mailbox->change($messageId, ['folderId' => $mailbox->find('wellknown:deleteditems')->id]);
        }
    }

    public function getMailboxSettings(string $account): MailboxSettings
    {
        $this->called(__FUNCTION__, func_get_args());
        $this->open($account);

        return MailboxSettings::fromArray(['timeZone' => 'Europe/Berlin', 'language' => 'de-DE']);
    }

    public function testConnection(string $account): ConnectionReport
    {
        $this->called(__FUNCTION__, func_get_args());
        $checks = [];
        $check = static function (string $id, callable $look) use (&$checks): void {
            try {
                $checks[] = ['id' => $id, 'label' => $id, 'status' => 'ok', 'detail' => (string) $look()];
            } catch (GraphException $failure) {
                $problem = $failure->getProblem();
                $checks[] = ['id' => $id, 'label' => $id, 'status' => 'failed', 'detail' => $problem->explanation, 'problem' => $problem];
            }
        };
        $check('account', fn (): string => $this->accounts->get($account)->account);
        if ($this->accounts->has($account)) {
            $check('token', fn (): string => $this->open($account)::class);
            foreach (['inbox', 'processed', 'error'] as $which) {
                $check('folder_' . $which, fn (): string => $this->folder($account, $which)->path);
            }
        }

        return ConnectionReport::fromArray([
            'ok' => !in_array('failed', array_column($checks, 'status'), true),
            'checks' => $checks,
        ]);
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
        $this->called(__FUNCTION__, func_get_args());
        if ($maxBytes !== null && $maxBytes < 1) {
            throw new \ValueError('$maxBytes must be greater than or equal to 1');
        }
        $mailbox = $this->open($account);
        $folders = [];
        foreach (['inbox', 'processed', 'error'] as $which) {
            $folder = $this->folder($account, $which);
            if (in_array('id:' . $folder->id, $folders, true)) {
                throw Accounts::wrong($account, sprintf('The folder "%s" is named twice.', $folder->path));
            }
            $folders[$which] = 'id:' . $folder->id;
        }
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

    /** @param array<int, mixed> $arguments */
    private function called(string $method, array $arguments): void
    {
        $this->calls[] = compact('method', 'arguments');
        $this->fail($method);
    }

    private function fail(string $method): void
    {
        $failures = $this->failures[$method] ?? [];
        $failure = array_shift($failures);
        $this->failures[$method] = $failures;
        if ($failure !== null) {
            throw $failure;
        }
    }

    /** The mailbox, with a token that is good. */
    private function open(string $account): Mailbox
    {
        $this->accounts->good($account);

        return $this->mailbox($account);
    }

    /** @param 'inbox'|'processed'|'error' $which */
    private function folder(string $account, string $which): Folder
    {
        $name = $this->accounts->settings($account)['folder_' . $which];
        if (!is_string($name)) {
            throw Accounts::wrong($account, sprintf('The setting "folder_%s" is missing.', $which));
        }
        try {
            return $this->open($account)->find($name);
        } catch (FolderNotFoundException | AmbiguousFolderException $failure) {
            throw new ConfigurationException($failure->getProblem(), $account, $failure);
        }
    }

    private function bounded(string $account, string $bytes, ?int $maxBytes): string
    {
        if ($maxBytes !== null && strlen($bytes) > $maxBytes) {
            throw new ServiceException(
                Problems::of('too_large', sprintf('It has more than %d bytes.', $maxBytes), 'Allow more.', Actor::Nobody),
                $account,
            );
        }

        return $bytes;
    }

    private function save(string $path, string $bytes): int
    {
        if (file_put_contents($path, $bytes) !== strlen($bytes)) {
            throw new \RuntimeException(sprintf('%s can not be written', $path));
        }
        chmod($path, 0600);

        return strlen($bytes);
    }
}
