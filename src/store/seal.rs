//! Sealing: what the store's file holds of secrets and people can neither be read, nor changed, nor moved to another row.
//!
//! XChaCha20-Poly1305 with a random 192-bit nonce for every seal: so many random nonces never meet, and no counter has to be shared
//! between processes and machines (draft-irtf-cfrg-xchacha, section 2). The row's identity (table, column, key columns) is the
//! associated data: a sealed value copied to another account or an older generation does not open.
//!
//! A sealed value is: format version (1 byte) · key id (8 bytes) · nonce (24 bytes) · ciphertext with its tag. The key id says which of
//! several keys opens it, so that keys can be changed while others go on.
//!
//! Not defended against: putting back a whole older state of a row or of the file.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::base::random::{Random, RandomError};
use crate::store::key::{Key, KeyId, KeyRing};

/// The format this version writes.
const FORMAT: u8 = 1;
/// Bytes of a nonce.
const NONCE: usize = 24;
/// Bytes of a key id.
const KEY_ID: usize = 8;

/// One part of a row's identity, with its type: the text `1` and the number 1 are not the same row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// A text column.
    Text(&'a str),
    /// An integer column.
    Integer(i64),
    /// A blob column.
    Blob(&'a [u8]),
}

/// Which row and column a sealed value belongs to: associated data that is unambiguous, because every part is written with its type
/// and length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity(Vec<u8>);

impl Identity {
    /// The identity of the row of `table` with these key columns.
    pub fn new(table: &str, parts: &[Part<'_>]) -> Self {
        let mut bytes = Vec::with_capacity(96);
        push(&mut bytes, b'p', b"squeeze_graph store");
        push(&mut bytes, b'n', table.as_bytes());
        for part in parts {
            match part {
                Part::Text(text) => push(&mut bytes, b't', text.as_bytes()),
                Part::Integer(number) => push(&mut bytes, b'i', &number.to_be_bytes()),
                Part::Blob(blob) => push(&mut bytes, b'b', blob),
            }
        }
        Self(bytes)
    }
}

fn push(bytes: &mut Vec<u8>, kind: u8, value: &[u8]) {
    bytes.push(kind);
    bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
    bytes.extend_from_slice(value);
}

/// Why a value could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// It was sealed with a key that is not on the ring.
    #[error("sealed with a key that is not there")]
    UnknownKey(KeyId),
    /// It is not what was sealed, or does not stand where it was sealed for.
    #[error("altered, or not in its place")]
    Altered,
    /// It was sealed by a newer version of this extension.
    #[error("sealed in a newer format")]
    NewerFormat,
    /// No random bytes for the nonce.
    #[error("the operating system's random source is not available")]
    Random,
}

impl From<RandomError> for SealError {
    fn from(_: RandomError) -> Self {
        Self::Random
    }
}

/// Seals `plaintext` for the row `identity`.
pub fn seal(key: &Key, random: &dyn Random, identity: &Identity, plaintext: &[u8]) -> Result<Vec<u8>, SealError> {
    let nonce = random.bytes::<NONCE>()?;
    let ciphertext = XChaCha20Poly1305::new(key.bytes().into())
        .encrypt(
            &XNonce::from(nonce),
            Payload {
                msg: plaintext,
                aad: &identity.0,
            },
        )
        // Only for plaintexts beyond 256 GB.
        .map_err(|_| SealError::Altered)?;
    let mut sealed = Vec::with_capacity(1 + KEY_ID + NONCE + ciphertext.len());
    sealed.push(FORMAT);
    sealed.extend_from_slice(&key.id().0);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(&ciphertext);
    Ok(sealed)
}

/// Opens what was sealed for the row `identity`.
pub fn unseal(ring: &KeyRing, identity: &Identity, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let id = sealed_with(sealed)?;
    let rest = sealed.get(1 + KEY_ID..).ok_or(SealError::Altered)?;
    let (nonce, ciphertext) = rest.split_first_chunk::<NONCE>().ok_or(SealError::Altered)?;
    let key = ring.find(id).ok_or(SealError::UnknownKey(id))?;
    XChaCha20Poly1305::new(key.bytes().into())
        .decrypt(
            &XNonce::from(*nonce),
            Payload {
                msg: ciphertext,
                aad: &identity.0,
            },
        )
        .map(Zeroizing::new)
        .map_err(|_| SealError::Altered)
}

/// The id of the key a value was sealed with.
pub fn sealed_with(sealed: &[u8]) -> Result<KeyId, SealError> {
    let (format, rest) = sealed.split_first().ok_or(SealError::Altered)?;
    match *format {
        FORMAT => {}
        newer if newer > FORMAT => return Err(SealError::NewerFormat),
        _ => return Err(SealError::Altered),
    }
    rest.first_chunk::<KEY_ID>()
        .map(|id| KeyId(*id))
        .ok_or(SealError::Altered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::OsRandom;

    fn ring(text: &str) -> KeyRing {
        KeyRing::parse(text.as_bytes()).unwrap()
    }

    fn one() -> KeyRing {
        ring(&"11".repeat(32))
    }

    #[test]
    fn what_was_sealed_opens_in_its_place_and_with_its_key_only() {
        let ring_one = one();
        let ring_two = ring(&"22".repeat(32));
        let both = ring(&format!("{}\n{}", "22".repeat(32), "11".repeat(32)));
        let mine = Identity::new("tokens", &[Part::Text("a"), Part::Integer(1)]);
        let sealed = seal(ring_one.first(), &OsRandom, &mine, b"canary").unwrap();

        assert_eq!(unseal(&ring_one, &mine, &sealed).unwrap().as_slice(), b"canary");
        assert_eq!(unseal(&both, &mine, &sealed).unwrap().as_slice(), b"canary");
        assert_eq!(
            unseal(&ring_two, &mine, &sealed),
            Err(SealError::UnknownKey(ring_one.first().id()))
        );
        let elsewhere = [
            Identity::new("tokens", &[Part::Text("b"), Part::Integer(1)]),
            Identity::new("tokens", &[Part::Text("a"), Part::Integer(2)]),
            Identity::new("accounts", &[Part::Text("a"), Part::Integer(1)]),
            Identity::new("tokens", &[Part::Text("a")]),
        ];
        for identity in elsewhere {
            assert_eq!(
                unseal(&ring_one, &identity, &sealed),
                Err(SealError::Altered),
                "{identity:?}"
            );
        }
    }

    #[test]
    fn no_two_seals_are_alike_and_none_shows_its_content() {
        let identity = Identity::new("tokens", &[]);
        let keys = one();
        let first = seal(keys.first(), &OsRandom, &identity, b"canary").unwrap();
        let second = seal(keys.first(), &OsRandom, &identity, b"canary").unwrap();
        assert_ne!(first, second);
        assert!(!first.windows(6).any(|window| window == b"canary"));
    }

    #[test]
    fn every_changed_or_missing_byte_is_noticed() {
        let keys = one();
        let identity = Identity::new("tokens", &[Part::Blob(b"x")]);
        let sealed = seal(keys.first(), &OsRandom, &identity, b"canary").unwrap();
        for position in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[position] ^= 0x40;
            assert!(unseal(&keys, &identity, &changed).is_err(), "byte {position}");
            assert!(
                unseal(&keys, &identity, &sealed[..position]).is_err(),
                "cut at {position}"
            );
        }
        let mut newer = sealed;
        newer[0] = 2;
        assert_eq!(unseal(&keys, &identity, &newer), Err(SealError::NewerFormat));
    }

    #[test]
    fn identities_differ_where_their_parts_run_together() {
        let identities = [
            Identity::new("t", &[Part::Text("ab"), Part::Text("c")]),
            Identity::new("t", &[Part::Text("a"), Part::Text("bc")]),
            Identity::new("t", &[Part::Blob(b"ab"), Part::Text("c")]),
            Identity::new("t", &[Part::Text("abc")]),
            Identity::new("ta", &[Part::Text("bc")]),
            Identity::new("t", &[Part::Integer(1)]),
            Identity::new("t", &[Part::Text("1")]),
        ];
        for (position, one) in identities.iter().enumerate() {
            for other in &identities[position + 1..] {
                assert_ne!(one, other);
            }
        }
    }
}
