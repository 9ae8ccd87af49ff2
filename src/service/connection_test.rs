//! The connection test: every step a mailbox depends on, each with its own verdict (contract, section 6: `test_connection`).
//!
//! The checks go from the account's settings over the network to the mailbox, and what depends on a failed one is skipped, so that the
//! first failure is the one to repair. Nothing is sent or moved: every request to the mailbox is a read. What would need a write to
//! be proven (may the user move mails?) is left out.

mod checks;
mod time_limit;
mod words;

use std::time::Duration;

use crate::base::account::AccountName;
use crate::base::failure::Error;
use crate::base::language::Language;
use crate::base::problem::Problem;
use crate::oauth::application::Application;
use crate::service::context::Context;
use crate::service::mailbox;
use checks::{Checks, Verdict};
use time_limit::TimeLimit;

/// A check's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CheckStatus {
    /// All well.
    Ok,
    /// Works, but somebody should look.
    Warning,
    /// Does not work.
    Failed,
    /// Not tried, because something before it failed or it does not apply.
    Skipped,
}

/// One check.
#[derive(Debug, Clone)]
pub struct ConnectionCheck {
    /// A constant name, e.g. `folder_inbox`.
    pub id: &'static str,
    /// Its name in the reader's language.
    pub label: String,
    /// The verdict.
    pub status: CheckStatus,
    /// What was seen, in the reader's language.
    pub detail: String,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// All checks.
#[derive(Debug, Clone)]
pub struct ConnectionReport {
    /// No check failed.
    pub ok: bool,
    /// The checks, in order.
    pub checks: Vec<ConnectionCheck>,
}

/// What the test may take in all; the contract promises 20 s, the rest is for the store and for ending.
const TIME: Duration = Duration::from_secs(18);

/// What retries and throttle waits of the test may take together.
const WAITS: Duration = Duration::from_secs(6);

/// Tests an account's connection. Changes nothing in the mailbox, never fails itself, takes at most 20 s.
pub fn test_connection(context: &Context, name: &AccountName) -> ConnectionReport {
    let account = mailbox::account(context, name);
    let token_endpoint = account.as_ref().ok().and_then(|account| {
        let application = Application::of(&account.settings, &context.settings, context.clock.now()).ok()?;
        Some(application.token_endpoint())
    });
    let limit = TimeLimit::new(context, TIME, WAITS, token_endpoint);
    let mut report = Report::new(&limit);
    match account {
        Ok(account) => Checks::new(&limit.context, account).run(&mut report),
        Err(error) => report.add("account", Verdict::failed(problem_of(error, &limit.context))),
    }
    report.finish()
}

/// The problem of an error; of a wait that ended with the time, that it did.
fn problem_of(error: Error, context: &Context) -> Problem {
    let now = context.clock.now();
    match error {
        Error::Failure(failure) => failure.problem,
        Error::Argument { argument, message } => Problem::own("setting_refused", now)
            .with_fact("key", argument)
            .with_fact("reason", message),
        Error::Cancelled(_) => Problem::own("connection_test_time", now),
    }
}

/// The report where there is not even a store to find the account in.
pub fn without_account(problem: Problem, language: Language) -> ConnectionReport {
    let mut checks = vec![ConnectionCheck::new("account", Verdict::failed(problem), language)];
    skip_the_rest(&mut checks, language);
    ConnectionReport { ok: false, checks }
}

/// Adds what was never reached, as skipped because of the first check that failed.
fn skip_the_rest(checks: &mut Vec<ConnectionCheck>, language: Language) {
    let failed = checks.iter().find(|check| check.status == CheckStatus::Failed);
    let detail = failed.map_or_else(String::new, |failed| words::not_tried(failed, language));
    for (id, _) in words::LABELS {
        if checks.iter().all(|check| check.id != *id) {
            checks.push(ConnectionCheck::new(id, Verdict::skipped(detail.clone()), language));
        }
    }
}

impl ConnectionCheck {
    /// A check with its verdict, in the reader's language.
    fn new(id: &'static str, verdict: Verdict, language: Language) -> Self {
        let detail = match &verdict.problem {
            Some(problem) if verdict.detail.is_empty() => problem.explanation(language),
            _ => verdict.detail,
        };
        Self {
            id,
            label: words::label(id, language),
            status: verdict.status,
            detail,
            problem: verdict.problem,
        }
    }
}

/// The checks as they come in.
struct Report<'a> {
    limit: &'a TimeLimit,
    checks: Vec<ConnectionCheck>,
}

impl<'a> Report<'a> {
    const fn new(limit: &'a TimeLimit) -> Self {
        Self {
            limit,
            checks: Vec::new(),
        }
    }

    /// Takes a check's verdict.
    fn add(&mut self, id: &'static str, verdict: Verdict) {
        let language = self.limit.context.settings.language;
        self.checks.push(ConnectionCheck::new(id, verdict, language));
    }

    /// Whether a check failed.
    fn has_failed(&self, id: &str) -> bool {
        self.checks
            .iter()
            .any(|check| check.id == id && check.status == CheckStatus::Failed)
    }

    /// Tries a check, unless one that it needs failed or the time is over.
    fn check(&mut self, id: &'static str, needs: &[&str], run: impl FnOnce() -> Verdict) {
        let language = self.limit.context.settings.language;
        let failed = self
            .checks
            .iter()
            .find(|check| check.status == CheckStatus::Failed && needs.contains(&check.id));
        let verdict = match failed {
            Some(failed) => Verdict::skipped(words::not_tried(failed, language)),
            None if self.limit.is_over() => Verdict::skipped(words::say(&words::NO_TIME, language, &[])),
            None => run(),
        };
        self.add(id, verdict);
    }

    /// The report; what was never reached is skipped because of what failed.
    fn finish(mut self) -> ConnectionReport {
        skip_the_rest(&mut self.checks, self.limit.context.settings.language);
        let failed = |check: &ConnectionCheck| check.status == CheckStatus::Failed;
        ConnectionReport {
            ok: !self.checks.iter().any(failed),
            checks: self.checks,
        }
    }
}
