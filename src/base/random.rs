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

    /// A random GUID (RFC 9562 version 4), as request ids are written.
    pub fn guid(&self) -> Result<String, RandomError> {
        let number = u128::from_be_bytes(self.bytes::<16>()?);
        let number = number & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
        let hex = format!("{number:032x}");
        let (first, rest) = hex.split_at(8);
        let (second, rest) = rest.split_at(4);
        let (third, rest) = rest.split_at(4);
        let (fourth, fifth) = rest.split_at(4);
        Ok(format!("{first}-{second}-{third}-{fourth}-{fifth}"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guid_says_that_it_is_random() {
        struct Ones;
        impl Random for Ones {
            fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
                bytes.fill(0xff);
                Ok(())
            }
        }
        let random: &dyn Random = &Ones;
        assert_eq!(random.guid().unwrap(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        let random: &dyn Random = &OsRandom;
        assert_ne!(random.guid().unwrap(), random.guid().unwrap());
    }
}
