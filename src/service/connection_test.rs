//! The connection test: every step a mailbox depends on, each with its own verdict (contract, section 6: `test_connection`).

use crate::base::account::AccountName;
use crate::base::problem::Problem;
use crate::service::context::Context;

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

/// Tests an account's connection. Changes nothing in the mailbox, never fails itself, takes at most 20 s.
pub fn test_connection(_context: &Context, _name: &AccountName) -> ConnectionReport {
    unimplemented!()
}
