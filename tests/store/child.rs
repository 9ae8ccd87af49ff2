//! Other processes: this test binary, started again in a role.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use fork::{Fork, fork};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::store::record::{LeaseAttempt, ReceiptState, Written};
use squeeze_graph::store::{self, StoreError};

use crate::support::{name, open, put_account, receipt, settings, tokens};

const ROLE: &str = "STORE_TEST_ROLE";
const STORE: &str = "STORE_TEST_STORE";
const ARGUMENT: &str = "STORE_TEST_ARGUMENT";
const KEY: &str = "STORE_TEST_KEY";

/// A process that will play `role` on the store at `store`.
pub fn command(role: &str, store: &Path, argument: &str) -> Command {
    command_of(&std::env::current_exe().unwrap(), role, store, argument)
}

/// The same from a copy of the test binary, for users who can not reach the original.
pub fn command_of(binary: &Path, role: &str, store: &Path, argument: &str) -> Command {
    let mut command = Command::new(binary);
    command
        .args(["child::plays_its_role", "--exact", "--nocapture", "--test-threads=1"])
        .env(ROLE, role)
        .env(STORE, store)
        .env(ARGUMENT, argument)
        .env_remove("RUST_BACKTRACE")
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Waits for a child that must succeed; what it reported. One that hangs is killed, and so fails, with all it had forked.
pub fn finish(child: Child) -> Vec<String> {
    const LONGEST: Duration = Duration::from_mins(2);
    let (ended, has_ended) = mpsc::channel::<()>();
    let group = Pid::from_raw(i32::try_from(child.id()).unwrap());
    let watchdog = std::thread::spawn(move || {
        if has_ended.recv_timeout(LONGEST).is_err() {
            let _ = killpg(group, Signal::SIGKILL);
        }
    });
    let output = child.wait_with_output().unwrap();
    let _ = ended.send(());
    watchdog.join().unwrap();
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{}\n{out}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    reports(&out)
}

/// Waits until the child reports `report`.
pub fn wait_for(child: &mut Child, report: &str) {
    let out = child.stdout.as_mut().unwrap();
    let mut seen = String::new();
    let mut reader = BufReader::new(out.by_ref());
    loop {
        let mut line = String::new();
        assert_ne!(reader.read_line(&mut line).unwrap(), 0, "the child ended: {seen}");
        if reports(&line).iter().any(|line| line == report) {
            return;
        }
        seen.push_str(&line);
    }
}

fn reports(out: &str) -> Vec<String> {
    out.lines()
        .filter_map(|line| line.split_once("REPORT "))
        .map(|(_, report)| report.to_owned())
        .collect()
}

fn report(text: &str) {
    println!("\nREPORT {text}");
}

/// Does nothing unless it was started by [`command`].
#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let store = std::env::var(STORE).unwrap();
    let argument = std::env::var(ARGUMENT).unwrap();
    let settings = Settings {
        environment_key: std::env::var(KEY).ok().map(Secret::new),
        ..settings(Path::new(&store))
    };
    match role.as_str() {
        // Says what stands against the store.
        "describe" => match open(&settings).and_then(|store| store.accounts()) {
            Ok(accounts) => report(&format!("ok {}", accounts.len())),
            Err(StoreError(failure)) => {
                let facts = &failure.problem.facts;
                let fact = |name: &str| facts.get(name).cloned().unwrap_or_default();
                report(&format!(
                    "{} {:?} {} {} {}",
                    failure.problem.code,
                    failure.class,
                    fact("path"),
                    fact("owner"),
                    fact("user")
                ));
            }
        },
        // Opens the store, and keeps an account when it is told to.
        "create when told" => {
            let store = open(&settings).unwrap();
            report("ready");
            std::io::stdin().read_line(&mut String::new()).unwrap();
            put_account(&*store, &argument, None);
        }
        // Opens the store and keeps an account.
        "create" => {
            put_account(&*open(&settings).unwrap(), &argument, Some(tokens(1)));
            // Closes it as the last one does: the log is emptied and removed.
            drop(store::quiesce());
            report("done");
        }
        // Writes tokens, leases and receipts, so many rounds; reports the longest wait in milliseconds.
        "write" => {
            let me = std::process::id().to_string();
            let rounds: i64 = argument.parse().unwrap();
            let store = open(&settings).unwrap();
            let generation = put_account(&*store, &me, Some(tokens(0)));
            let mut longest = Duration::ZERO;
            for round in 1..=rounds {
                let begun = Instant::now();
                let LeaseAttempt::Acquired(lease) = store.acquire_lease(&me, 45).unwrap() else {
                    panic!("someone else has my lease");
                };
                let written = store
                    .change_tokens(&name(&me), generation, &mut |_, old| {
                        assert_eq!(old.unwrap().version, round - 1, "a write was lost");
                        Some(tokens(round))
                    })
                    .unwrap();
                assert_eq!(written, Written::Stored);
                store
                    .write_receipts(&[receipt(&me, &round.to_string(), ReceiptState::Begun)])
                    .unwrap();
                store.release_lease(&lease).unwrap();
                longest = longest.max(begun.elapsed());
            }
            assert_eq!(
                store.open_receipts(&me).unwrap().len(),
                usize::try_from(rounds).unwrap()
            );
            report(&longest.as_millis().to_string());
        }
        // Takes a lease and never lets go.
        "hold" => {
            let store = open(&settings).unwrap();
            assert!(matches!(
                store.acquire_lease(&argument, 45).unwrap(),
                LeaseAttempt::Acquired(_)
            ));
            report("held");
            std::thread::sleep(Duration::from_mins(1));
        }
        // Writes accounts as fast as it can, and says each that is durable.
        "write until killed" => {
            let store = open(&settings).unwrap();
            for number in 0.. {
                put_account(&*store, &format!("{argument}-{number}"), Some(tokens(number)));
                println!("{number}");
            }
        }
        // Writes until something stands against it, which it reports with the number of accounts kept before.
        "write until refused" => {
            let store = open(&settings).unwrap();
            for number in 0..100_000 {
                let account = name(&format!("account-{number}"));
                let value = vec![7; 4000];
                let kept = store.cache("filler", account.as_str(), Some(&value));
                if let Err(StoreError(failure)) = kept {
                    report(&format!("{} {:?} {number}", failure.problem.code, failure.class));
                    return;
                }
            }
            report("never refused");
        }
        "fork" => forks(&settings, argument.parse().unwrap()),
        "fork with lease" => forks_with_lease(&settings),
        "daemonise" => daemonises(&settings),
        other => panic!("no role {other}"),
    }
}

/// Forks as the extension does: with the store quiet in between. The child runs `work` and ends; its process id.
fn forked(work: impl FnOnce()) -> Pid {
    let quiet = store::quiesce();
    match fork().unwrap() {
        Fork::Child => {
            drop(quiet);
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            std::process::exit(i32::from(done.is_err()));
        }
        Fork::Parent(pid) => {
            drop(quiet);
            Pid::from_raw(pid)
        }
    }
}

fn succeeded(pid: Pid) {
    assert_eq!(waitpid(pid, None).unwrap(), WaitStatus::Exited(pid, 0));
}

fn forks(settings: &Settings, rounds: usize) {
    let store = open(settings).unwrap();
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (store, ended) = (&store, &ended);
            scope.spawn(move || {
                let me = format!("thread {thread}");
                for version in 1.. {
                    put_account(&**store, &me, Some(tokens(version)));
                    if ended.load(Ordering::Relaxed) {
                        break;
                    }
                }
            });
        }
        // Reads all the time, so that many a fork comes in the middle of a step that is neither waiting nor writing.
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                store.tokens(&name("thread 0")).unwrap();
            }
        });
        for round in 0..rounds {
            let write = |who: &str| {
                for number in 0..4 {
                    put_account(&*store, &format!("{who} {round} {number}"), Some(tokens(1)));
                }
            };
            let child = forked(|| write("child"));
            write("parent");
            succeeded(child);
        }
        ended.store(true, Ordering::Relaxed);
    });
    report(&format!("forked {rounds}"));
}

fn forks_with_lease(settings: &Settings) {
    let store = open(settings).unwrap();
    let LeaseAttempt::Acquired(lease) = store.acquire_lease("refresh:a", 45).unwrap() else {
        panic!("a free lease was not given");
    };
    succeeded(forked(|| {
        assert!(matches!(
            store.acquire_lease("refresh:a", 45).unwrap(),
            LeaseAttempt::Held { .. }
        ));
        // Neither prolongs nor frees what is its parent's.
        assert!(!store.renew_lease(&lease, 45).unwrap());
        store.release_lease(&lease).unwrap();
    }));
    report("held in the child");
    assert!(store.renew_lease(&lease, 45).unwrap());
    report("still mine");
    // A child that takes it and ends without a word has lost it.
    store.release_lease(&lease).unwrap();
    succeeded(forked(|| {
        assert!(matches!(
            store.acquire_lease("refresh:a", 45).unwrap(),
            LeaseAttempt::Acquired(_)
        ));
    }));
    succeeded(forked(|| {
        assert!(matches!(
            store.acquire_lease("refresh:a", 45).unwrap(),
            LeaseAttempt::Acquired(_)
        ));
    }));
    report("free for the child's sibling");
}

fn daemonises(settings: &Settings) {
    let store = open(settings).unwrap();
    put_account(&*store, "parent", Some(tokens(1)));
    let go = Path::new(&settings.store).with_file_name("go");
    forked(|| {
        put_account(&*store, "daemon, before", Some(tokens(1)));
        let begun = Instant::now();
        while !go.exists() && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(10));
        }
        put_account(&*store, "daemon", Some(tokens(1)));
    });
}
