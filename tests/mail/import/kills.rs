//! An importing process is killed at any point and started again: no mail is lost, and none comes twice without a reason.
//!
//! The sandbox lives in this process, the import in another: this test binary, started again. Its handler notes in a journal what the
//! host would have in its database. `IMPORT_KILLS` asks for more kills than the default.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use squeeze_graph::base::account::AccountName;
use squeeze_graph::base::random::{OsRandom, Random};
use squeeze_graph::service::import::{Handled, import_messages};
use squeeze_graph::store;

use super::{Host, options};
use crate::support::{World, context, settings};

/// Mails in the inbox at a time.
const MAILS: usize = 100;
/// How many kills there must be at least.
const KILLS: usize = 30;
/// Every so many-th mail is rejected by the handler.
const REJECTED: usize = 7;

const STORE: &str = "IMPORT_KILL_STORE";

/// What the host knows: a line an event, written at once.
struct Journal(PathBuf);

impl Journal {
    fn note(&self, line: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.0).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
}

/// Whether the mail of that subject is one to reject: decided by its content, so that every attempt decides alike.
fn rejects(subject: &str) -> bool {
    subject.bytes().map(usize::from).sum::<usize>().is_multiple_of(REJECTED)
}

/// The importing process. Does nothing unless it was started by [`import`].
#[test]
fn imports_until_killed() {
    let Ok(store) = std::env::var(STORE) else {
        return;
    };
    let store = Path::new(&store);
    let journal = journal_of(store);
    let mut host = Host::new(|mail| {
        assert!(mail.mime_path.exists());
        let on_disk = |path: &Option<PathBuf>| path.as_ref().is_some_and(|path| path.exists());
        assert!(mail.attachments.iter().all(|attachment| on_disk(&attachment.path)));
        let which = format!("{} {} {}", mail.message.id, mail.import_key, mail.attempt);
        journal.note(&format!("begin {which}"));
        std::thread::sleep(Duration::from_millis(3));
        journal.note(&format!("done {which}"));
        if rejects(mail.message.subject.as_deref().unwrap_or_default()) {
            Handled::Rejected("not for us".to_owned())
        } else {
            Handled::Imported
        }
    })
    .told(|_, _, result| {
        // By now the receipt is durable.
        journal.note(&format!("told {}", result.message.id));
        true
    });
    let context = context(&Arc::new(settings(store)));
    import_messages(&context, &AccountName::new("konto").unwrap(), &options(), &mut host).unwrap();
}

fn journal_of(store: &Path) -> Journal {
    Journal(store.with_file_name("journal"))
}

/// Imports in another process, which is killed after `life`; whether it ended before by itself.
fn import(store: &Path, life: Duration) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "import::kills::imports_until_killed",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(STORE, store)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let slice = Duration::from_millis(1);
    let mut left = life;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the import failed by itself: {status}");
            return true;
        }
        let Some(rest) = left.checked_sub(slice) else {
            break;
        };
        std::thread::sleep(slice);
        left = rest;
    }
    child.kill().unwrap();
    let ended = child.wait().unwrap().success();
    if !ended {
        journal_of(store).note("killed");
    }
    ended
}

/// A random time up to `most`.
fn random_up_to(most: Duration) -> Duration {
    let random: &dyn Random = &OsRandom;
    most.mul_f64(f64::from(u32::from_be_bytes(random.bytes().unwrap())) / f64::from(u32::MAX))
}

#[test]
fn an_import_killed_at_any_point_loses_no_mail_and_repeats_only_what_was_in_hand() {
    let world = World::new();
    for folder in ["/Import", "/Verarbeitet", "/Fehler"] {
        world.control("POST", "folders", &json!({ "path": folder }));
    }
    world.account("konto", |settings| settings.folder_inbox = "/Import".to_owned());
    let store = world.folder.path().join("store.sqlite");
    let wanted = std::env::var("IMPORT_KILLS")
        .ok()
        .map_or(KILLS, |count| count.parse().unwrap());
    let (mut kills, mut mails) = (0, 0);
    // The first round ends by itself: it shows how long a whole import takes on this machine.
    let mut longest_life = Duration::from_mins(5);
    while kills < wanted {
        world.control(
            "POST",
            "mails/generate",
            &json!({ "folder": "/Import", "count": MAILS, "size": 2000, "first": mails + 1 }),
        );
        mails += MAILS;
        let begun = Instant::now();
        let life = || {
            if mails == MAILS {
                longest_life
            } else {
                random_up_to(longest_life)
            }
        };
        while !import(&store, life()) {
            kills += 1;
            assert!(kills < wanted * 20, "it never comes to an end");
        }
        if mails == MAILS {
            // From before it has done anything to half way, so that several kills hit one inbox.
            longest_life = begun.elapsed() / 2;
        }
    }

    let listed = |folder: &str| {
        let answer = world.control("GET", "messages", &json!({ "folder": folder }));
        answer["messages"].as_array().unwrap().clone()
    };
    assert_eq!(listed("/Import").len(), 0, "mails stayed in the inbox");
    let (processed, rejected) = (listed("/Verarbeitet"), listed("/Fehler"));
    assert_eq!(processed.len() + rejected.len(), mails, "mails are lost");
    for (messages, is_rejected) in [(&processed, false), (&rejected, true)] {
        for message in messages {
            assert_eq!(
                rejects(message["subject"].as_str().unwrap()),
                is_rejected,
                "{message} went the wrong way"
            );
            assert_eq!(message["moves"], 1, "{message} was moved more than once");
        }
    }
    assert!(!rejected.is_empty() && !processed.is_empty());

    let repeats = check_journal(&std::fs::read_to_string(journal_of(&store).0).unwrap(), mails);
    assert!(repeats <= kills, "{repeats} repeats after {kills} kills");
    println!("figure: the core alone: {kills} kills over {mails} mails, {repeats} handed over again");

    drop(store::quiesce());
    let database = rusqlite::Connection::open(&store).unwrap();
    let intact: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(intact, "ok");
    let open: i64 = database
        .query_row("SELECT count(*) FROM receipts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(open, 0, "receipts stayed open");
    let left: Vec<_> = std::fs::read_dir(world.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().contains(".import-"))
        .collect();
    assert!(left.is_empty(), "downloads stayed behind: {left:?}");
}

/// Holds the host's journal against the promises; how often a mail was handed over again.
fn check_journal(journal: &str, mails: usize) -> usize {
    // Message → (its import key, its last attempt, the number of kills when that began).
    let mut seen: HashMap<&str, (&str, u32, usize)> = HashMap::new();
    let mut keys = HashSet::new();
    let mut durable = HashSet::new();
    let mut done = HashSet::new();
    let (mut kills, mut repeats) = (0, 0);
    let mut context = String::new();
    for line in journal.lines() {
        writeln!(context, "{line}").unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["killed"] => kills += 1,
            ["told", id] => {
                durable.insert(*id);
            }
            ["done", id, ..] => {
                done.insert(*id);
            }
            ["begin", id, key, attempt] => {
                let attempt: u32 = attempt.parse().unwrap();
                assert!(!durable.contains(id), "{id} came again after its receipt:\n{context}");
                match seen.insert(id, (key, attempt, kills)) {
                    None => {
                        assert!(keys.insert(*key), "two mails have the key {key}");
                        assert!(
                            attempt == 1 || kills > 0,
                            "{id} began with attempt {attempt} without a kill"
                        );
                    }
                    Some((first_key, last_attempt, kills_then)) => {
                        repeats += 1;
                        assert_eq!(*key, first_key, "{id} came again with another key");
                        assert!(
                            attempt > last_attempt && attempt > 1,
                            "{id}: attempt {attempt} after {last_attempt}"
                        );
                        assert!(kills > kills_then, "{id} came again without a kill:\n{context}");
                    }
                }
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(seen.len(), mails, "mails that never reached the host");
    assert_eq!(done.len(), mails, "mails whose handler never finished");
    repeats
}
