//! Who the client is: secret in the form, secret by HTTP Basic, or a signed assertion.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::error::EntraError;
use crate::exchange::{Request, find};
use crate::world::{App, World};

/// The credential a request shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Credential {
    /// The client id.
    pub client_id: Option<String>,
    /// The secret.
    pub secret: Option<String>,
    /// The assertion and its type.
    pub assertion: Option<(String, String)>,
}

impl Credential {
    /// Reads it from form and `Authorization` header. Basic's parts are form-encoded (RFC 6749 §2.3.1).
    pub fn read(request: &Request, form: &[(String, String)]) -> Self {
        let value = |name| find(form, name).filter(|value| !value.is_empty()).map(str::to_owned);
        let mut credential = Self {
            client_id: value("client_id"),
            secret: value("client_secret"),
            assertion: value("client_assertion")
                .map(|assertion| (assertion, value("client_assertion_type").unwrap_or_default())),
        };
        let basic = request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Basic "))
            .and_then(|value| STANDARD.decode(value).ok());
        if let Some(basic) = basic {
            let text = String::from_utf8_lossy(&basic).into_owned();
            if let Some((id, secret)) = text.split_once(':') {
                let decode = |part: &str| {
                    percent_decode_str(&part.replace('+', " "))
                        .decode_utf8_lossy()
                        .into_owned()
                };
                credential.client_id.get_or_insert_with(|| decode(id));
                credential.secret.get_or_insert_with(|| decode(secret));
            }
        }
        credential
    }

    /// The app this names, in the order Entra checks: id, app, credential, whether it is switched off.
    pub fn app<'w>(&self, world: &'w World, place: &str) -> Result<&'w App, EntraError> {
        let client_id = self
            .client_id
            .as_deref()
            .ok_or_else(|| EntraError::missing("client_id"))?;
        world.app(client_id).ok_or_else(|| unknown_app(client_id, place))
    }

    /// Checks the credential of an app.
    pub fn check(&self, app: &App, now: i64, audience: &[String]) -> Result<(), EntraError> {
        if app.is_public() {
            return if self.secret.is_some() || self.assertion.is_some() {
                Err(EntraError::client(
                    700_025,
                    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
                ))
            } else {
                Ok(())
            };
        }
        if let Some((assertion, kind)) = &self.assertion {
            return super::client_assertion::check(app, assertion, kind, now, audience);
        }
        let Some(secret) = &self.secret else {
            return Err(EntraError::client(
                7_000_218,
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
            ));
        };
        match app.secrets.iter().find(|known| known.value == *secret) {
            None => Err(EntraError::client(
                7_000_215,
                format!(
                    "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, \
                     for a secret added to app '{}'.",
                    app.client_id
                ),
            )),
            Some(known) if known.expires <= now => Err(EntraError::client(
                7_000_222,
                format!(
                    "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your app: \
                     https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.",
                    app.client_id
                ),
            )),
            Some(_) => Ok(()),
        }
    }
}

/// No such app in this directory.
pub fn unknown_app(client_id: &str, place: &str) -> EntraError {
    EntraError::new(
        700_016,
        "unauthorized_client",
        format!(
            "Application with identifier '{client_id}' was not found in the directory '{place}'. This can happen if the application has not been \
             installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request \
             to the wrong tenant."
        ),
    )
}

/// The app is switched off.
pub fn disabled_app(app: &App) -> EntraError {
    EntraError::new(
        7_000_112,
        "unauthorized_client",
        format!("Application '{}'({}) is disabled.", app.client_id, app.name),
    )
}

/// No such directory.
pub fn unknown_tenant(name: &str) -> EntraError {
    EntraError::request(
        90_002,
        format!(
            "Tenant '{name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your \
             subscription administrator, this may happen if there are no active subscriptions for the tenant."
        ),
    )
}

/// A work app on the endpoint of personal accounts.
pub fn work_accounts_only() -> EntraError {
    EntraError::request(
        9_002_332,
        "Application is configured for use by Azure Active Directory users only. Please do not use the /consumers endpoint to serve this request.",
    )
}

/// A single-tenant app on an endpoint for all.
pub fn single_tenant(app: &App, endpoint: &str) -> EntraError {
    EntraError::request(
        50_194,
        format!(
            "Application '{}'({}) is not configured as a multi-tenant application. Usage of the /{endpoint} endpoint is not supported for such apps \
             created after '10/15/2018'. Use a tenant-specific endpoint or configure the application to be multi-tenant.",
            app.client_id, app.name
        ),
    )
}
