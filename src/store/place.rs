//! Where a store is, and whether it may be there: a path on a local disk, in a folder that exists, owned by somebody we trust.
//!
//! Files are looked at by `stat` only. Opening and closing a database file beside SQLite would drop SQLite's own POSIX locks on it:
//! they belong to the process, not to the handle.

use std::fs::{self, File, Metadata, OpenOptions, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::sys::statfs::statfs;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access, geteuid};

use crate::base::clock::UtcInstant;
use crate::store::{Result, StoreError, trouble};

/// How long to wait for another process that makes or migrates the store.
const LOCK_PATIENCE: Duration = Duration::from_secs(20);

/// Names by which PHP people write a server database.
const DRIVERS: [&str; 12] = [
    "mysql",
    "mysqli",
    "mariadb",
    "pgsql",
    "postgres",
    "postgresql",
    "sqlsrv",
    "mssql",
    "oci",
    "odbc",
    "sqlite",
    "redis",
];

/// A store's place: the file and its folder.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    path: PathBuf,
    folder: PathBuf,
}

/// How the disk is that a store lies on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    /// As far as can be seen, nothing is wrong with it.
    Fine,
    /// It has no room left.
    Full,
    /// It was mounted read-only, perhaps by the kernel after an error.
    ReadOnly,
}

/// Which file stands at a path: another one has another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}

impl Place {
    /// Reads the setting `squeeze_graph.store`. A relative path counts from the current folder, now.
    pub fn parse(store: &str, now: UtcInstant) -> Result<Self> {
        match kind_of(store) {
            Kind::Path => {}
            Kind::Database(driver) => {
                return Err(trouble::error(
                    trouble::about("store_dsn_unsupported", Path::new("/"), now)
                        .with_fact("path", format!("{driver}:…")),
                ));
            }
            Kind::Unusable => {
                return Err(trouble::error(
                    trouble::about("store_path_invalid", Path::new("/"), now).with_fact("path", shown(store)),
                ));
            }
        }
        let invalid = |_| trouble::error(trouble::about("store_path_invalid", Path::new(store), now));
        let path = std::path::absolute(store).map_err(invalid)?;
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(trouble::error(trouble::about("store_not_a_file", &path, now)));
        };
        let folder = fs::canonicalize(parent).map_err(|error| {
            let code = match error.kind() {
                ErrorKind::PermissionDenied => "store_wrong_owner",
                _ => "store_folder_missing",
            };
            trouble::error(trouble::about(code, &path, now))
        })?;
        if !folder.is_dir() {
            return Err(trouble::error(trouble::about("store_folder_missing", &path, now)));
        }
        let path = folder.join(name);
        // A link to the store is fine if it leads somewhere; SQLite keeps its WAL beside the file itself.
        match fs::symlink_metadata(&path) {
            Ok(metadata) if metadata.is_symlink() => {
                let target = fs::canonicalize(&path)
                    .map_err(|_| trouble::error(trouble::about("store_not_a_file", &path, now)))?;
                let place = Self { path, folder };
                place.trust(&metadata, &place.path, now)?;
                let folder = target.parent().unwrap_or(&target).to_path_buf();
                Ok(Self { path: target, folder })
            }
            _ => Ok(Self { path, folder }),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file beside the store: its name with `suffix`.
    pub fn beside(&self, suffix: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(suffix);
        PathBuf::from(name)
    }

    /// What stands at the path, if anything: `None` also for an empty file, which somebody made to be filled.
    pub fn file(&self, now: UtcInstant) -> Result<Option<FileId>> {
        let metadata = match fs::symlink_metadata(&self.path) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.failed(&error, &self.path, now)),
        };
        if !metadata.is_file() || metadata.file_type().is_socket() {
            return Err(trouble::error(trouble::about("store_not_a_file", &self.path, now)));
        }
        Ok((metadata.len() > 0).then(|| FileId::of(&metadata)))
    }

    /// Checks the place before a handle is opened: a local disk, a file of ours that may be read and written.
    pub fn check(&self, now: UtcInstant) -> Result<()> {
        if on_network(&self.folder) {
            return Err(trouble::error(trouble::about(
                "store_network_filesystem",
                &self.path,
                now,
            )));
        }
        let Ok(metadata) = fs::symlink_metadata(&self.path) else {
            return Ok(());
        };
        self.trust(&metadata, &self.path, now)?;
        if access(&self.path, AccessFlags::R_OK).is_err() {
            return Err(trouble::error(trouble::about("store_wrong_owner", &self.path, now)));
        }
        if let Err(error) = access(&self.path, AccessFlags::W_OK) {
            let code = if error == nix::Error::EROFS || metadata.uid() == geteuid().as_raw() {
                "store_read_only"
            } else {
                "store_wrong_owner"
            };
            return Err(trouble::error(trouble::about(code, &self.path, now)));
        }
        // Nobody else has business here; group rights stay, an administrator may have given them on purpose.
        let mode = metadata.permissions().mode();
        if mode & 0o007 != 0 && (geteuid().is_root() || metadata.uid() == geteuid().as_raw()) {
            fs::set_permissions(&self.path, Permissions::from_mode(mode & 0o770))
                .map_err(|error| self.failed(&error, &self.path, now))?;
        }
        Ok(())
    }

    /// Refuses a file that a stranger could have planted: its owner must be us, root, or the owner of the folder.
    pub fn trust(&self, metadata: &Metadata, path: &Path, now: UtcInstant) -> Result<()> {
        let owner = metadata.uid();
        let trusted = owner == geteuid().as_raw()
            || owner == 0
            || fs::metadata(&self.folder).is_ok_and(|folder| folder.uid() == owner);
        if trusted {
            Ok(())
        } else {
            Err(trouble::error(trouble::about("store_wrong_owner", path, now)))
        }
    }

    /// Makes a file beside the store (or the store itself): new, 0600, no link followed. What root makes gets the owner of the
    /// folder, so that the web server's user can use what an administrator's first command made.
    pub fn create(&self, path: &Path) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        if geteuid().is_root() {
            let folder = fs::metadata(&self.folder)?;
            fchown(&file, Some(folder.uid()), Some(folder.gid()))?;
        }
        Ok(file)
    }

    /// Makes the folder's entries durable.
    pub fn sync_folder(&self) -> io::Result<()> {
        File::open(&self.folder)?.sync_all()
    }

    /// Holds the file lock under which the store is made and migrated, until the guard is dropped. The lock belongs to the open file:
    /// it also holds off other threads, and nothing stays behind when its holder dies.
    pub fn lock(&self, now: UtcInstant) -> Result<PlaceLock> {
        let begun = Instant::now();
        let file = self
            .make_lock_file()
            .map_err(|error| self.failed(&error, &self.beside(".lock"), now))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(PlaceLock(file)),
                Err(fs::TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => sleep(Duration::from_millis(5)),
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(trouble::error(trouble::about("store_locked", &self.path, now)));
                }
                Err(fs::TryLockError::Error(error)) => return Err(self.failed(&error, &self.beside(".lock"), now)),
            }
        }
    }

    /// Opens `<store>.lock`, which has no content and stays.
    pub fn lock_file(&self) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(OFlag::O_NOFOLLOW.bits())
            .open(self.beside(".lock"))
    }

    fn make_lock_file(&self) -> io::Result<File> {
        loop {
            // First without O_CREAT: in a sticky folder the kernel refuses O_CREAT on somebody else's file, even to root.
            match self.lock_file() {
                Err(error) if error.kind() == ErrorKind::NotFound => match self.create(&self.beside(".lock")) {
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    made => return made,
                },
                opened => return opened,
            }
        }
    }

    /// What an I/O error at `path` means.
    pub fn failed(&self, error: &io::Error, path: &Path, now: UtcInstant) -> StoreError {
        let code = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => "disk_full",
            ErrorKind::ReadOnlyFilesystem => "store_read_only",
            ErrorKind::PermissionDenied if access(&self.folder, AccessFlags::X_OK).is_err() => "store_wrong_owner",
            ErrorKind::PermissionDenied if !self.folder_is_writable() => "store_not_writable",
            ErrorKind::PermissionDenied => "store_wrong_owner",
            ErrorKind::NotFound | ErrorKind::NotADirectory => "store_folder_missing",
            _ => "store_io_error",
        };
        trouble::error(trouble::about(code, path, now).with_message(&error.to_string()))
    }

    /// Whether files can be made in the folder.
    pub fn folder_is_writable(&self) -> bool {
        access(&self.folder, AccessFlags::X_OK | AccessFlags::W_OK).is_ok()
    }

    /// How the disk is, which SQLite does not always tell apart from other write errors.
    pub fn disk(&self) -> Disk {
        match statvfs(&self.folder) {
            Ok(disk) if disk.flags().contains(FsFlags::ST_RDONLY) => Disk::ReadOnly,
            Ok(disk) if disk.blocks_available() == 0 => Disk::Full,
            _ => Disk::Fine,
        }
    }
}

/// The lock of [`Place::lock`].
#[derive(Debug)]
pub struct PlaceLock(File);

impl Drop for PlaceLock {
    fn drop(&mut self) {
        // In so many words: closing would leave it held by a child that was forked meanwhile and has the file, too.
        let _ = self.0.unlock();
    }
}

/// What the setting names.
#[derive(Debug, PartialEq, Eq)]
enum Kind<'a> {
    /// A file.
    Path,
    /// A server database, by its driver's name.
    Database(&'a str),
    /// A stream wrapper, or no path at all.
    Unusable,
}

fn kind_of(store: &str) -> Kind<'_> {
    if store.trim().is_empty() || store.contains('\0') {
        return Kind::Unusable;
    }
    let Some((scheme, rest)) = store.split_once(':') else {
        return Kind::Path;
    };
    if DRIVERS.iter().any(|driver| scheme.eq_ignore_ascii_case(driver)) {
        return Kind::Database(scheme);
    }
    let wrapper = !scheme.is_empty()
        && scheme
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '+' | '-' | '.'));
    if wrapper && (rest.starts_with("//") || scheme.eq_ignore_ascii_case("data")) {
        return Kind::Unusable;
    }
    Kind::Path
}

/// `squeeze_graph.store` for people to see: a path, and of anything else only the scheme, for the rest may hold a password.
pub fn shown(store: &str) -> String {
    match (kind_of(store), store.split_once("://")) {
        (Kind::Path, _) | (Kind::Unusable, None) => store.to_owned(),
        (Kind::Database(driver), _) => format!("{driver}:…"),
        (Kind::Unusable, Some((scheme, _))) => format!("{scheme}://…"),
    }
}

/// Whether a folder is on a network file system, where SQLite's locks and shared memory do not work between machines.
fn on_network(folder: &Path) -> bool {
    const FUSE: i128 = 0x6573_5546;
    let Ok(disk) = statfs(folder) else {
        return false;
    };
    let number = file_system_number(&disk);
    if number == FUSE {
        return fs::read_to_string("/proc/self/mountinfo")
            .ok()
            .and_then(|mounts| file_system_of(&mounts, folder))
            .is_some_and(|name| is_network_name(&name));
    }
    is_network_number(number)
}

#[cfg(target_os = "linux")]
fn file_system_number(disk: &nix::sys::statfs::Statfs) -> i128 {
    // Only 32 bits mean something; some are negative where the field is signed.
    i128::from(disk.filesystem_type().0) & 0xFFFF_FFFF
}

#[cfg(not(target_os = "linux"))]
fn file_system_number(_disk: &nix::sys::statfs::Statfs) -> i128 {
    0
}

/// By the numbers of statfs(2).
fn is_network_number(number: i128) -> bool {
    const NFS: i128 = 0x6969;
    const SMB: i128 = 0x517B;
    const CIFS: i128 = 0xFF53_4D42;
    const SMB2: i128 = 0xFE53_4D42;
    const AFS: i128 = 0x5346_414F;
    const CODA: i128 = 0x7375_7245;
    const NCP: i128 = 0x564C;
    const CEPH: i128 = 0x00C3_6400;
    const LUSTRE: i128 = 0x0BD0_0BD0;
    [NFS, SMB, CIFS, SMB2, AFS, CODA, NCP, CEPH, LUSTRE].contains(&number)
}

/// By the names of user-space file systems, which all share one number.
fn is_network_name(name: &str) -> bool {
    const NETWORK: [&str; 16] = [
        "sshfs",
        "s3fs",
        "rclone",
        "gcsfuse",
        "glusterfs",
        "ceph-fuse",
        "davfs",
        "davfs2",
        "curlftpfs",
        "blobfuse",
        "blobfuse2",
        "mount.davfs",
        "juicefs",
        "seaweedfs",
        "goofys",
        "smbnetfs",
    ];
    let name = name.strip_prefix("fuse.").unwrap_or(name);
    NETWORK.contains(&name)
}

/// The type of the file system that `folder` is on, from the text of `/proc/self/mountinfo` (proc(5)): the longest mount point wins,
/// and of equals the last.
fn file_system_of(mounts: &str, folder: &Path) -> Option<String> {
    mounts
        .lines()
        .filter_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let point = before.split(' ').nth(4)?.replace("\\040", " ");
            let name = after.split(' ').next()?;
            folder
                .starts_with(&point)
                .then(|| (Path::new(&point).components().count(), name.to_owned()))
        })
        .max_by_key(|(length, _)| *length)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcInstant = UtcInstant::from_epoch(0);

    #[test]
    fn a_setting_is_a_path_a_database_or_unusable() {
        let cases = [
            ("/var/lib/store.sqlite", Kind::Path),
            ("store.sqlite", Kind::Path),
            ("/srv/a:b/store", Kind::Path),
            ("C:store", Kind::Path),
            (":memory:", Kind::Path),
            ("mysql://user:password@host/db", Kind::Database("mysql")),
            ("mysql:host=localhost;dbname=x", Kind::Database("mysql")),
            ("PGSQL:host=x", Kind::Database("PGSQL")),
            ("sqlite:/tmp/x", Kind::Database("sqlite")),
            ("php://memory", Kind::Unusable),
            ("file:///tmp/x", Kind::Unusable),
            ("data:text/plain,x", Kind::Unusable),
            ("compress.zlib://x", Kind::Unusable),
            ("", Kind::Unusable),
            (" ", Kind::Unusable),
            ("/tmp/a\0b", Kind::Unusable),
        ];
        for (store, kind) in cases {
            assert_eq!(kind_of(store), kind, "{store:?}");
        }
    }

    #[test]
    fn credentials_in_a_setting_are_never_told() {
        for store in [
            "mysql://user:canary@host/db",
            "mysql:host=x;password=canary",
            "ftp://user:canary@host/x",
        ] {
            let error = Place::parse(store, NOW).unwrap_err();
            assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
            assert!(!shown(store).contains("canary"), "{}", shown(store));
        }
    }

    #[test]
    fn a_path_is_shown_whatever_letters_it_has() {
        for store in ["/srv/a@b:c/store.sqlite", "store.sqlite", ""] {
            assert_eq!(shown(store), store);
        }
    }

    #[test]
    fn a_user_space_file_system_is_known_by_its_mount() {
        let mounts = "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n\
                      40 22 0:35 / /mnt/share rw shared:1 - fuse.sshfs host:/ rw\n\
                      41 22 0:36 / /mnt/with\\040space rw - fuse.rclone remote: rw\n\
                      42 40 0:37 / /mnt/share/local rw - fuse.ext4 /dev/vdb rw\n\
                      malformed\n";
        let cases = [
            ("/mnt/share", "fuse.sshfs", true),
            ("/mnt/share/deep/er", "fuse.sshfs", true),
            ("/mnt/shared", "ext4", false),
            ("/mnt/share/local", "fuse.ext4", false),
            ("/mnt/with space/x", "fuse.rclone", true),
            ("/home", "ext4", false),
        ];
        for (folder, name, network) in cases {
            let found = file_system_of(mounts, Path::new(folder)).unwrap();
            assert_eq!(found, name, "{folder}");
            assert_eq!(is_network_name(&found), network, "{folder}");
        }
        assert!(is_network_number(0x6969) && is_network_number(0xFE53_4D42) && !is_network_number(0xEF53));
    }

    #[test]
    fn a_local_folder_is_not_on_the_network() {
        assert!(!on_network(&std::env::temp_dir()));
    }
}
