//! Where the client gets its access tokens: the one thing `graph` asks of the house above it.

use crate::base::failure::Result;
use crate::base::secret::Secret;

/// Access tokens for one account.
pub trait Tokens: Send + Sync {
    /// One that is good for the next request.
    fn current(&self) -> Result<Secret>;

    /// One other than `rejected`, which Graph just refused with a 401 (or a 403 that asks for more claims). `challenges` are the
    /// values of all `WWW-Authenticate` headers of that answer; a claims challenge among them is answered. Refreshes at most once.
    fn after_rejection(&self, rejected: &Secret, challenges: &[String]) -> Result<Secret>;
}
