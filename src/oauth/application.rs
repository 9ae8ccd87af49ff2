//! The app registration an account uses, and where its authority is: what every request to Entra begins with.

use std::sync::Arc;

use url::Url;

use crate::base::account::AccountSettings;
use crate::base::account::endpoints::Endpoints;
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::base::settings::Settings;
use crate::oauth::client_certificate::ClientCertificate;

/// How the application proves that it is itself.
#[derive(Debug, Clone)]
pub enum Credential {
    /// `client_secret`, sent in the body.
    Secret(Secret),
    /// A certificate, whose key signs a client assertion for each request.
    Certificate(Arc<ClientCertificate>),
}

/// An app registration at its authority.
#[derive(Debug, Clone)]
pub struct Application {
    /// The client id.
    pub client_id: String,
    /// Its credential.
    pub credential: Credential,
    /// `{authority}/{tenant}`.
    pub authority: Url,
    /// The resource whose `.default` scope an application asks for: Graph's root without its version.
    pub graph: Url,
}

impl Application {
    /// The application of an account, as a call with these settings may use it. A certificate is read from its files now, so that one
    /// that was renewed there is taken. A problem if the account has no usable credential or its endpoints may not be used.
    pub fn of(account: &AccountSettings, settings: &Settings, now: UtcInstant) -> Result<Self, Box<Problem>> {
        let endpoints = Endpoints::of(account, settings.custom_endpoints, now)?;
        let secret = account.client_secret.as_ref().filter(|secret| !secret.is_empty());
        let credential = match (&account.client_certificate, secret) {
            (Some(files), _) => {
                let certificate = ClientCertificate::read(files, settings.readable_below.as_deref(), now)?;
                Credential::Certificate(Arc::new(certificate))
            }
            (None, Some(secret)) => Credential::Secret(secret.clone()),
            (None, None) => return Err(Box::new(Problem::own("credential_missing", now))),
        };
        Ok(Self {
            client_id: account.client_id.clone(),
            credential,
            authority: endpoints.authority,
            graph: endpoints.graph,
        })
    }

    /// `{authority}/{tenant}/oauth2/v2.0/authorize`.
    pub fn authorize_endpoint(&self) -> Url {
        below(&self.authority, &["oauth2", "v2.0", "authorize"])
    }

    /// `{authority}/{tenant}/oauth2/v2.0/token`.
    pub fn token_endpoint(&self) -> Url {
        below(&self.authority, &["oauth2", "v2.0", "token"])
    }

    /// `{authority}/{tenant}/v2.0/adminconsent`.
    pub fn admin_consent_endpoint(&self) -> Url {
        below(&self.authority, &["v2.0", "adminconsent"])
    }

    /// `{graph}/.default`: everything the registration was granted.
    pub fn default_scope(&self) -> String {
        let mut root = self.graph.clone();
        if let Ok(mut segments) = root.path_segments_mut() {
            segments.pop_if_empty().pop().push(".default");
        }
        root.into()
    }

    /// The tenant as the authority's path names it: GUID, domain, `organizations` or `common`.
    pub fn tenant(&self) -> &str {
        self.authority
            .path_segments()
            .and_then(|mut segments| segments.rfind(|segment| !segment.is_empty()))
            .unwrap_or_default()
    }
}

/// `root` with more path segments.
fn below(root: &Url, segments: &[&str]) -> Url {
    let mut url = root.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(segments);
    }
    url
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An application of the global cloud.
    pub(crate) fn application(tenant: &str) -> Application {
        Application {
            client_id: "11111111-2222-3333-4444-555555555555".to_owned(),
            credential: Credential::Secret(Secret::new("canary+secret/=&%")),
            authority: Url::parse(&format!("https://login.microsoftonline.com/{tenant}")).unwrap(),
            graph: Url::parse("https://graph.microsoft.com/v1.0").unwrap(),
        }
    }

    #[test]
    fn the_endpoints_stand_below_the_tenant() {
        let application = application("contoso.onmicrosoft.com");
        let root = "https://login.microsoftonline.com/contoso.onmicrosoft.com";
        assert_eq!(
            application.authorize_endpoint().as_str(),
            format!("{root}/oauth2/v2.0/authorize")
        );
        assert_eq!(
            application.token_endpoint().as_str(),
            format!("{root}/oauth2/v2.0/token")
        );
        assert_eq!(
            application.admin_consent_endpoint().as_str(),
            format!("{root}/v2.0/adminconsent")
        );
        assert_eq!(application.tenant(), "contoso.onmicrosoft.com");
        assert_eq!(application.default_scope(), "https://graph.microsoft.com/.default");
    }

    #[test]
    fn a_custom_root_keeps_its_path() {
        let application = Application {
            authority: Url::parse("http://127.0.0.1:8080/entra/common").unwrap(),
            graph: Url::parse("http://127.0.0.1:8080/graph/v1.0").unwrap(),
            ..application("common")
        };
        assert_eq!(
            application.token_endpoint().as_str(),
            "http://127.0.0.1:8080/entra/common/oauth2/v2.0/token"
        );
        assert_eq!(application.default_scope(), "http://127.0.0.1:8080/graph/.default");
        assert_eq!(application.tenant(), "common");
    }
}
