//! One refresh at a time per account, over processes. `REFRESH_ROUNDS` asks for more rounds than the test's few, `TAKEOVER_SECONDS=45`
//! for the whole life of a lease whose holder died on another machine.

use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use squeeze_graph::base::clock::{Clock, SystemClock};
use squeeze_graph::base::secret::Secret;
use squeeze_graph::store;

use crate::process::{Process, Task, fingerprint, signal, size};
use crate::support::House;

/// How long a lease of a holder lives that can not be seen from here.
const LEASE: u64 = 45;

#[test]
fn sixteen_processes_with_an_ended_token_ask_once_a_round() {
    let rounds = size("REFRESH_ROUNDS", 3);
    let house = House::new();
    let account = house.signed_in("invoices");
    let go = signal(&house, "go");
    let mut seen = vec![house.token(&account)];
    let mut slowest = Duration::ZERO;
    for round in 1..=rounds {
        house.expire(&account);
        house.fault(&json!({ "path": "/token", "delay_ms": 100 }));
        let mut processes: Vec<Process> = (0..16).map(|_| Process::start(&house, &Task::TokenAtOnce)).collect();
        for process in &mut processes {
            assert_eq!(process.next().as_deref(), Some("ready="), "round {round}");
        }
        std::fs::write(&go, "").unwrap();
        let begun = Instant::now();
        let tokens: Vec<String> = processes.into_iter().map(Process::token).collect();
        slowest = slowest.max(begun.elapsed());
        std::fs::remove_file(&go).unwrap();
        assert_eq!(house.refreshes(), round, "requests after round {round}");
        let token = house.token(&account);
        assert!(!seen.contains(&token), "round {round}: an old token");
        let expected = fingerprint(&Secret::new(token.clone()));
        assert!(
            tokens.iter().all(|other| *other == expected),
            "round {round}: {tokens:?}"
        );
        seen.push(token);
    }
    println!(
        "\nfigure: 16 processes, {rounds} rounds: {} token requests, one new token for all in every round; slowest round {} ms",
        house.refreshes(),
        slowest.as_millis()
    );
}

#[test]
fn waiting_processes_take_the_failure_too() {
    let house = House::new();
    let account = house.signed_in("invoices");
    house.expire(&account);
    house.fault(&json!({ "path": "/token", "count": null, "delay_ms": 400, "status": 503, "headers": { "Retry-After": "60" }, "body": "" }));
    let processes: Vec<Process> = (0..8).map(|_| Process::start(&house, &Task::Token(300))).collect();
    for told in processes.into_iter().map(Process::wait) {
        assert!(
            matches!(told.as_slice(), [error] if error.starts_with("error=")),
            "{told:?}"
        );
    }
    assert_eq!(house.refreshes(), 1);
}

#[test]
fn a_killed_holder_is_taken_over_at_once() {
    let house = House::new();
    let account = house.signed_in("invoices");
    house.expire(&account);
    house.fault(&json!({ "path": "/token", "delay_ms": 20_000 }));
    let holder = Process::start(&house, &Task::Token(300));
    house.wait_for("refresh_token");
    assert!(!holder.kill());
    let begun = Instant::now();
    house.token(&account);
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(5), "{waited:?}");
    assert_eq!(house.refreshes(), 2);
    println!(
        "\nfigure: a holder killed on this machine was taken over in {} ms",
        waited.as_millis()
    );
}

/// What the store says of the holder and since when is changed to a machine that is not this one. The small form also makes the lease
/// older, so that only its last seconds are waited for.
#[test]
fn a_holder_killed_on_another_machine_is_taken_over_when_its_lease_ends() {
    let wait = size("TAKEOVER_SECONDS", 2).min(LEASE);
    let house = House::new();
    let account = house.signed_in("invoices");
    house.expire(&account);
    house.fault(&json!({ "path": "/token", "delay_ms": 20_000 }));
    let mut begun = Instant::now();
    let holder = Process::start(&house, &Task::Token(300));
    house.wait_for("refresh_token");
    assert!(!holder.kill());
    drop(store::quiesce());
    let database = Connection::open(signal(&house, "store.sqlite")).unwrap();
    let text: String = database
        .query_row("SELECT holder FROM leases WHERE holder IS NOT NULL", [], |row| {
            row.get(0)
        })
        .unwrap();
    let parts: Vec<&str> = text.split(' ').collect();
    let elsewhere = format!("{} {} another-boot {} another-machine", parts[0], parts[1], parts[3]);
    database
        .execute("UPDATE leases SET holder = ?1 WHERE holder IS NOT NULL", [elsewhere])
        .unwrap();
    if wait < LEASE {
        begun = Instant::now();
        let taken_at = SystemClock
            .now()
            .plus(i64::try_from(wait).unwrap() - i64::try_from(LEASE).unwrap());
        database
            .execute(
                "UPDATE leases SET taken_at = ?1 WHERE holder IS NOT NULL",
                [taken_at.epoch()],
            )
            .unwrap();
    }
    drop(database);
    house.token(&account);
    let waited = begun.elapsed();
    // The lease counts whole seconds.
    assert!(
        waited >= Duration::from_secs(wait - 1),
        "taken over after {waited:?} from a holder that may live"
    );
    assert!(waited < Duration::from_secs(wait + 10), "{waited:?}");
    assert_eq!(house.refreshes(), 2);
    println!(
        "\nfigure: the lease of a holder killed on another machine was taken over when {:.1} s of its {wait} s had passed",
        waited.as_secs_f64()
    );
}

/// Another container: its processes can not be seen from here. Needs the right to make a process space, so only a proof asks for it.
#[test]
fn a_holder_killed_in_another_container_is_taken_over_when_its_lease_ends() {
    if size("TAKEOVER_SECONDS", 0) < LEASE {
        return;
    }
    let unshare = ["--pid", "--fork", "--mount-proc", "--kill-child=KILL"];
    let allowed = Command::new("unshare").args(unshare).arg("true").status();
    if !allowed.is_ok_and(|status| status.success()) {
        println!("\nfigure: another container was not tried: this user may not make one");
        return;
    }
    let house = House::new();
    let account = house.signed_in("invoices");
    house.expire(&account);
    house.fault(&json!({ "path": "/token", "delay_ms": 20_000 }));
    let mut command = Command::new("unshare");
    command.args(unshare).arg(std::env::current_exe().unwrap());
    let begun = Instant::now();
    let holder = Process::start_by(command, &house, &Task::Token(300));
    house.wait_for("refresh_token");
    assert!(!holder.kill());
    house.token(&account);
    let waited = begun.elapsed();
    assert!(
        waited >= Duration::from_secs(LEASE - 1),
        "taken over after {waited:?} from a holder that may live"
    );
    assert_eq!(house.refreshes(), 2);
    println!(
        "\nfigure: a holder killed in another container was taken over {:.1} s after it began",
        waited.as_secs_f64()
    );
}
