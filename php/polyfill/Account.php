<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * An account: its settings without secrets, and its sign-in.
 */
final class Account implements \JsonSerializable
{
    use Polyfill\PlainValue;

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

    /**
     * The settings as `save_account()` takes them, without the secret.
     *
     * @return array{protocol: string, tenant_id: string, client_id: string, client_certificate: ?string,
     *     client_key: ?string, secret_expires_at: ?string, redirect_uri: ?string, user: ?string, mailbox: ?string,
     *     folder_inbox: string, folder_processed: ?string, folder_error: ?string, scopes: list<string>,
     *     refresh_interval: int, enabled: bool, cloud: string, authority_url: ?string, graph_url: ?string}
     */
    public function toSettings(): array
    {
        return [
            'protocol' => $this->protocol,
            'tenant_id' => $this->tenantId,
            'client_id' => $this->clientId,
            'client_certificate' => $this->clientCertificate,
            'client_key' => $this->clientKey,
            'secret_expires_at' => $this->secretExpiresAt === null ? null : Polyfill\Time::text($this->secretExpiresAt),
            'redirect_uri' => $this->redirectUri,
            'user' => $this->user,
            'mailbox' => $this->mailbox,
            'folder_inbox' => $this->folderInbox,
            'folder_processed' => $this->folderProcessed,
            'folder_error' => $this->folderError,
            'scopes' => $this->scopes,
            'refresh_interval' => $this->refreshInterval,
            'enabled' => $this->enabled,
            'cloud' => $this->cloud,
            'authority_url' => $this->authorityUrl,
            'graph_url' => $this->graphUrl,
        ];
    }
}
