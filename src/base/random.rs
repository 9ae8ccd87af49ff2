//! Randomness from the operating system, and nothing else.
//!
//! A user-space generator repeats its output in every child after `fork` (seen with `oauth2`'s own helpers); the kernel's does not.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::base::secret::Secret;

/// The operating system gave no random bytes. Nothing that needs them may go on.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the operating system's random source is not available")]
pub struct RandomError;

/// A source of unpredictable bytes.
pub trait Random: Send + Sync {
    /// Fills `bytes` whole, or fails.
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError>;
}

impl dyn Random + '_ {
    /// `N` fresh bytes.
    pub fn bytes<const N: usize>(&self) -> Result<[u8; N], RandomError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    /// A URL-safe value of 256 bits (43 characters), fit for a state, a nonce and a PKCE code verifier (RFC 7636 section 4.1).
    pub fn value(&self) -> Result<Secret, RandomError> {
        Ok(Secret::new(URL_SAFE_NO_PAD.encode(self.bytes::<32>()?)))
    }
}

/// The kernel's generator (`getrandom(2)`).
#[derive(Debug, Clone, Copy, Default)]
pub struct OsRandom;

impl Random for OsRandom {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        getrandom::fill(bytes).map_err(|_| RandomError)
    }
}
