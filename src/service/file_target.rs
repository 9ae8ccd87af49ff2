//! A file that appears whole or not at all.
//!
//! Bytes go into a new file beside the target (mode 0600, random name, no link followed), which takes the target's name only when all
//! of them are there; a failure leaves nothing behind and an old file untouched. The folder is opened once and everything happens
//! relative to it, so that nobody can exchange it in between. The data is not forced to disk: after a power cut a file that was just
//! saved may be lost, as with PHP's own functions.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, UnlinkatFlags, User, unlinkat};

use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Result};
use crate::base::problem::Problem;
use crate::base::random::Random;
use crate::graph::download::Sink;
use crate::graph::error::{Cause, GraphError};

/// A file on its way to its name. Dropped before [`FileTarget::keep`] it is gone.
#[derive(Debug)]
pub struct FileTarget {
    file: File,
    folder: OwnedFd,
    temporary: OsString,
    name: OsString,
    path: PathBuf,
    kept: bool,
}

impl FileTarget {
    /// Makes the new file beside `path`. A path that can be no file is an argument error (parameter `path`); one that may not be
    /// written is `target_not_writable`.
    pub fn create(path: &Path, random: &dyn Random, now: UtcInstant) -> Result<Self> {
        let name = file_name(path)?.to_owned();
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => return Err(Error::argument("path", "must not be a directory")),
            Ok(found) if !found.is_file() && !found.is_symlink() => {
                return Err(Error::argument("path", "must be a regular file"));
            }
            _ => {}
        }
        let parent = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let fail = |errno: Errno| Error::from(problem(path, Some(errno as i32), errno.desc(), now));
        let folder = nix::fcntl::open(
            parent,
            OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_RDONLY,
            Mode::empty(),
        )
        .map_err(fail)?;
        let bytes: [u8; 16] = random
            .bytes()
            .map_err(|_| problem(path, None, "no random name to be had", now))?;
        let temporary = OsString::from(format!(".{:032x}.part", u128::from_be_bytes(bytes)));
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        let file = openat(&folder, temporary.as_os_str(), flags, mode).map_err(fail)?;
        Ok(Self {
            file: File::from(file),
            folder,
            temporary,
            name,
            path: path.to_owned(),
            kept: false,
        })
    }

    /// Gives the file its name; one of that name is replaced.
    pub fn keep(mut self, now: UtcInstant) -> Result<()> {
        renameat(
            &self.folder,
            self.temporary.as_os_str(),
            &self.folder,
            self.name.as_os_str(),
        )
        .map_err(|errno| problem(&self.path, Some(errno as i32), errno.desc(), now))?;
        self.kept = true;
        Ok(())
    }

    /// What a failed download into this file means: the target's own trouble with its path, everything else as it is.
    pub fn explain(&self, error: GraphError) -> Error {
        match &error.cause {
            Cause::Sink { code, reason } => problem(&self.path, *code, reason, error.at).into(),
            _ => error.into(),
        }
    }
}

impl Write for FileTarget {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sink for FileTarget {
    fn restart(&mut self) -> io::Result<()> {
        self.file.restart()
    }
}

impl Drop for FileTarget {
    fn drop(&mut self) {
        if !self.kept {
            // Nothing more can be done about a file that can not be removed either.
            let _ = unlinkat(&self.folder, self.temporary.as_os_str(), UnlinkatFlags::NoRemoveDir);
        }
    }
}

/// The last part of a path, if it can be a file's name.
fn file_name(path: &Path) -> Result<&OsStr> {
    let bytes = path.as_os_str().as_bytes();
    if bytes.is_empty() {
        return Err(Error::argument("path", "must not be empty"));
    }
    if bytes.contains(&0) {
        return Err(Error::argument("path", "must not contain any null bytes"));
    }
    if bytes.len() > 4096 {
        return Err(Error::argument("path", "must be at most 4096 bytes long"));
    }
    match path.file_name() {
        // A trailing slash or dot is dropped by `Path`, but says that a folder is meant.
        Some(name) if bytes.ends_with(name.as_bytes()) => Ok(name),
        _ => Err(Error::argument("path", "must not be a directory")),
    }
}

fn problem(path: &Path, code: Option<i32>, reason: &str, now: UtcInstant) -> Problem {
    let full = code.map(Errno::from_raw);
    if matches!(full, Some(Errno::ENOSPC | Errno::EDQUOT | Errno::EFBIG)) {
        return Problem::own("target_full", now)
            .with_fact("path", path.to_string_lossy())
            .with_fact("reason", reason);
    }
    let name = |uid: Uid| match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    };
    let mut problem = Problem::own("target_not_writable", now)
        .with_fact("path", path.to_string_lossy())
        .with_fact("reason", reason)
        .with_fact("user", name(Uid::effective()));
    if let Some(parent) = path.parent().and_then(|parent| parent.metadata().ok()) {
        problem = problem.with_fact("owner", name(Uid::from_raw(parent.uid())));
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::OsRandom;
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};

    const NOW: UtcInstant = UtcInstant::from_epoch(0);

    fn create(path: &Path) -> Result<FileTarget> {
        FileTarget::create(path, &OsRandom, NOW)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn a_file_appears_whole_and_private_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mail.eml");
        fs::write(&path, "old").unwrap();

        let mut dropped = create(&path).unwrap();
        dropped.write_all(b"half").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"old");
        drop(dropped);
        assert_eq!(names(folder.path()), ["mail.eml"]);

        let mut kept = create(&path).unwrap();
        kept.write_all(b"first attempt").unwrap();
        kept.restart().unwrap();
        kept.write_all(b"new").unwrap();
        kept.keep(NOW).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()), ["mail.eml"]);
    }

    #[test]
    fn a_link_at_the_target_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        fs::write(&victim, "precious").unwrap();
        symlink(&victim, &link).unwrap();
        let mut target = create(&link).unwrap();
        target.write_all(b"mail").unwrap();
        target.keep(NOW).unwrap();
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(fs::read(&link).unwrap(), b"mail");
        assert!(fs::symlink_metadata(&link).unwrap().is_file());
    }

    #[test]
    fn a_path_that_can_be_no_file_is_an_argument_error_and_one_that_cannot_be_written_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let cases: [(PathBuf, &str); 9] = [
            (PathBuf::new(), "argument"),
            (root.to_owned(), "argument"),
            (PathBuf::from(format!("{}/", root.join("x").display())), "argument"),
            (root.join(".."), "argument"),
            (PathBuf::from("/"), "argument"),
            (PathBuf::from("/dev/null"), "argument"),
            (root.join("a\0b"), "argument"),
            (root.join("x".repeat(10 << 20)), "argument"),
            (root.join("missing/x"), "target_not_writable"),
        ];
        for (path, expected) in cases {
            let found = match create(&path) {
                Ok(_) => "created".to_owned(),
                Err(Error::Argument { argument: "path", .. }) => "argument".to_owned(),
                Err(Error::Failure(failure)) => failure.problem.code,
                Err(other) => other.to_string(),
            };
            assert_eq!(
                found,
                expected,
                "{}",
                path.display().to_string().get(..80).unwrap_or("…")
            );
        }
        assert!(Path::new("/dev/null").exists());
    }
}
