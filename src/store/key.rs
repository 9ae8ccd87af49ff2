//! The store's keys: where they come from, how they are written, and who may read them.
//!
//! A key is 32 random bytes, one a line in hex or base64. Every key on the ring opens; the store remembers which one seals, and that
//! becomes the first one with `reseal` (and is the first one when the store is made). So a process that still has yesterday's list of
//! keys never writes what nobody can read.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::base::settings::Settings;
use crate::store::place::Place;
use crate::store::{Result, trouble};

/// Bytes of a key.
const LENGTH: usize = 32;
/// More than any list of keys needs.
const FILE_LIMIT: u64 = 64 * 1024;

/// Which key it is, without saying anything of it: the start of its SHA-256.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyId(pub [u8; 8]);

/// One key; never printable.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<[u8; LENGTH]>,
    id: KeyId,
}

impl Key {
    fn new(bytes: Zeroizing<[u8; LENGTH]>) -> Self {
        let hash = Sha256::new()
            .chain_update(b"squeeze_graph store key id\0")
            .chain_update(bytes.as_slice())
            .finalize();
        let mut id = [0; 8];
        for (target, source) in id.iter_mut().zip(hash.iter()) {
            *target = *source;
        }
        Self { bytes, id: KeyId(id) }
    }

    /// The key itself, for the seal.
    pub fn bytes(&self) -> &[u8; LENGTH] {
        &self.bytes
    }

    /// Which one it is.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Key({:02x?})", self.id.0)
    }
}

/// The keys at hand, in their order; at least one.
#[derive(Debug, Clone)]
pub struct KeyRing {
    first: Key,
    others: Vec<Key>,
}

/// A line that is no key; its number from 1, never its content. 0: there is no key at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed {
    /// The line.
    pub line: usize,
}

impl Malformed {
    fn problem(self, place: &Place, key_file: &Path, now: UtcInstant) -> Problem {
        let problem =
            trouble::about("key_malformed", place.path(), now).with_fact("key_file", key_file.to_string_lossy());
        if self.line == 0 {
            problem
        } else {
            problem.with_fact("line", self.line.to_string())
        }
    }
}

impl KeyRing {
    /// Reads keys, one a line; blank lines and lines that begin with `#` do not count.
    pub fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let mut keys = Vec::new();
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let bytes = decode(line).ok_or(Malformed { line: number + 1 })?;
            keys.push(Key::new(bytes));
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(Malformed { line: 0 })?;
        Ok(Self {
            first,
            others: keys.collect(),
        })
    }

    /// The first key.
    pub fn first(&self) -> &Key {
        &self.first
    }

    /// The key of that id.
    pub fn find(&self, id: KeyId) -> Option<&Key> {
        std::iter::once(&self.first)
            .chain(&self.others)
            .find(|key| key.id == id)
    }

    /// Tells one ring from another; equal for equal keys in equal order.
    pub fn fingerprint(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        for key in std::iter::once(&self.first).chain(&self.others) {
            hash.update(key.bytes.as_slice());
        }
        hash.finalize().into()
    }
}

/// 64 hex digits, or base64 of 32 bytes: standard or URL-safe, padded or not.
fn decode(line: &[u8]) -> Option<Zeroizing<[u8; LENGTH]>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&base64::alphabet::URL_SAFE, LENIENT);
    let decoded = if line.len() == 2 * LENGTH {
        Zeroizing::new(unhex(line)?)
    } else {
        Zeroizing::new(STANDARD.decode(line).or_else(|_| URL_SAFE.decode(line)).ok()?)
    };
    let mut bytes = Zeroizing::new([0; LENGTH]);
    if decoded.len() != LENGTH {
        return None;
    }
    bytes.copy_from_slice(&decoded);
    Some(bytes)
}

fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, _) = digits.as_chunks::<2>();
    pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?))
        .collect()
}

/// Where a store's keys come from.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// `squeeze_graph.key_file`, which the administrator named.
    Named(PathBuf),
    /// `<store>.key`.
    Beside(PathBuf),
    /// `SQUEEZE_GRAPH_KEY`.
    Environment(Secret),
}

impl KeySource {
    /// Where the keys of the store at `place` come from under `settings`. `None`: from nowhere yet; a new store gets a key file.
    pub fn find(settings: &Settings, place: &Place) -> Option<Self> {
        if let Some(path) = &settings.key_file {
            return Some(Self::Named(path.clone()));
        }
        let beside = place.beside(".key");
        if fs::symlink_metadata(&beside).is_ok() {
            return Some(Self::Beside(beside));
        }
        settings.environment_key.clone().map(Self::Environment)
    }

    /// The file, if it is one.
    pub fn file(&self) -> Option<&Path> {
        match self {
            Self::Named(path) | Self::Beside(path) => Some(path),
            Self::Environment(_) => None,
        }
    }

    /// Reads the keys. A file that holds none just now is read again for a moment: somebody may be writing it.
    pub fn load(&self, place: &Place, now: UtcInstant) -> Result<KeyRing> {
        let mut looks = 0;
        loop {
            let (key_file, text) = match self {
                Self::Environment(key) => (
                    Path::new("SQUEEZE_GRAPH_KEY"),
                    Zeroizing::new(key.expose().as_bytes().to_vec()),
                ),
                Self::Named(path) => (path.as_path(), read(path, place, false, now)?),
                Self::Beside(path) => (path.as_path(), read(path, place, true, now)?),
            };
            match KeyRing::parse(&text) {
                Ok(ring) => return Ok(ring),
                Err(_) if self.may_be_in_writing(looks) => looks += 1,
                Err(malformed) => return Err(trouble::error(malformed.problem(place, key_file, now))),
            }
        }
    }

    /// Waits a moment, if what was read may be half of what somebody is writing; false after so many looks, or if nobody can be.
    pub fn may_be_in_writing(&self, looks: u32) -> bool {
        const LOOKS: u32 = 5;
        const MOMENT: Duration = Duration::from_millis(20);
        let may_be = self.file().is_some() && looks < LOOKS;
        if may_be {
            sleep(MOMENT);
        }
        may_be
    }

    /// Makes `<store>.key` with one fresh key. Only for a new store, and only under its lock.
    pub fn make(place: &Place, random: &dyn Random, now: UtcInstant) -> Result<Self> {
        let path = place.beside(".key");
        let bytes = random
            .bytes::<LENGTH>()
            .map(Zeroizing::new)
            .map_err(|_| trouble::error(trouble::about("random_unavailable", place.path(), now)))?;
        let text = Zeroizing::new(format!("{}\n", general_purpose::STANDARD.encode(bytes.as_slice())));
        let failed = |error: std::io::Error| place.failed(&error, &path, now);
        // Under another name first: a key file that is there is whole, even if we are killed or the disk is full.
        let unfinished = place.beside(".key.new");
        match fs::remove_file(&unfinished) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut file = place.create(&unfinished).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        fs::rename(&unfinished, &path).map_err(failed)?;
        place.sync_folder().map_err(failed)?;
        Ok(Self::Beside(path))
    }
}

/// Reads a key file that nobody but owner and group may touch; one that only stands beside the store must also belong to somebody we
/// trust, for a stranger's key in a shared folder would be a stranger who reads along.
fn read(path: &Path, place: &Place, must_be_trusted: bool, now: UtcInstant) -> Result<Zeroizing<Vec<u8>>> {
    let told = |code: &'static str| {
        trouble::about(code, path, now)
            .with_fact("path", place.path().to_string_lossy())
            .with_fact("key_file", path.to_string_lossy())
    };
    let failed = |error: std::io::Error| {
        trouble::error(match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => told("key_missing"),
            ErrorKind::PermissionDenied => told("key_not_readable"),
            _ => told("key_not_readable").with_message(&error.to_string()),
        })
    };
    // Before opening: a pipe would wait for ever.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(trouble::error(Malformed { line: 0 }.problem(place, path, now)));
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.permissions().mode() & 0o007 != 0 {
        return Err(trouble::error(told("key_readable_by_others")));
    }
    if must_be_trusted {
        place.trust(&metadata, path, now)?;
    }
    let mut text = Zeroizing::new(Vec::with_capacity(4096));
    file.take(FILE_LIMIT).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_written_in_hex_or_any_base64() {
        let bytes = [0xfb_u8; LENGTH];
        let forms = [
            "fb".repeat(32),
            "FB".repeat(32),
            general_purpose::STANDARD.encode(bytes),
            general_purpose::STANDARD_NO_PAD.encode(bytes),
            general_purpose::URL_SAFE.encode(bytes),
            general_purpose::URL_SAFE_NO_PAD.encode(bytes),
        ];
        for form in forms {
            let ring = KeyRing::parse(format!("# first\r\n\n  {form}\r\n").as_bytes()).unwrap();
            assert_eq!(ring.first().bytes(), &bytes, "{form}");
        }
    }

    #[test]
    fn what_is_no_key_is_named_by_its_line() {
        let good = "ab".repeat(32);
        let cases = [
            (String::new(), 0),
            ("# only a comment\n\n".to_owned(), 0),
            ("hello".to_owned(), 1),
            (format!("{good}\nzz{}", "ab".repeat(31)), 2),
            (format!("{good}\n\n{}", "ab".repeat(31)), 3),
            (general_purpose::STANDARD.encode([1; 31]), 1),
            (general_purpose::STANDARD.encode([1; 33]), 1),
        ];
        for (text, line) in cases {
            assert_eq!(
                KeyRing::parse(text.as_bytes()).unwrap_err(),
                Malformed { line },
                "{text:?}"
            );
        }
        assert!(KeyRing::parse(&[0xff, 0xfe, b'\n']).is_err());
    }

    #[test]
    fn the_first_key_seals_and_all_are_found() {
        let (one, two) = ("01".repeat(32), "02".repeat(32));
        let ring = KeyRing::parse(format!("{one}\n{two}").as_bytes()).unwrap();
        let swapped = KeyRing::parse(format!("{two}\n{one}").as_bytes()).unwrap();
        assert_ne!(ring.first().id(), swapped.first().id());
        assert!(ring.find(swapped.first().id()).is_some());
        assert!(ring.find(KeyId([0; 8])).is_none());
        assert_ne!(ring.fingerprint(), swapped.fingerprint());
    }

    #[test]
    fn a_key_shows_nothing_of_itself() {
        let ring = KeyRing::parse("ab".repeat(32).as_bytes()).unwrap();
        let shown = format!("{ring:?}");
        assert!(
            !shown.contains("171, 171") && !shown.contains("abab") && !shown.contains("ab, ab"),
            "{shown}"
        );
    }
}
