<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * Every function of the extension as a method, so that a service can be given it and a test can give it another:
 * {@see ExtensionClient} is the extension, {@see FakeClient} a mailbox in memory.
 *
 * Names are the functions' in camel case, of methods and of arguments; defaults, values and exceptions are the same.
 * What each throws beyond what is said here, and an example, stands in the extension's stub.
 */
interface Client
{
    /**
     * Runs a callable under other settings, and restores them however it ends.
     *
     * One process can so serve many tenants, each with its own store and key. Settings belong to the process: a fiber
     * that is suspended inside leaves them in force for whoever runs meanwhile.
     *
     * @template T
     * @param array<string, string|int|bool|null> $settings names of php.ini settings, with or without
     *     `squeeze_graph.`
     * @param callable(): T $run
     * @return T what the callable returned
     * @throws ConfigurationException a setting is unknown, has a wrong value or may not be changed here
     */
    public function withSettings(#[\SensitiveParameter] array $settings, callable $run): mixed;

    /**
     * Seals every row of the store with the first key of the key file, while others go on.
     *
     * To rotate a key: put the new one on top of the file, call this, remove the old one.
     *
     * @return int rows done
     * @throws StoreException
     */
    public function resealStore(): int;

    /**
     * Sets the logger of this request, or removes it with null.
     *
     * It gets every record whatever `squeeze_graph.log_level` says; never a token, code, secret or mail text. An
     * exception of the logger ends the call that logged.
     *
     * @param (callable(string $level, string $message, array<string, string> $context): void)|null $logger PSR-3's
     *     levels
     */
    public function setLogger(?callable $logger): void;

    /**
     * Creates or changes an account.
     *
     * A key left out keeps its value, null resets it, `''` is null where null is allowed; an empty secret keeps the
     * stored one. Another identity (`protocol`, `tenant_id`, `client_id`, `cloud`, `authority_url`, `graph_url`)
     * voids the tokens and needs the secret again.
     *
     * An account has a `client_secret`, or a `client_certificate` with its `client_key`: paths of PEM files on this
     * machine. Setting one takes the other away; both at once are refused. A certificate is not needed again for another
     * identity. Never take these paths from people who may not use every key that PHP can read.
     *
     * @param string $account the host's own key, 1–190 characters
     * @param array{protocol?: 'delegated'|'application'|null, tenant_id?: string, client_id?: string,
     *     client_secret?: ?string, client_certificate?: ?string, client_key?: ?string,
     *     secret_expires_at?: \DateTimeInterface|string|null, redirect_uri?: ?string, user?: ?string, mailbox?: ?string,
     *     folder_inbox?: ?string, folder_processed?: ?string, folder_error?: ?string, scopes?: list<string>|null,
     *     refresh_interval?: ?int, enabled?: ?bool, cloud?: 'global'|'usgov'|'usgov-dod'|'china'|null,
     *     authority_url?: ?string, graph_url?: ?string} $settings
     * @return bool true: someone must (again) sign in
     * @throws ConfigurationException a key is unknown, missing or wrong, or a file can not be used; the message names it
     */
    public function saveAccount(string $account, #[\SensitiveParameter] array $settings): bool;

    /**
     * One account with its state.
     *
     * @throws AccountNotFoundException
     */
    public function getAccount(string $account): Account;

    /**
     * Whether there is an account of that name.
     *
     * @throws StoreException
     */
    public function hasAccount(string $account): bool;

    /**
     * All accounts, by name.
     *
     * @return list<Account>
     * @throws StoreException
     */
    public function listAccounts(): array;

    /**
     * Deletes an account with its tokens.
     *
     * @return bool false if there was none
     * @throws StoreException
     */
    public function deleteAccount(string $account): bool;

    /**
     * The URL to send the browser to, so that someone signs in. It is good for one sign-in within 10 minutes.
     *
     * @param string|null $session ties both legs to one browser: a random value, any bytes, that the host keeps in a
     *     cookie or session; null takes the active PHP session's id
     * @param string|null $prompt `login`, `none`, `consent` or `select_account`; null lets the account decide
     * @param string|null $loginHint whom to offer first
     * @param string|null $route what {@see callbackRoute()} gives back
     * @param string|null $redirectUri where this sign-in comes back to, one of those registered; null: the account's
     *     own. The account is not changed
     * @throws ConfigurationException the account is no delegated one, the redirect URI is none, or there is no session
     */
    public function authorizationUrl(
        string $account,
        #[\SensitiveParameter] ?string $session = null,
        ?string $prompt = null,
        ?string $loginHint = null,
        ?string $route = null,
        ?string $redirectUri = null,
    ): string;

    /**
     * Finishes a sign-in, or an admin consent, with what the callback brought. The same callback again has the same
     * outcome.
     *
     * @param array<array-key, mixed> $query `$_GET` (or `$_POST`) as it came
     * @param string|null $session as given to {@see authorizationUrl()}
     * @throws SignInFailedException
     */
    public function exchangeCode(
        #[\SensitiveParameter] array $query,
        #[\SensitiveParameter] ?string $session = null,
    ): TokenStatus;

    /**
     * The route of a callback, before any store is chosen. It is only proven by {@see exchangeCode()}.
     *
     * @param array<array-key, mixed> $query `$_GET` (or `$_POST`) as it came
     */
    public function callbackRoute(#[\SensitiveParameter] array $query): ?string;

    /**
     * The URL at which an administrator consents for the whole tenant. Its answer goes to {@see exchangeCode()}, too.
     *
     * @param string|null $session as for {@see authorizationUrl()}
     * @param string|null $redirectUri as for {@see authorizationUrl()}
     * @throws ConfigurationException
     */
    public function adminConsentUrl(
        string $account,
        #[\SensitiveParameter] ?string $session = null,
        ?string $redirectUri = null,
    ): string;

    /**
     * An access token that is good for `$minValidity` seconds, renewed when needed.
     *
     * If renewing fails for a passing reason and the old one still has more than a minute, that is returned.
     *
     * @param string|null $challenge the `claims` of a 401 that the caller got with the last token
     * @throws AccountNotFoundException no account of that name
     * @throws StoreException the token store can not be used
     * @throws SignInRequiredException the user must sign in, for the first time or again
     * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent
     *     missing
     * @throws ThrottledException too many requests, even after waiting
     * @throws ConnectionException Microsoft can not be reached
     * @throws ServiceException Microsoft answers with an error or with something unreadable
     */
    public function accessToken(string $account, int $minValidity = 300, ?string $challenge = null): string;

    /**
     * The state of an account's sign-in. Looks into the store only.
     *
     * @throws AccountNotFoundException no account of that name
     * @throws StoreException the token store can not be used
     */
    public function tokenStatus(string $account): TokenStatus;

    /**
     * Whether the access token has ended, or ends within `$leeway` seconds. Looks into the store only.
     *
     * @throws AccountNotFoundException no account of that name
     * @throws StoreException the token store can not be used
     */
    public function isTokenExpired(string $account, int $leeway = 300): bool;

    /**
     * Asks Microsoft for new tokens now, whatever is left of the old ones.
     *
     * @throws AccountNotFoundException no account of that name
     * @throws StoreException the token store can not be used
     * @throws SignInRequiredException the user must sign in, for the first time or again
     * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent
     *     missing
     * @throws ThrottledException too many requests, even after waiting
     * @throws ConnectionException Microsoft can not be reached
     * @throws ServiceException Microsoft answers with an error or with something unreadable
     */
    public function refreshToken(string $account): TokenStatus;

    /**
     * The job: renews every enabled account that is due. One account's failure never stops the others.
     *
     * @param int $horizon access tokens that end within so many seconds are due
     * @param array<string|int>|null $accounts only these; the keys mean nothing, and names that are integers may come as
     *     such
     * @param (callable(int $done, int $total, RefreshResult $result): void)|null $progress
     * @throws StoreException
     */
    public function refreshTokens(
        int $horizon = 3900,
        ?array $accounts = null,
        ?callable $progress = null,
    ): RefreshReport;

    /**
     * Forgets an account's tokens here.
     *
     * @throws AccountNotFoundException no account of that name
     * @throws StoreException the token store can not be used
     */
    public function revokeTokens(string $account): void;

    /**
     * Takes over a token that older scripts kept. Its identity is pinned at the first refresh.
     *
     * @param array{access_token?: ?string, refresh_token?: ?string, expires_at?: int|string|\DateTimeInterface|null,
     *     expires?: int|string|\DateTimeInterface|null, expires_on?: int|string|\DateTimeInterface|null,
     *     expires_in?: int|string|null, issued_at?: int|string|\DateTimeInterface|null, scope?: ?string,
     *     id_token?: ?string} $token no expiry means expired
     * @param string|null $timezone IANA or Windows name, for times without an offset
     * @param bool $onlyIfAbsent leaves an account alone that has tokens already
     * @throws AccountNotFoundException no account of that name
     * @throws StoreException the token store can not be used
     */
    public function adoptToken(
        string $account,
        #[\SensitiveParameter] array $token,
        ?string $timezone = null,
        bool $onlyIfAbsent = false,
    ): TokenStatus;

    /**
     * An account's tokens in clear, for hosts that keep a copy of their own. An application that has not fetched its token yet has
     * none: all are null.
     *
     * @return array{access_token: ?string, refresh_token: ?string, expires_at: ?int, scope: string}
     * @throws AccountNotFoundException no account of that name
     * @throws SignInRequiredException nobody has signed in
     * @throws StoreException the token store can not be used
     */
    public function exportToken(string $account): array;

    /**
     * Whether a time that an older script kept has passed, or passes within `$leeway` seconds.
     *
     * @param int|string|\DateTimeInterface $expiresAt epoch seconds (digits as well), or a time; one without an
     *     offset is read in `$timezone`
     * @param string|null $timezone IANA or Windows name
     * @throws \ValueError the time can not be read, or has no offset and no `$timezone` was given
     */
    public function isExpired(
        int|string|\DateTimeInterface $expiresAt,
        ?string $timezone = null,
        int $leeway = 300,
    ): bool;

    /**
     * A local time as an instant. An hour that exists twice counts as the earlier one, one that does not exist as the
     * instant at which the clocks jumped.
     *
     * @param string $timezone IANA or Windows name
     * @throws \ValueError
     */
    public function toUtc(string $localTime, string $timezone): \DateTimeImmutable;

    /**
     * The folders of a mailbox, every page of them.
     *
     * A folder is named as `id:AAMk…`, as `wellknown:inbox`, as a path (`/Verarbeitet`, `Posteingang/Rechnungen`) or
     * by a plain name that only one folder has.
     *
     * @param string|null $parent only those below this folder
     * @param bool $recursive all levels
     * @param bool $hidden hidden ones as well
     * @return list<Folder>
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException
     */
    public function listFolders(
        string $account,
        ?string $parent = null,
        bool $recursive = true,
        bool $hidden = false,
    ): array;

    /**
     * The one folder of that name.
     *
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException several folders have it; never a guess
     */
    public function findFolder(string $account, string $folder): Folder;

    /**
     * Creates a folder with what is missing above it; an existing one is returned.
     *
     * @param string $path from the root, or below a well-known folder (`wellknown:inbox/Invoices`); a plain name counts
     *     from the root, too, also where it fits a folder further down
     * @throws SignInRequiredException the user must sign in, for the first time or again
     * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent
     *     missing
     * @throws AccessDeniedException signed in, but not allowed to use the mailbox
     * @throws ThrottledException too many requests, even after waiting
     * @throws ConnectionException Microsoft can not be reached
     * @throws ServiceException Microsoft answers with an error or with something unreadable
     */
    public function createFolder(string $account, string $path): Folder;

    /**
     * The messages of a folder, oldest first. The request is made when the list is walked.
     *
     * @param string|null $folder null: the account's inbox folder
     * @param int|null $limit at most so many
     * @param \DateTimeInterface|null $since received at or after
     * @throws FolderNotFoundException when the list is walked, as everything that asks Microsoft
     * @throws AmbiguousFolderException likewise
     */
    public function listMessages(
        string $account,
        ?string $folder = null,
        ?int $limit = null,
        ?\DateTimeInterface $since = null,
        bool $unreadOnly = false,
        bool $newestFirst = false,
    ): Messages;

    /**
     * One message with body and headers.
     *
     * @param bool $textBody ask for the body as plain text
     * @throws MessageNotFoundException
     */
    public function getMessage(string $account, string $messageId, bool $textBody = false): Message;

    /**
     * A message's MIME source, byte for byte.
     *
     * @param int|null $maxBytes refuse a larger one
     * @throws MessageNotFoundException
     * @throws ServiceException it is larger than `$maxBytes` or than `memory_limit` allows; use {@see saveMime()}
     */
    public function getMime(string $account, string $messageId, ?int $maxBytes = null): string;

    /**
     * Saves a message's MIME source: a new file (0600) that replaces the target when it is complete.
     *
     * @return int bytes written
     * @throws MessageNotFoundException
     */
    public function saveMime(string $account, string $messageId, string $path, ?int $maxBytes = null): int;

    /**
     * A message's attachments, without their bytes.
     *
     * @return list<Attachment>
     * @throws MessageNotFoundException
     */
    public function listAttachments(string $account, string $messageId): array;

    /**
     * An attachment's bytes; those of an item are MIME.
     *
     * @param int|null $maxBytes refuse a larger one
     * @throws MessageNotFoundException
     * @throws AttachmentNotFoundException
     * @throws ServiceException it is a link, or larger than `$maxBytes` or than `memory_limit` allows; use {@see
     *     saveAttachment()}
     */
    public function getAttachment(
        string $account,
        string $messageId,
        string $attachmentId,
        ?int $maxBytes = null,
    ): string;

    /**
     * Saves an attachment: a new file (0600) that replaces the target when it is complete.
     *
     * @return int bytes written
     * @throws MessageNotFoundException
     * @throws AttachmentNotFoundException
     */
    public function saveAttachment(
        string $account,
        string $messageId,
        string $attachmentId,
        string $path,
        ?int $maxBytes = null,
    ): int;

    /**
     * Moves a message within the mailbox.
     *
     * @return Message the message afterwards, with the same id
     * @throws MessageNotFoundException
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException
     */
    public function moveMessage(string $account, string $messageId, string $folder): Message;

    /**
     * Moves several messages.
     *
     * @param array<string> $messageIds its keys mean nothing
     * @return list<MoveResult> one per id, in order
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException
     */
    public function moveMessages(string $account, array $messageIds, string $folder): array;

    /**
     * Copies a message.
     *
     * @return Message the copy
     * @throws MessageNotFoundException
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException
     */
    public function copyMessage(string $account, string $messageId, string $folder): Message;

    /**
     * Changes a message; null leaves a thing as it is.
     *
     * @param array<string>|null $categories its keys mean nothing
     * @throws MessageNotFoundException
     */
    public function updateMessage(
        string $account,
        string $messageId,
        ?bool $isRead = null,
        ?array $categories = null,
        ?bool $flagged = null,
    ): Message;

    /**
     * Deletes a message: into Deleted Items, or for good.
     *
     * @throws MessageNotFoundException
     */
    public function deleteMessage(string $account, string $messageId, bool $permanently = false): void;

    /**
     * The mailbox's regional settings.
     *
     * @throws SignInRequiredException the user must sign in, for the first time or again
     * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent
     *     missing
     * @throws AccessDeniedException signed in, but not allowed to use the mailbox
     * @throws ThrottledException too many requests, even after waiting
     * @throws ConnectionException Microsoft can not be reached
     * @throws ServiceException Microsoft answers with an error or with something unreadable
     */
    public function getMailboxSettings(string $account): MailboxSettings;

    /**
     * Tests everything a mailbox depends on, each with its own verdict. Changes nothing in the mailbox, takes at most
     * 20 seconds, and reports what fails instead of throwing it.
     */
    public function testConnection(string $account): ConnectionReport;

    /**
     * Imports what lies in the account's inbox folder, oldest first.
     *
     * Returning from the handler means imported: the mail goes to `folder_processed`. {@see RejectMessage}, or a
     * missing attachment, sends it to `folder_error`; {@see LeaveInInbox} leaves it; any other \Exception leaves it
     * for the next run and, at the third failed attempt, sends it to `folder_error`. \Error, exit and {@see
     * StopImport} end the run. Receipts in the store see to it that no mail is lost and none whose handler returned
     * comes again.
     *
     * @param callable(IncomingMessage $mail): void $handler
     * @param string|null $directory where mails are put, for the host to keep; null: a private folder, gone on return
     * @param (callable(Message $message): (bool|Disposition))|null $accept decides on headers before anything is
     *     downloaded
     * @param int|null $limit hand over at most so many
     * @param bool $requireAttachments a mail without one goes to `folder_error`
     * @param 'text'|'html'|null $body read the body, too
     * @param int|null $maxBytes a larger mail goes to `folder_error`; at least 1
     * @param int $maxFailures so many exceptions in a row end the run and count as no attempt
     * @param (callable(int $done, int $known, ImportResult $result): void)|null $progress
     * @throws ImportRunningException
     * @throws ConfigurationException `folder_processed` or `folder_error` is missing, ambiguous or the same as
     *     another
     */
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
    ): ImportReport;
}
