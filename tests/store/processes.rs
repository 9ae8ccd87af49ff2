//! Many processes at once, processes that are killed, and processes that fork.

use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use rusqlite::{Connection, TransactionBehavior};
use squeeze_graph::store::record::LeaseAttempt;
use squeeze_graph::store::{self, Store};

use crate::child;
use crate::support::{Folder, name};

fn intact(folder: &Folder) {
    drop(store::quiesce());
    let database = Connection::open(folder.store_path()).unwrap();
    let answer: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(answer, "ok");
}

fn take(store: &dyn Store, key: &str) -> bool {
    matches!(store.acquire_lease(key, 45).unwrap(), LeaseAttempt::Acquired(_))
}

#[test]
fn sixteen_processes_create_one_store_and_all_succeed() {
    for round in 0..5 {
        let folder = Folder::new();
        let children: Vec<_> = (0..16)
            .map(|number| {
                child::command("create", &folder.store_path(), &format!("account {number}"))
                    .spawn()
                    .unwrap()
            })
            .collect();
        for child in children {
            assert_eq!(child::finish(child), ["done"], "round {round}");
        }
        assert_eq!(folder.open().all_tokens().unwrap().len(), 16, "round {round}");
        intact(&folder);
    }
}

#[test]
fn sixty_four_processes_write_at_once_without_error_or_long_wait() {
    let folder = Folder::new();
    folder.open();
    let began = Instant::now();
    let children: Vec<_> = (0..64)
        .map(|_| child::command("write", &folder.store_path(), "5").spawn().unwrap())
        .collect();
    let longest = children
        .into_iter()
        .map(|child| child::finish(child)[0].parse::<u64>().unwrap())
        .max()
        .unwrap();
    let all = u64::try_from(began.elapsed().as_millis()).unwrap();
    let store = folder.open();
    let tokens = store.all_tokens().unwrap();
    assert_eq!(tokens.len(), 64);
    assert!(tokens.iter().all(|(_, record)| record.version == 5));
    // A round is a fifth of what each has to do. Who waits for most of the others' work has been passed over by them; how long all of it
    // takes is the machine's.
    assert!(longest < 1_000 + all * 4 / 5, "someone waited {longest} ms of {all} ms");
    intact(&folder);
}

/// Whether the process waits in the store's queue: it has locked a byte of the file `<store>.lock`.
fn has_place(process: &Child, folder: &Folder) -> bool {
    let process = process.id().to_string();
    let file = folder.store_path().with_added_extension("lock");
    let file = format!(":{}", std::fs::metadata(file).unwrap().ino());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    locks.lines().any(|line| {
        let fields: Vec<_> = line.split_whitespace().collect();
        fields[1] == "POSIX" && fields[4] == process && fields[5].ends_with(&file)
    })
}

/// The accounts in the order in which so many processes kept them, numbered as they came while the store was busy; `meanwhile` is
/// done to them before it is free.
fn queued(folder: &Folder, writers: usize, meanwhile: impl FnOnce(&mut Vec<Child>)) -> Vec<String> {
    folder.open();
    drop(store::quiesce());
    let mut writers: Vec<_> = (0..writers)
        .map(|number| {
            child::command("create when told", &folder.store_path(), &format!("{number:02}"))
                .stdin(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for writer in &mut writers {
        child::wait_for(writer, "ready");
    }
    let mut database = Connection::open(folder.store_path()).unwrap();
    let busy = database
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    for writer in &mut writers {
        drop(writer.stdin.take());
        // However late it gets its turn on a busy machine: the next one comes after it.
        let begun = Instant::now();
        while !has_place(writer, folder) {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "{} does not wait",
                writer.id()
            );
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    meanwhile(&mut writers);
    busy.commit().unwrap();
    for writer in writers {
        child::finish(writer);
    }
    let mut names = database.prepare("SELECT name FROM accounts ORDER BY id").unwrap();
    let names = names.query_map([], |row| row.get(0)).unwrap();
    names.collect::<Result<_, _>>().unwrap()
}

#[test]
fn who_came_first_writes_first() {
    let order = queued(&Folder::new(), 24, |_| {});
    assert_eq!(order.len(), 24);
    // A few at the front try at once, and who has waited long tries out of turn.
    let last = order.iter().rposition(|name| name.as_str() < "06").unwrap();
    assert!(last < 14, "{order:?}");
}

#[test]
fn waiters_that_are_killed_or_stopped_hold_up_nobody() {
    let mut stopped = Vec::new();
    let pid = |writer: &Child| Pid::from_raw(i32::try_from(writer.id()).unwrap());
    let folder = Folder::new();
    let mut begun = Instant::now();
    let order = queued(&folder, 14, |writers| {
        for mut killed in writers.drain(..2) {
            killed.kill().unwrap();
            killed.wait().unwrap();
        }
        // More than may try at once.
        stopped.extend(writers.drain(..6));
        for writer in &stopped {
            kill(pid(writer), Signal::SIGSTOP).unwrap();
            // Not before it has really stopped, or it could stop as the one that writes.
            let status = waitpid(pid(writer), Some(WaitPidFlag::WUNTRACED)).unwrap();
            assert_eq!(status, WaitStatus::Stopped(pid(writer), Signal::SIGSTOP));
        }
        begun = Instant::now();
    });
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(order.len(), 6, "{order:?}");
    for writer in stopped {
        kill(pid(&writer), Signal::SIGCONT).unwrap();
        child::finish(writer);
    }
    assert_eq!(folder.open().accounts().unwrap().len(), 12);
}

#[test]
fn a_lease_of_a_killed_process_is_free_at_once() {
    let folder = Folder::new();
    let store = folder.open();
    let mut holder = child::command("hold", &folder.store_path(), "refresh:a")
        .spawn()
        .unwrap();
    child::wait_for(&mut holder, "held");
    assert!(!take(&*store, "refresh:a"), "two processes hold one lease");
    // Killed and not yet waited for by its parent, which here is us.
    holder.kill().unwrap();
    let begun = Instant::now();
    while !take(&*store, "refresh:a") {
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "still held {:?} after the kill",
            begun.elapsed()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    holder.wait().unwrap();
}

#[test]
fn what_a_killed_process_had_kept_is_there_and_the_store_is_whole() {
    let folder = Folder::new();
    folder.open();
    let mut total = 0;
    for round in 0_u64..25 {
        let mut writer = child::command("write until killed", &folder.store_path(), &round.to_string())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        // Killed somewhere after its first writes, after another number of them and at another moment each round.
        let first = lines.find(|line| line.as_ref().is_ok_and(|line| line.ends_with('0')));
        assert!(first.is_some(), "it wrote nothing");
        let mut said = 0;
        for line in lines.by_ref().take(usize::try_from(1 + round % 5).unwrap()) {
            said = line.unwrap().parse::<i64>().unwrap();
        }
        std::thread::sleep(Duration::from_micros(round * round * 97));
        writer.kill().unwrap();
        writer.wait().unwrap();
        // The rest of what it said; a line that was cut off does not count.
        said = lines
            .map_while(Result::ok)
            .filter_map(|line| line.parse().ok())
            .fold(said, i64::max);
        let store = folder.open();
        for number in 0..=said {
            let record = store.tokens(&name(&format!("{round}-{number}"))).unwrap();
            assert!(
                record.is_some_and(|record| record.version == number),
                "round {round}: {number} of {said} is lost"
            );
        }
        total += said;
    }
    assert!(total >= 25, "hardly anything was written");
    intact(&folder);
}

#[test]
fn a_process_that_forks_loses_nothing_in_parent_or_child() {
    let folder = Folder::new();
    let reports = child::finish(child::command("fork", &folder.store_path(), "25").spawn().unwrap());
    // Each of 25 children wrote 4 accounts, and so did the parent after each fork, beside two writing threads.
    assert_eq!(reports, ["forked 25"]);
    let store = folder.open();
    for round in 0..25 {
        for number in 0..4 {
            for who in ["parent", "child"] {
                let account = name(&format!("{who} {round} {number}"));
                assert!(store.tokens(&account).unwrap().is_some(), "{account} is lost");
            }
        }
    }
    for thread in 0..2 {
        let account = name(&format!("thread {thread}"));
        assert!(store.tokens(&account).unwrap().unwrap().version > 0);
    }
    intact(&folder);
}

#[test]
fn a_forked_child_is_another_holder() {
    let folder = Folder::new();
    let reports = child::finish(
        child::command("fork with lease", &folder.store_path(), "")
            .spawn()
            .unwrap(),
    );
    assert_eq!(
        reports,
        ["held in the child", "still mine", "free for the child's sibling"]
    );
}

#[test]
fn a_daemon_that_outlives_its_parent_keeps_what_it_and_others_write() {
    // Parent opens the store and forks; the daemon writes; the parent ends; a second process writes and closes; the daemon writes.
    let folder = Folder::new();
    let mut daemon = child::command("daemonise", &folder.store_path(), "").spawn().unwrap();
    daemon.wait().unwrap();
    let wait_for = |account: &str| {
        let begun = Instant::now();
        while folder.open().tokens(&name(account)).unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(20), "{account} is lost");
            drop(store::quiesce());
            std::thread::sleep(Duration::from_millis(10));
        }
        drop(store::quiesce());
    };
    wait_for("daemon, before");
    child::finish(
        child::command("create", &folder.store_path(), "second")
            .spawn()
            .unwrap(),
    );
    std::fs::write(folder.file("go"), "").unwrap();
    wait_for("daemon");
    let store = folder.open();
    for account in ["parent", "daemon, before", "second", "daemon"] {
        assert!(store.tokens(&name(account)).unwrap().is_some(), "{account} is lost");
    }
    intact(&folder);
}
