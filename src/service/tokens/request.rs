//! One token request and the commit of its answer: what runs to its end on a thread of its own, whatever becomes of its caller.

use crate::base::account::Protocol;
use crate::base::clock::UtcInstant;
use crate::base::failure::Result;
use crate::base::log::Level;
use crate::oauth::application::Application;
use crate::oauth::id_token::{self, Expectation, Identity};
use crate::oauth::token_request::{Grant, TokenEndpoint, TokenFailure};
use crate::oauth::token_response::TokenAnswer;
use crate::service::token_status;
use crate::service::tokens::outcome::{self, Began};
use crate::service::tokens::refresh::{Held, Inside, Obtained};
use crate::service::tokens::{commit, person, read};
use crate::store::StoreError;
use crate::store::record::{AccountRecord, TokenRecord, Written};

/// One token request and the commit of its answer.
pub(super) struct RefreshRequest {
    /// The lease it runs under, given back when it ends.
    pub held: Held,
    /// The account.
    pub account: AccountRecord,
    /// Its application.
    pub application: Application,
    /// Its tokens when the request began.
    pub stored: Option<TokenRecord>,
    /// What else is to be remembered of that moment.
    pub began: Began,
    /// Whether the same call has asked in vain before.
    pub repeats: bool,
}

impl RefreshRequest {
    /// Asks, and stores what comes back.
    pub fn make(self) -> Result<Inside> {
        let context = self.held.context();
        let endpoint = TokenEndpoint {
            transport: context.transport.as_ref(),
            clock: context.clock.as_ref(),
            random: context.random.as_ref(),
            cancel: &context.cancel,
            budget: &context.budget,
            clock_skew: self.stored.as_ref().map_or(0, |tokens| tokens.clock_skew),
            repeats: self.repeats,
        };
        let refresh_token = self.stored.as_ref().and_then(|tokens| tokens.refresh_token.as_ref());
        let grant = match (self.account.settings.protocol, refresh_token) {
            (Protocol::Application, _) => Grant::ClientCredentials,
            (Protocol::Delegated, Some(token)) => Grant::RefreshToken(token),
            (Protocol::Delegated, None) => return Ok(Inside::Again),
        };
        match endpoint.request(&self.application, grant, self.began.challenge.as_deref()) {
            Ok(answer) => self.succeeded(&answer),
            Err(failed) => self.failed(failed),
        }
    }

    fn succeeded(&self, answer: &TokenAnswer) -> Result<Inside> {
        let context = self.held.context();
        let now = context.clock.now();
        let identity = match self.account.settings.protocol {
            Protocol::Application => None,
            Protocol::Delegated => identity(&self.application, answer, now),
        };
        if let Some(identity) = &identity
            && identity.1
            && let Err(problem) = person::admit(&self.account, self.stored.as_ref(), &identity.0, now)
        {
            return self.failed(Box::new(TokenFailure::of(*problem)));
        }
        let identity = identity.as_ref().map(|(identity, _)| identity);
        self.store(&mut |account, stored| outcome::renewed(account, stored.as_ref(), &self.began, answer, identity))?;
        context.log.event(
            Level::Info,
            "token renewed",
            &[("account", &self.account.name), ("expires_in", &answer.expires_in)],
        );
        let (account, stored) = read(context, &self.account.name)?;
        let Some(tokens) = token_status::current(&account, stored.as_ref()).cloned() else {
            return Ok(Inside::Again);
        };
        Ok(Inside::Obtained(Box::new(Obtained {
            account,
            tokens,
            asked: true,
        })))
    }

    fn failed(&self, failed: Box<TokenFailure>) -> Result<Inside> {
        let context = self.held.context();
        let now = context.clock.now();
        self.store(&mut |account, stored| outcome::failed(account, stored.as_ref(), &self.began, &failed, now))?;
        let problem = &failed.problem;
        context.log.event(
            Level::Warning,
            "token request failed",
            &[
                ("account", &self.account.name),
                ("code", &problem.code),
                (
                    "aadsts",
                    &problem.aadsts.map_or_else(String::new, |number| number.to_string()),
                ),
                (
                    "status",
                    &problem
                        .http_status
                        .map_or_else(String::new, |status| status.to_string()),
                ),
                ("correlation_id", &problem.correlation_id.as_deref().unwrap_or_default()),
            ],
        );
        Ok(Inside::Failed(failed))
    }

    /// Stores durably.
    fn store(
        &self,
        change: &mut dyn FnMut(&AccountRecord, Option<TokenRecord>) -> Option<TokenRecord>,
    ) -> Result<Written, StoreError> {
        let context = self.held.context();
        let generation = self.account.identity_generation;
        let mut change = |account: &AccountRecord, stored| change(account, outcome::basis(account, stored));
        commit::store_tokens(&*context.store, &self.account.name, generation, &mut change)
    }
}

/// Who an answer says it is for, and whether that can be compared with a pinned person: the home account of `client_info` is another
/// one than the `id_token`'s for guests. An `id_token` that does not check out proves nothing and is passed over: the tokens came for
/// a refresh token that is the account's.
fn identity(application: &Application, answer: &TokenAnswer, now: UtcInstant) -> Option<(Identity, bool)> {
    let expected = Expectation {
        client_id: &application.client_id,
        authority: &application.authority,
        nonce: None,
        now: answer.server_time.unwrap_or(now),
    };
    if let Some(token) = &answer.id_token {
        return id_token::check(token, &expected).ok().map(|identity| (identity, true));
    }
    let home = answer.client_info.as_deref().and_then(id_token::home_account);
    home.map(|identity| (identity, false))
}
