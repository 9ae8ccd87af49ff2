//! The second leg: a callback becomes tokens, once.
//!
//! All of it happens under the account's refresh lease, so that of two equal callbacks the second waits and finds the outcome, and no
//! refresh runs beside it. Before the code is sent, the record says so; killed before that, it is redeemed again, killed after that,
//! the sign-in counts as interrupted, unless its tokens were stored already (they carry the state's hash as their origin).

use subtle::ConstantTimeEq;

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Failure, Result, SignInReason};
use crate::base::log::Level;
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::oauth::application::Application;
use crate::oauth::id_token::{self, Expectation, Identity};
use crate::oauth::token_request::{Arrival, Grant, TokenEndpoint, TokenFailure};
use crate::oauth::token_response::TokenAnswer;
use crate::service::context::Context;
use crate::service::sign_in::callback::{self, Answer, Callback, Received};
use crate::service::sign_in::{OUTCOME_LIFE, failed, failed_by_reason, is_alive, session_hash, state};
use crate::service::token_status::{self, TokenStatus};
use crate::service::tokens::refresh::{self, Held, LEASE_SECONDS};
use crate::service::tokens::{commit, outcome, person, read};
use crate::store::record::{
    AccountRecord, Block, LeaseAttempt, SignInProgress, SignInRecord, StateHash, TokenRecord, Written,
};

/// Finishes a sign-in (or an admin consent) with what the callback brought.
pub fn exchange_code(
    context: &Context,
    callback: &Callback,
    session: &(impl AsRef<[u8]> + ?Sized),
) -> Result<TokenStatus> {
    let session = session_hash(session.as_ref())?;
    let now = context.clock.now();
    let received = callback::read(callback, now).map_err(|failure| *failure)?;
    let Some(state) = &received.state else {
        return Err(refusal(&received.answer, None, now).into());
    };
    let unknown = || failed_by_reason(SignInReason::UnknownState, now, None);
    let state = state::hash(state).ok_or_else(unknown)?;
    let sign_in = context.store.sign_in(&state)?.ok_or_else(unknown)?;
    let account = sign_in.account.clone();
    // Not burnt: whoever has only the state can do nothing with it, nor against its owner.
    if !bool::from(sign_in.session.ct_eq(&session)) {
        return Err(failed_by_reason(SignInReason::WrongSession, now, Some(&account)).into());
    }
    let outcome = loop {
        context.cancel.check()?;
        match context.store.acquire_lease(&refresh::key(&account), LEASE_SECONDS)? {
            LeaseAttempt::Held { .. } => refresh::wait_a_moment(context)?,
            LeaseAttempt::Acquired(lease) => {
                let redemption = Redemption {
                    held: Held::new(context, lease),
                    state,
                    received,
                };
                break commit::run(&context.cancel, move || redemption.make())?;
            }
        }
    };
    outcome.map_err(|error| error.of(&account))?;
    let (account, tokens) = read(context, &account)?;
    Ok(token_status::status(&account, tokens.as_ref(), context.clock.now()))
}

/// An answer without a code, as the failure it is.
fn refusal(answer: &Answer, account: Option<&AccountName>, now: UtcInstant) -> Failure {
    match answer {
        Answer::Refused(body) => failed(callback::reason(body), body.problem(now), account),
        Answer::Code(_) | Answer::AdminConsent => failed_by_reason(SignInReason::InvalidCallback, now, account),
    }
}

/// One callback at work, under the lease.
struct Redemption {
    held: Held,
    state: StateHash,
    received: Received,
}

/// How a callback ends.
enum End {
    /// For good: the same callback has the same outcome.
    Kept(Option<Box<Failure>>),
    /// Not at all: it can be tried again.
    Open(Box<Failure>),
}

impl Redemption {
    fn make(self) -> Result<()> {
        let context = self.held.context();
        let now = context.clock.now();
        let Some(sign_in) = context.store.sign_in(&self.state)? else {
            return Err(failed_by_reason(SignInReason::UnknownState, now, None).into());
        };
        let failure = |reason| Err(failed_by_reason(reason, now, Some(&sign_in.account)).into());
        let answer = self.received.fingerprint;
        match &sign_in.progress {
            SignInProgress::Ended { at, .. } if now.since(*at) > OUTCOME_LIFE => failure(SignInReason::UnknownState),
            SignInProgress::Ended { answer: first, .. } | SignInProgress::Redeeming { answer: first, .. }
                if *first != answer =>
            {
                failure(SignInReason::Replayed)
            }
            SignInProgress::Ended { failure: None, .. } => Ok(()),
            SignInProgress::Ended {
                failure: Some(failure), ..
            } => Err((**failure).clone().into()),
            SignInProgress::Redeeming { sent: true, .. } => self.end(&sign_in, self.after_a_kill(&sign_in)?),
            SignInProgress::Pending | SignInProgress::Redeeming { sent: false, .. } => {
                let end = self.first_time(&sign_in, now)?;
                self.end(&sign_in, end)
            }
        }
    }

    /// Keeps the outcome, where it is one.
    fn end(&self, sign_in: &SignInRecord, end: End) -> Result<()> {
        let context = self.held.context();
        let answer = self.received.fingerprint;
        let (progress, failure) = match end {
            End::Kept(failure) => {
                let at = context.clock.now();
                let kept = failure.clone();
                (SignInProgress::Ended { answer, at, failure }, kept)
            }
            End::Open(failure) => (SignInProgress::Redeeming { answer, sent: false }, Some(failure)),
        };
        self.write(&progress)?;
        let Some(failure) = failure else {
            context
                .log
                .event(Level::Info, "signed in", &[("account", &sign_in.account)]);
            return Ok(());
        };
        context.log.event(
            Level::Warning,
            "sign-in failed",
            &[
                ("account", &sign_in.account),
                ("code", &failure.problem.code),
                (
                    "correlation_id",
                    &failure.problem.correlation_id.as_deref().unwrap_or_default(),
                ),
            ],
        );
        Err((*failure).into())
    }

    fn write(&self, progress: &SignInProgress) -> Result<()> {
        let store = &self.held.context().store;
        store.change_sign_in(&self.state, &mut |stored| {
            let mut changed = stored?;
            if matches!(progress, SignInProgress::Ended { .. }) {
                // Nothing that was secret is needed again.
                changed.verifier = Secret::new("");
                changed.nonce = Secret::new("");
            }
            changed.progress = progress.clone();
            Some(changed)
        })?;
        Ok(())
    }

    /// A process died between sending the code and noting the outcome.
    fn after_a_kill(&self, sign_in: &SignInRecord) -> Result<End> {
        let context = self.held.context();
        let tokens = context.store.tokens(&sign_in.account)?;
        if tokens.is_some_and(|tokens| tokens.origin == Some(self.state)) {
            return Ok(End::Kept(None));
        }
        Ok(self.kept(sign_in, SignInReason::Interrupted))
    }

    fn kept(&self, sign_in: &SignInRecord, reason: SignInReason) -> End {
        let now = self.held.context().clock.now();
        End::Kept(Some(Box::new(failed_by_reason(reason, now, Some(&sign_in.account)))))
    }

    fn first_time(&self, sign_in: &SignInRecord, now: UtcInstant) -> Result<End> {
        let context = self.held.context();
        let Some(account) = context.store.account(&sign_in.account)? else {
            return Ok(self.kept(sign_in, SignInReason::AccountChanged));
        };
        // An answer without a code does no harm, whenever it comes: it is told as it is.
        if let Answer::Refused(_) = &self.received.answer {
            let mut failure = refusal(&self.received.answer, Some(&sign_in.account), now);
            failure.problem = outcome::with_facts(&account, of_sign_in(sign_in, failure.problem));
            return Ok(End::Kept(Some(Box::new(failure))));
        }
        if !is_alive(sign_in, now) {
            return Err(failed_by_reason(SignInReason::ExpiredState, now, Some(&sign_in.account)).into());
        }
        if account.identity_generation != sign_in.identity_generation {
            return Ok(self.kept(sign_in, SignInReason::AccountChanged));
        }
        match (&self.received.answer, sign_in.admin_consent) {
            (Answer::AdminConsent, true) => self.consented(&account),
            (Answer::Code(code), false) => self.redeem(sign_in, &account, code),
            _ => Ok(self.kept(sign_in, SignInReason::InvalidCallback)),
        }
    }

    /// What was missing may be there now: the next call tries at once.
    fn consented(&self, account: &AccountRecord) -> Result<End> {
        let store = &self.held.context().store;
        store.change_tokens(&account.name, account.identity_generation, &mut |account, stored| {
            let mut tokens = token_status::current(account, stored.as_ref())?.clone();
            let waited = tokens.problem.as_ref().is_some_and(is_about_consent);
            if waited || tokens.block == Block::Action {
                tokens.not_before = None;
            }
            if waited {
                tokens.block = Block::None;
                tokens.problem = None;
            }
            Some(tokens)
        })?;
        Ok(End::Kept(None))
    }

    fn redeem(&self, sign_in: &SignInRecord, account: &AccountRecord, code: &Secret) -> Result<End> {
        let context = self.held.context();
        let now = context.clock.now();
        let application = Application::of(&account.settings, &context.settings, now);
        let application = application.map_err(|problem| Failure::new(*problem).of(&account.name))?;
        let stored = context.store.tokens(&account.name)?;
        let clock_skew = stored.as_ref().map_or(0, |tokens| tokens.clock_skew);
        let stored = token_status::current(account, stored.as_ref());
        let challenge = stored.and_then(|tokens| tokens.claims.clone());
        self.write(&SignInProgress::Redeeming {
            answer: self.received.fingerprint,
            sent: true,
        })?;
        let endpoint = TokenEndpoint {
            transport: context.transport.as_ref(),
            clock: context.clock.as_ref(),
            random: context.random.as_ref(),
            cancel: &context.cancel,
            budget: &context.budget,
            clock_skew,
            repeats: false,
        };
        let grant = Grant::AuthorizationCode {
            code,
            verifier: &sign_in.verifier,
            redirect_uri: &sign_in.redirect_uri,
        };
        match endpoint.request(&application, grant, challenge.as_deref()) {
            Ok(answer) => self.store(sign_in, account, &application, stored, &answer),
            Err(mut refused) => {
                refused.problem = of_sign_in(sign_in, refused.problem);
                Ok(self.refused(account, &refused))
            }
        }
    }

    /// A redemption that brought no tokens.
    fn refused(&self, account: &AccountRecord, refused: &TokenFailure) -> End {
        let now = self.held.context().clock.now();
        let open = outcome::failure(account, refused, now);
        let kept = |reason| {
            let failure = failed(reason, open.problem.clone(), Some(&account.name));
            End::Kept(Some(Box::new(failure)))
        };
        match (refused.arrival, refused.problem.http_status) {
            // Not sent, or turned away at the door: the code is as good as before.
            (Arrival::Never, _) | (Arrival::Answered, Some(429 | 503)) => End::Open(Box::new(open)),
            (Arrival::Answered, _) if refused.problem.code != "unreadable_answer" => kept(reason_of(&refused.problem)),
            (Arrival::Answered | Arrival::Unknown, _) => {
                End::Kept(Some(Box::new(interrupted(account, &open.problem, now))))
            }
        }
    }

    /// Checks who signed in, and stores the tokens in one durable transaction.
    fn store(
        &self,
        sign_in: &SignInRecord,
        account: &AccountRecord,
        application: &Application,
        stored: Option<&TokenRecord>,
        answer: &TokenAnswer,
    ) -> Result<End> {
        let context = self.held.context();
        let now = context.clock.now();
        let kept = |reason, problem| {
            let failure = failed(reason, problem, Some(&account.name));
            Ok(End::Kept(Some(Box::new(failure))))
        };
        let identity = match identity(sign_in, application, answer, now) {
            Ok(identity) => identity,
            Err(invalid) => {
                let problem = Problem::own("id_token_invalid", now).with_fact("reason", invalid.to_string());
                return kept(SignInReason::Refused, problem);
            }
        };
        if let Err(problem) = person::admit(account, stored, &identity, now) {
            return kept(SignInReason::WrongAccount, *problem);
        }
        let generation = sign_in.identity_generation;
        let mut change = |account: &AccountRecord, stored: Option<TokenRecord>| {
            let (stored, scopes) = (stored.as_ref(), &sign_in.scopes);
            let tokens = outcome::signed_in(account, stored, self.state, scopes, answer, &identity);
            Some(tokens)
        };
        match commit::store_tokens(&*context.store, &account.name, generation, &mut change)? {
            Written::Dropped => Ok(self.kept(sign_in, SignInReason::AccountChanged)),
            Written::Stored | Written::Unchanged => Ok(End::Kept(None)),
        }
    }
}

/// A problem with what its explanation may mention of this very sign-in: it may come back elsewhere than the account says.
fn of_sign_in(sign_in: &SignInRecord, problem: Problem) -> Problem {
    problem.with_fact("redirect_uri", &sign_in.redirect_uri)
}

/// Who signed in, from an `id_token` that belongs to this very sign-in.
fn identity(
    sign_in: &SignInRecord,
    application: &Application,
    answer: &TokenAnswer,
    now: UtcInstant,
) -> Result<Identity, id_token::Invalid> {
    let token = answer.id_token.as_ref().ok_or(id_token::Invalid::Unreadable)?;
    let expected = Expectation {
        client_id: &application.client_id,
        authority: &application.authority,
        nonce: Some(&sign_in.nonce),
        now: answer.server_time.unwrap_or(now),
    };
    id_token::check(token, &expected)
}

/// The code may be used up: unlike after other trouble on the way, no later call tries again. What the trouble was stays the message.
fn interrupted(account: &AccountRecord, trouble: &Problem, now: UtcInstant) -> Failure {
    let mut failure = failed_by_reason(SignInReason::Interrupted, now, Some(&account.name));
    failure.problem = Problem {
        http_status: trouble.http_status,
        request_id: trouble.request_id.clone(),
        correlation_id: trouble.correlation_id.clone(),
        ..failure.problem.with_message(&trouble.message)
    };
    failure
}

/// Why Microsoft refused a code.
fn reason_of(problem: &Problem) -> SignInReason {
    let body = crate::oauth::error_body::ErrorBody {
        error: problem.code.clone(),
        error_codes: problem.aadsts.into_iter().collect(),
        suberror: problem.suberror.clone(),
        ..Default::default()
    };
    callback::reason(&body)
}

fn is_about_consent(problem: &Problem) -> bool {
    reason_of(problem) == SignInReason::ConsentRequired
}
