//! Processes that are killed in the middle of a refresh or a sign-in: no token is lost, no code is sent twice, the store is whole.
//! `REFRESH_KILLS` and `SIGN_IN_KILLS` ask for more kills than the tests' few.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};
use squeeze_graph::base::account::AccountName;
use squeeze_graph::base::failure::{Detail, Error, SignInReason};
use squeeze_graph::base::random::{OsRandom, Random};
use squeeze_graph::service::sign_in::exchange_code;
use squeeze_graph::service::token_status::TokenState;
use squeeze_graph::service::tokens;
use squeeze_graph::store::record::{SignInProgress, StateHash};
use squeeze_graph_sandbox::USER;

use crate::process::{Process, Task, signal, size};
use crate::support::{House, SESSION, person, reason};

/// How long Microsoft takes while processes are killed: as long as the rest of a child's life, so that all of it is hit.
const ANSWER_MS: u64 = 40;

/// Nobody waits for a dead holder: far from the 45 s of a lease, and what a busy machine makes of half a second.
const AT_ONCE: Duration = Duration::from_secs(5);

fn database(house: &House) -> Connection {
    Connection::open(signal(house, "store.sqlite")).unwrap()
}

fn intact(house: &House) {
    let answer: String = database(house)
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(answer, "ok");
}

fn refresh_token(house: &House, name: &AccountName) -> String {
    let exported = tokens::export_token(&house.call(), name).unwrap();
    exported.refresh_token.unwrap().expose().to_owned()
}

/// How many refresh tokens Microsoft has issued.
fn issued(house: &House) -> u64 {
    let tokens = house.sandbox.control("GET", "tokens", &Value::Null).unwrap();
    tokens["refresh_tokens"].as_u64().unwrap()
}

/// Kills `process` at a random instant: of its whole `life`, or, every other time, of what follows its request. Whether it had told
/// its result.
fn kill_some_time(house: &House, process: Process, number: u64, life: Duration, grant: &str, asked: u64) -> bool {
    let part = f64::from(u16::from_le_bytes(<dyn Random>::bytes(&OsRandom).unwrap())) / f64::from(u16::MAX);
    let mut process = process;
    if number.is_multiple_of(2) {
        std::thread::sleep(life.mul_f64(part));
    } else {
        while house.asked(grant) == asked && process.runs() {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(ANSWER_MS + 20).mul_f64(part));
    }
    process.kill()
}

/// How long a process needs that nobody kills.
fn life(mut run: impl FnMut()) -> Duration {
    let begun = Instant::now();
    run();
    begun.elapsed().mul_f64(1.1)
}

#[test]
fn a_refresh_killed_at_any_moment_loses_no_token() {
    let kills = size("REFRESH_KILLS", 16);
    let house = House::new();
    let name = house.signed_in("invoices");
    house.fault(&json!({ "path": "/token", "count": null, "delay_ms": ANSWER_MS }));
    let life = life(|| {
        house.expire(&name);
        Process::start(&house, &Task::Token(300)).token();
    });
    let mut seen = HashSet::from([refresh_token(&house, &name)]);
    let (mut before_asking, mut unanswered, mut unstored, mut stored) = (0, 0, 0, 0);
    let mut slowest = Duration::ZERO;
    for number in 0..kills {
        house.expire(&name);
        let (old, asked, rotated) = (refresh_token(&house, &name), house.refreshes(), issued(&house));
        let process = Process::start(&house, &Task::Token(300));
        let told = kill_some_time(&house, process, number, life, "refresh_token", asked);
        intact(&house);
        let requests = house.refreshes() - asked;
        let new = refresh_token(&house, &name);
        assert!(requests <= 1, "kill {number}: {requests} requests");
        if new == old {
            assert!(
                !told,
                "kill {number}: a token was handed out, and its refresh token is lost"
            );
            match (requests, issued(&house) - rotated) {
                (0, _) => before_asking += 1,
                (_, 0) => unanswered += 1,
                _ => unstored += 1,
            }
        } else {
            assert!(seen.insert(new), "kill {number}: an older refresh token is back");
            assert_eq!(requests, 1, "kill {number}");
            stored += 1;
        }
        let state = house.status(&name).state;
        assert!(
            matches!(state, TokenState::Valid | TokenState::Expired),
            "kill {number}: {state:?}"
        );
        let begun = Instant::now();
        house.token(&name);
        slowest = slowest.max(begun.elapsed());
        assert!(
            begun.elapsed() < AT_ONCE,
            "kill {number}: waited {:?} for a dead holder",
            begun.elapsed()
        );
        assert_eq!(house.status(&name).state, TokenState::Valid, "kill {number}");
        seen.insert(refresh_token(&house, &name));
    }
    println!(
        "\nfigure: refresh: {kills} kills ({before_asking} before the request, {unanswered} while asking, {unstored} \
         with an answer that nobody stored, {stored} after it was stored): the newest refresh token we had was there each time, nobody had to sign in, integrity_check \
         ok; the next caller had a token after at most {} ms",
        slowest.as_millis()
    );
}

#[test]
fn a_refresh_killed_between_microsofts_answer_and_the_store_goes_on_with_the_old_refresh_token() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.expire(&name);
    let (old, rotated) = (refresh_token(&house, &name), issued(&house));
    killed_before_the_store(&house, &Task::Token(300), "refresh_token");
    assert_eq!(issued(&house), rotated + 1, "Microsoft has not answered");
    assert_eq!(refresh_token(&house, &name), old, "the answer was stored");
    // The old one is as good as the lost one: Microsoft does not revoke a refresh token because a newer one was issued.
    house.token(&name);
    assert_eq!(house.status(&name).state, TokenState::Valid);
    assert_ne!(refresh_token(&house, &name), old);
    assert_eq!(house.refreshes(), 2);
}

/// Starts a process and kills it when Microsoft has answered and nothing could be stored yet, because somebody else writes.
fn killed_before_the_store(house: &House, task: &Task, grant: &str) {
    let asked = house.asked(grant);
    let rotated = issued(house);
    house.fault(&json!({ "path": "/token", "delay_ms": 300 }));
    let process = Process::start(house, task);
    let end = Instant::now() + Duration::from_secs(20);
    while house.asked(grant) == asked {
        assert!(Instant::now() < end, "no token request arrived");
        std::thread::sleep(Duration::from_millis(2));
    }
    let database = database(house);
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    while issued(house) == rotated {
        assert!(Instant::now() < end, "no token request was answered");
        std::thread::sleep(Duration::from_millis(2));
    }
    // The answer is on its way, or there; storing it is not possible.
    std::thread::sleep(Duration::from_millis(300));
    assert!(!process.kill(), "it told a token that is not stored");
    database.execute_batch("ROLLBACK").unwrap();
    intact(house);
}

#[test]
fn a_sign_in_killed_at_any_moment_ends_well_or_interrupted() {
    let kills = size("SIGN_IN_KILLS", 12);
    let house = House::new();
    let name = house.account("invoices", |_| {});
    house.fault(&json!({ "path": "/token", "count": null, "delay_ms": ANSWER_MS }));
    let life = life(|| {
        let callback = house.callback(&name, &person(USER));
        Process::start(&house, &Task::SignIn(callback)).token();
    });
    tokens::revoke_tokens(&house.call(), &name).unwrap();
    let (mut unsent, mut interrupted, mut stored) = (0, 0, 0);
    let mut slowest = Duration::ZERO;
    for number in 0..kills {
        let callback = house.callback(&name, &person(USER));
        let asked = house.asked("authorization_code");
        let before = house.context.store.tokens(&name).unwrap();
        let process = Process::start(&house, &Task::SignIn(callback.clone()));
        let told = kill_some_time(&house, process, number, life, "authorization_code", asked);
        intact(&house);
        let sent = house.asked("authorization_code") - asked;
        assert!(sent <= 1, "kill {number}: the code was sent {sent} times");
        let begun = Instant::now();
        let outcome = exchange_code(&house.call(), &callback, SESSION);
        slowest = slowest.max(begun.elapsed());
        assert!(
            begun.elapsed() < AT_ONCE,
            "kill {number}: waited {:?} for a dead holder",
            begun.elapsed()
        );
        assert!(
            house.asked("authorization_code") <= asked + 1,
            "kill {number}: one code sent twice"
        );
        match outcome {
            Ok(status) => {
                assert_eq!(status.state, TokenState::Valid, "kill {number}");
                if sent == 0 { unsent += 1 } else { stored += 1 }
            }
            Err(Error::Failure(failure)) => {
                assert!(!told, "kill {number}: it had succeeded");
                assert_eq!(
                    failure.detail,
                    Detail::Reason(SignInReason::Interrupted),
                    "kill {number}: {failure:?}"
                );
                // What was there before is there still, and the next sign-in is like any other.
                let kept = house.context.store.tokens(&name).unwrap();
                assert_eq!(
                    kept.map(|tokens| (tokens.version, tokens.refresh_token)),
                    before.map(|tokens| (tokens.version, tokens.refresh_token)),
                    "kill {number}"
                );
                assert_eq!(house.sign_in(&name).unwrap().state, TokenState::Valid, "kill {number}");
                interrupted += 1;
            }
            Err(error) => panic!("kill {number}: {error}"),
        }
    }
    println!(
        "\nfigure: sign-in: {kills} kills ({unsent} before the code was sent, then finished by the same callback; {interrupted} \
         while it was on its way: \"interrupted\", older tokens kept, a new sign-in works; {stored} after its tokens were stored: signed in), \
         integrity_check ok each time; the next callback was answered after at most {} ms",
        slowest.as_millis()
    );
}

#[test]
fn a_sign_in_killed_between_microsofts_answer_and_the_store_is_interrupted_and_keeps_the_older_tokens() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let old = refresh_token(&house, &name);
    let callback = house.callback(&name, &person(USER));
    killed_before_the_store(&house, &Task::SignIn(callback.clone()), "authorization_code");
    for _ in 0..2 {
        assert_eq!(
            reason(exchange_code(&house.call(), &callback, SESSION)),
            SignInReason::Interrupted
        );
    }
    assert_eq!(house.asked("authorization_code"), 2);
    assert_eq!(refresh_token(&house, &name), old);
    assert_eq!(house.status(&name).state, TokenState::Valid);
    tokens::refresh_token(&house.call(), &name).unwrap();
}

#[test]
fn a_sign_in_killed_while_microsoft_answers_is_interrupted() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "delay_ms": 20_000 }));
    let process = Process::start(&house, &Task::SignIn(callback.clone()));
    house.wait_for("authorization_code");
    assert!(!process.kill());
    for _ in 0..2 {
        assert_eq!(
            reason(exchange_code(&house.call(), &callback, SESSION)),
            SignInReason::Interrupted
        );
    }
    assert_eq!(house.asked("authorization_code"), 1);
}

#[test]
fn a_sign_in_killed_between_its_tokens_and_its_outcome_has_succeeded() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    exchange_code(&house.call(), &callback, SESSION).unwrap();
    let state: StateHash = house.context.store.tokens(&name).unwrap().unwrap().origin.unwrap();
    let undo = |stored: Option<_>| {
        let mut stored: squeeze_graph::store::record::SignInRecord = stored?;
        let SignInProgress::Ended { answer, .. } = stored.progress else {
            return None;
        };
        stored.progress = SignInProgress::Redeeming { answer, sent: true };
        Some(stored)
    };
    house.context.store.change_sign_in(&state, &mut { undo }).unwrap();
    let status = exchange_code(&house.call(), &callback, SESSION).unwrap();
    assert_eq!(status.state, TokenState::Valid);
    assert_eq!(house.asked("authorization_code"), 1);
}
