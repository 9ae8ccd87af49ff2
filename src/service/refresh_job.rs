//! The job: keeps every account signed in (contract, section 4: `refresh_tokens`).

use std::ops::ControlFlow;

use crate::base::failure::Result;
use crate::base::problem::Problem;
use crate::service::context::Context;
use crate::service::token_status::TokenStatus;

/// What became of one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefreshOutcome {
    /// Renewed.
    Refreshed,
    /// Good for long enough.
    NotDue,
    /// Nobody has signed in yet.
    NeverSignedIn,
    /// The user must sign in.
    SignInRequired,
    /// An administrator must act.
    ActionRequired,
    /// It passes by itself.
    TemporaryFailure,
    /// No such account.
    UnknownAccount,
}

/// `RefreshResult` of the contract.
#[derive(Debug, Clone)]
pub struct RefreshResult {
    /// The account's name as it was given or found.
    pub account: String,
    /// What became of it.
    pub outcome: RefreshOutcome,
    /// Its state afterwards.
    pub status: Option<TokenStatus>,
    /// Why it failed.
    pub problem: Option<Problem>,
}

/// `RefreshReport` of the contract.
#[derive(Debug, Clone)]
pub struct RefreshReport {
    /// Accounts renewed.
    pub refreshed: usize,
    /// Accounts that needed or wanted nothing.
    pub skipped: usize,
    /// Accounts that failed.
    pub failed: usize,
    /// How long it took, seconds.
    pub seconds: f64,
    /// One an account, by name.
    pub results: Vec<RefreshResult>,
}

/// Renews what is due. `accounts`: only these. `progress` is told of each result as it comes; `Break` ends the run after what is begun.
pub fn refresh_tokens(
    _context: &Context,
    _horizon: i64,
    _accounts: Option<&[String]>,
    _progress: &mut dyn FnMut(usize, usize, &RefreshResult) -> ControlFlow<()>,
) -> Result<RefreshReport> {
    unimplemented!()
}
