//! People, and shared mailboxes.

use serde::{Deserialize, Serialize};

/// A user of a directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct User {
    /// The object id, a GUID.
    pub id: String,
    /// The home directory.
    pub tenant: String,
    /// Directories this user is a guest in.
    #[serde(default)]
    pub guest_of: Vec<String>,
    /// The sign-in name.
    pub upn: String,
    /// The mail address; may be none.
    #[serde(default)]
    pub mail: Option<String>,
    /// Other addresses.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The display name.
    pub name: String,
    /// None: can not sign in (a shared mailbox).
    #[serde(default)]
    pub password: Option<String>,
    /// The code of the second factor; none: no second factor.
    #[serde(default)]
    pub mfa: Option<String>,
    /// Switched off.
    #[serde(default)]
    pub disabled: bool,
    /// May consent for the whole directory.
    #[serde(default)]
    pub admin: bool,
    /// Where the mail is.
    #[serde(default)]
    pub mail_home: MailHome,
    /// Object ids of users with full access to this one's mailbox.
    #[serde(default)]
    pub full_access: Vec<String>,
    /// UTC second before which refresh tokens are void.
    #[serde(default)]
    pub tokens_valid_from: i64,
}

/// Where a user's mail is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailHome {
    /// In Exchange Online.
    #[default]
    Online,
    /// On a server of their own: Graph has no mailbox.
    OnPremises,
    /// Nowhere.
    None,
}

impl User {
    /// Whether `name` is the object id, the sign-in name or one of the addresses.
    pub fn is_called(&self, name: &str) -> bool {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        same(&self.id)
            || same(&self.upn)
            || self.mail.as_deref().is_some_and(same)
            || self.aliases.iter().any(|alias| same(alias))
    }

    /// Whether this user can sign in to a directory.
    pub fn belongs_to(&self, tenant: &str) -> bool {
        self.tenant == tenant || self.guest_of.iter().any(|other| other == tenant)
    }
}
