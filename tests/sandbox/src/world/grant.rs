//! What was granted: consents, sign-in sessions and pages under way, codes, tokens.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// An authorization request that was accepted and waits for someone to go through the pages.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "they do not exclude one another")]
pub struct Flow {
    /// The realm of the path it came by.
    pub realm: String,
    /// The app.
    pub client_id: String,
    /// Where the answer goes, as asked.
    pub redirect_uri: String,
    /// `query`, `fragment`, `form_post`.
    pub response_mode: String,
    /// What was asked for, in short names.
    pub scopes: Vec<String>,
    /// Returned as it is.
    pub state: Option<String>,
    /// For the `id_token`.
    pub nonce: Option<String>,
    /// The PKCE challenge and whether it is S256.
    pub challenge: Option<(String, bool)>,
    /// `login`, `none`, `consent`, `select_account`.
    pub prompt: Option<String>,
    /// Prefills the address.
    pub login_hint: Option<String>,
    /// Whether the client says that it understands claims challenges.
    pub claims_aware: bool,
    /// Whether `client_info` was asked for.
    pub client_info: bool,
    /// True for the admin consent endpoint.
    pub admin_consent: bool,
    /// The user, once the address is known.
    pub user: Option<String>,
    /// The password was right.
    pub password_passed: bool,
    /// The second factor was right (or none is needed).
    pub mfa_passed: bool,
    /// UTC second of its begin.
    pub begun: i64,
}

/// An authorization code's meaning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AuthorizationCode {
    /// The request it answers.
    pub flow: Flow,
    /// Who signed in.
    pub user: String,
    /// UTC second of its issue; it lives ten minutes.
    pub issued: i64,
    /// Redeemed already.
    pub used: bool,
}

/// A refresh token's meaning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RefreshToken {
    /// The app.
    pub client_id: String,
    /// Who signed in.
    pub user: String,
    /// The directory it was issued in.
    pub tenant: String,
    /// What the sign-in asked for.
    pub scopes: Vec<String>,
    /// UTC second of its issue: ninety days without use end it.
    pub issued: i64,
    /// UTC second of the sign-in.
    pub signed_in: i64,
    /// Revoked by name.
    pub revoked: bool,
    /// The sign-in it descends from.
    pub family: String,
}

/// An access token's meaning.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessToken {
    /// The app.
    pub client_id: String,
    /// The user; none for client credentials.
    pub user: Option<String>,
    /// The directory.
    pub tenant: String,
    /// The resource it is for: Graph or another.
    pub audience: String,
    /// Delegated permissions.
    pub scopes: Vec<String>,
    /// Application permissions.
    pub roles: Vec<String>,
    /// UTC second of its issue.
    pub issued: i64,
    /// UTC second of its end.
    pub expires: i64,
    /// Voided by a revocation; only clients that understand claims challenges notice.
    #[serde(default)]
    pub revoked: bool,
    /// Whether the client understands claims challenges.
    pub claims_aware: bool,
}

/// Someone signed in to a browser.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Session {
    /// Who.
    pub user: String,
    /// UTC second of the sign-in.
    pub at: i64,
}

/// All of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Grants {
    /// Pages under way.
    pub flows: BTreeMap<String, Flow>,
    /// Browser sessions by cookie.
    pub sessions: BTreeMap<String, Session>,
    /// `tenant|client|user` (user `*`: for everyone) to scopes.
    pub consents: BTreeMap<String, BTreeSet<String>>,
    /// Codes.
    pub codes: BTreeMap<String, AuthorizationCode>,
    /// Refresh tokens.
    pub refresh_tokens: BTreeMap<String, RefreshToken>,
    /// Access tokens.
    pub access_tokens: BTreeMap<String, AccessToken>,
    /// Client assertions that were used, `client|jti`, to the UTC second of their end.
    #[serde(default)]
    pub assertions: BTreeMap<String, i64>,
}

impl Grants {
    /// What a user, or an administrator for everyone, has agreed to.
    pub fn consented(&self, tenant: &str, client_id: &str, user: &str) -> BTreeSet<String> {
        ["*", user]
            .iter()
            .filter_map(|who| self.consents.get(&format!("{tenant}|{client_id}|{who}")))
            .flatten()
            .cloned()
            .collect()
    }

    /// Notes an agreement.
    pub fn consent(&mut self, tenant: &str, client_id: &str, user: &str, scopes: impl IntoIterator<Item = String>) {
        self.consents
            .entry(format!("{tenant}|{client_id}|{user}"))
            .or_default()
            .extend(scopes);
    }

    /// Forgets access tokens that ended more than a day ago.
    pub fn sweep(&mut self, now: i64) {
        if self.access_tokens.len() > 4_096 {
            self.access_tokens.retain(|_, token| token.expires + 86_400 > now);
        }
    }
}
