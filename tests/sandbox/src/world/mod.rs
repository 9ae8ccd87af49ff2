//! The world the sandbox plays: tenants, app registrations, people, mailboxes, and what was granted to whom.

pub mod app;
pub mod default;
pub mod grant;
pub mod tree;
pub mod user;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use app::{App, Platform, Secret};
pub use grant::{AccessToken, AuthorizationCode, Flow, Grants, RefreshToken};
pub use user::User;

use crate::mailbox::Mailbox;

/// A directory.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tenant {
    /// A GUID.
    pub id: String,
    /// Verified domains.
    pub domains: Vec<String>,
    /// What the pages show.
    pub name: String,
    /// Whether users may consent for themselves.
    #[serde(default = "yes")]
    pub user_consent: bool,
}

const fn yes() -> bool {
    true
}

/// Everything there is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct World {
    /// Directories.
    pub tenants: Vec<Tenant>,
    /// App registrations.
    pub apps: Vec<App>,
    /// People, and shared mailboxes (which are users that can not sign in).
    pub users: Vec<User>,
    /// Mailboxes by the id of the user they belong to.
    pub mailboxes: BTreeMap<String, Mailbox>,
    /// Consents, codes, tokens, sign-in sessions.
    pub grants: Grants,
}

/// What the tenant part of an authority path means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Realm {
    /// One directory, by its id.
    Tenant(String),
    /// Work and personal accounts.
    Common,
    /// Work accounts of any directory.
    Organizations,
    /// Personal accounts.
    Consumers,
}

/// The directory of personal accounts.
pub const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

impl Realm {
    /// The name under which codes are bound to it.
    pub fn name(&self) -> &str {
        match self {
            Self::Tenant(id) => id,
            Self::Common => "common",
            Self::Organizations => "organizations",
            Self::Consumers => "consumers",
        }
    }
}

impl World {
    /// Reads the tenant part of an authority path: GUID, domain or one of the three names.
    pub fn realm(&self, name: &str) -> Option<Realm> {
        match name.to_ascii_lowercase().as_str() {
            "common" => Some(Realm::Common),
            "organizations" => Some(Realm::Organizations),
            "consumers" | CONSUMERS => Some(Realm::Consumers),
            other => self
                .tenants
                .iter()
                .find(|tenant| {
                    tenant.id == other || tenant.domains.iter().any(|domain| domain.eq_ignore_ascii_case(other))
                })
                .map(|tenant| Realm::Tenant(tenant.id.clone())),
        }
    }

    /// A directory by id.
    pub fn tenant(&self, id: &str) -> Option<&Tenant> {
        self.tenants.iter().find(|tenant| tenant.id == id)
    }

    /// An app registration by client id.
    pub fn app(&self, client_id: &str) -> Option<&App> {
        self.apps
            .iter()
            .find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    /// A user by object id, user principal name or any of the addresses.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.is_called(name))
    }

    /// As [`World::user`], to change.
    pub fn user_mut(&mut self, name: &str) -> Option<&mut User> {
        self.users.iter_mut().find(|user| user.is_called(name))
    }

    /// The mailbox of the user called `name`.
    pub fn mailbox_of(&mut self, name: &str) -> Option<&mut Mailbox> {
        let id = self.user(name)?.id.clone();
        self.mailboxes.get_mut(&id)
    }
}
