//! Where the client gets its access tokens: the one thing `graph` asks of the house above it.

use crate::base::failure::Result;
use crate::base::secret::Secret;

/// Access tokens for one account.
pub trait Tokens: Send + Sync {
    /// One that is good for the next request.
    fn current(&self) -> Result<Secret>;

    /// One other than `rejected`, which Graph just refused with a 401; `claims` is the decoded claims challenge, where there was one.
    /// Refreshes at most once.
    fn after_rejection(&self, rejected: &Secret, claims: Option<&str>) -> Result<Secret>;
}
