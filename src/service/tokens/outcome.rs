//! What an answer of the token endpoint makes of what is stored. Pure, so that each rule can be read and tested by itself:
//!
//! - a refresh token is replaced only by a new one, never by nothing and never because of a failure;
//! - an answer that comes late is stored if it is newer than what is there, and of the same origin;
//! - passing trouble changes no state; a dead refresh token asks for a sign-in, a wrong setting for an administrator.

use crate::base::account::Protocol;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Detail, Failure};
use crate::base::problem::{Problem, Source};
use crate::oauth::id_token::Identity;
use crate::oauth::scope;
use crate::oauth::token_request::TokenFailure;
use crate::oauth::token_response::TokenAnswer;
use crate::service::tokens::person;
use crate::store::record::{AccountRecord, Block, StateHash, TokenRecord};

/// How long a failure is not asked again, seconds.
pub(crate) const PASSING_PAUSE: i64 = 30;

/// How long Entra's loop detection (AADSTS50196) is left alone, seconds: it counts requests of five minutes.
const LOOP_PAUSE: i64 = 300;

/// What was there when a request began.
#[derive(Debug, Clone)]
pub(super) struct Began {
    /// Whether there were tokens.
    pub existed: bool,
    /// Their version.
    pub version: i64,
    /// Their origin.
    pub origin: Option<StateHash>,
    /// Whether only a large `$min_validity` made it necessary.
    pub forced: bool,
    /// For how many seconds the caller wants the token to be good.
    pub min_validity: i64,
    /// The claims challenge it answers.
    pub challenge: Option<String>,
}

impl Began {
    /// A request that begins with `tokens`.
    pub(super) fn with(tokens: Option<&TokenRecord>, forced: bool, challenge: Option<String>) -> Self {
        Self {
            existed: tokens.is_some(),
            version: tokens.map_or(0, |tokens| tokens.version),
            origin: tokens.and_then(|tokens| tokens.origin),
            forced,
            min_validity: 0,
            challenge,
        }
    }

    /// The same for a caller who wants a token that is good for so many seconds.
    pub(super) fn demanding(self, min_validity: i64) -> Self {
        Self { min_validity, ..self }
    }

    /// Whether what is stored now still descends from what the request began with.
    fn is_of_same_origin(&self, stored: Option<&TokenRecord>) -> bool {
        match stored {
            Some(stored) => stored.origin == self.origin,
            // Forgotten meanwhile, or there never were any.
            None => !self.existed,
        }
    }
}

/// What a request builds on: the tokens of the present identity, or of an older one only what is counted.
pub(super) fn basis(account: &AccountRecord, stored: Option<TokenRecord>) -> Option<TokenRecord> {
    let stored = stored?;
    if stored.identity_generation == account.identity_generation {
        return Some(stored);
    }
    Some(TokenRecord {
        identity_generation: account.identity_generation,
        version: stored.version,
        attempts: stored.attempts,
        clock_skew: stored.clock_skew,
        ..TokenRecord::default()
    })
}

/// Instants by the server's clock, which is the same for all machines that share a store.
fn server_time(answer: &TokenAnswer, stored: &TokenRecord) -> UtcInstant {
    let estimated = answer.received_at.plus(answer.clock_skew.unwrap_or(stored.clock_skew));
    answer.server_time.unwrap_or(estimated)
}

/// The tokens after a successful request; `None` leaves what is stored, because it is newer or of another origin.
pub(super) fn renewed(
    account: &AccountRecord,
    stored: Option<&TokenRecord>,
    began: &Began,
    answer: &TokenAnswer,
    identity: Option<&Identity>,
) -> Option<TokenRecord> {
    if !began.is_of_same_origin(stored) {
        return None;
    }
    let empty = TokenRecord::default();
    let stored = stored.unwrap_or(&empty);
    if stored.version != began.version {
        let theirs = stored.issued_at.map(|issued_at| issued_at.plus(stored.clock_skew));
        if theirs.is_some_and(|theirs| theirs >= server_time(answer, stored)) {
            return None;
        }
    }
    let mut tokens = with_answer(account, stored, answer, identity);
    // Only where it was not already known whose they are.
    tokens.subject = stored.subject.clone().or_else(|| identity.map(person::subject));
    // Also where the old token had ended: the answer shows that Microsoft gives no longer life.
    tokens.forced_at = if began.forced || answer.expires_in < began.min_validity {
        Some(answer.received_at)
    } else {
        stored.forced_at
    };
    if tokens.sign_in_expires_at.is_none() {
        tokens.sign_in_expires_at = stored.sign_in_expires_at;
    }
    Some(tokens)
}

/// The tokens after a sign-in: nothing of an earlier one stays but what is counted.
pub(crate) fn signed_in(
    account: &AccountRecord,
    stored: Option<&TokenRecord>,
    state: StateHash,
    requested: &[String],
    answer: &TokenAnswer,
    identity: &Identity,
) -> TokenRecord {
    let counted = TokenRecord {
        version: stored.map_or(0, |stored| stored.version),
        attempts: stored.map_or(0, |stored| stored.attempts),
        clock_skew: stored.map_or(0, |stored| stored.clock_skew),
        // An answer without `scope` granted what was asked for (RFC 6749 section 5.1).
        granted_scopes: scope::granted(&requested.join(" ")),
        ..TokenRecord::default()
    };
    let mut tokens = with_answer(account, &counted, answer, Some(identity));
    tokens.origin = Some(state);
    tokens.subject = Some(person::subject(identity));
    tokens
}

/// What any successful answer sets, on top of what it does not speak of.
fn with_answer(
    account: &AccountRecord,
    stored: &TokenRecord,
    answer: &TokenAnswer,
    identity: Option<&Identity>,
) -> TokenRecord {
    let received_at = answer.received_at;
    let addresses = identity
        .map(|identity| identity.addresses.as_slice())
        .unwrap_or_default();
    let address = addresses.first().cloned();
    let login_hint = identity.and_then(|identity| identity.login_hint.clone());
    TokenRecord {
        identity_generation: account.identity_generation,
        version: stored.version + 1,
        attempts: stored.attempts + 1,
        origin: stored.origin,
        access_token: Some(answer.access_token.clone()),
        refresh_token: answer.refresh_token.clone().or_else(|| stored.refresh_token.clone()),
        issued_at: Some(received_at),
        expires_at: Some(received_at.plus(answer.expires_in)),
        refresh_at: answer.refresh_in.map(|seconds| received_at.plus(seconds)),
        refreshed_at: Some(received_at),
        forced_at: None,
        granted_scopes: match &answer.scope {
            Some(scope) => scope::granted(scope),
            None => stored.granted_scopes.clone(),
        },
        subject: None,
        signed_in_as: address.or_else(|| stored.signed_in_as.clone()),
        addresses: if addresses.is_empty() {
            stored.addresses.clone()
        } else {
            addresses.to_vec()
        },
        login_hint: login_hint.or_else(|| stored.login_hint.clone()),
        clock_skew: answer.clock_skew.unwrap_or(stored.clock_skew),
        sign_in_expires_at: answer.sign_in_ends_in.map(|seconds| received_at.plus(seconds)),
        certificate_ends_at: answer.certificate_ends_at,
        block: Block::None,
        problem: None,
        not_before: None,
        claims: None,
        written_at: None,
    }
}

/// The failure a caller meets when a token request was refused.
pub(crate) fn failure(account: &AccountRecord, failed: &TokenFailure, now: UtcInstant) -> Failure {
    let failure = named(account, failed.problem.clone());
    match failed.retry_after {
        Some(seconds) => failure.with_detail(Detail::RetryAt(now.plus(i64::try_from(seconds).unwrap_or(i64::MAX)))),
        None => failure,
    }
}

/// A stored problem as the failure it was.
pub(super) fn again(account: &AccountRecord, tokens: &TokenRecord, problem: &Problem) -> Failure {
    let failure = named(account, problem.clone());
    match tokens.not_before {
        Some(not_before) if failure.class == Class::Throttled => failure.with_detail(Detail::RetryAt(not_before)),
        _ => failure,
    }
}

/// A problem with what its explanation may mention of the account.
pub(crate) fn with_facts(account: &AccountRecord, mut problem: Problem) -> Problem {
    let settings = &account.settings;
    for (name, value) in [
        ("client_id", Some(&settings.client_id)),
        ("tenant_id", Some(&settings.tenant_id)),
        ("redirect_uri", settings.redirect_uri.as_ref()),
        ("user", settings.user.as_ref()),
    ] {
        if let Some(value) = value
            && !problem.facts.contains_key(name)
        {
            problem = problem.with_fact(name, value);
        }
    }
    problem
}

/// The failure that a problem is for an account. Nobody can sign in for an application: there an administrator acts.
fn named(account: &AccountRecord, problem: Problem) -> Failure {
    let failure = Failure::new(with_facts(account, problem)).of(&account.name);
    match (failure.class, account.settings.protocol) {
        (Class::SignInRequired | Class::SignInFailed, Protocol::Application) => failure.as_class(Class::ActionRequired),
        (Class::SignInFailed, Protocol::Delegated) => failure.as_class(Class::SignInRequired),
        _ => failure,
    }
}

/// Who must act before a refresh can succeed.
pub(super) fn block(failure: &Failure) -> Block {
    match failure.class {
        _ if failure.passes() => Block::None,
        // A setting of this process, such as its CA file: it is told by each call that meets it, and says nothing of the account, which
        // another process with other settings may renew.
        _ if failure.problem.source == Source::Transport => Block::None,
        Class::SignInRequired => Block::SignIn,
        Class::ActionRequired | Class::Configuration | Class::AccessDenied => Block::Action,
        _ => Block::None,
    }
}

/// When a failed request may be made again.
fn not_before(failed: &TokenFailure, now: UtcInstant) -> UtcInstant {
    let pause = match failed.retry_after {
        Some(seconds) => i64::try_from(seconds).unwrap_or(i64::MAX).max(1),
        None if failed.problem.aadsts == Some(50196) => LOOP_PAUSE,
        None => PASSING_PAUSE,
    };
    now.plus(pause)
}

/// The tokens after a failed request; `None` leaves what is stored, because somebody else was luckier meanwhile.
pub(super) fn failed(
    account: &AccountRecord,
    stored: Option<&TokenRecord>,
    began: &Began,
    failed: &TokenFailure,
    now: UtcInstant,
) -> Option<TokenRecord> {
    let empty = TokenRecord::default();
    let overtaken = stored.is_some_and(|stored| stored.version != began.version);
    if overtaken || !began.is_of_same_origin(stored) {
        return None;
    }
    let mut tokens = stored.unwrap_or(&empty).clone();
    let failure = failure(account, failed, now);
    let mut problem = failure.problem.clone();
    // The same trouble as before has lasted since then.
    if let Some(before) = tokens.problem.as_ref().filter(|before| is_same(before, &problem)) {
        problem.since = before.since;
    }
    tokens.identity_generation = account.identity_generation;
    tokens.attempts += 1;
    tokens.clock_skew = failed.clock_skew.unwrap_or(tokens.clock_skew);
    tokens.problem = Some(problem);
    tokens.not_before = Some(not_before(failed, now));
    let challenge = failed.challenge.clone().or_else(|| began.challenge.clone());
    if challenge.is_some() {
        tokens.claims = challenge;
    }
    if began.challenge.is_some() {
        // Graph has refused the access token, and will as long as its claims are not answered.
        tokens.expires_at = tokens.expires_at.map(|expires_at| expires_at.min(now));
    }
    match block(&failure) {
        // Passing trouble changes no state, and does not end one either.
        Block::None => {}
        block => tokens.block = block,
    }
    Some(tokens)
}

fn is_same(before: &Problem, now: &Problem) -> bool {
    before.source == now.source
        && before.code == now.code
        && before.aadsts == now.aadsts
        && before.http_status == now.http_status
}

#[cfg(test)]
mod tests;
