<?php

/**
 * squeeze_graph: Microsoft 365 mailboxes over Microsoft Graph.
 *
 * What an IDE and a static analyser need to know of the extension, and what a reader needs to use it. Never load this
 * file beside the extension. A test compares it with the extension name by name, type by type and default by default.
 *
 * Every time is a \DateTimeImmutable in zone UTC. A wrong argument is a \TypeError or a \ValueError. Every function that
 * names an account may throw {@see StoreException} (the token store can not be used), {@see AccountNotFoundException} and
 * {@see ConfigurationException}; every function that asks Microsoft may throw {@see SignInRequiredException},
 * {@see ActionRequiredException}, {@see AccessDeniedException}, {@see ThrottledException}, {@see ConnectionException} and
 * {@see ServiceException} as well, whether or not it is repeated below.
 */

namespace Squeeze\Graph;

// Enums

/** How an account's sign-in stands. */
enum TokenState: string
{
    /** Nobody has signed in yet. */
    case NeverSignedIn = 'never_signed_in';
    /** The access token is good. */
    case Valid = 'valid';
    /** The access token has ended; a refresh will do. */
    case Expired = 'expired';
    /** The user must sign in. */
    case SignInRequired = 'sign_in_required';
    /** An administrator must act first: secret expired, application disabled, consent missing. */
    case ActionRequired = 'action_required';
}

/** What the refresh job did with an account. */
enum RefreshOutcome: string
{
    case Refreshed = 'refreshed';
    case NotDue = 'not_due';
    case NeverSignedIn = 'never_signed_in';
    case SignInRequired = 'sign_in_required';
    /** Somebody acts first: an administrator, or whoever runs this host, whose trouble changes nothing of the account. */
    case ActionRequired = 'action_required';
    /** It passes by itself. */
    case TemporaryFailure = 'temporary_failure';
    case UnknownAccount = 'unknown_account';
}

/** Who must act on a problem. */
enum Actor: string
{
    /** It passes by itself. */
    case Nobody = 'nobody';
    /** The person who signs in. */
    case User = 'user';
    /** Whoever manages the app registration. */
    case AppAdministrator = 'app_administrator';
    /** Whoever manages the Microsoft 365 tenant. */
    case TenantAdministrator = 'tenant_administrator';
    /** Whoever runs this machine and the PHP application. */
    case Host = 'host';
}

/** Importance of a message. */
enum Importance: string
{
    case Low = 'low';
    case Normal = 'normal';
    case High = 'high';
}

/** Form of a message's body. */
enum BodyType: string
{
    case Text = 'text';
    case Html = 'html';
}

/** What an attachment is. */
enum AttachmentKind: string
{
    /** A file. */
    case File = 'file';
    /** A mail, event or contact; its bytes are MIME. */
    case Item = 'item';
    /** A link; it has no bytes. */
    case Reference = 'reference';
}

/** Verdict of one check of a connection test. */
enum CheckStatus: string
{
    case Ok = 'ok';
    /** Works, but somebody should look. */
    case Warning = 'warning';
    case Failed = 'failed';
    /** Not tried: something before it failed, or it does not apply. */
    case Skipped = 'skipped';
}

/** What an import's `$accept` decides about a mail. */
enum Disposition: string
{
    /** Download it and hand it to the handler. */
    case Import = 'import';
    /** Leave it in the inbox. */
    case Leave = 'leave';
    /** Move it to `folder_processed` without importing it. */
    case Processed = 'processed';
    /** Move it to `folder_error` without importing it. */
    case Error = 'error';
}

/** What became of one mail of an import. */
enum ImportOutcome: string
{
    case Imported = 'imported';
    case Rejected = 'rejected';
    case Left = 'left';
    /** `$accept` decided against it. */
    case Filtered = 'filtered';
    case Failed = 'failed';
}

// Values

/**
 * What went wrong, who must act, and what to do. Holds no secret.
 *
 * @example
 *     $problem = $exception->getProblem();
 *     echo $problem->explanation, ' ', $problem->remedy;
 */
final class Problem implements \JsonSerializable
{
    /** Microsoft's error code (`invalid_grant`, `ErrorAccessDenied`) or ours (`folder_ambiguous`). */
    public readonly string $code;
    /** The number after `AADSTS`. */
    public readonly ?int $aadsts;
    /** Microsoft's own words, capped, control characters escaped. */
    public readonly string $message;
    /** What happened, one sentence in the language of `squeeze_graph.language`. */
    public readonly string $explanation;
    /** What to do, one sentence in the same language. */
    public readonly string $remedy;
    /** Who must act. */
    public readonly Actor $actor;
    /** Whether the same call can succeed later without anybody acting. */
    public readonly bool $retryable;
    public readonly ?int $httpStatus;
    /** Graph's request id or Entra's trace id, for a support request. */
    public readonly ?string $requestId;
    public readonly ?string $correlationId;
    /** Since when it is so. */
    public readonly \DateTimeImmutable $since;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{code: string, aadsts?: ?int, message: string, explanation: string, remedy: string,
     *     actor: Actor|string, retryable: bool, httpStatus?: ?int, requestId?: ?string, correlationId?: ?string,
     *     since: \DateTimeInterface|string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data: enums as their values, times in RFC 3339 with `Z`.
     *
     * @return array{code: string, aadsts: ?int, message: string, explanation: string, remedy: string, actor: string,
     *     retryable: bool, httpStatus: ?int, requestId: ?string, correlationId: ?string, since: string}
     */
    public function jsonSerialize(): array
    {
    }
}

/**
 * The state of an account's sign-in.
 *
 * @example
 *     $status = token_status('accounting');
 *     if ($status->state === TokenState::SignInRequired) {
 *         echo $status->problem?->remedy;
 *     }
 */
final class TokenStatus implements \JsonSerializable
{
    public readonly string $account;
    public readonly TokenState $state;
    /** When the access token ends. */
    public readonly ?\DateTimeImmutable $expiresAt;
    /** When it was last renewed. */
    public readonly ?\DateTimeImmutable $refreshedAt;
    /** Who signed in. */
    public readonly ?string $signedInAs;
    /** @var list<string> */
    public readonly array $grantedScopes;
    /** @var list<string> configured, but not granted: asked for at the next sign-in */
    public readonly array $missingScopes;
    /** The last failure, until the next success. */
    public readonly ?Problem $problem;
    /** Server's clock minus this machine's, seconds. */
    public readonly int $clockSkew;
    /** When this sign-in ends whatever is refreshed, where known. */
    public readonly ?\DateTimeImmutable $signInExpiresAt;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{account: string, state: TokenState|string, expiresAt?: \DateTimeInterface|string|null,
     *     refreshedAt?: \DateTimeInterface|string|null, signedInAs?: ?string, grantedScopes?: list<string>,
     *     missingScopes?: list<string>, problem?: Problem|array<string, mixed>|null, clockSkew: int,
     *     signInExpiresAt?: \DateTimeInterface|string|null} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{account: string, state: string, expiresAt: ?string, refreshedAt: ?string, signedInAs: ?string,
     *     grantedScopes: list<string>, missingScopes: list<string>, problem: ?array<string, mixed>, clockSkew: int,
     *     signInExpiresAt: ?string}
     */
    public function jsonSerialize(): array
    {
    }
}

/** What the refresh job did with one account. */
final class RefreshResult implements \JsonSerializable
{
    public readonly string $account;
    public readonly RefreshOutcome $outcome;
    /** Its state afterwards; null for an unknown account. */
    public readonly ?TokenStatus $status;
    public readonly ?Problem $problem;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{account: string, outcome: RefreshOutcome|string, status?: TokenStatus|array<string, mixed>|null,
     *     problem?: Problem|array<string, mixed>|null} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{account: string, outcome: string, status: ?array<string, mixed>, problem: ?array<string, mixed>}
     */
    public function jsonSerialize(): array
    {
    }
}

/** What the refresh job did. */
final class RefreshReport implements \JsonSerializable
{
    /** Accounts renewed. */
    public readonly int $refreshed;
    /** Accounts that needed or wanted nothing. */
    public readonly int $skipped;
    /** Accounts that failed. */
    public readonly int $failed;
    public readonly float $seconds;
    /** @var list<RefreshResult> */
    public readonly array $results;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{refreshed: int, skipped: int, failed: int, seconds: float|int,
     *     results?: list<RefreshResult|array<string, mixed>>} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{refreshed: int, skipped: int, failed: int, seconds: float, results: list<array<string, mixed>>}
     */
    public function jsonSerialize(): array
    {
    }
}

/**
 * An account: its settings without secrets, and its sign-in.
 *
 * @example
 *     foreach (list_accounts() as $account) {
 *         printf("%s: %s\n", $account->account, $account->status->state->value);
 *     }
 */
final class Account implements \JsonSerializable
{
    /** Its name. */
    public readonly string $account;
    /** @var 'delegated'|'application' */
    public readonly string $protocol;
    public readonly string $tenantId;
    public readonly string $clientId;
    /** Path of the certificate (PEM). */
    public readonly ?string $clientCertificate;
    /** Path of the certificate's key (PEM). */
    public readonly ?string $clientKey;
    /** When the client secret or certificate ends: as it was entered, else as the certificate says. */
    public readonly ?\DateTimeImmutable $secretExpiresAt;
    public readonly ?string $redirectUri;
    /** Who is to sign in. */
    public readonly ?string $user;
    /** The shared mailbox; null: the signed-in user's. */
    public readonly ?string $mailbox;
    public readonly string $folderInbox;
    public readonly ?string $folderProcessed;
    public readonly ?string $folderError;
    /** @var list<string> */
    public readonly array $scopes;
    /** Seconds. */
    public readonly int $refreshInterval;
    public readonly bool $enabled;
    /** @var 'global'|'usgov'|'usgov-dod'|'china' */
    public readonly string $cloud;
    public readonly ?string $authorityUrl;
    public readonly ?string $graphUrl;
    /** Whether a client secret is stored; an account with a certificate has none. */
    public readonly bool $hasSecret;
    /** Who signed in. */
    public readonly ?string $signedInAs;
    public readonly TokenStatus $status;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{account: string, protocol: string, tenantId: string, clientId: string, clientCertificate?: ?string,
     *     clientKey?: ?string, secretExpiresAt?: \DateTimeInterface|string|null, redirectUri?: ?string, user?: ?string,
     *     mailbox?: ?string, folderInbox: string, folderProcessed?: ?string, folderError?: ?string,
     *     scopes?: list<string>, refreshInterval: int, enabled: bool, cloud: string, authorityUrl?: ?string,
     *     graphUrl?: ?string, hasSecret: bool, signedInAs?: ?string, status: TokenStatus|array<string, mixed>} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{account: string, protocol: string, tenantId: string, clientId: string, clientCertificate: ?string,
     *     clientKey: ?string, secretExpiresAt: ?string, redirectUri: ?string, user: ?string, mailbox: ?string,
     *     folderInbox: string, folderProcessed: ?string, folderError: ?string, scopes: list<string>,
     *     refreshInterval: int, enabled: bool, cloud: string, authorityUrl: ?string, graphUrl: ?string,
     *     hasSecret: bool, signedInAs: ?string, status: array<string, mixed>}
     */
    public function jsonSerialize(): array
    {
    }

    /**
     * The settings as {@see save_account()} takes them, without the secret.
     *
     * @return array{protocol: string, tenant_id: string, client_id: string, client_certificate: ?string,
     *     client_key: ?string, secret_expires_at: ?string, redirect_uri: ?string, user: ?string, mailbox: ?string,
     *     folder_inbox: string, folder_processed: ?string, folder_error: ?string, scopes: list<string>,
     *     refresh_interval: int, enabled: bool, cloud: string, authority_url: ?string, graph_url: ?string}
     */
    public function toSettings(): array
    {
    }
}

/** A mail folder. */
final class Folder implements \JsonSerializable
{
    public readonly string $id;
    public readonly string $name;
    /**
     * From the root, starts with `/`, can be passed wherever a folder is named. For a folder that was asked for by its id or
     * well-known name and that the mailbox's tree does not show, because the signed-in user may not see it or it lies outside,
     * it is `id:…` or `wellknown:…`, which can be passed likewise.
     */
    public readonly string $path;
    public readonly ?string $parentId;
    public readonly int $childCount;
    public readonly int $totalCount;
    public readonly int $unreadCount;
    public readonly bool $isHidden;
    /** `inbox`, `drafts`, …, where it is one of those. */
    public readonly ?string $wellKnownName;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{id: string, name: string, path: string, parentId?: ?string, childCount: int, totalCount: int,
     *     unreadCount: int, isHidden: bool, wellKnownName?: ?string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{id: string, name: string, path: string, parentId: ?string, childCount: int, totalCount: int,
     *     unreadCount: int, isHidden: bool, wellKnownName: ?string}
     */
    public function jsonSerialize(): array
    {
    }
}

/** A mail address with the name beside it. */
final class Address implements \JsonSerializable
{
    public readonly ?string $name;
    public readonly string $address;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{name?: ?string, address: string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{name: ?string, address: string}
     */
    public function jsonSerialize(): array
    {
    }
}

/** A message. `body`, `bodyType` and `headers` come from {@see get_message()} only. */
final class Message implements \JsonSerializable
{
    /** Immutable id: it survives a move within the mailbox. */
    public readonly string $id;
    public readonly ?string $internetMessageId;
    public readonly ?string $subject;
    public readonly ?Address $from;
    public readonly ?Address $sender;
    /** @var list<Address> */
    public readonly array $to;
    /** @var list<Address> */
    public readonly array $cc;
    /** @var list<Address> */
    public readonly array $bcc;
    /** @var list<Address> */
    public readonly array $replyTo;
    public readonly ?\DateTimeImmutable $receivedAt;
    public readonly ?\DateTimeImmutable $sentAt;
    /** Bytes as Exchange counts them; null in the answers of changes (move, copy, update), which do not tell. */
    public readonly ?int $size;
    /** False when only inline attachments exist. */
    public readonly bool $hasAttachments;
    public readonly bool $isRead;
    public readonly Importance $importance;
    /** @var list<string> */
    public readonly array $categories;
    /** The folder it lies in. */
    public readonly string $folderId;
    /** The first 255 characters. */
    public readonly string $bodyPreview;
    public readonly ?string $body;
    public readonly ?BodyType $bodyType;
    /** @var list<array{name: string, value: string}>|null */
    public readonly ?array $headers;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{id: string, internetMessageId?: ?string, subject?: ?string, from?: Address|array<string, mixed>|null,
     *     sender?: Address|array<string, mixed>|null, to?: list<Address|array<string, mixed>>,
     *     cc?: list<Address|array<string, mixed>>, bcc?: list<Address|array<string, mixed>>,
     *     replyTo?: list<Address|array<string, mixed>>, receivedAt?: \DateTimeInterface|string|null,
     *     sentAt?: \DateTimeInterface|string|null, size?: ?int, hasAttachments: bool, isRead: bool,
     *     importance: Importance|string, categories?: list<string>, folderId: string, bodyPreview: string,
     *     body?: ?string, bodyType?: BodyType|string|null, headers?: list<array{name: string, value: string}>|null} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{id: string, internetMessageId: ?string, subject: ?string, from: ?array{name: ?string, address: string},
     *     sender: ?array{name: ?string, address: string}, to: list<array{name: ?string, address: string}>,
     *     cc: list<array{name: ?string, address: string}>, bcc: list<array{name: ?string, address: string}>,
     *     replyTo: list<array{name: ?string, address: string}>, receivedAt: ?string, sentAt: ?string, size: ?int,
     *     hasAttachments: bool, isRead: bool, importance: string, categories: list<string>, folderId: string,
     *     bodyPreview: string, body: ?string, bodyType: ?string, headers: list<array{name: string, value: string}>|null}
     */
    public function jsonSerialize(): array
    {
    }
}

/** An attachment, without its bytes. */
final class Attachment implements \JsonSerializable
{
    public readonly string $id;
    /** As it came: it may be empty, repeated or hostile. Never use it as a file name unchecked. */
    public readonly string $name;
    public readonly ?string $contentType;
    /** Microsoft's word on its size: approximate. */
    public readonly int $size;
    /** Shown inside the body. */
    public readonly bool $isInline;
    public readonly ?string $contentId;
    public readonly AttachmentKind $kind;
    /** Where a reference points, if Graph says so. Its version 1.0 does not: null. Outlook shows the link. */
    public readonly ?string $sourceUrl;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{id: string, name: string, contentType?: ?string, size: int, isInline: bool, contentId?: ?string,
     *     kind: AttachmentKind|string, sourceUrl?: ?string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{id: string, name: string, contentType: ?string, size: int, isInline: bool, contentId: ?string,
     *     kind: string, sourceUrl: ?string}
     */
    public function jsonSerialize(): array
    {
    }
}

/** What became of one of several moves. */
final class MoveResult implements \JsonSerializable
{
    /** The id as it was given. */
    public readonly string $id;
    /** The message afterwards; null if it was not moved. */
    public readonly ?Message $message;
    /** Why it was not moved. */
    public readonly ?Problem $problem;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{id: string, message?: Message|array<string, mixed>|null,
     *     problem?: Problem|array<string, mixed>|null} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{id: string, message: ?array<string, mixed>, problem: ?array<string, mixed>}
     */
    public function jsonSerialize(): array
    {
    }
}

/** A mailbox's regional settings. */
final class MailboxSettings implements \JsonSerializable
{
    /**
     * IANA name. A zone that somebody defined by hand has none: it comes as Microsoft calls it (`Customized Time Zone`),
     * which \DateTimeZone refuses rather than guesses.
     */
    public readonly string $timeZone;
    /** E.g. `de-DE`. */
    public readonly ?string $language;
    /** .NET pattern. */
    public readonly ?string $dateFormat;
    /** .NET pattern. */
    public readonly ?string $timeFormat;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{timeZone: string, language?: ?string, dateFormat?: ?string, timeFormat?: ?string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{timeZone: string, language: ?string, dateFormat: ?string, timeFormat: ?string}
     */
    public function jsonSerialize(): array
    {
    }
}

/** One check of a connection test. */
final class ConnectionCheck implements \JsonSerializable
{
    /** A constant name, e.g. `folder_inbox`. */
    public readonly string $id;
    /** Its name in the language of `squeeze_graph.language`. */
    public readonly string $label;
    public readonly CheckStatus $status;
    /** What was seen, in the same language. */
    public readonly string $detail;
    public readonly ?Problem $problem;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{id: string, label: string, status: CheckStatus|string, detail: string,
     *     problem?: Problem|array<string, mixed>|null} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{id: string, label: string, status: string, detail: string, problem: ?array<string, mixed>}
     */
    public function jsonSerialize(): array
    {
    }
}

/** The report of a connection test. */
final class ConnectionReport implements \JsonSerializable
{
    /** No check failed. */
    public readonly bool $ok;
    /** @var list<ConnectionCheck> */
    public readonly array $checks;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{ok: bool, checks?: list<ConnectionCheck|array<string, mixed>>} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{ok: bool, checks: list<array<string, mixed>>}
     */
    public function jsonSerialize(): array
    {
    }
}

/** An attachment as an import downloaded it. */
final class IncomingAttachment implements \JsonSerializable
{
    public readonly Attachment $attachment;
    /** Where it lies; null for a link. */
    public readonly ?string $path;
    /** SHA-256 of its bytes, lower-case hex. */
    public readonly ?string $sha256;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{attachment: Attachment|array<string, mixed>, path?: ?string, sha256?: ?string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{attachment: array<string, mixed>, path: ?string, sha256: ?string}
     */
    public function jsonSerialize(): array
    {
    }
}

/** A mail as an import hands it to the handler. */
final class IncomingMessage implements \JsonSerializable
{
    public readonly Message $message;
    /** Its MIME source. */
    public readonly string $mimePath;
    /** @var list<IncomingAttachment> */
    public readonly array $attachments;
    /**
     * The same for every attempt of this import of this mail, and for nothing else: a UNIQUE index on it in the host's own
     * transaction makes an import exactly once.
     */
    public readonly string $importKey;
    /** From 1. */
    public readonly int $attempt;
    /** The body, if it was asked for. */
    public readonly ?string $body;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{message: Message|array<string, mixed>, mimePath: string,
     *     attachments?: list<IncomingAttachment|array<string, mixed>>, importKey: string, attempt: int,
     *     body?: ?string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{message: array<string, mixed>, mimePath: string, attachments: list<array<string, mixed>>,
     *     importKey: string, attempt: int, body: ?string}
     */
    public function jsonSerialize(): array
    {
    }
}

/** What became of one mail of an import. */
final class ImportResult implements \JsonSerializable
{
    public readonly Message $message;
    public readonly ImportOutcome $outcome;
    public readonly ?string $reason;
    public readonly string $importKey;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{message: Message|array<string, mixed>, outcome: ImportOutcome|string, reason?: ?string,
     *     importKey: string} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{message: array<string, mixed>, outcome: string, reason: ?string, importKey: string}
     */
    public function jsonSerialize(): array
    {
    }
}

/**
 * The report of an import. A mail that `$accept` sent to a folder counts in none of the four numbers; each mail has a result.
 */
final class ImportReport implements \JsonSerializable
{
    public readonly int $imported;
    public readonly int $rejected;
    /** What stays in the inbox: too early, left by the handler or by `$accept`, or gone meanwhile. */
    public readonly int $left;
    public readonly int $failed;
    /** Bytes downloaded. */
    public readonly int $bytes;
    public readonly float $seconds;
    /** @var list<ImportResult> */
    public readonly array $results;

    private function __construct()
    {
    }

    /**
     * Builds a value, for tests. The inverse of {@see jsonSerialize()}.
     *
     * @param array{imported: int, rejected: int, left: int, failed: int, bytes: int, seconds: float|int,
     *     results?: list<ImportResult|array<string, mixed>>} $data
     * @throws \ValueError a key is missing or unknown, or a value can not be read
     * @throws \TypeError a value has another type
     */
    public static function fromArray(array $data): static
    {
    }

    /**
     * The value as plain data.
     *
     * @return array{imported: int, rejected: int, left: int, failed: int, bytes: int, seconds: float,
     *     results: list<array<string, mixed>>}
     */
    public function jsonSerialize(): array
    {
    }
}

/**
 * A list of messages, read page by page while it is walked, with flat memory. A second foreach reads anew.
 *
 * @implements \IteratorAggregate<int, Message>
 *
 * @example
 *     foreach (list_messages('accounting', limit: 100) as $message) {
 *         echo $message->subject, "\n";
 *     }
 */
final class MessageList implements \IteratorAggregate
{
    private function __construct()
    {
    }

    /**
     * A walk from the beginning. Moving messages meanwhile skips none.
     *
     * @return \Iterator<int, Message>
     */
    public function getIterator(): \Iterator
    {
    }

    /**
     * How many messages there are, whatever the limit. One request.
     *
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException
     */
    public function total(): int
    {
    }
}

/**
 * The place in a walk through a {@see MessageList}.
 *
 * @implements \Iterator<int, Message>
 * @internal
 */
final class MessageIterator implements \Iterator
{
    private function __construct()
    {
    }

    /** Starts again from the beginning. */
    public function rewind(): void
    {
    }

    public function valid(): bool
    {
    }

    /** @return Message|null null after the end */
    public function current(): mixed
    {
    }

    public function key(): int
    {
    }

    public function next(): void
    {
    }
}

// Exceptions

/**
 * Base of everything that can go wrong outside the caller's arguments. The message is explanation and remedy.
 *
 * @example
 *     try {
 *         $token = access_token('accounting');
 *     } catch (GraphException $exception) {
 *         error_log($exception->getProblem()->code . ': ' . $exception->getMessage());
 *     }
 */
abstract class GraphException extends \RuntimeException
{
    /** For tests: the extension throws its exceptions itself. */
    public function __construct(Problem $problem, ?string $account = null, ?\Throwable $previous = null)
    {
    }

    /** What happened, who must act, what to do. */
    public function getProblem(): Problem
    {
    }

    /** The account it is about, where known. */
    public function getAccount(): ?string
    {
    }
}

/** A setting, of php.ini or of an account, is wrong or missing. */
class ConfigurationException extends GraphException
{
}

/** There is no account of that name. */
class AccountNotFoundException extends ConfigurationException
{
}

/** An administrator must act first: secret expired, application disabled, consent missing. */
class ActionRequiredException extends ConfigurationException
{
}

/** The user must sign in (again). */
class SignInRequiredException extends GraphException
{
}

/** A sign-in did not succeed. */
class SignInFailedException extends GraphException
{
    /**
     * @param 'denied'|'consent_required'|'unknown_state'|'expired_state'|'replayed'|'wrong_session'|'wrong_account'|'account_changed'|'interrupted'|'invalid_callback'|'refused' $reason
     */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        string $reason = 'refused'
    ) {
    }

    /**
     * Why.
     *
     * @return 'denied'|'consent_required'|'unknown_state'|'expired_state'|'replayed'|'wrong_session'|'wrong_account'|'account_changed'|'interrupted'|'invalid_callback'|'refused'
     */
    public function getReason(): string
    {
    }
}

/** Signed in, but not allowed to do this. */
class AccessDeniedException extends GraphException
{
}

/** No folder fits the name. */
class FolderNotFoundException extends GraphException
{
    /** @param list<string> $suggestions full paths */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        array $suggestions = []
    ) {
    }

    /**
     * Full paths of the closest folders.
     *
     * @return list<string>
     */
    public function getSuggestions(): array
    {
    }
}

/** Several folders fit the name. */
class AmbiguousFolderException extends GraphException
{
    /** @param list<string> $candidates full paths */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        array $candidates = []
    ) {
    }

    /**
     * Full paths of the folders that fit.
     *
     * @return list<string>
     */
    public function getCandidates(): array
    {
    }
}

/** There is no such message (any more). */
class MessageNotFoundException extends GraphException
{
}

/** There is no such attachment. */
class AttachmentNotFoundException extends GraphException
{
}

/** Too many requests, even after waiting as long as `squeeze_graph.retry_budget` allows. */
class ThrottledException extends GraphException
{
    /** @param int|null $retry_after seconds */
    public function __construct(
        Problem $problem,
        ?string $account = null,
        ?\Throwable $previous = null,
        ?int $retry_after = null
    ) {
    }

    /** Seconds until it is worth trying again, if Microsoft said so. */
    public function getRetryAfter(): ?int
    {
    }
}

/** Microsoft could not be reached: DNS, network, proxy, TLS. */
class ConnectionException extends GraphException
{
}

/** Microsoft answered with an error, or with something that can not be used. */
class ServiceException extends GraphException
{
}

/** The token store can not be used; the message names path, owner and what to do. */
class StoreException extends GraphException
{
}

/** This inbox is being imported already. */
class ImportRunningException extends GraphException
{
}

/**
 * Thrown by an import's handler: the mail goes to `folder_error`.
 *
 * @example
 *     throw new RejectMessage('no invoice in it');
 */
final class RejectMessage extends \Exception
{
    public function __construct(string $reason)
    {
    }
}

/**
 * Thrown by an import's handler: the mail stays in the inbox, and counts as no failure.
 *
 * @example
 *     throw new LeaveInInbox('the ERP is closed for the night', new \DateTimeImmutable('tomorrow 6:00'));
 */
final class LeaveInInbox extends \Exception
{
    /** @param \DateTimeInterface|null $not_before not handed over again before this */
    public function __construct(string $reason = '', ?\DateTimeInterface $not_before = null)
    {
    }

    /** Not handed over again before this. */
    public function getNotBefore(): ?\DateTimeImmutable
    {
    }
}

/**
 * Thrown by an import's handler: the run ends, this mail stays, the report of what is done is returned.
 *
 * @example
 *     throw new StopImport();
 */
final class StopImport extends \Exception
{
}

// Settings

/**
 * Runs a callable under other settings, and restores them however it ends.
 *
 * One process can so serve many tenants, each with its own store and key. Settings belong to the process: a fiber that is
 * suspended inside leaves them in force for whoever runs meanwhile.
 *
 * @template T
 * @param array<string, string|int|bool|null> $settings names of php.ini settings, with or without `squeeze_graph.`
 * @param callable(): T $run
 * @return T what the callable returned
 * @throws ConfigurationException a setting is unknown, has a wrong value or may not be changed here
 *
 * @example
 *     $accounts = with_settings(['store' => '/srv/tenants/acme/store.sqlite'], list_accounts(...));
 */
function with_settings(#[\SensitiveParameter] array $settings, callable $run): mixed
{
}

/**
 * Seals every row of the store with the first key of the key file, while others go on.
 *
 * To rotate a key: put the new one on top of the file, call this, remove the old one.
 *
 * @return int rows done
 * @throws StoreException
 *
 * @example
 *     printf("%d rows are sealed with the new key\n", reseal_store());
 */
function reseal_store(): int
{
}

/**
 * Sets the logger of this request, or removes it with null.
 *
 * It gets every record whatever `squeeze_graph.log_level` says; never a token, code, secret or mail text. An exception of
 * the logger ends the call that logged.
 *
 * @param (callable(string $level, string $message, array<string, string> $context): void)|null $logger PSR-3's levels
 *
 * @example
 *     set_logger($psrLogger->log(...));
 */
function set_logger(?callable $logger): void
{
}

// Accounts

/**
 * Creates or changes an account.
 *
 * A key left out keeps its value, null resets it, `''` is null where null is allowed; an empty secret keeps the stored one.
 * Another identity (`protocol`, `tenant_id`, `client_id`, `cloud`, `authority_url`, `graph_url`) voids the tokens and needs
 * the secret again.
 *
 * An account has a `client_secret`, or a `client_certificate` with its `client_key`: paths of PEM files on this machine. Setting
 * one takes the other away; both at once are refused. The files are read when they are named and at each token request, so a
 * certificate is renewed where it is; its end needs no `secret_expires_at`. A certificate is not needed again for another
 * identity: nothing secret of it is sent anywhere. Never take these paths from people who may not use every key that PHP can read.
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
 *
 * @example
 *     $signIn = save_account('accounting', [
 *         'tenant_id' => 'contoso.onmicrosoft.com',
 *         'client_id' => '11111111-2222-3333-4444-555555555555',
 *         'client_secret' => $_POST['secret'],
 *         'redirect_uri' => 'https://squeeze.example/oauth.php',
 *         'folder_processed' => '/Verarbeitet',
 *         'folder_error' => '/Fehler',
 *     ]);
 */
function save_account(string $account, #[\SensitiveParameter] array $settings): bool
{
}

/**
 * One account with its state.
 *
 * @throws AccountNotFoundException
 *
 * @example
 *     echo get_account('accounting')->status->state->value;
 */
function get_account(string $account): Account
{
}

/**
 * Whether there is an account of that name.
 *
 * @throws StoreException
 *
 * @example
 *     if (!has_account('accounting')) { … }
 */
function has_account(string $account): bool
{
}

/**
 * All accounts, by name.
 *
 * @return list<Account>
 * @throws StoreException
 *
 * @example
 *     foreach (list_accounts() as $account) { echo $account->account, "\n"; }
 */
function list_accounts(): array
{
}

/**
 * Deletes an account with its tokens.
 *
 * @return bool false if there was none
 * @throws StoreException
 *
 * @example
 *     delete_account('accounting');
 */
function delete_account(string $account): bool
{
}

// Signing in

/**
 * The URL to send the browser to, so that someone signs in. It is good for one sign-in within 10 minutes.
 *
 * @param string|null $session ties both legs to one browser: a random value, any bytes, that the host keeps in a cookie or
 *     session; null takes the active PHP session's id
 * @param string|null $prompt `login`, `none`, `consent` or `select_account`; null lets the account decide
 * @param string|null $login_hint whom to offer first
 * @param string|null $route what {@see callback_route()} gives back
 * @param string|null $redirect_uri where this sign-in comes back to, one of those registered; null: the account's own. The account is
 *     not changed
 * @throws ConfigurationException the account is no delegated one, the redirect URI is none, or there is no session
 *
 * @example
 *     header('Location: ' . authorization_url('accounting', session: $_COOKIE['oauth']));
 */
function authorization_url(
    string $account,
    #[\SensitiveParameter] ?string $session = null,
    ?string $prompt = null,
    ?string $login_hint = null,
    ?string $route = null,
    ?string $redirect_uri = null
): string {
}

/**
 * Finishes a sign-in, or an admin consent, with what the callback brought. The same callback again has the same outcome.
 *
 * The state is checked before all else, then the session, then what Microsoft answered: with an unknown state the reason is
 * `unknown_state`, also where the callback says `error=access_denied`, for anybody can write such a callback.
 *
 * @param array<array-key, mixed> $query `$_GET` (or `$_POST`) as it came
 * @param string|null $session as given to {@see authorization_url()}
 * @throws SignInFailedException
 *
 * @example
 *     $status = exchange_code($_GET, session: $_COOKIE['oauth']);
 *     echo "Signed in as {$status->signedInAs}";
 */
function exchange_code(#[\SensitiveParameter] array $query, #[\SensitiveParameter] ?string $session = null): TokenStatus
{
}

/**
 * The route of a callback, before any store is chosen. It is only proven by {@see exchange_code()}.
 *
 * @param array<array-key, mixed> $query `$_GET` (or `$_POST`) as it came
 *
 * @example
 *     $tenant = callback_route($_GET) ?? 'default';
 */
function callback_route(#[\SensitiveParameter] array $query): ?string
{
}

/**
 * The URL at which an administrator consents for the whole tenant. Its answer goes to {@see exchange_code()}, too.
 *
 * @param string|null $session as for {@see authorization_url()}
 * @param string|null $redirect_uri as for {@see authorization_url()}
 * @throws ConfigurationException
 *
 * @example
 *     echo 'Send this to your administrator: ', admin_consent_url('accounting');
 */
function admin_consent_url(
    string $account,
    #[\SensitiveParameter] ?string $session = null,
    ?string $redirect_uri = null
): string {
}

// Tokens

/**
 * An access token that is good for `$min_validity` seconds, renewed when needed.
 *
 * If renewing fails for a passing reason and the old one still has more than a minute, that is returned. One that is good enough but
 * due for renewal is waited for a second at most: if Microsoft takes longer, the old one is returned, and the new one stored when it comes.
 *
 * @param string|null $challenge the `claims` of a 401 that the caller got with the last token
 * @throws AccountNotFoundException no account of that name
 * @throws StoreException the token store can not be used
 * @throws SignInRequiredException the user must sign in, for the first time or again
 * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent missing
 * @throws ThrottledException too many requests, even after waiting
 * @throws ConnectionException Microsoft can not be reached
 * @throws ServiceException Microsoft answers with an error or with something unreadable
 *
 * @example
 *     $headers[] = 'Authorization: Bearer ' . access_token('accounting');
 */
function access_token(string $account, int $min_validity = 300, ?string $challenge = null): string
{
}

/**
 * The state of an account's sign-in. Looks into the store only.
 *
 * @throws AccountNotFoundException no account of that name
 * @throws StoreException the token store can not be used
 *
 * @example
 *     echo token_status('accounting')->expiresAt?->format(DATE_ATOM);
 */
function token_status(string $account): TokenStatus
{
}

/**
 * Whether the access token has ended, or ends within `$leeway` seconds. Looks into the store only.
 *
 * @throws AccountNotFoundException no account of that name
 * @throws StoreException the token store can not be used
 *
 * @example
 *     if (is_token_expired('accounting')) { … }
 */
function is_token_expired(string $account, int $leeway = 300): bool
{
}

/**
 * Asks Microsoft for new tokens now, whatever is left of the old ones.
 *
 * @throws AccountNotFoundException no account of that name
 * @throws StoreException the token store can not be used
 * @throws SignInRequiredException the user must sign in, for the first time or again
 * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent missing
 * @throws ThrottledException too many requests, even after waiting
 * @throws ConnectionException Microsoft can not be reached
 * @throws ServiceException Microsoft answers with an error or with something unreadable
 *
 * @example
 *     $status = refresh_token('accounting');
 */
function refresh_token(string $account): TokenStatus
{
}

/**
 * The job: renews every enabled account that is due. One account's failure never stops the others.
 *
 * @param int $horizon access tokens that end within so many seconds are due
 * @param array<string|int>|null $accounts only these; the keys mean nothing, and names that are integers may come as such
 * @param (callable(int $done, int $total, RefreshResult $result): void)|null $progress
 * @throws StoreException
 *
 * @example
 *     $report = refresh_tokens();
 *     exit($report->failed > 0 ? 1 : 0);
 */
function refresh_tokens(int $horizon = 3900, ?array $accounts = null, ?callable $progress = null): RefreshReport
{
}

/**
 * Forgets an account's tokens here.
 *
 * @throws AccountNotFoundException no account of that name
 * @throws StoreException the token store can not be used
 *
 * @example
 *     revoke_tokens('accounting');
 */
function revoke_tokens(string $account): void
{
}

/**
 * Takes over a token that older scripts kept. Its identity is pinned at the first refresh.
 *
 * @param array{access_token?: ?string, refresh_token?: ?string, expires_at?: int|string|\DateTimeInterface|null,
 *     expires?: int|string|\DateTimeInterface|null, expires_on?: int|string|\DateTimeInterface|null,
 *     expires_in?: int|string|null, issued_at?: int|string|\DateTimeInterface|null, scope?: ?string,
 *     id_token?: ?string} $token no expiry means expired
 * @param string|null $timezone IANA or Windows name, for times without an offset
 * @param bool $only_if_absent leaves an account alone that has tokens already
 * @throws AccountNotFoundException no account of that name
 * @throws StoreException the token store can not be used
 *
 * @example
 *     adopt_token('accounting', json_decode(file_get_contents('token.json'), true), timezone: 'Europe/Berlin');
 */
function adopt_token(
    string $account,
    #[\SensitiveParameter] array $token,
    ?string $timezone = null,
    bool $only_if_absent = false
): TokenStatus {
}

/**
 * An account's tokens in clear, for hosts that keep a copy of their own. An application that has not fetched its token yet has
 * none: all are null.
 *
 * @return array{access_token: ?string, refresh_token: ?string, expires_at: ?int, scope: string}
 * @throws AccountNotFoundException no account of that name
 * @throws SignInRequiredException nobody has signed in
 * @throws StoreException the token store can not be used
 *
 * @example
 *     ['access_token' => $token, 'expires_at' => $end] = export_token('accounting');
 */
function export_token(string $account): array
{
}

/**
 * Whether a time that an older script kept has passed, or passes within `$leeway` seconds.
 *
 * @param int|string|\DateTimeInterface $expires_at epoch seconds (digits as well), or a time; one without an offset is
 *     read in `$timezone`
 * @param string|null $timezone IANA or Windows name
 * @throws \ValueError the time can not be read, or has no offset and no `$timezone` was given
 *
 * @example
 *     is_expired('2026-03-29 02:30:00', timezone: 'Europe/Berlin');
 */
function is_expired(int|string|\DateTimeInterface $expires_at, ?string $timezone = null, int $leeway = 300): bool
{
}

/**
 * A local time as an instant. An hour that exists twice counts as the earlier one, one that does not exist as the instant
 * at which the clocks jumped.
 *
 * @param string $timezone IANA or Windows name
 * @throws \ValueError
 *
 * @example
 *     echo to_utc('2026-07-01 12:00', 'Europe/Berlin')->format(DATE_ATOM);   // 2026-07-01T10:00:00+00:00
 */
function to_utc(string $local_time, string $timezone): \DateTimeImmutable
{
}

// Folders

/**
 * The folders of a mailbox, every page of them.
 *
 * A folder is named as `id:AAMk…`, as `wellknown:inbox`, as a path (`/Verarbeitet`, `Posteingang/Rechnungen`) or by a
 * plain name that only one folder has.
 *
 * @param string|null $parent only those below this folder
 * @param bool $recursive all levels
 * @param bool $hidden hidden ones as well
 * @return list<Folder>
 * @throws FolderNotFoundException
 * @throws AmbiguousFolderException
 *
 * @example
 *     foreach (list_folders('accounting') as $folder) { echo $folder->path, "\n"; }
 */
function list_folders(string $account, ?string $parent = null, bool $recursive = true, bool $hidden = false): array
{
}

/**
 * The one folder of that name.
 *
 * @throws FolderNotFoundException
 * @throws AmbiguousFolderException several folders have it; never a guess
 *
 * @example
 *     echo find_folder('accounting', 'Posteingang/Rechnungen')->unreadCount;
 */
function find_folder(string $account, string $folder): Folder
{
}

/**
 * Creates a folder with what is missing above it; an existing one is returned.
 *
 * @param string $path from the root, or below a well-known folder (`wellknown:inbox/Invoices`); a plain name counts from
 *     the root, too, also where it fits a folder further down
 * @throws SignInRequiredException the user must sign in, for the first time or again
 * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent missing
 * @throws AccessDeniedException signed in, but not allowed to use the mailbox
 * @throws ThrottledException too many requests, even after waiting
 * @throws ConnectionException Microsoft can not be reached
 * @throws ServiceException Microsoft answers with an error or with something unreadable
 *
 * @example
 *     create_folder('accounting', '/Verarbeitet/2026');
 */
function create_folder(string $account, string $path): Folder
{
}

// Messages and attachments

/**
 * The messages of a folder, oldest first. The request is made when the list is walked.
 *
 * @param string|null $folder null: the account's inbox folder
 * @param int|null $limit at most so many
 * @param \DateTimeInterface|null $since received at or after
 * @throws FolderNotFoundException when the list is walked, as everything that asks Microsoft
 * @throws AmbiguousFolderException likewise
 *
 * @example
 *     foreach (list_messages('accounting', unread_only: true) as $message) { echo $message->subject, "\n"; }
 */
function list_messages(
    string $account,
    ?string $folder = null,
    ?int $limit = null,
    ?\DateTimeInterface $since = null,
    bool $unread_only = false,
    bool $newest_first = false
): MessageList {
}

/**
 * One message with body and headers. What list_attachments() tells of it comes in the same answer, and is kept for that call, if it is
 * the next one.
 *
 * @param bool $text_body ask for the body as plain text
 * @throws MessageNotFoundException
 *
 * @example
 *     echo get_message('accounting', $id, text_body: true)->body;
 */
function get_message(string $account, string $message_id, bool $text_body = false): Message
{
}

/**
 * A message's MIME source, byte for byte.
 *
 * @param int|null $max_bytes refuse a larger one
 * @throws MessageNotFoundException
 * @throws ServiceException it is larger than `$max_bytes` or than `memory_limit` allows; use {@see save_mime()}
 *
 * @example
 *     $source = get_mime('accounting', $id);
 */
function get_mime(string $account, string $message_id, ?int $max_bytes = null): string
{
}

/**
 * Saves a message's MIME source: a new file (0600) that replaces the target when it is complete.
 *
 * @return int bytes written
 * @throws MessageNotFoundException
 *
 * @example
 *     save_mime('accounting', $id, '/srv/archive/mail.eml');
 */
function save_mime(string $account, string $message_id, string $path, ?int $max_bytes = null): int
{
}

/**
 * A message's attachments, without their bytes. Right after get_message() of the same message, within five seconds, this makes no
 * request.
 *
 * @return list<Attachment>
 * @throws MessageNotFoundException
 *
 * @example
 *     foreach (list_attachments('accounting', $id) as $attachment) { echo $attachment->name, "\n"; }
 */
function list_attachments(string $account, string $message_id): array
{
}

/**
 * An attachment's bytes; those of an item are MIME.
 *
 * @param int|null $max_bytes refuse a larger one
 * @throws MessageNotFoundException
 * @throws AttachmentNotFoundException
 * @throws ServiceException it is a link, or larger than `$max_bytes` or than `memory_limit` allows; use
 *     {@see save_attachment()}
 *
 * @example
 *     $pdf = get_attachment('accounting', $id, $attachment->id);
 */
function get_attachment(string $account, string $message_id, string $attachment_id, ?int $max_bytes = null): string
{
}

/**
 * Saves an attachment: a new file (0600) that replaces the target when it is complete.
 *
 * @return int bytes written
 * @throws MessageNotFoundException
 * @throws AttachmentNotFoundException
 *
 * @example
 *     save_attachment('accounting', $id, $attachment->id, '/srv/inbox/invoice.pdf');
 */
function save_attachment(
    string $account,
    string $message_id,
    string $attachment_id,
    string $path,
    ?int $max_bytes = null
): int {
}

/**
 * Moves a message within the mailbox.
 *
 * @return Message the message afterwards, with the same id
 * @throws MessageNotFoundException
 * @throws FolderNotFoundException
 * @throws AmbiguousFolderException
 *
 * @example
 *     move_message('accounting', $id, '/Verarbeitet');
 */
function move_message(string $account, string $message_id, string $folder): Message
{
}

/**
 * Moves several messages.
 *
 * @param array<string> $message_ids its keys mean nothing
 * @return list<MoveResult> one per id, in order
 * @throws FolderNotFoundException
 * @throws AmbiguousFolderException
 *
 * @example
 *     $failed = array_filter(move_messages('accounting', $ids, '/Verarbeitet'), fn ($result) => $result->problem !== null);
 */
function move_messages(string $account, array $message_ids, string $folder): array
{
}

/**
 * Copies a message.
 *
 * @return Message the copy
 * @throws MessageNotFoundException
 * @throws FolderNotFoundException
 * @throws AmbiguousFolderException
 *
 * @example
 *     $copy = copy_message('accounting', $id, '/Archiv');
 */
function copy_message(string $account, string $message_id, string $folder): Message
{
}

/**
 * Changes a message; null leaves a thing as it is.
 *
 * @param array<string>|null $categories its keys mean nothing
 * @throws MessageNotFoundException
 *
 * @example
 *     update_message('accounting', $id, is_read: true, categories: ['Invoice']);
 */
function update_message(
    string $account,
    string $message_id,
    ?bool $is_read = null,
    ?array $categories = null,
    ?bool $flagged = null
): Message {
}

/**
 * Deletes a message: into Deleted Items, or for good.
 *
 * @throws MessageNotFoundException
 *
 * @example
 *     delete_message('accounting', $id);
 */
function delete_message(string $account, string $message_id, bool $permanently = false): void
{
}

/**
 * The mailbox's regional settings.
 *
 * @throws SignInRequiredException the user must sign in, for the first time or again
 * @throws ActionRequiredException an administrator acts first: secret expired, application disabled, consent missing
 * @throws AccessDeniedException signed in, but not allowed to use the mailbox
 * @throws ThrottledException too many requests, even after waiting
 * @throws ConnectionException Microsoft can not be reached
 * @throws ServiceException Microsoft answers with an error or with something unreadable
 *
 * @example
 *     $zone = new \DateTimeZone(get_mailbox_settings('accounting')->timeZone);
 */
function get_mailbox_settings(string $account): MailboxSettings
{
}

/**
 * Tests everything a mailbox depends on, each with its own verdict. Changes nothing in the mailbox, takes at most 20
 * seconds, and reports what fails instead of throwing it.
 *
 * @example
 *     foreach (test_connection('accounting')->checks as $check) {
 *         printf("%-8s %s: %s\n", $check->status->value, $check->label, $check->detail);
 *     }
 */
function test_connection(string $account): ConnectionReport
{
}

// Import

/**
 * Imports what lies in the account's inbox folder, oldest first.
 *
 * Returning from the handler means imported: the mail goes to `folder_processed`. {@see RejectMessage}, or a missing
 * attachment, sends it to `folder_error`; {@see LeaveInInbox} leaves it; any other \Exception leaves it for the next run
 * and, at the third failed attempt, sends it to `folder_error`. \Error, exit and {@see StopImport} end the run. Receipts in
 * the store see to it that no mail is lost and none whose handler returned comes again.
 *
 * @param callable(IncomingMessage $mail): void $handler
 * @param string|null $directory where mails are put, for the host to keep; null: a private folder, gone on return
 * @param (callable(Message $message): (bool|Disposition))|null $accept decides on headers before anything is downloaded
 * @param int|null $limit hand over at most so many
 * @param bool $require_attachments a mail without one goes to `folder_error`
 * @param 'text'|'html'|null $body read the body, too
 * @param int|null $max_bytes a larger mail goes to `folder_error`; at least 1
 * @param int $max_failures so many exceptions in a row end the run and count as no attempt
 * @param (callable(int $done, int $known, ImportResult $result): void)|null $progress
 * @throws ImportRunningException
 * @throws ConfigurationException `folder_processed` or `folder_error` is missing, ambiguous or the same as another
 *
 * @example
 *     $report = import_messages('accounting', function (IncomingMessage $mail) use ($pdo): void {
 *         $pdo->prepare('INSERT INTO mail (import_key, subject) VALUES (?, ?)')
 *             ->execute([$mail->importKey, $mail->message->subject]);
 *     });
 *     echo $report->imported, " mails\n";
 */
function import_messages(
    string $account,
    callable $handler,
    ?string $directory = null,
    ?callable $accept = null,
    ?int $limit = null,
    bool $require_attachments = true,
    ?string $body = null,
    ?int $max_bytes = null,
    int $max_failures = 5,
    ?callable $progress = null
): ImportReport {
}
