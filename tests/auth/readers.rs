//! A reader with a good token never waits for whoever renews it. Shown by the order of events: the reader is done while the token
//! request is still on its way. `READER_SECONDS` sets how long the token endpoint takes, and so how long is read.

use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use squeeze_graph::base::account::AccountName;
use squeeze_graph::base::clock::Clock;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::service::tokens::{self, wait_for_commits};
use squeeze_graph::store;
use squeeze_graph::store::record::TokenRecord;

use crate::process::{Process, Task, fingerprint, signal, size};
use crate::support::House;

/// An account whose token is good for an hour and is to be renewed early, from now on.
fn aging(house: &House) -> AccountName {
    let name = house.signed_in("invoices");
    let (account, now) = (house.context.store.account(&name).unwrap().unwrap(), house.clock.now());
    house
        .context
        .store
        .change_tokens(&name, account.identity_generation, &mut |_, tokens| {
            let mut tokens = tokens?;
            tokens.refresh_at = Some(now.plus(-1));
            Some(tokens)
        })
        .unwrap();
    name
}

fn slow(house: &House, seconds: u64) {
    house.fault(&json!({ "path": "/token", "count": null, "delay_ms": seconds * 1000 }));
}

/// Everything that reads, once.
fn read_all(house: &House, name: &AccountName) -> String {
    assert!(!tokens::is_token_expired(&house.call(), name, 300).unwrap());
    assert!(house.status(name).expires_at.is_some());
    tokens::export_token(&house.call(), name).unwrap();
    house.token(name)
}

#[test]
fn readers_are_done_while_another_process_still_asks() {
    let reasons: [(&str, bool, Task); 4] = [
        ("it was asked to", false, Task::Refresh),
        ("the job runs", false, Task::Job),
        ("it needs more life than there is", false, Task::Token(200_000)),
        ("Microsoft wants it early", true, Task::Refresh),
    ];
    for (why, early, task) in reasons {
        let house = House::new();
        let name = if early {
            aging(&house)
        } else {
            house.signed_in("invoices")
        };
        let before = tokens::export_token(&house.call(), &name)
            .unwrap()
            .access_token
            .unwrap();
        slow(&house, 20);
        let mut asking = Process::start(&house, &task);
        house.wait_for("refresh_token");
        for _ in 0..20 {
            assert_eq!(read_all(&house, &name), before.expose(), "{why}");
        }
        let other = Process::start(&house, &Task::Token(300)).token();
        assert_eq!(other, fingerprint(&before), "{why}, another process");
        assert!(asking.runs(), "{why}: a reader has waited for the request");
        assert_eq!(house.refreshes(), 1, "{why}");
        asking.kill();
    }
}

#[test]
fn whoever_renews_early_leaves_a_slow_request_behind_which_is_stored_all_the_same() {
    let house = House::new();
    let name = aging(&house);
    let before = tokens::export_token(&house.call(), &name).unwrap();
    slow(&house, 4);
    let good = before.access_token.unwrap();
    assert_eq!(house.token(&name), good.expose());
    // Still on its way, so nobody else asks, and nobody waits at all.
    assert_eq!(house.token(&name), good.expose());
    assert!(
        !wait_for_commits(Duration::ZERO),
        "the caller has waited for the request"
    );
    assert!(wait_for_commits(Duration::from_secs(20)));
    let after = tokens::export_token(&house.call(), &name).unwrap();
    assert_ne!(before.refresh_token, after.refresh_token);
    assert_eq!(house.refreshes(), 1);
}

#[test]
fn a_token_that_could_be_renewed_is_good_even_if_the_store_can_not_be_written() {
    let house = House::new();
    let name = aging(&house);
    let before = read_all_from_store(&house, &name);
    drop(store::quiesce());
    let database = Connection::open(signal(&house, "store.sqlite")).unwrap();
    database
        .execute_batch("CREATE TRIGGER full BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'disk full'); END")
        .unwrap();
    drop(database);
    assert_eq!(house.token(&name), before.expose());
    assert_eq!(house.refreshes(), 0);
}

/// A store that is busy is waited for for 20 s, by those who have no good token.
#[test]
fn a_good_token_that_could_be_renewed_does_not_wait_for_a_store_that_somebody_else_writes() {
    for (why, left, early, min_validity) in [
        ("Microsoft wants it early", 3600, true, 300),
        ("its end is near", 200, false, 60),
    ] {
        let house = House::new();
        let name = house.signed_in("invoices");
        let (account, now) = (house.context.store.account(&name).unwrap().unwrap(), house.clock.now());
        let mut change = |_: &_, tokens: Option<TokenRecord>| {
            let mut tokens = tokens?;
            tokens.expires_at = Some(now.plus(left));
            tokens.refresh_at = early.then(|| now.plus(-1));
            Some(tokens)
        };
        let generation = account.identity_generation;
        house
            .context
            .store
            .change_tokens(&name, generation, &mut change)
            .unwrap();
        let before = read_all_from_store(&house, &name);
        let database = Connection::open(signal(&house, "store.sqlite")).unwrap();
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        let begun = Instant::now();
        let token = tokens::access_token(&house.call(), &name, min_validity, None).unwrap();
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{why}: waited {:?}",
            begun.elapsed()
        );
        assert_eq!(token, before, "{why}");
        assert_eq!(house.refreshes(), 0, "{why}");
        database.execute_batch("ROLLBACK").unwrap();
        // And is renewed once the store is free.
        assert_ne!(
            tokens::access_token(&house.call(), &name, min_validity, None).unwrap(),
            before,
            "{why}"
        );
    }
}

fn read_all_from_store(house: &House, name: &AccountName) -> Secret {
    tokens::export_token(&house.call(), name).unwrap().access_token.unwrap()
}

#[test]
fn eight_reading_processes_are_done_while_a_ninth_still_asks() {
    let full = size("READER_SECONDS", 0);
    // The small form breaks the request off, so it costs nothing that it would take long.
    let (takes, read_for) = match full {
        0 => (20, Duration::from_millis(500)),
        seconds => (seconds, Duration::from_millis(seconds * 700)),
    };
    let house = House::new();
    let name = house.signed_in("invoices");
    let before = fingerprint(&Secret::new(house.token(&name)));
    slow(&house, takes);
    let mut readers: Vec<Process> = (0..8).map(|_| Process::start(&house, &Task::Read)).collect();
    for reader in &mut readers {
        assert_eq!(reader.next().as_deref(), Some("ready="));
    }
    let mut asking = Process::start(&house, &Task::Refresh);
    house.wait_for("refresh_token");
    std::thread::sleep(read_for);
    std::fs::write(signal(&house, "stop"), "").unwrap();
    let (mut reads, mut slowest) = (0, 0);
    for reader in readers {
        let told = reader.wait();
        let text = told.last().and_then(|line| line.strip_prefix("read="));
        let parts: Vec<&str> = text.unwrap_or_else(|| panic!("{told:?}")).split(' ').collect();
        reads += parts[0].parse::<u64>().unwrap();
        slowest = slowest.max(parts[1].parse::<u32>().unwrap());
        assert_eq!(parts[2], before, "other tokens than the good one");
    }
    assert!(asking.runs(), "the readers have waited for the request");
    if full > 0 {
        let after = asking.token();
        assert_eq!(after, fingerprint(&Secret::new(house.token(&name))));
        assert_ne!(after, before);
    } else {
        asking.kill();
    }
    assert_eq!(house.refreshes(), 1);
    println!(
        "\nfigure: token endpoint takes {takes} s: 8 processes read {reads} times meanwhile (token, status, expiry each), the slowest {:.1} ms",
        f64::from(slowest) / 1000.0
    );
}
