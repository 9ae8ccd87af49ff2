<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * The extension, for whoever asks for a {@see Client}.
 *
 * Holds nothing: settings, store and connections belong to the process.
 */
final class ExtensionClient implements Client
{
    public function withSettings(#[\SensitiveParameter] array $settings, callable $run): mixed
    {
        return \Squeeze\Graph\with_settings($settings, $run);
    }

    public function resealStore(): int
    {
        return \Squeeze\Graph\reseal_store();
    }

    public function setLogger(?callable $logger): void
    {
        \Squeeze\Graph\set_logger($logger);
    }

    public function saveAccount(string $account, #[\SensitiveParameter] array $settings): bool
    {
        return \Squeeze\Graph\save_account($account, $settings);
    }

    public function getAccount(string $account): Account
    {
        return \Squeeze\Graph\get_account($account);
    }

    public function hasAccount(string $account): bool
    {
        return \Squeeze\Graph\has_account($account);
    }

    public function listAccounts(): array
    {
        return \Squeeze\Graph\list_accounts();
    }

    public function deleteAccount(string $account): bool
    {
        return \Squeeze\Graph\delete_account($account);
    }

    public function authorizationUrl(
        string $account,
        #[\SensitiveParameter] ?string $session = null,
        ?string $prompt = null,
        ?string $loginHint = null,
        ?string $route = null,
        ?string $redirectUri = null,
    ): string {
        return \Squeeze\Graph\authorization_url($account, $session, $prompt, $loginHint, $route, $redirectUri);
    }

    public function exchangeCode(
        #[\SensitiveParameter] array $query,
        #[\SensitiveParameter] ?string $session = null,
    ): TokenStatus {
        return \Squeeze\Graph\exchange_code($query, $session);
    }

    public function callbackRoute(#[\SensitiveParameter] array $query): ?string
    {
        return \Squeeze\Graph\callback_route($query);
    }

    public function adminConsentUrl(
        string $account,
        #[\SensitiveParameter] ?string $session = null,
        ?string $redirectUri = null,
    ): string {
        return \Squeeze\Graph\admin_consent_url($account, $session, $redirectUri);
    }

    public function accessToken(string $account, int $minValidity = 300, ?string $challenge = null): string
    {
        return \Squeeze\Graph\access_token($account, $minValidity, $challenge);
    }

    public function tokenStatus(string $account): TokenStatus
    {
        return \Squeeze\Graph\token_status($account);
    }

    public function isTokenExpired(string $account, int $leeway = 300): bool
    {
        return \Squeeze\Graph\is_token_expired($account, $leeway);
    }

    public function refreshToken(string $account): TokenStatus
    {
        return \Squeeze\Graph\refresh_token($account);
    }

    public function refreshTokens(
        int $horizon = 3900,
        ?array $accounts = null,
        ?callable $progress = null,
    ): RefreshReport {
        return \Squeeze\Graph\refresh_tokens($horizon, $accounts, $progress);
    }

    public function revokeTokens(string $account): void
    {
        \Squeeze\Graph\revoke_tokens($account);
    }

    public function adoptToken(
        string $account,
        #[\SensitiveParameter] array $token,
        ?string $timezone = null,
        bool $onlyIfAbsent = false,
    ): TokenStatus {
        return \Squeeze\Graph\adopt_token($account, $token, $timezone, $onlyIfAbsent);
    }

    public function exportToken(string $account): array
    {
        return \Squeeze\Graph\export_token($account);
    }

    public function isExpired(
        int|string|\DateTimeInterface $expiresAt,
        ?string $timezone = null,
        int $leeway = 300,
    ): bool {
        return \Squeeze\Graph\is_expired($expiresAt, $timezone, $leeway);
    }

    public function toUtc(string $localTime, string $timezone): \DateTimeImmutable
    {
        return \Squeeze\Graph\to_utc($localTime, $timezone);
    }

    public function listFolders(
        string $account,
        ?string $parent = null,
        bool $recursive = true,
        bool $hidden = false,
    ): array {
        return \Squeeze\Graph\list_folders($account, $parent, $recursive, $hidden);
    }

    public function findFolder(string $account, string $folder): Folder
    {
        return \Squeeze\Graph\find_folder($account, $folder);
    }

    public function createFolder(string $account, string $path): Folder
    {
        return \Squeeze\Graph\create_folder($account, $path);
    }

    public function listMessages(
        string $account,
        ?string $folder = null,
        ?int $limit = null,
        ?\DateTimeInterface $since = null,
        bool $unreadOnly = false,
        bool $newestFirst = false,
    ): Messages {
        return new ExtensionMessages(
            \Squeeze\Graph\list_messages($account, $folder, $limit, $since, $unreadOnly, $newestFirst),
        );
    }

    public function getMessage(string $account, string $messageId, bool $textBody = false): Message
    {
        return \Squeeze\Graph\get_message($account, $messageId, $textBody);
    }

    public function getMime(string $account, string $messageId, ?int $maxBytes = null): string
    {
        return \Squeeze\Graph\get_mime($account, $messageId, $maxBytes);
    }

    public function saveMime(string $account, string $messageId, string $path, ?int $maxBytes = null): int
    {
        return \Squeeze\Graph\save_mime($account, $messageId, $path, $maxBytes);
    }

    public function listAttachments(string $account, string $messageId): array
    {
        return \Squeeze\Graph\list_attachments($account, $messageId);
    }

    public function getAttachment(
        string $account,
        string $messageId,
        string $attachmentId,
        ?int $maxBytes = null,
    ): string {
        return \Squeeze\Graph\get_attachment($account, $messageId, $attachmentId, $maxBytes);
    }

    public function saveAttachment(
        string $account,
        string $messageId,
        string $attachmentId,
        string $path,
        ?int $maxBytes = null,
    ): int {
        return \Squeeze\Graph\save_attachment($account, $messageId, $attachmentId, $path, $maxBytes);
    }

    public function moveMessage(string $account, string $messageId, string $folder): Message
    {
        return \Squeeze\Graph\move_message($account, $messageId, $folder);
    }

    public function moveMessages(string $account, array $messageIds, string $folder): array
    {
        return \Squeeze\Graph\move_messages($account, $messageIds, $folder);
    }

    public function copyMessage(string $account, string $messageId, string $folder): Message
    {
        return \Squeeze\Graph\copy_message($account, $messageId, $folder);
    }

    public function updateMessage(
        string $account,
        string $messageId,
        ?bool $isRead = null,
        ?array $categories = null,
        ?bool $flagged = null,
    ): Message {
        return \Squeeze\Graph\update_message($account, $messageId, $isRead, $categories, $flagged);
    }

    public function deleteMessage(string $account, string $messageId, bool $permanently = false): void
    {
        \Squeeze\Graph\delete_message($account, $messageId, $permanently);
    }

    public function getMailboxSettings(string $account): MailboxSettings
    {
        return \Squeeze\Graph\get_mailbox_settings($account);
    }

    public function testConnection(string $account): ConnectionReport
    {
        return \Squeeze\Graph\test_connection($account);
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
        return \Squeeze\Graph\import_messages(
            $account,
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
}
