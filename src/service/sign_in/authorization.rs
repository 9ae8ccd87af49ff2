//! The first leg: a URL for the browser, and what must be remembered until it comes back.

use crate::base::account::{AccountName, Protocol, redirect_uri};
use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Failure, Result};
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::oauth::application::Application;
use crate::oauth::authorization_request::{self, AuthorizationRequest};
use crate::oauth::scope;
use crate::service::context::Context;
use crate::service::sign_in::{OUTCOME_LIFE, session_hash, state};
use crate::service::token_status;
use crate::service::tokens::read;
use crate::store::record::{AccountRecord, SignInProgress, SignInRecord, TokenRecord};

/// What an authorization request can ask for.
#[derive(Debug, Clone, Default)]
pub struct AuthorizationOptions {
    /// `login`, `none`, `consent`, `select_account`.
    pub prompt: Option<String>,
    /// Whom to offer first.
    pub login_hint: Option<String>,
    /// What [`callback_route`](super::callback_route) gives back.
    pub route: Option<String>,
    /// Where this sign-in comes back to, by the rules of [`redirect_uri`]; `None`: the account's own. It is kept with the sign-in only,
    /// so that several places that people sign in from do not change the account under each other.
    pub redirect_uri: Option<String>,
}

/// What the `prompt` parameter may be.
const PROMPTS: [&str; 4] = ["login", "none", "consent", "select_account"];

/// The URL to send the browser to. `session` ties the callback to this browser; an empty one is an argument error.
pub fn authorization_url(
    context: &Context,
    name: &AccountName,
    session: &(impl AsRef<[u8]> + ?Sized),
    options: &AuthorizationOptions,
) -> Result<String> {
    let session = session_hash(session.as_ref())?;
    let prompt = options.prompt.as_deref();
    if prompt.is_some_and(|prompt| !PROMPTS.contains(&prompt)) {
        return Err(Error::argument(
            "prompt",
            "must be one of \"login\", \"none\", \"consent\", or \"select_account\"",
        ));
    }
    let beginning = Beginning::of(context, name, options.route.as_deref())?;
    if beginning.account.settings.protocol == Protocol::Application {
        return Err(configuration("application_has_no_sign_in", name, beginning.now));
    }
    let redirect_uri = beginning.redirect_uri(options.redirect_uri.as_deref())?;
    let hint = options.login_hint.clone().or_else(|| beginning.login_hint());
    let scopes = scope::requested(&beginning.account.settings.scopes);
    let (verifier, nonce) = (random(context, beginning.now)?, random(context, beginning.now)?);
    let request = AuthorizationRequest {
        redirect_uri: &redirect_uri,
        scopes: &scopes,
        state: &beginning.state,
        nonce: &nonce,
        verifier: &verifier,
        prompt: prompt.or(hint.is_none().then_some("select_account")),
        login_hint: hint.as_deref(),
        challenge: beginning.tokens.as_ref().and_then(|tokens| tokens.claims.as_deref()),
    };
    let url = request.url(&beginning.application, beginning.now);
    let url = url.map_err(|problem| Failure::new(*problem).of(name))?;
    beginning.remember(
        context,
        session,
        verifier,
        nonce,
        redirect_uri.clone(),
        scopes.clone(),
        false,
    )?;
    Ok(url.into())
}

/// The URL at which an administrator consents for the whole tenant. `redirect_uri` as in [`AuthorizationOptions`].
pub fn admin_consent_url(
    context: &Context,
    name: &AccountName,
    session: &(impl AsRef<[u8]> + ?Sized),
    redirect_uri: Option<&str>,
) -> Result<String> {
    let session = session_hash(session.as_ref())?;
    let beginning = Beginning::of(context, name, None)?;
    let redirect_uri = beginning.redirect_uri(redirect_uri)?;
    let state = &beginning.state;
    let url = authorization_request::admin_consent_url(&beginning.application, &redirect_uri, state, beginning.now);
    let url = url.map_err(|problem| Failure::new(*problem).of(name))?;
    let (verifier, nonce) = (random(context, beginning.now)?, random(context, beginning.now)?);
    beginning.remember(context, session, verifier, nonce, redirect_uri, Vec::new(), true)?;
    Ok(url.into())
}

/// What both kinds of request begin with.
struct Beginning {
    account: AccountRecord,
    tokens: Option<TokenRecord>,
    application: Application,
    state: Secret,
    now: UtcInstant,
}

impl Beginning {
    fn of(context: &Context, name: &AccountName, route: Option<&str>) -> Result<Self> {
        let now = context.clock.now();
        let (account, tokens) = read(context, name)?;
        let application = Application::of(&account.settings, &context.settings, now);
        Ok(Self {
            application: application.map_err(|problem| Failure::new(*problem).of(name))?,
            tokens: token_status::current(&account, tokens.as_ref()).cloned(),
            account,
            state: state::fresh(context.random.as_ref(), route, now)?,
            now,
        })
    }

    /// The one that is given for this time, else the account's own.
    fn redirect_uri(&self, given: Option<&str>) -> Result<String> {
        if let Some(given) = given {
            let checked = redirect_uri::check(given, self.now);
            checked.map_err(|problem| Failure::new(*problem).of(&self.account.name))?;
            return Ok(given.to_owned());
        }
        let redirect_uri = self.account.settings.redirect_uri.clone();
        redirect_uri.ok_or_else(|| configuration("redirect_uri_missing", &self.account.name, self.now))
    }

    /// Whom to offer: who is configured, and of the same person the hint that Microsoft itself gave.
    fn login_hint(&self) -> Option<String> {
        let signed_in_as = self.tokens.as_ref().and_then(|tokens| tokens.signed_in_as.as_deref());
        let given = self.tokens.as_ref().and_then(|tokens| tokens.login_hint.clone());
        match (&self.account.settings.user, signed_in_as) {
            (Some(user), Some(known)) if !user.eq_ignore_ascii_case(known) => Some(user.clone()),
            (Some(user), None) => Some(user.clone()),
            (_, known) => given.or_else(|| known.map(str::to_owned)),
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is one thing the second leg needs")]
    fn remember(
        self,
        context: &Context,
        session: [u8; 32],
        verifier: Secret,
        nonce: Secret,
        redirect_uri: String,
        scopes: Vec<String>,
        admin_consent: bool,
    ) -> Result<()> {
        let record = SignInRecord {
            state: state::hash(self.state.expose()).unwrap_or_default(),
            account: self.account.name,
            identity_generation: self.account.identity_generation,
            session,
            verifier,
            nonce,
            redirect_uri,
            scopes,
            admin_consent,
            created_at: self.now,
            progress: SignInProgress::Pending,
        };
        Ok(context.store.put_sign_in(&record, self.now.plus(-OUTCOME_LIFE))?)
    }
}

fn configuration(code: &'static str, name: &AccountName, now: UtcInstant) -> Error {
    Failure::new(Problem::own(code, now)).of(name).into()
}

fn random(context: &Context, now: UtcInstant) -> Result<Secret> {
    context
        .random
        .value()
        .map_err(|_| Error::from(Problem::own("random_unavailable", now)))
}
