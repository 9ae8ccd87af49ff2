//! Processes that die in the middle: no token is lost, no code is sent twice.

use std::time::Duration;

use serde_json::json;
use squeeze_graph::base::failure::{Detail, Error, SignInReason};
use squeeze_graph::service::sign_in::exchange_code;
use squeeze_graph::service::token_status::TokenState;
use squeeze_graph::service::tokens;
use squeeze_graph::store::record::{SignInProgress, StateHash};
use squeeze_graph_sandbox::USER;

use crate::one_at_a_time::start;
use crate::support::{House, SESSION, person, reason};

#[test]
fn a_sign_in_killed_at_any_moment_ends_well_or_interrupted() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    for step in 0..12 {
        let callback = house.callback(&name, &person(USER));
        let before = house.asked("authorization_code");
        house.fault(&json!({ "path": "/token", "delay_ms": 60 }));
        let mut child = start(&house, Some(&callback));
        std::thread::sleep(Duration::from_millis(step * 25));
        child.kill().unwrap();
        child.wait().unwrap();
        let outcome = exchange_code(&house.call(), &callback, SESSION);
        match outcome {
            Ok(status) => assert_eq!(status.state, TokenState::Valid),
            Err(Error::Failure(failure)) => {
                assert_eq!(failure.detail, Detail::Reason(SignInReason::Interrupted), "{failure:?}");
            }
            Err(error) => panic!("{error}"),
        }
        assert_eq!(
            house.asked("authorization_code"),
            before + 1,
            "asked twice for one code"
        );
        house.no_faults();
    }
}

#[test]
fn a_sign_in_killed_while_microsoft_answers_is_interrupted() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "delay_ms": 20_000 }));
    let mut child = start(&house, Some(&callback));
    house.wait_for("authorization_code");
    child.kill().unwrap();
    child.wait().unwrap();
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

#[test]
fn a_refresh_killed_at_any_moment_loses_no_token() {
    let house = House::new();
    let name = house.signed_in("invoices");
    for step in 0..12 {
        house.expire(&name);
        house.fault(&json!({ "path": "/token", "delay_ms": 60 }));
        let mut child = start(&house, None);
        std::thread::sleep(Duration::from_millis(step * 25));
        child.kill().unwrap();
        child.wait().unwrap();
        house.no_faults();
        house.token(&name);
        assert!(
            tokens::export_token(&house.call(), &name)
                .unwrap()
                .refresh_token
                .is_some()
        );
        assert_eq!(house.status(&name).state, TokenState::Valid);
    }
}
