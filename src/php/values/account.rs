//! An account as PHP sees it: its settings without secrets, and its state.

use ext_php_rs::types::{ZendHashTable, Zval};

use super::{Shape, json};
use crate::php::register::function;
use crate::php::zend::{self, Arguments, Outcome};

/// Classes of this family.
pub const SHAPES: &[Shape] = &[Shape {
    name: "Account",
    properties: "string $account, string $protocol, string $tenantId, string $clientId, ?string $clientCertificate, \
        ?string $clientKey, ?\\DateTimeImmutable $secretExpiresAt, ?string $redirectUri, ?string $user, \
        ?string $mailbox, string $folderInbox, ?string $folderProcessed, ?string $folderError, list<string> $scopes, \
        int $refreshInterval, bool $enabled, string $cloud, ?string $authorityUrl, ?string $graphUrl, \
        bool $hasSecret, ?string $signedInAs, TokenStatus $status",
    methods: || vec![function!("toSettings(): array", to_settings)],
}];

/// Property and settings key, in the order of the documentation.
const SETTINGS: &[(&str, &str)] = &[
    ("protocol", "protocol"),
    ("tenantId", "tenant_id"),
    ("clientId", "client_id"),
    ("clientCertificate", "client_certificate"),
    ("clientKey", "client_key"),
    ("secretExpiresAt", "secret_expires_at"),
    ("redirectUri", "redirect_uri"),
    ("user", "user"),
    ("mailbox", "mailbox"),
    ("folderInbox", "folder_inbox"),
    ("folderProcessed", "folder_processed"),
    ("folderError", "folder_error"),
    ("scopes", "scopes"),
    ("refreshInterval", "refresh_interval"),
    ("enabled", "enabled"),
    ("cloud", "cloud"),
    ("authorityUrl", "authority_url"),
    ("graphUrl", "graph_url"),
];

/// The array that `save_account()` takes, without the secret.
fn to_settings(arguments: &Arguments) -> Outcome {
    let account = arguments.this()?;
    let class = account.get_class_entry();
    let mut settings = ZendHashTable::new();
    for (property, key) in SETTINGS {
        settings.insert(*key, json::plain(&zend::property(class, account, property))?)?;
    }
    let mut value = Zval::new();
    value.set_hashtable(settings);
    Ok(value)
}
