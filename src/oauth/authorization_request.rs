//! The authorization request: the URL the browser is sent to, and the one an administrator consents at.
//!
//! Always with PKCE (S256, RFC 7636), a state and a nonce; the answer comes back as a query, because a cross-site POST would not carry
//! the host's `SameSite=Lax` session cookie.

use std::borrow::Cow;

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use url::Url;

use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::oauth::application::Application;
use crate::oauth::claims_challenge;

/// What one sign-in begins with. State, nonce and verifier are fresh for each.
#[derive(Debug)]
pub struct AuthorizationRequest<'a> {
    /// Where Microsoft sends the browser back to, exactly as it is registered.
    pub redirect_uri: &'a str,
    /// All scopes to ask for (see [`scope::requested`](crate::oauth::scope::requested)).
    pub scopes: &'a [String],
    /// Returned unchanged with the answer.
    pub state: &'a Secret,
    /// Returned inside the `id_token`.
    pub nonce: &'a Secret,
    /// 43–128 characters (RFC 7636 section 4.1); only its hash is in the URL.
    pub verifier: &'a Secret,
    /// `login`, `none`, `consent` or `select_account`; `None` lets Microsoft decide.
    pub prompt: Option<&'a str>,
    /// Whom to offer; left out with `select_account`, which excludes it.
    pub login_hint: Option<&'a str>,
    /// A claims challenge to answer, as JSON text.
    pub challenge: Option<&'a str>,
}

impl AuthorizationRequest<'_> {
    /// The URL for the browser.
    pub fn url(&self, application: &Application, now: UtcInstant) -> Result<Url, Box<Problem>> {
        let length = self.verifier.expose().len();
        // The crate would panic, and a verifier of another length can only come from a damaged record.
        if !(43..=128).contains(&length) {
            return Err(Box::new(Problem::own("code_verifier_invalid", now)));
        }
        let verifier = PkceCodeVerifier::new(self.verifier.expose().to_owned());
        let client = BasicClient::new(ClientId::new(application.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(application.authorize_endpoint()));
        let mut request = client
            .authorize_url(|| CsrfToken::new(self.state.expose().to_owned()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .set_redirect_uri(Cow::Owned(redirect_url(self.redirect_uri, now)?))
            .add_scopes(self.scopes.iter().cloned().map(Scope::new))
            .add_extra_param("response_mode", "query")
            .add_extra_param("nonce", self.nonce.expose())
            .add_extra_param("claims", claims_challenge::parameter(self.challenge));
        if let Some(prompt) = self.prompt {
            request = request.add_extra_param("prompt", prompt);
        }
        if let Some(hint) = self.login_hint.filter(|_| self.prompt != Some("select_account")) {
            request = request.add_extra_param("login_hint", hint);
        }
        Ok(request.url().0)
    }
}

/// A redirect URI for the crate, which keeps its spelling.
pub(super) fn redirect_url(redirect_uri: &str, now: UtcInstant) -> Result<RedirectUrl, Box<Problem>> {
    RedirectUrl::new(redirect_uri.to_owned())
        .map_err(|_| Box::new(Problem::own("redirect_uri_invalid", now).with_fact("redirect_uri", redirect_uri)))
}

/// The URL at which an administrator grants everything the registration lists, for the whole tenant. `common` and `consumers` name no
/// tenant to grant it for.
pub fn admin_consent_url(
    application: &Application,
    redirect_uri: &str,
    state: &Secret,
    now: UtcInstant,
) -> Result<Url, Box<Problem>> {
    let tenant = application.tenant();
    if ["common", "consumers"]
        .iter()
        .any(|name| name.eq_ignore_ascii_case(tenant))
    {
        return Err(Box::new(
            Problem::own("admin_consent_needs_tenant", now).with_fact("tenant", tenant),
        ));
    }
    let mut url = application.admin_consent_endpoint();
    url.query_pairs_mut()
        .append_pair("client_id", &application.client_id)
        .append_pair("scope", &application.default_scope())
        .append_pair("redirect_uri", redirect_uri)
        .append_pair("state", state.expose());
    Ok(url)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::oauth::application::tests::application;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

    fn parameters(url: &Url) -> BTreeMap<String, String> {
        url.query_pairs().into_owned().collect()
    }

    fn url(prompt: Option<&str>, login_hint: Option<&str>) -> Url {
        AuthorizationRequest {
            redirect_uri: "https://Host.example/cb",
            scopes: &["openid".to_owned(), "Mail.Read".to_owned()],
            state: &Secret::new("the-state"),
            nonce: &Secret::new("the-nonce"),
            // The example of RFC 7636 appendix B.
            verifier: &Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
            prompt,
            login_hint,
            challenge: None,
        }
        .url(&application("contoso.com"), NOW)
        .unwrap()
    }

    #[test]
    fn the_url_carries_what_microsoft_asks_for_and_not_the_verifier() {
        let url = url(None, Some("anna@contoso.com"));
        assert!(
            url.as_str()
                .starts_with("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/authorize?")
        );
        assert!(!url.as_str().contains("dBjftJeZ4CVP"));
        let expected = [
            ("client_id", "11111111-2222-3333-4444-555555555555"),
            ("response_type", "code"),
            ("response_mode", "query"),
            ("redirect_uri", "https://Host.example/cb"),
            ("scope", "openid Mail.Read"),
            ("state", "the-state"),
            ("nonce", "the-nonce"),
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("claims", r#"{"access_token":{"xms_cc":{"values":["cp1"]}}}"#),
            ("login_hint", "anna@contoso.com"),
        ];
        let parameters = parameters(&url);
        for (name, value) in expected {
            assert_eq!(parameters.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert_eq!(parameters.len(), expected.len());
    }

    #[test]
    fn select_account_excludes_a_login_hint() {
        let both = parameters(&url(Some("select_account"), Some("anna@contoso.com")));
        assert_eq!(both.get("prompt").map(String::as_str), Some("select_account"));
        assert!(!both.contains_key("login_hint"));
        let login = parameters(&url(Some("login"), Some("anna@contoso.com")));
        assert!(login.contains_key("login_hint"));
    }

    #[test]
    fn admin_consent_needs_a_tenant() {
        let state = Secret::new("the-state");
        let url = admin_consent_url(&application("contoso.com"), "https://host.example/cb", &state, NOW).unwrap();
        let parameters = parameters(&url);
        assert_eq!(url.path(), "/contoso.com/v2.0/adminconsent");
        assert_eq!(parameters.get("scope").unwrap(), "https://graph.microsoft.com/.default");
        assert_eq!(parameters.get("state").unwrap(), "the-state");
        for tenant in ["common", "Consumers"] {
            let refused = admin_consent_url(&application(tenant), "https://host.example/cb", &state, NOW);
            assert_eq!(refused.unwrap_err().code, "admin_consent_needs_tenant");
        }
    }
}
