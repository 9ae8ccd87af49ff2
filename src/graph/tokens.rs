//! Where the client gets its access tokens: the one thing `graph` asks of the house above it.

use crate::base::failure::Result;
use crate::base::secret::Secret;

/// Access tokens for one account.
pub trait Tokens: Send + Sync {
    /// One that is good for the next request.
    fn current(&self) -> Result<Secret>;

    /// One other than `rejected`, which Graph just refused with a 401 (or a 403 that asks for more claims). `challenges` are the
    /// values of all `WWW-Authenticate` headers of that answer; a claims challenge among them is answered. Refreshes at most once.
    fn after_rejection(&self, rejected: &Secret, challenges: &[String]) -> Result<Renewed>;
}

/// The token in place of a rejected one.
#[derive(Debug, Clone)]
pub struct Renewed {
    /// The token.
    pub token: Secret,
    /// Whether it answers the challenge that came with the rejection, or there was none. A token that somebody else got meanwhile does
    /// not: who asked for it knew nothing of the claims, so that it may be refused as well.
    pub answers: bool,
}

/// How often a refused token may be replaced for one request: once, and once more if the first other one was somebody else's, got
/// without the claims that were wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Renewals {
    /// None was made.
    #[default]
    None,
    /// A token was taken that does not answer the challenge.
    Unanswered,
    /// No more.
    Used,
}

impl Renewals {
    /// Whether the next refusal may be answered by another token.
    pub fn allow_another(self) -> bool {
        self != Self::Used
    }

    /// Counts one; `answers` as [`Renewed::answers`].
    pub fn count(&mut self, answers: bool) {
        *self = match self {
            Self::None if !answers => Self::Unanswered,
            _ => Self::Used,
        };
    }
}
