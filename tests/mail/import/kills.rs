//! An importing process is killed at random moments and started again, until everything is imported.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use squeeze_graph::base::account::AccountName;
use squeeze_graph::base::random::{OsRandom, Random};
use squeeze_graph::service::import::{Handled, import_messages};

use super::{Host, lying_in, options};
use crate::support::{World, context, settings};

/// Tells the child which store to use; without it, it has nothing to do.
const STORE: &str = "SQUEEZE_GRAPH_TEST_STORE";

const MAILS: usize = 60;

/// Kills until then; the last process is left alone.
const KILLS: usize = 25;

fn note(log: &mut File, line: &str) {
    // One write, so that a kill leaves a whole line or none.
    log.write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// What the killed process does: it is this test, run by itself in a process of its own.
#[test]
fn child() {
    let Ok(store) = std::env::var(STORE) else {
        return;
    };
    let store = Path::new(&store);
    let mut log = OpenOptions::new()
        .create(true)
        .append(true)
        .open(store.with_extension("log"))
        .unwrap();
    note(&mut log, "start");
    let context = context(&Arc::new(settings(store)));
    let mut host = Host::new(|mail| {
        let line = format!("{} {} {}", mail.import_key, mail.attempt, mail.message.id);
        note(&mut log, &format!("begin {line}"));
        std::thread::sleep(Duration::from_millis(3));
        note(&mut log, &format!("end {line}"));
        Handled::Imported
    });
    import_messages(&context, &AccountName::new("konto").unwrap(), &options(), &mut host).unwrap();
}

#[test]
fn an_import_killed_at_any_moment_loses_nothing_and_repeats_only_what_it_says() {
    let world = World::new();
    let mails = json!({ "count": MAILS, "size": 2_000 });
    world.control("POST", "mails/generate", &mails);
    let store = world.folder.path().join("store.sqlite");
    let random: &dyn Random = &OsRandom;
    let mut kills = 0;
    loop {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "import::kills::child", "--test-threads=1"])
            .env(STORE, &store)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        if kills == KILLS {
            assert!(process.wait().unwrap().success());
            break;
        }
        let [byte] = random.bytes::<1>().unwrap();
        std::thread::sleep(Duration::from_millis(100 + u64::from(byte) * 3));
        if process.try_wait().unwrap().is_some_and(|status| status.success()) {
            // Faster than the kill: more mails for the next one.
            world.control("POST", "mails/generate", &json!({ "count": 10, "size": 2_000 }));
        }
        process.kill().unwrap();
        process.wait().unwrap();
        kills += 1;
    }

    let log = std::fs::read_to_string(store.with_extension("log")).unwrap();
    let mut attempts: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    let mut mails: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    // A handler that returned and was followed by another one in the same process has a durable receipt.
    let mut receipted: BTreeSet<&str> = BTreeSet::new();
    let mut last: Option<&str> = None;
    for line in log.lines() {
        let mut words = line.split(' ');
        match (words.next(), words.next(), words.next(), words.next()) {
            (Some("start"), ..) => last = None,
            (Some("begin"), Some(key), Some(attempt), Some(message)) => {
                receipted.extend(last.take());
                assert!(!receipted.contains(key), "{key} came again after its receipt");
                attempts.entry(key).or_default().push(attempt.parse().unwrap());
                mails.entry(message).or_default().insert(key);
            }
            (Some("end"), Some(key), ..) => {
                ended.insert(key);
                last = Some(key);
            }
            _ => panic!("{line}"),
        }
    }
    assert!(mails.len() >= MAILS);
    assert!(mails.values().all(|keys| keys.len() == 1), "one import of each mail");
    assert!(
        attempts.keys().all(|key| ended.contains(key)),
        "each was handled to its end"
    );
    for (key, attempts) in &attempts {
        assert!(attempts.windows(2).all(|pair| pair[0] < pair[1]), "{key}: {attempts:?}");
    }
    let repeats: usize = attempts.values().map(|attempts| attempts.len() - 1).sum();
    assert!(repeats <= kills, "{repeats} repeats after {kills} kills");
    assert_eq!(lying_in(&world, "/Posteingang"), Vec::<String>::new());
    assert_eq!(lying_in(&world, "/Verarbeitet").len(), mails.len());
    let left = std::fs::read_dir(world.folder.path()).unwrap();
    let folders = left.filter(|entry| entry.as_ref().unwrap().path().is_dir()).count();
    assert_eq!(folders, 0, "what killed imports had downloaded is swept");
    let database = rusqlite::Connection::open(&store).unwrap();
    let check: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}
