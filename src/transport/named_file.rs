//! Files that a setting names and that are read whole, on the way to a connection.

use std::fs::{Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::OFlag;
use zeroize::Zeroizing;

/// More than any list of certificates has, bytes.
const LIMIT: u64 = 16 * 1024 * 1024;

/// Reads a file, and nothing else: a pipe that nobody writes to would keep the call waiting.
pub(super) fn read(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, Metadata)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlag::O_NONBLOCK.bits())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("is no regular file"));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LIMIT).read_to_end(&mut bytes)?;
    Ok((bytes, metadata))
}
