//! App registrations.

use serde::{Deserialize, Serialize};
use url::Url;

/// What a redirect URI was registered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Platform {
    /// A server that keeps a secret.
    Web,
    /// A page in a browser.
    Spa,
    /// A desktop or mobile program: no secret.
    Public,
}

/// A client secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Secret {
    /// The secret's id, which people paste by mistake.
    pub id: String,
    /// The value.
    pub value: String,
    /// UTC second of its end.
    pub expires: i64,
}

/// A redirect URI.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RedirectUri {
    /// As registered.
    pub uri: String,
    /// What for.
    pub platform: Platform,
}

/// An app registration.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct App {
    /// The client id, a GUID.
    pub client_id: String,
    /// What the consent page shows.
    pub name: String,
    /// The directory it is registered in.
    pub tenant: String,
    /// Whether other directories may use it.
    #[serde(default)]
    pub multi_tenant: bool,
    /// Where answers may go.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// Secrets, several at once while one is renewed.
    #[serde(default)]
    pub secrets: Vec<Secret>,
    /// PEM certificates whose keys may sign client assertions.
    #[serde(default)]
    pub certificates: Vec<String>,
    /// Switched off by Microsoft or an administrator.
    #[serde(default)]
    pub disabled: bool,
    /// Users can not consent for themselves.
    #[serde(default)]
    pub admin_consent_only: bool,
    /// When set, only these users (object ids) are assigned.
    #[serde(default)]
    pub assigned: Option<Vec<String>>,
    /// Application permissions granted by the administrator, for client credentials.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Delegated permissions registered, for `.default`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Mailboxes (addresses) an application access policy restricts app-only tokens to.
    #[serde(default)]
    pub mailbox_policy: Option<Vec<String>>,
}

impl App {
    /// The registration a redirect URI of a request falls under. Equal as text, but for `http://localhost` the port does
    /// not count ([redirect URI restrictions](https://learn.microsoft.com/entra/identity-platform/reply-url)).
    pub fn redirect(&self, uri: &str) -> Option<&RedirectUri> {
        self.redirect_uris
            .iter()
            .find(|registered| registered.uri == uri || same_but_port(&registered.uri, uri))
    }

    /// Whether it keeps no secret anywhere.
    pub fn is_public(&self) -> bool {
        !self.redirect_uris.is_empty() && self.redirect_uris.iter().all(|uri| uri.platform == Platform::Public)
    }
}

fn same_but_port(registered: &str, asked: &str) -> bool {
    let (Ok(registered), Ok(mut asked)) = (Url::parse(registered), Url::parse(asked)) else {
        return false;
    };
    let local = |url: &Url| url.scheme() == "http" && url.host_str() == Some("localhost");
    local(&registered) && local(&asked) && asked.set_port(registered.port()).is_ok() && registered == asked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_port_of_localhost_is_free() {
        let registered = ["http://localhost/callback", "https://squeeze.example/callback"];
        let app = App {
            client_id: String::new(),
            name: String::new(),
            tenant: String::new(),
            multi_tenant: false,
            redirect_uris: registered
                .iter()
                .map(|uri| RedirectUri {
                    uri: (*uri).into(),
                    platform: Platform::Web,
                })
                .collect(),
            secrets: vec![],
            certificates: vec![],
            disabled: false,
            admin_consent_only: false,
            assigned: None,
            roles: vec![],
            scopes: vec![],
            mailbox_policy: None,
        };
        for (uri, accepted) in [
            ("http://localhost/callback", true),
            ("http://localhost:8123/callback", true),
            ("http://localhost:8123/Callback", false),
            ("http://localhost:8123/callback/", false),
            ("http://localhost:8123/callback?x=1", false),
            ("http://127.0.0.1:8123/callback", false),
            ("https://localhost/callback", false),
            ("https://squeeze.example/callback", true),
            ("https://squeeze.example:8443/callback", false),
            ("https://squeeze.example/callback?x=1", false),
            ("https://Squeeze.example/callback", false),
            ("", false),
        ] {
            assert_eq!(app.redirect(uri).is_some(), accepted, "{uri}");
        }
    }
}
