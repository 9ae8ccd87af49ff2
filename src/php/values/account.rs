//! An account as PHP sees it: its settings without secrets, and its state.

use ext_php_rs::types::{ZendHashTable, Zval};

use super::token::token_status;
use super::{Shape, Value, json, optional_time, texts};
use crate::base::account::{Cloud, Protocol};
use crate::base::language::Language;
use crate::php::register::function;
use crate::php::zend::{self, Arguments, Outcome};
use crate::service::accounts::AccountView;

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

/// An account as it is shown.
pub fn account(view: &AccountView, language: Language) -> Outcome {
    let settings = &view.settings;
    let certificate = settings.client_certificate.as_ref();
    Ok(Value::new("Account")?
        .set("account", view.name.as_str())?
        .set("protocol", protocol(settings.protocol))?
        .set("tenantId", settings.tenant_id.as_str())?
        .set("clientId", settings.client_id.as_str())?
        .set("clientCertificate", certificate.map(|files| files.certificate.as_str()))?
        .set("clientKey", certificate.map(|files| files.key.as_str()))?
        .set("secretExpiresAt", optional_time(view.credential_ends_at)?)?
        .set("redirectUri", settings.redirect_uri.as_deref())?
        .set("user", settings.user.as_deref())?
        .set("mailbox", settings.mailbox.as_deref())?
        .set("folderInbox", settings.folder_inbox.as_str())?
        .set("folderProcessed", settings.folder_processed.as_deref())?
        .set("folderError", settings.folder_error.as_deref())?
        .set("scopes", texts(&settings.scopes)?)?
        .set("refreshInterval", settings.refresh_interval)?
        .set("enabled", settings.enabled)?
        .set("cloud", cloud(settings.cloud))?
        .set("authorityUrl", settings.authority_url.as_deref())?
        .set("graphUrl", settings.graph_url.as_deref())?
        .set("hasSecret", settings.client_secret.is_some())?
        .set("signedInAs", view.status.signed_in_as.as_deref())?
        .set("status", token_status(&view.status, language)?)?
        .finish())
}

const fn protocol(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Delegated => "delegated",
        Protocol::Application => "application",
    }
}

const fn cloud(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Global => "global",
        Cloud::UsGov => "usgov",
        Cloud::UsGovDod => "usgov-dod",
        Cloud::China => "china",
    }
}
