//! The store's keys: where they come from, who may hold them, and how they are changed while others go on.

use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::store;
use squeeze_graph::store::record::ReceiptState;

use crate::child;
use crate::support::{Folder, name, open, put_account, receipt, refused, tokens};

fn key(digit: &str) -> String {
    digit.repeat(64)
}

/// As an administrator's tool should write it: never half there.
fn write_key(path: &Path, keys: &[String]) {
    let new = path.with_extension("new-key");
    fs::write(&new, keys.join("\n")).unwrap();
    fs::set_permissions(&new, Permissions::from_mode(0o600)).unwrap();
    fs::rename(new, path).unwrap();
}

fn with_environment(folder: &Folder, key: &str) -> Settings {
    Settings {
        environment_key: Some(Secret::new(key)),
        ..folder.settings()
    }
}

fn with_file(folder: &Folder) -> Settings {
    Settings {
        key_file: Some(folder.file("keys")),
        ..folder.settings()
    }
}

#[test]
fn a_key_is_made_only_with_a_new_store_that_has_none() {
    let folder = Folder::new();
    put_account(&*folder.open(), "a", None);
    let made = fs::read_to_string(folder.file("store.sqlite.key")).unwrap();
    assert_eq!(made.trim().len(), 44, "32 bytes in base64");
    // It comes before the environment.
    assert_eq!(
        open(&with_environment(&folder, &key("1")))
            .unwrap()
            .accounts()
            .unwrap()
            .len(),
        1
    );

    let kept_elsewhere = Folder::new();
    put_account(
        &*open(&with_environment(&kept_elsewhere, &key("1"))).unwrap(),
        "a",
        None,
    );
    assert!(!kept_elsewhere.file("store.sqlite.key").exists());
    // Also without the environment none is made for a store that has one somewhere.
    assert_eq!(refused(&kept_elsewhere.settings()).problem.code, "key_missing");
    assert!(!kept_elsewhere.file("store.sqlite.key").exists());

    let other = Folder::new();
    assert_ne!(made, {
        other.open();
        fs::read_to_string(other.file("store.sqlite.key")).unwrap()
    });
}

#[test]
fn a_process_without_the_key_or_with_another_is_refused() {
    let folder = Folder::new();
    let right = with_environment(&folder, &key("1"));
    let store = open(&right).unwrap();
    put_account(&*store, "a", Some(tokens(1)));
    // Also while this very process has the store open with the right key.
    assert_eq!(refused(&with_environment(&folder, &key("2"))).problem.code, "key_wrong");
    let told = child::finish(child::command("describe", &folder.store_path(), "").spawn().unwrap());
    assert!(told[0].starts_with("key_missing Store "), "{told:?}");
    let mut wrong = child::command("describe", &folder.store_path(), "");
    wrong.env("STORE_TEST_KEY", key("2"));
    assert!(child::finish(wrong.spawn().unwrap())[0].starts_with("key_wrong Store "));
    let mut knowing = child::command("describe", &folder.store_path(), "");
    knowing.env("STORE_TEST_KEY", key("1"));
    assert_eq!(child::finish(knowing.spawn().unwrap()), ["ok 1"]);
    assert_eq!(store.accounts().unwrap().len(), 1);
}

#[test]
fn a_key_file_must_be_there_hold_a_key_and_be_hidden_from_others() {
    let folder = Folder::new();
    let file = folder.file("keys");
    let settings = with_file(&folder);
    let code = |mode: Option<u32>, content: &str| {
        if let Some(mode) = mode {
            fs::write(&file, content).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        }
        refused(&settings).problem.code
    };
    let good = key("3");
    assert_eq!(code(None, ""), "key_missing");
    assert!(!folder.store_path().exists(), "a store was made without its key");
    assert_eq!(code(Some(0o644), &good), "key_readable_by_others");
    assert_eq!(code(Some(0o602), &good), "key_readable_by_others");
    assert_eq!(code(Some(0o600), "canary-not-a-key"), "key_malformed");
    assert!(
        !format!("{:?}", refused(&settings)).contains("canary"),
        "the content of a key file was told"
    );
    assert_eq!(code(Some(0o600), "\n# nothing\n"), "key_malformed");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_eq!(code(None, ""), "key_malformed");
    fs::remove_dir(&file).unwrap();
    fs::write(&file, good).unwrap();
    // The web server's group may read it.
    fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
    put_account(&*open(&settings).unwrap(), "a", None);
}

#[test]
fn a_key_is_changed_by_a_new_one_on_top_a_reseal_and_the_old_one_out() {
    let folder = Folder::new();
    let file = folder.file("keys");
    let settings = with_file(&folder);
    write_key(&file, &[key("1")]);
    let long_running = open(&settings).unwrap();
    for number in 0..150 {
        put_account(&*long_running, &format!("account {number}"), Some(tokens(number)));
    }
    long_running
        .write_receipts(&[receipt("box", "1", ReceiptState::Returned)])
        .unwrap();
    long_running.cache("folders", "a", Some(b"x")).unwrap();

    write_key(&file, &[key("2")]);
    assert_eq!(refused(&settings).problem.code, "key_wrong");
    write_key(&file, &[key("2"), key("1")]);
    assert_eq!(open(&settings).unwrap().reseal().unwrap(), 302);
    write_key(&file, &[key("2")]);

    // A call that began with the old list of keys goes on, reading and writing.
    assert_eq!(long_running.tokens(&name("account 149")).unwrap().unwrap().version, 149);
    put_account(&*long_running, "later", Some(tokens(1)));
    assert_eq!(open(&settings).unwrap().accounts().unwrap().len(), 151);
    assert_eq!(
        open(&settings).unwrap().receipt("box", "1").unwrap(),
        Some(receipt("box", "1", ReceiptState::Returned))
    );
    write_key(&file, &[key("1")]);
    assert_eq!(refused(&settings).problem.code, "key_wrong");
    assert_eq!(keys_in_use(&folder).len(), 1);
}

#[test]
fn a_list_with_the_new_key_below_the_old_one_seals_with_the_new_one_after_the_reseal() {
    let folder = Folder::new();
    let file = folder.file("keys");
    let settings = with_file(&folder);
    write_key(&file, &[key("1")]);
    put_account(&*open(&settings).unwrap(), "a", Some(tokens(1)));
    write_key(&file, &[key("1"), key("2")]);
    let began_before = open(&settings).unwrap();
    write_key(&file, &[key("2"), key("1")]);
    open(&settings).unwrap().reseal().unwrap();
    put_account(&*began_before, "b", Some(tokens(1)));
    write_key(&file, &[key("2")]);
    assert_eq!(open(&settings).unwrap().all_tokens().unwrap().len(), 2);
}

#[test]
fn keys_are_changed_while_other_processes_write() {
    let folder = Folder::new();
    let key_file = folder.file("store.sqlite.key");
    write_key(&key_file, &[key("1")]);
    for number in 0..20 {
        put_account(&*folder.open(), &format!("before {number}"), Some(tokens(number)));
    }
    let writers: Vec<_> = (0..4)
        .map(|_| child::command("write", &folder.store_path(), "60").spawn().unwrap())
        .collect();
    for (old, new) in [("1", "2"), ("2", "3"), ("3", "4")] {
        write_key(&key_file, &[key(new), key(old)]);
        assert!(folder.open().reseal().unwrap() >= 40);
        write_key(&key_file, &[key(new)]);
    }
    for writer in writers {
        child::finish(writer);
    }
    let store = folder.open();
    assert_eq!(store.accounts().unwrap().len(), 24);
    assert_eq!(store.all_tokens().unwrap().len(), 24);
    assert_eq!(
        keys_in_use(&folder).len(),
        1,
        "something is still sealed with an old key"
    );
}

#[test]
fn a_key_file_that_is_being_written_is_read_again() {
    let folder = Folder::new();
    let file = folder.file("keys");
    let settings = with_file(&folder);
    write_key(&file, &[key("1")]);
    put_account(&*open(&settings).unwrap(), "a", Some(tokens(1)));
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // As an editor does it, only slower: emptied, half the new key, the rest of it, then the old one.
            let new = key("2");
            while !ended.load(Ordering::Relaxed) {
                let mut slow = fs::File::create(&file).unwrap();
                for part in ["", &new[..40], &new[40..], "\n", &key("1")] {
                    slow.write_all(part.as_bytes()).unwrap();
                    std::thread::sleep(Duration::from_millis(4));
                }
                std::thread::sleep(Duration::from_millis(40));
            }
        });
        let opened: Vec<_> = (0..20)
            .map(|_| {
                drop(store::quiesce());
                open(&settings)
                    .and_then(|store| store.all_tokens())
                    .map(|tokens| tokens.len())
            })
            .collect();
        ended.store(true, Ordering::Relaxed);
        for found in opened {
            assert_eq!(found.unwrap(), 1);
        }
    });
}

/// The key ids of all sealed values.
fn keys_in_use(folder: &Folder) -> HashSet<Vec<u8>> {
    drop(store::quiesce());
    let database = Connection::open(folder.store_path()).unwrap();
    let mut ids = HashSet::new();
    for table in ["accounts", "tokens", "sign_ins", "receipts", "cache"] {
        let mut statement = database
            .prepare(&format!("SELECT DISTINCT substr(sealed, 2, 8) FROM {table}"))
            .unwrap();
        let found = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        ids.extend(found.map(Result::unwrap));
    }
    ids
}

#[test]
fn a_key_that_was_made_but_never_used_is_not_left_behind() {
    let folder = Folder::new();
    let unfinished = folder.file("store.sqlite.key.new");
    // Killed before the key file got its name; now the key comes from elsewhere.
    fs::write(&unfinished, key("1")).unwrap();
    open(&with_environment(&folder, &key("2"))).unwrap();
    assert!(!unfinished.exists());
}
