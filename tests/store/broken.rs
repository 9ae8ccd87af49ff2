//! What stands against a store is told with its own code, and nothing is damaged by the attempt.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use squeeze_graph::base::failure::{Class, Failure};
use squeeze_graph::base::language::Language;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::store::{self, StoreError};

use crate::child;
use crate::support::{Folder, name, open, put_account, refused, settings, tokens};

/// A user that is nobody special.
const NOBODY: u32 = 65534;
/// Another one.
const STRANGER: u32 = 65533;

fn root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Every message about a store names the path, whose it is, who asked and what to do, in both languages.
fn tells_enough(failure: &Failure) {
    for fact in ["path", "owner", "user"] {
        assert!(
            failure.problem.facts.contains_key(fact),
            "{failure:?} does not tell the {fact}"
        );
    }
    for language in [Language::English, Language::German] {
        let explanation = failure.problem.explanation(language);
        let facts = &failure.problem.facts;
        assert!(
            explanation.contains(&facts["path"]) || explanation.contains(&facts["folder"]),
            "{explanation}"
        );
        assert!(!failure.problem.remedy(language).is_empty());
        if failure.class == Class::Store {
            for fact in ["owner", "user"] {
                assert!(explanation.contains(&failure.problem.facts[fact]), "{explanation}");
            }
        }
    }
}

fn code(settings: &Settings) -> String {
    let failure = refused(settings);
    tells_enough(&failure);
    assert_eq!(failure.class, Class::Store, "{failure:?}");
    failure.problem.code
}

/// A store with an account, closed.
fn made() -> Folder {
    let folder = Folder::new();
    put_account(&*folder.open(), "a", Some(tokens(1)));
    drop(store::quiesce());
    folder
}

/// Changes the file as only somebody from outside would.
fn tamper(folder: &Folder, sql: &str) {
    drop(store::quiesce());
    Connection::open(folder.store_path())
        .unwrap()
        .execute_batch(sql)
        .unwrap();
}

#[test]
fn a_setting_that_names_no_file_is_a_configuration_problem_and_shows_no_credentials() {
    let cases = [
        ("mysql://user:canary@host/db", "store_dsn_unsupported"),
        ("pgsql:host=x;password=canary", "store_dsn_unsupported"),
        ("php://temp/canary", "store_path_invalid"),
        ("", "store_path_invalid"),
        ("/tmp/a\0b", "store_path_invalid"),
    ];
    for (store, code) in cases {
        let settings = Settings {
            store: store.to_owned(),
            ..Settings::default()
        };
        let failure = refused(&settings);
        assert_eq!(
            (failure.class, failure.problem.code.as_str()),
            (Class::Configuration, code),
            "{store:?}"
        );
        let shown = format!(
            "{failure:?} {} {}",
            failure.problem.explanation(Language::English),
            failure.problem.remedy(Language::German)
        );
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_place_where_no_store_can_be_is_told() {
    let folder = Folder::new();
    assert_eq!(
        code(&settings(&folder.file("missing/store.sqlite"))),
        "store_folder_missing"
    );
    fs::write(folder.file("file"), "x").unwrap();
    assert_eq!(
        code(&settings(&folder.file("file/store.sqlite"))),
        "store_folder_missing"
    );
    fs::create_dir(folder.file("dir")).unwrap();
    assert_eq!(code(&settings(&folder.file("dir"))), "store_not_a_file");
    symlink(folder.file("nowhere"), folder.file("dangling")).unwrap();
    assert_eq!(code(&settings(&folder.file("dangling"))), "store_not_a_file");
    assert!(!folder.file("nowhere").exists(), "a store was made through a link");
}

#[test]
fn files_that_are_no_store_are_told_apart_and_left_alone() {
    let folder = made();
    let good = fs::read(folder.store_path()).unwrap();
    let check = |content: &[u8], expected: &str| {
        fs::write(folder.store_path(), content).unwrap();
        set_mode(&folder.store_path(), 0o600);
        assert_eq!(code(&folder.settings()), expected);
        drop(store::quiesce());
        assert_eq!(fs::read(folder.store_path()).unwrap(), content, "the file was changed");
    };
    check(&[0x5a; 8192], "store_corrupt");
    check(b"x", "store_corrupt");
    check(&good[..100], "store_corrupt");
    check(&good[..good.len() / 2], "store_corrupt");
    let mut overwritten = good.clone();
    overwritten[4096..].fill(0xff);
    check(&overwritten, "store_corrupt");
    fs::remove_file(folder.store_path()).unwrap();
    Connection::open(folder.store_path())
        .unwrap()
        .execute_batch("CREATE TABLE notes (x)")
        .unwrap();
    assert_eq!(code(&folder.settings()), "store_foreign");

    fs::write(folder.store_path(), &good).unwrap();
    assert_eq!(folder.open().accounts().unwrap().len(), 1);
}

#[test]
fn a_store_of_a_newer_version_is_refused_and_left_alone() {
    let folder = made();
    tamper(&folder, "PRAGMA user_version = 1000");
    assert_eq!(code(&folder.settings()), "store_too_new");
    tamper(&folder, "PRAGMA user_version = -1");
    assert_eq!(code(&folder.settings()), "store_too_new");
    tamper(&folder, "PRAGMA user_version = 1");
    assert_eq!(folder.open().accounts().unwrap().len(), 1);
}

#[test]
fn an_empty_file_is_filled_but_an_empty_store_whose_key_is_there_is_a_loss() {
    let folder = Folder::new();
    fs::write(folder.store_path(), "").unwrap();
    put_account(&*folder.open(), "a", None);
    assert_eq!(mode(&folder.store_path()), 0o600);
    drop(store::quiesce());
    fs::write(folder.store_path(), "").unwrap();
    assert_eq!(code(&folder.settings()), "store_corrupt");
}

#[test]
fn rows_that_were_moved_or_changed_do_not_open() {
    let swap = "UPDATE tokens SET sealed = (SELECT sealed FROM tokens AS other WHERE other.account <> tokens.account)";
    let cases = [
        (
            "tokens swapped between accounts",
            "CREATE TEMP TABLE old AS SELECT * FROM tokens;
          UPDATE tokens SET sealed = (SELECT sealed FROM old WHERE old.account <> tokens.account)",
        ),
        ("tokens copied to another account", swap),
        (
            "tokens renamed",
            "UPDATE tokens SET account = 'x' WHERE account = 'a';
          UPDATE tokens SET account = 'a' WHERE account = 'b'",
        ),
        (
            "tokens given to a newer identity",
            "UPDATE tokens SET identity_generation = identity_generation + 1",
        ),
        ("tokens given an older version", "UPDATE tokens SET version = 0"),
        (
            "its end overwritten",
            "UPDATE tokens SET sealed = CAST(substr(sealed, 1, length(sealed) - 16) || zeroblob(16) AS BLOB)",
        ),
        (
            "settings put where tokens were",
            "UPDATE tokens SET sealed = (SELECT sealed FROM accounts WHERE name = account)",
        ),
    ];
    for (what, sql) in cases {
        let folder = made();
        put_account(&*folder.open(), "b", Some(tokens(2)));
        tamper(&folder, sql);
        let failure = match folder.open().tokens(&name("a")) {
            Err(StoreError(failure)) => failure,
            Ok(tokens) => panic!("{what}: opened as {tokens:?}"),
        };
        assert_eq!(failure.problem.code, "store_row_altered", "{what}");
        tells_enough(&failure);
    }
    let folder = made();
    put_account(&*folder.open(), "b", None);
    tamper(
        &folder,
        "CREATE TEMP TABLE old AS SELECT * FROM accounts;
        UPDATE accounts SET sealed = (SELECT sealed FROM old WHERE old.name <> accounts.name)",
    );
    assert!(
        folder.open().account(&name("a")).is_err(),
        "settings of another account opened"
    );
}

#[test]
fn a_store_that_was_replaced_is_reopened_and_one_that_was_removed_is_told() {
    let folder = made();
    let other = made();
    put_account(&*other.open(), "b", None);
    drop(store::quiesce());
    let store = folder.open();
    assert_eq!(store.accounts().unwrap().len(), 1);
    fs::copy(other.file("store.sqlite.key"), folder.file("store.sqlite.key")).unwrap();
    fs::rename(other.store_path(), folder.store_path()).unwrap();
    // A log of the old file would be applied to the new one.
    let _ = fs::remove_file(folder.file("store.sqlite-wal"));
    assert_eq!(store.accounts().unwrap().len(), 2, "still the file that is gone");
    fs::remove_file(folder.store_path()).unwrap();
    let Err(StoreError(failure)) = store.accounts() else {
        panic!("a removed store was read");
    };
    assert_eq!(failure.problem.code, "store_gone");
    tells_enough(&failure);
}

#[test]
fn files_of_a_store_are_for_their_owner_alone() {
    let folder = Folder::new();
    let store = folder.open();
    put_account(&*store, "a", None);
    let expected = [
        "store.sqlite",
        "store.sqlite-shm",
        "store.sqlite-wal",
        "store.sqlite.key",
        "store.sqlite.lock",
    ];
    // Another test may close all handles at any moment, and then log and shared memory are gone until the next use.
    let all_there = (0..200).any(|_| {
        store.accounts().unwrap();
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let modes: Vec<_> = expected
            .iter()
            .filter_map(|name| fs::metadata(folder.file(name)).ok())
            .collect();
        for metadata in &modes {
            assert_eq!(metadata.permissions().mode() & 0o777, 0o600, "{metadata:?}");
        }
        names == expected && modes.len() == expected.len()
    });
    assert!(all_there);
    drop(store::quiesce());
    set_mode(&folder.store_path(), 0o666);
    folder.open();
    assert_eq!(mode(&folder.store_path()), 0o660, "others can read the store");
}

#[test]
fn nothing_secret_or_personal_can_be_read_in_the_files() {
    let folder = Folder::new();
    let store = folder.open();
    put_account(&*store, "a", Some(tokens(1)));
    store
        .put_sign_in(
            &crate::support::sign_in(1, "a", 1),
            squeeze_graph::base::clock::UtcInstant::from_epoch(0),
        )
        .unwrap();
    store
        .write_receipts(&[crate::support::receipt(
            "canary@contoso.example",
            "canary-message",
            store::record::ReceiptState::Begun,
        )])
        .unwrap();
    store.cache("folders", "a", Some(b"canary-cache")).unwrap();
    store.delete_tokens(&name("a")).unwrap();
    let mut searched = 0;
    // Log and shared memory before the database they go into.
    for suffix in ["-wal", "-shm", ".key", ".lock", ""] {
        let path = folder.file(&format!("store.sqlite{suffix}"));
        // The log goes when another test closes all handles; what it held is in the database then, which is read after it here.
        let Ok(content) = fs::read(&path) else {
            continue;
        };
        searched += content.len();
        for needle in ["canary", "contoso"] {
            let found = content
                .windows(needle.len())
                .any(|window| window.eq_ignore_ascii_case(needle.as_bytes()));
            assert!(!found, "{needle} stands in {}", path.display());
        }
    }
    assert!(searched > 4096, "there was nothing to search");
}

#[test]
fn what_root_makes_belongs_to_the_owner_of_the_folder_and_serves_him() {
    if !root() {
        return;
    }
    let folder = Folder::new();
    chown(folder.path(), Some(NOBODY), Some(NOBODY)).unwrap();
    put_account(&*folder.open(), "a", Some(tokens(1)));
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().uid(), NOBODY, "{:?}", entry.file_name());
    }
    let told = as_user(NOBODY, &folder);
    assert_eq!(told, "ok 1");
    // And back: root works with what the user wrote meanwhile.
    assert_eq!(folder.open().accounts().unwrap().len(), 1);
}

/// What a process of that user is told. It runs from a copy of the test binary, which stands where everybody may read.
fn as_user(user: u32, folder: &Folder) -> String {
    let place = tempfile::tempdir().unwrap();
    set_mode(place.path(), 0o755);
    let binary = place.path().join("store-test");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    set_mode(&binary, 0o755);
    let mut command = child::command_of(&binary, "describe", &folder.store_path(), "");
    command.uid(user).gid(user).current_dir("/");
    let reports = child::finish(command.spawn().unwrap());
    reports.last().unwrap().clone()
}

/// Makes a folder what the case needs.
type Prepare = fn(&Folder);

#[test]
fn who_may_not_use_the_store_is_told_whose_it_is() {
    if !root() {
        return;
    }
    let give_all = |folder: &Folder, user: u32| {
        for entry in fs::read_dir(folder.path()).unwrap() {
            chown(entry.unwrap().path(), Some(user), Some(user)).unwrap();
        }
    };
    let cases: [(&str, Prepare, &str); 6] = [
        (
            "a store of root's in root's folder",
            |folder| set_mode(folder.path(), 0o755),
            "key_not_readable",
        ),
        (
            "a folder that is closed",
            |folder| set_mode(folder.path(), 0o700),
            "store_wrong_owner",
        ),
        (
            "a key without the store",
            |folder| {
                set_mode(folder.path(), 0o777);
                chown(folder.file("store.sqlite.key"), Some(NOBODY), None).unwrap();
            },
            "store_wrong_owner",
        ),
        (
            "a store file that is read-only",
            |folder| {
                chown(folder.path(), Some(NOBODY), None).unwrap();
                for name in ["store.sqlite", "store.sqlite.key", "store.sqlite.lock"] {
                    chown(folder.file(name), Some(NOBODY), None).unwrap();
                }
                set_mode(&folder.store_path(), 0o400);
            },
            "store_read_only",
        ),
        (
            "a folder in which nothing can be made",
            |folder| {
                for name in ["store.sqlite", "store.sqlite.key", "store.sqlite.lock"] {
                    chown(folder.file(name), Some(NOBODY), None).unwrap();
                }
                set_mode(folder.path(), 0o555);
            },
            "store_not_writable",
        ),
        (
            "a key that a stranger planted",
            |folder| {
                set_mode(folder.path(), 0o777);
                chown(folder.store_path(), Some(NOBODY), None).unwrap();
                chown(folder.file("store.sqlite.key"), Some(STRANGER), Some(NOBODY)).unwrap();
                set_mode(&folder.file("store.sqlite.key"), 0o640);
            },
            "store_wrong_owner",
        ),
    ];
    for (what, prepare, code) in cases {
        let folder = made();
        prepare(&folder);
        let told = as_user(NOBODY, &folder);
        assert!(told.starts_with(&format!("{code} Store ")), "{what}: {told}");
        assert!(told.contains(folder.path().to_str().unwrap()), "{what}: {told}");
        let user = nix::unistd::User::from_uid(NOBODY.into())
            .unwrap()
            .map_or_else(|| format!("uid {NOBODY}"), |user| user.name);
        assert!(told.ends_with(&user), "{what}: {told}");
        set_mode(folder.path(), 0o700);
        give_all(&folder, 0);
        set_mode(&folder.store_path(), 0o600);
    }
    let new = Folder::new();
    set_mode(new.path(), 0o555);
    assert!(as_user(NOBODY, &new).starts_with("store_not_writable Store "));
    assert_eq!(fs::read_dir(new.path()).unwrap().count(), 0);
}

#[test]
fn a_full_disk_is_told_and_nothing_that_was_kept_is_lost() {
    let folder = made();
    let mounted = root() && {
        // A disk of its own, if this machine lets us have one.
        fs::create_dir(folder.file("disk")).unwrap();
        Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=512k", "tmpfs"])
            .arg(folder.file("disk"))
            .status()
            .is_ok_and(|status| status.success())
    };
    let store = if mounted {
        folder.file("disk/store.sqlite")
    } else {
        folder.store_path()
    };
    let mut writer = if mounted {
        child::command("write until refused", &store, "")
    } else {
        // A limit on the size of files instead, which answers with an error of its own.
        let mut limited = Command::new("sh");
        limited.args(["-c", "trap '' XFSZ; ulimit -f 600; exec \"$0\" \"$@\""]);
        let inner = child::command("write until refused", &store, "");
        limited.arg(inner.get_program()).args(inner.get_args());
        for (key, value) in inner.get_envs() {
            if let Some(value) = value {
                limited.env(key, value);
            }
        }
        limited
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        limited
    };
    let reports = child::finish(writer.spawn().unwrap());
    let after = open(&settings(&store)).unwrap();
    let mut told = reports.last().unwrap().split(' ');
    let code = told.next().unwrap().to_owned();
    let class = told.next().unwrap().to_owned();
    let kept: usize = told.next().unwrap().parse().unwrap();
    let found = (0..kept)
        .filter(|number| after.cached("filler", &format!("account-{number}")).unwrap().is_some())
        .count();
    drop(after);
    drop(store::quiesce());
    let intact: String = Connection::open(&store)
        .unwrap()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    if mounted {
        let _ = Command::new("umount").arg(folder.file("disk")).status();
        assert_eq!(code, "disk_full");
    }
    assert_eq!(class, "Store");
    assert!(kept > 10, "only {kept} were kept");
    assert_eq!(found, kept, "something that was kept is lost");
    assert_eq!(intact, "ok");
}

#[test]
fn a_store_that_finds_no_room_is_not_half_made() {
    let folder = Folder::new();
    let disk = folder.file("disk");
    fs::create_dir(&disk).unwrap();
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=24k", "tmpfs"])
        .arg(&disk)
        .stderr(std::process::Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !mounted {
        return;
    }
    let settings = settings(&disk.join("store.sqlite"));
    let failure = refused(&settings);
    let half = disk.join("store.sqlite").exists();
    let grown = Command::new("mount")
        .args(["-o", "remount,size=4m"])
        .arg(&disk)
        .status()
        .unwrap();
    let made = open(&settings).map(|store| put_account(&*store, "a", None));
    drop(store::quiesce());
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    assert_eq!(
        (failure.problem.code.as_str(), failure.class),
        ("disk_full", Class::Store)
    );
    assert!(!half, "a store was left that is not whole");
    assert!(grown.success() && made.is_ok(), "{made:?}");
}

#[test]
fn a_store_may_be_a_link_but_not_a_strangers() {
    let folder = made();
    symlink(folder.store_path(), folder.file("link.sqlite")).unwrap();
    let linked = settings(&folder.file("link.sqlite"));
    // Key and log stand beside the file itself.
    assert_eq!(open(&linked).unwrap().accounts().unwrap().len(), 1);
    assert!(!folder.file("link.sqlite.key").exists() && !folder.file("link.sqlite-wal").exists());
    if !root() {
        return;
    }
    std::os::unix::fs::lchown(folder.file("link.sqlite"), Some(STRANGER), None).unwrap();
    assert_eq!(code(&linked), "store_wrong_owner");
    drop(store::quiesce());
    chown(folder.store_path(), Some(STRANGER), None).unwrap();
    assert_eq!(code(&folder.settings()), "store_wrong_owner");
}

#[test]
fn a_disk_that_became_read_only_is_told_and_its_store_is_whole_when_it_can_be_written_again() {
    let folder = Folder::new();
    let disk = folder.file("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |options: &str| {
        let mut command = Command::new("mount");
        command.args(["-o", options]).stderr(std::process::Stdio::null());
        if !options.starts_with("remount") {
            command.args(["-t", "tmpfs", "tmpfs"]);
        }
        command.arg(&disk).status().is_ok_and(|status| status.success())
    };
    if !mount("size=4m") {
        return;
    }
    let settings = settings(&disk.join("store.sqlite"));
    put_account(&*open(&settings).unwrap(), "a", Some(tokens(1)));
    drop(store::quiesce());
    let read_only = mount("remount,ro");
    let told = open(&settings).err();
    drop(store::quiesce());
    let writable = mount("remount,rw");
    let after = open(&settings).map(|store| store.accounts().unwrap().len());
    drop(store::quiesce());
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    assert!(read_only && writable);
    let StoreError(failure) = told.unwrap();
    assert_eq!(
        (failure.problem.code.as_str(), failure.class),
        ("store_read_only", Class::Store)
    );
    tells_enough(&failure);
    assert_eq!(after.unwrap(), 1);
}
