//! Where downloaded mails lie until their handler is done with them.
//!
//! A folder the host gave keeps what a handler took; a private one beside the store is gone when the import ends, and what a killed
//! import left of one is swept by the next. A private folder is locked by whoever uses it (`flock`, which ends with the process), so
//! that sweeping never takes a living import's mails.
//!
//! Every file is made relative to an open folder, new, and never through a symlink: whoever may write into the given folder can not
//! make the import write elsewhere. A file has its final name only once it is whole.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat, renameat};
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{AccessFlags, UnlinkatFlags, faccessat, fsync, unlinkat};
use sha2::{Digest, Sha256};

use crate::graph::download::Sink;

/// The file system refused.
#[derive(Debug, thiserror::Error)]
#[error("{}: {reason}", .path.display())]
pub struct SpoolError {
    /// What was to be made, written or read.
    pub path: PathBuf,
    /// The system's reason.
    pub reason: io::Error,
}

impl SpoolError {
    fn new(path: impl Into<PathBuf>, reason: impl Into<io::Error>) -> Self {
        Self {
            path: path.into(),
            reason: reason.into(),
        }
    }
}

/// The folder that holds a folder for each mail.
#[derive(Debug)]
pub struct Spool {
    path: PathBuf,
    /// Open (and locked, where it is private) for as long as the import runs.
    folder: File,
    private: bool,
}

impl Spool {
    /// A folder of the host's: it must be there and writable.
    pub fn given(path: &Path) -> Result<Self, SpoolError> {
        let path = std::path::absolute(path).map_err(|reason| SpoolError::new(path, reason))?;
        let folder = OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_DIRECTORY.bits())
            .open(&path)
            .map_err(|reason| SpoolError::new(&path, reason))?;
        faccessat(&folder, ".", AccessFlags::W_OK | AccessFlags::X_OK, AtFlags::AT_EACCESS)
            .map_err(|reason| SpoolError::new(&path, reason))?;
        Ok(Self {
            path,
            folder,
            private: false,
        })
    }

    /// A new private folder whose path begins with `prefix` and ends in `unique`; sweeps those of dead imports first.
    pub fn private(prefix: &Path, unique: &str) -> Result<Self, SpoolError> {
        sweep(prefix);
        let path = with_suffix(prefix, unique);
        let error = |reason: io::Error| SpoolError::new(&path, reason);
        DirBuilder::new().mode(0o700).create(&path).map_err(error)?;
        let folder = open_folder(&path).map_err(error)?;
        // Somebody who sweeps may hold the lock for the moment it takes to see that there is nothing in it, and remove it.
        folder.lock().map_err(error)?;
        if !is_at(&folder, &path) {
            return Err(error(Errno::ENOENT.into()));
        }
        Ok(Self {
            path,
            folder,
            private: true,
        })
    }

    /// The folder for one mail; one that an earlier attempt left is used again.
    pub fn mail(&self, key: &str) -> Result<MailFolder, SpoolError> {
        let path = self.path.join(key);
        match mkdirat(&self.folder, key, Mode::S_IRWXU) {
            Ok(()) | Err(Errno::EEXIST) => {}
            Err(reason) => return Err(SpoolError::new(path, reason)),
        }
        let flags = OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let folder =
            openat(&self.folder, key, flags, Mode::empty()).map_err(|reason| SpoolError::new(&path, reason))?;
        Ok(MailFolder {
            path,
            key: key.to_owned(),
            folder,
            files: Vec::new(),
            durable: !self.private,
        })
    }

    /// Has a mail's folder and the names in it survive a power cut as the receipt does, where they are to be kept.
    pub fn settle(&self, mail: &MailFolder) -> Result<(), SpoolError> {
        if mail.durable {
            fsync(&mail.folder).map_err(|reason| SpoolError::new(&mail.path, reason))?;
            // The name of the folder itself stands in the one above it.
            fsync(&self.folder).map_err(|reason| SpoolError::new(&self.path, reason))?;
        }
        Ok(())
    }

    /// Removes a mail's folder with the files made in it. What a handler put beside them in a folder of the host's stays.
    pub fn remove(&self, mail: &MailFolder) {
        if self.private {
            let _ = std::fs::remove_dir_all(&mail.path);
            return;
        }
        for file in &mail.files {
            let _ = unlinkat(&mail.folder, file.as_str(), UnlinkatFlags::NoRemoveDir);
        }
        let _ = unlinkat(&self.folder, mail.key.as_str(), UnlinkatFlags::RemoveDir);
    }

    /// Lets go of a mail whose handler returned: in a folder of the host's it is the host's now.
    pub fn hand_over(&self, mail: &MailFolder) {
        if self.private {
            self.remove(mail);
        }
    }
}

impl Drop for Spool {
    fn drop(&mut self) {
        if self.private {
            // What can not be removed now is swept by the next import.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The folder of one mail.
#[derive(Debug)]
pub struct MailFolder {
    path: PathBuf,
    key: String,
    folder: OwnedFd,
    files: Vec<String>,
    /// Whether files must survive a power cut as the receipt does: where they are to be kept.
    durable: bool,
}

impl MailFolder {
    /// Where `name` lies in it.
    pub fn path_of(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// A new file; it has its name once it is [finished](SpoolFile::finish).
    pub fn create(&mut self, name: &str) -> Result<SpoolFile, SpoolError> {
        let part = format!(".{name}.part");
        let error = |reason: Errno| SpoolError::new(self.path.join(&part), reason);
        self.files.push(part.clone());
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = match openat(&self.folder, part.as_str(), flags, mode) {
            // A killed attempt left it.
            Err(Errno::EEXIST) => {
                unlinkat(&self.folder, part.as_str(), UnlinkatFlags::NoRemoveDir).map_err(error)?;
                openat(&self.folder, part.as_str(), flags, mode).map_err(error)?
            }
            other => other.map_err(error)?,
        };
        Ok(SpoolFile {
            part,
            name: name.to_owned(),
            file: file.into(),
            hash: Sha256::new(),
            bytes: 0,
            error: None,
        })
    }
}

/// A file while it is being written.
#[derive(Debug)]
pub struct SpoolFile {
    part: String,
    name: String,
    file: File,
    hash: Sha256,
    bytes: u64,
    /// Why writing failed: tells our disk's trouble from the network's, both of which end a download.
    error: Option<io::Error>,
}

/// A file that is whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// Where it lies.
    pub path: PathBuf,
    /// How large it is.
    pub bytes: u64,
    /// SHA-256 of its bytes, lower-case hex.
    pub sha256: String,
}

impl SpoolFile {
    /// The disk's reason, if a write failed.
    pub fn take_error(&mut self, folder: &MailFolder) -> Option<SpoolError> {
        let reason = self.error.take()?;
        Some(SpoolError::new(folder.path_of(&self.name), reason))
    }

    /// Gives the file its name.
    pub fn finish(self, folder: &mut MailFolder) -> Result<Finished, SpoolError> {
        let path = folder.path_of(&self.name);
        if folder.durable {
            self.file.sync_data().map_err(|reason| SpoolError::new(&path, reason))?;
        }
        renameat(&folder.folder, self.part.as_str(), &folder.folder, self.name.as_str())
            .map_err(|reason| SpoolError::new(&path, reason))?;
        folder.files.retain(|file| *file != self.part);
        folder.files.push(self.name);
        let sha256 = self
            .hash
            .finalize()
            .iter()
            .fold(String::with_capacity(64), |mut hex, byte| {
                hex.push(char::from_digit(u32::from(byte >> 4), 16).unwrap_or('0'));
                hex.push(char::from_digit(u32::from(byte & 15), 16).unwrap_or('0'));
                hex
            });
        Ok(Finished {
            path,
            bytes: self.bytes,
            sha256,
        })
    }
}

impl Sink for SpoolFile {
    fn restart(&mut self) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.hash = Sha256::new();
        self.bytes = 0;
        Ok(())
    }
}

impl Write for SpoolFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.file.write(bytes) {
            Ok(written) => {
                self.hash.update(bytes.get(..written).unwrap_or(bytes));
                self.bytes += u64::try_from(written).unwrap_or(u64::MAX);
                Ok(written)
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::Interrupted {
                    self.error = Some(io::Error::new(error.kind(), error.to_string()));
                }
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes the private folders of imports that are dead.
fn sweep(prefix: &Path) {
    let (Some(parent), Some(begin)) = (prefix.parent(), prefix.file_name()) else {
        return;
    };
    let begin = begin.as_encoded_bytes();
    let Ok(entries) = std::fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if !entry.file_name().as_encoded_bytes().starts_with(begin) {
            continue;
        }
        let Ok(folder) = open_folder(&path) else {
            continue;
        };
        match folder.try_lock() {
            Ok(()) if is_at(&folder, &path) => {
                let _ = std::fs::remove_dir_all(&path);
            }
            Ok(()) | Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

/// Opens a folder, but not through a symlink.
fn open_folder(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .custom_flags((OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW).bits())
        .open(path)
}

/// Whether what is open is what the path names.
fn is_at(folder: &impl AsFd, path: &Path) -> bool {
    let (Ok(open), Ok(named)) = (nix::sys::stat::fstat(folder), std::fs::symlink_metadata(path)) else {
        return false;
    };
    open.st_ino == named.ino() && open.st_dev == named.dev()
}

/// The path with something at its end, without a separator between.
fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn write(folder: &mut MailFolder, name: &str, bytes: &[u8]) -> Finished {
        let mut file = folder.create(name).unwrap();
        file.write_all(bytes).unwrap();
        file.finish(folder).unwrap()
    }

    fn names(path: &Path) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_private_whole_and_hashed() {
        let host = tempfile::tempdir().unwrap();
        let spool = Spool::given(host.path()).unwrap();
        let mut mail = spool.mail("key").unwrap();
        let mut file = mail.create("001-a.txt").unwrap();
        file.write_all(b"ab").unwrap();
        assert_eq!(names(&host.path().join("key")), [".001-a.txt.part"]);
        file.restart().unwrap();
        file.write_all(b"ab").unwrap();
        file.write_all(b"c").unwrap();
        let finished = file.finish(&mut mail).unwrap();
        assert_eq!(finished.bytes, 3);
        assert_eq!(
            finished.sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(std::fs::read(&finished.path).unwrap(), b"abc");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&finished.path), 0o600);
        assert_eq!(mode(&host.path().join("key")), 0o700);
    }

    #[test]
    fn removing_a_mail_leaves_what_a_handler_put_beside_it() {
        let host = tempfile::tempdir().unwrap();
        let spool = Spool::given(host.path()).unwrap();
        let mut mail = spool.mail("one").unwrap();
        write(&mut mail, "message.eml", b"x");
        let unfinished = mail.create("001-a").unwrap();
        drop(unfinished);
        spool.remove(&mail);
        assert!(names(host.path()).is_empty());

        let mut mail = spool.mail("two").unwrap();
        write(&mut mail, "message.eml", b"x");
        std::fs::write(host.path().join("two/note"), "mine").unwrap();
        spool.remove(&mail);
        assert_eq!(names(&host.path().join("two")), ["note"]);
    }

    #[test]
    fn an_attempt_after_a_kill_replaces_what_is_there() {
        let host = tempfile::tempdir().unwrap();
        let spool = Spool::given(host.path()).unwrap();
        let mut mail = spool.mail("key").unwrap();
        write(&mut mail, "message.eml", b"old");
        drop(mail.create("001-a").unwrap());
        let mut mail = spool.mail("key").unwrap();
        write(&mut mail, "message.eml", b"new");
        write(&mut mail, "001-a", b"whole");
        assert_eq!(names(&host.path().join("key")), ["001-a", "message.eml"]);
        assert_eq!(std::fs::read(host.path().join("key/message.eml")).unwrap(), b"new");
    }

    #[test]
    fn a_planted_symlink_is_not_followed() {
        let host = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let target = elsewhere.path().join("target");
        std::fs::write(&target, "precious").unwrap();
        let spool = Spool::given(host.path()).unwrap();

        symlink(elsewhere.path(), host.path().join("planted")).unwrap();
        assert!(spool.mail("planted").is_err());

        let mut mail = spool.mail("key").unwrap();
        symlink(&target, host.path().join("key/.message.eml.part")).unwrap();
        symlink(&target, host.path().join("key/message.eml")).unwrap();
        write(&mut mail, "message.eml", b"mail");
        assert_eq!(std::fs::read(&target).unwrap(), b"precious");
        assert_eq!(std::fs::read(host.path().join("key/message.eml")).unwrap(), b"mail");
    }

    #[test]
    fn a_private_folder_goes_with_its_import_and_a_dead_ones_is_swept() {
        let beside = tempfile::tempdir().unwrap();
        let prefix = beside.path().join("store.sqlite.import-");
        std::fs::write(beside.path().join("store.sqlite"), "").unwrap();
        let dead = beside.path().join("store.sqlite.import-dead");
        std::fs::create_dir_all(dead.join("key")).unwrap();
        std::fs::write(dead.join("key/message.eml"), "x").unwrap();

        let first = Spool::private(&prefix, "a").unwrap();
        assert_eq!(names(beside.path()), ["store.sqlite", "store.sqlite.import-a"]);
        let mut mail = first.mail("key").unwrap();
        write(&mut mail, "message.eml", b"x");

        let second = Spool::private(&prefix, "b").unwrap();
        assert_eq!(names(&beside.path().join("store.sqlite.import-a/key")), ["message.eml"]);
        first.hand_over(&mail);
        assert!(names(&beside.path().join("store.sqlite.import-a")).is_empty());
        drop(first);
        drop(second);
        assert_eq!(names(beside.path()), ["store.sqlite"]);
    }

    #[test]
    fn what_is_no_writable_folder_is_refused() {
        let host = tempfile::tempdir().unwrap();
        let file = host.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Spool::given(&file).is_err());
        assert!(Spool::given(&host.path().join("missing")).is_err());
        assert!(Spool::private(&host.path().join("missing/store.import-"), "a").is_err());
    }
}
