//! What the store's tests share: a store in a folder of its own, and records to keep in it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use squeeze_graph::base::account::{AccountName, AccountSettings, Cloud, Protocol};
use squeeze_graph::base::clock::{SystemClock, UtcInstant};
use squeeze_graph::base::failure::Failure;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::store::record::{AccountRecord, Receipt, ReceiptState, SignInProgress, SignInRecord, TokenRecord};
use squeeze_graph::store::{self, Store, StoreError};
use tempfile::TempDir;

/// A folder with room for a store.
pub struct Folder(pub TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn store_path(&self) -> PathBuf {
        self.file("store.sqlite")
    }

    pub fn settings(&self) -> Settings {
        settings(&self.store_path())
    }

    pub fn open(&self) -> Arc<dyn Store> {
        open(&self.settings()).unwrap()
    }
}

pub fn settings(path: &Path) -> Settings {
    Settings {
        store: path.to_str().unwrap().to_owned(),
        ..Settings::default()
    }
}

pub fn open(settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
    store::open(settings, Arc::new(SystemClock), Arc::new(OsRandom))
}

/// The failure of an opening that must fail.
pub fn refused(settings: &Settings) -> Failure {
    match open(settings) {
        Ok(_) => panic!("the store opened"),
        Err(StoreError(failure)) => *failure,
    }
}

pub fn name(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

pub fn account_settings() -> AccountSettings {
    AccountSettings {
        protocol: Protocol::Delegated,
        tenant_id: "contoso.example".to_owned(),
        client_id: "00000000-0000-0000-0000-000000000001".to_owned(),
        client_secret: Some(Secret::new("canary-client-secret")),
        client_certificate: None,
        secret_expires_at: Some(UtcInstant::from_epoch(2_000_000_000)),
        redirect_uri: Some("https://host.example/callback".to_owned()),
        user: Some("canary-user@contoso.example".to_owned()),
        mailbox: None,
        folder_inbox: "wellknown:inbox".to_owned(),
        folder_processed: Some("Verarbeitet/Überfällig".to_owned()),
        folder_error: Some("Fehler".to_owned()),
        scopes: vec!["Mail.ReadWrite".to_owned(), "offline_access".to_owned()],
        refresh_interval: 43200,
        enabled: true,
        cloud: Cloud::UsGovDod,
        authority_url: None,
        graph_url: None,
    }
}

pub fn tokens(version: i64) -> TokenRecord {
    TokenRecord {
        version,
        access_token: Some(Secret::new(format!("canary-access-{version}"))),
        refresh_token: Some(Secret::new(format!("canary-refresh-{version}"))),
        expires_at: Some(UtcInstant::from_epoch(1_900_000_000)),
        signed_in_as: Some("canary-signed-in@contoso.example".to_owned()),
        granted_scopes: vec!["Mail.ReadWrite".to_owned()],
        ..TokenRecord::default()
    }
}

pub fn sign_in(state: u8, account: &str, created_at: i64) -> SignInRecord {
    SignInRecord {
        state: [state; 32],
        account: name(account),
        identity_generation: 1,
        session: [9; 32],
        verifier: Secret::new("canary-verifier"),
        nonce: Secret::new("canary-nonce"),
        redirect_uri: "https://host.example/callback".to_owned(),
        scopes: vec!["Mail.ReadWrite".to_owned()],
        admin_consent: false,
        created_at: UtcInstant::from_epoch(created_at),
        progress: SignInProgress::Pending,
    }
}

pub fn receipt(mailbox: &str, message: &str, state: ReceiptState) -> Receipt {
    Receipt {
        mailbox: mailbox.to_owned(),
        folder: "inbox".to_owned(),
        message: message.to_owned(),
        import_key: format!("key-{message}"),
        attempt: 1,
        failures: 0,
        undeliverable: 0,
        state,
        destination: None,
        not_before: None,
        updated_at: UtcInstant::from_epoch(1_800_000_000),
    }
}

/// Keeps an account with the settings of [`account_settings`] and these tokens; its identity generation.
pub fn put_account(store: &dyn Store, account: &str, tokens: Option<TokenRecord>) -> i64 {
    store
        .change_account(&name(account), &mut move |_, _| {
            let record = AccountRecord {
                name: name(account),
                settings: account_settings(),
                identity_generation: 0,
            };
            Some((record, tokens.clone()))
        })
        .unwrap();
    store.account(&name(account)).unwrap().unwrap().identity_generation
}
