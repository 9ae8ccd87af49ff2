//! An account: one e-mail configuration of the host. Validated once, at the door.

mod credential;
pub mod endpoints;
pub mod guid;
pub mod patch;
pub mod redirect_uri;
pub mod scopes;
pub mod tenant;
mod value;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::base::clock::UtcInstant;
use crate::base::secret::Secret;

pub use crate::base::account::credential::CertificateFiles;

/// The host's own key for an account: 1–190 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AccountName(String);

impl AccountName {
    /// How many characters a name may have: what fits an index of a `VARCHAR(190)` in utf8mb4.
    pub const LIMIT: usize = 190;

    /// Checks a name. The error says, as PHP words it, what it must be.
    pub fn new(name: impl Into<String>) -> Result<Self, &'static str> {
        let name = name.into();
        if name.is_empty() {
            return Err("must not be empty");
        }
        if name.chars().nth(Self::LIMIT).is_some() {
            return Err("must be at most 190 characters long");
        }
        if name.chars().any(char::is_control) {
            return Err("must not contain control characters");
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Who acts: a person who signed in, or the application itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Authorization code flow with a signed-in user.
    Delegated,
    /// Client credentials.
    Application,
}

/// Microsoft's separate clouds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cloud {
    /// Worldwide, including GCC.
    #[serde(rename = "global")]
    Global,
    /// US Government L4 (GCC High).
    #[serde(rename = "usgov")]
    UsGov,
    /// US Government L5 (`DoD`).
    #[serde(rename = "usgov-dod")]
    UsGovDod,
    /// China, operated by 21Vianet.
    #[serde(rename = "china")]
    China,
}

/// All settings of an account (contract, section 2), checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSettings {
    /// Who acts.
    pub protocol: Protocol,
    /// GUID, domain, `organizations` or `common`.
    pub tenant_id: String,
    /// The app registration's client id.
    pub client_id: String,
    /// The app registration's secret (its value, not its id). An account has this or a certificate.
    pub client_secret: Option<Secret>,
    /// The certificate in the place of a secret.
    pub client_certificate: Option<CertificateFiles>,
    /// When the secret or certificate ends, as somebody entered it; a certificate's own end stands with its files.
    pub secret_expires_at: Option<UtcInstant>,
    /// Where Microsoft sends the browser back to; always there for delegated accounts.
    pub redirect_uri: Option<String>,
    /// Who is to sign in.
    pub user: Option<String>,
    /// A shared mailbox; `None`: the signed-in user's.
    pub mailbox: Option<String>,
    /// The folder to import from, as section 5 of the contract names folders.
    pub folder_inbox: String,
    /// Where imported mails go.
    pub folder_processed: Option<String>,
    /// Where rejected mails go.
    pub folder_error: Option<String>,
    /// The scopes to ask for, without `openid profile`, which are always added.
    pub scopes: Vec<String>,
    /// Renew at the latest when the last renewal is this old, seconds.
    pub refresh_interval: i64,
    /// Whether the job looks after it.
    pub enabled: bool,
    /// Which cloud.
    pub cloud: Cloud,
    /// Root of a custom authority, instead of the cloud's.
    pub authority_url: Option<String>,
    /// Root of a custom Graph, instead of the cloud's.
    pub graph_url: Option<String>,
}

impl AccountSettings {
    /// Whether `other` is the same application at the same place: then tokens stay good and the secret may go there.
    pub fn same_identity(&self, other: &Self) -> bool {
        self.protocol == other.protocol
            && self.tenant_id.eq_ignore_ascii_case(&other.tenant_id)
            && self.client_id.eq_ignore_ascii_case(&other.client_id)
            && self.cloud == other.cloud
            && self.authority_url == other.authority_url
            && self.graph_url == other.graph_url
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A complete delegated account in the worldwide cloud, to be varied.
    pub(crate) fn settings() -> AccountSettings {
        AccountSettings {
            protocol: Protocol::Delegated,
            tenant_id: "8f1c4ad0-5b0e-4c57-8b2f-3a1f0e6d9c42".to_owned(),
            client_id: "5f0c1f1e-6d2a-4f6e-9a51-0d6f3a0b7c11".to_owned(),
            client_secret: Some(Secret::new("stored~value")),
            client_certificate: None,
            secret_expires_at: None,
            redirect_uri: Some("https://mandant.example/callback".to_owned()),
            user: None,
            mailbox: None,
            folder_inbox: patch::FOLDER_INBOX.to_owned(),
            folder_processed: None,
            folder_error: None,
            scopes: scopes::DEFAULT.map(str::to_owned).to_vec(),
            refresh_interval: patch::REFRESH_INTERVAL,
            enabled: true,
            cloud: Cloud::Global,
            authority_url: None,
            graph_url: None,
        }
    }

    #[test]
    fn a_name_has_1_to_190_characters_and_none_of_them_controls() {
        let cases = [
            ("a".to_owned(), true),
            ("Rechnungen Süd 📬".to_owned(), true),
            ("ä".repeat(190), true),
            ("ä".repeat(191), false),
            (String::new(), false),
            ("a\0b".to_owned(), false),
            ("a\nb".to_owned(), false),
        ];
        for (name, good) in cases {
            assert_eq!(AccountName::new(name.clone()).is_ok(), good, "{name:?}");
        }
    }
}
