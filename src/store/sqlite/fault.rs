//! Why a statement or a whole piece of work on the database did not succeed, before it is told to anybody.

use rusqlite::ffi;

use crate::base::random::RandomError;
use crate::store::StoreError;
use crate::store::place::Disk;
use crate::store::seal::SealError;

/// What went wrong.
#[derive(Debug)]
pub enum Fault {
    /// SQLite said so.
    Sqlite(rusqlite::Error),
    /// A sealed value did not open.
    Seal(SealError),
    /// A value opened, but is not what this version writes.
    Unreadable,
    /// The store is not there any more.
    Gone,
    /// Another file was put in its place while it was being opened.
    Moved,
    /// Found out and worded already.
    Told(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<SealError> for Fault {
    fn from(error: SealError) -> Self {
        Self::Seal(error)
    }
}

impl From<RandomError> for Fault {
    fn from(error: RandomError) -> Self {
        Self::Seal(error.into())
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Told(error)
    }
}

impl Fault {
    /// SQLite's extended result code, if it is SQLite's.
    fn extended(&self) -> Option<i32> {
        match self {
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => Some(error.extended_code),
            _ => None,
        }
    }

    /// Whether somebody else was at it and a moment later it may go.
    pub fn is_busy(&self) -> bool {
        // PROTOCOL: a reader found the WAL changing under it more often than it tries by itself.
        self.extended().is_some_and(|code| {
            matches!(
                code & 0xFF,
                ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL
            )
        })
    }

    /// Whether the file was renamed or deleted under the handle.
    pub fn has_moved(&self) -> bool {
        matches!(self, Self::Moved) || self.extended() == Some(ffi::SQLITE_READONLY_DBMOVED)
    }

    /// Whether it was the value of a key that this process does not have (yet).
    pub fn lacks_key(&self) -> bool {
        matches!(self, Self::Seal(SealError::UnknownKey(_)))
    }

    /// Whether the handle should be thrown away: what SQLite knows of the file may be wrong.
    pub fn spoils_handle(&self) -> bool {
        matches!(self, Self::Sqlite(_)) && !self.is_busy()
    }

    /// The problem's code, where SQLite's answer alone decides; `disk`: how the disk is seen to be.
    pub fn code(&self, disk: Disk) -> &'static str {
        match self {
            Self::Seal(SealError::UnknownKey(_)) => "key_wrong",
            Self::Seal(SealError::Altered) => "store_row_altered",
            Self::Seal(SealError::NewerFormat) => "store_too_new",
            Self::Seal(SealError::Random) => "random_unavailable",
            Self::Gone | Self::Moved => "store_gone",
            Self::Told(_) => "store_io_error",
            Self::Sqlite(rusqlite::Error::SqliteFailure(error, _)) => of_sqlite(error.extended_code, disk),
            // The latter: a column of another type than the schema's; somebody else wrote it.
            Self::Unreadable | Self::Sqlite(_) => "store_corrupt",
        }
    }
}

fn of_sqlite(extended: i32, disk: Disk) -> &'static str {
    match extended & 0xFF {
        // The last five: our statements keep to our schema, so somebody else changed it or what stands there.
        ffi::SQLITE_CORRUPT
        | ffi::SQLITE_NOTADB
        | ffi::SQLITE_ERROR
        | ffi::SQLITE_CONSTRAINT
        | ffi::SQLITE_MISMATCH
        | ffi::SQLITE_TOOBIG
        | ffi::SQLITE_INTERNAL
        | ffi::SQLITE_NOTFOUND => "store_corrupt",
        ffi::SQLITE_FULL => "disk_full",
        ffi::SQLITE_READONLY if extended == ffi::SQLITE_READONLY_DIRECTORY => "store_not_writable",
        ffi::SQLITE_READONLY => "store_read_only",
        ffi::SQLITE_PERM | ffi::SQLITE_AUTH => "store_wrong_owner",
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_PROTOCOL => "store_locked",
        ffi::SQLITE_IOERR if disk == Disk::Full => "disk_full",
        ffi::SQLITE_IOERR if disk == Disk::ReadOnly => "store_read_only",
        // Cut off in the middle of a page.
        ffi::SQLITE_IOERR if extended == ffi::SQLITE_IOERR_SHORT_READ => "store_corrupt",
        _ => "store_io_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(extended: i32) -> Fault {
        Fault::Sqlite(rusqlite::Error::SqliteFailure(ffi::Error::new(extended), None))
    }

    #[test]
    fn each_answer_of_sqlite_has_its_code() {
        let cases = [
            (ffi::SQLITE_NOTADB, Disk::Fine, "store_corrupt"),
            (ffi::SQLITE_CORRUPT_INDEX, Disk::Fine, "store_corrupt"),
            (ffi::SQLITE_CONSTRAINT_TRIGGER, Disk::Fine, "store_corrupt"),
            (ffi::SQLITE_MISMATCH, Disk::Fine, "store_corrupt"),
            (ffi::SQLITE_FULL, Disk::Fine, "disk_full"),
            (ffi::SQLITE_IOERR_WRITE, Disk::Full, "disk_full"),
            (ffi::SQLITE_IOERR_WRITE, Disk::Fine, "store_io_error"),
            (ffi::SQLITE_IOERR_WRITE, Disk::ReadOnly, "store_read_only"),
            (ffi::SQLITE_IOERR_SHMSIZE, Disk::Full, "disk_full"),
            (ffi::SQLITE_READONLY, Disk::Fine, "store_read_only"),
            (ffi::SQLITE_READONLY_DIRECTORY, Disk::Fine, "store_not_writable"),
            (ffi::SQLITE_BUSY, Disk::Fine, "store_locked"),
            (ffi::SQLITE_CANTOPEN, Disk::Fine, "store_io_error"),
        ];
        for (extended, disk, code) in cases {
            assert_eq!(sqlite(extended).code(disk), code, "{extended}");
        }
    }

    #[test]
    fn only_contention_is_waited_for() {
        for code in [
            ffi::SQLITE_BUSY,
            ffi::SQLITE_BUSY_RECOVERY,
            ffi::SQLITE_BUSY_SNAPSHOT,
            ffi::SQLITE_PROTOCOL,
        ] {
            assert!(sqlite(code).is_busy(), "{code}");
            assert!(!sqlite(code).spoils_handle(), "{code}");
        }
        for code in [
            ffi::SQLITE_CORRUPT,
            ffi::SQLITE_FULL,
            ffi::SQLITE_READONLY,
            ffi::SQLITE_IOERR_READ,
        ] {
            assert!(!sqlite(code).is_busy(), "{code}");
            assert!(sqlite(code).spoils_handle(), "{code}");
        }
    }
}
