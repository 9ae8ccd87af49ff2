//! The job: whom it renews, whom it leaves, and that nobody stops it.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use squeeze_graph::base::account::Protocol;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::{Clock, SystemClock, UtcInstant};
use squeeze_graph::base::failure::Error;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::service::context::Context;
use squeeze_graph::service::refresh_job::{JOB, RefreshOutcome, RefreshReport, refresh_tokens};
use squeeze_graph::service::token_status::TokenState;
use squeeze_graph::service::tokens::{self, AdoptedToken};
use squeeze_graph::store::record::Block;

use crate::process::signal;
use crate::support::{House, entra, failure};

fn run(context: &Context, horizon: i64, accounts: Option<&[String]>) -> RefreshReport {
    refresh_tokens(context, horizon, accounts, &mut |_, _, _| ControlFlow::Continue(())).unwrap()
}

fn outcomes(report: &RefreshReport) -> Vec<(&str, RefreshOutcome)> {
    let results = report.results.iter();
    results
        .map(|result| (result.account.as_str(), result.outcome))
        .collect()
}

#[test]
fn it_renews_what_is_due_and_leaves_the_rest() {
    use RefreshOutcome::{ActionRequired, NeverSignedIn, NotDue, Refreshed, SignInRequired};
    let house = House::new();
    house.set(&json!({ "token_life": 86400 }));
    let due = house.signed_in("due");
    house.expire(&due);
    house.signed_in("fresh");
    house.account("new", |_| {});
    let dead = house.signed_in("dead");
    house.expire(&dead);
    house.fault(&json!({ "path": "/token", "entra": { "code": 700_082 } }));
    failure(tokens::access_token(&house.call(), &dead, 300, None));
    let off = house.signed_in("off");
    house.account("off", |settings| settings.enabled = false);
    house.expire(&off);
    house.account("robot", |settings| settings.protocol = Protocol::Application);
    let wrong = house.signed_in("wrong");
    house.expire(&wrong);
    house.account("wrong", |settings| {
        settings.client_secret = Some(squeeze_graph::base::secret::Secret::new("no"));
    });

    let before = house.refreshes();
    let mut seen = Vec::new();
    let report = refresh_tokens(&house.call(), 3900, None, &mut |done, total, result| {
        seen.push((done, total, result.account.clone()));
        ControlFlow::Continue(())
    })
    .unwrap();
    let expected = [
        ("dead", SignInRequired),
        ("due", Refreshed),
        ("fresh", NotDue),
        ("new", NeverSignedIn),
        ("wrong", ActionRequired),
    ];
    assert_eq!(outcomes(&report), expected);
    assert_eq!((report.refreshed, report.skipped, report.failed), (1, 2, 2));
    assert_eq!(
        seen.iter().map(|(done, total, _)| (*done, *total)).collect::<Vec<_>>(),
        (1..=5).map(|n| (n, 5)).collect::<Vec<_>>()
    );
    assert_eq!(house.refreshes(), before + 2, "the dead one is not asked");
    let job = house.context.store.job(JOB).unwrap().unwrap();
    assert_eq!(job.counts, [1, 2, 2]);
    assert!(job.ended_at.is_some());
}

#[test]
fn the_age_of_the_last_renewal_makes_an_account_due() {
    let house = House::new();
    house.set(&json!({ "token_life": 86400 }));
    house.signed_in("invoices");
    assert_eq!(
        outcomes(&run(&house.call(), 3900, None)),
        [("invoices", RefreshOutcome::NotDue)]
    );
    house.clock.advance(43200);
    assert_eq!(
        outcomes(&run(&house.call(), 3900, None)),
        [("invoices", RefreshOutcome::Refreshed)]
    );
    assert_eq!(
        outcomes(&run(&house.call(), 3900, None)),
        [("invoices", RefreshOutcome::NotDue)]
    );
}

#[test]
fn one_accounts_failure_stops_no_other() {
    let house = House::new();
    for name in ["a", "b", "c"] {
        let name = house.signed_in(name);
        house.expire(&name);
    }
    house.fault(&json!({ "path": "/token", "entra": { "code": 50173 } }));
    let report = run(&house.call(), 3900, None);
    assert_eq!((report.refreshed, report.failed), (2, 1));
    house.fault(&entra(90033, "temporarily_unavailable"));
    let report = run(&house.call(), 1_000_000, None);
    let passing = report
        .results
        .iter()
        .filter(|result| result.outcome == RefreshOutcome::TemporaryFailure);
    assert_eq!(passing.count(), 2);
    assert!(
        report
            .results
            .iter()
            .all(|result| result.problem.is_some() && result.status.is_some())
    );
}

#[test]
fn two_runs_at_once_renew_each_account_once() {
    let house = House::new();
    for name in ["a", "b", "c", "d"] {
        let name = house.signed_in(name);
        house.expire(&name);
    }
    house.fault(&json!({ "path": "/token", "count": null, "delay_ms": 300 }));
    let start = || {
        let context = house.call();
        std::thread::spawn(move || run(&context, 3900, None))
    };
    let [one, other] = [start(), start()].map(|thread| thread.join().unwrap());
    assert_eq!(one.refreshed + other.refreshed, 4);
    assert_eq!(one.failed + other.failed, 0);
    assert_eq!(house.refreshes(), 4);
}

#[test]
fn named_accounts_are_looked_after_and_unknown_ones_named() {
    let house = House::new();
    let known = house.signed_in("known");
    house.expire(&known);
    let other = house.signed_in("other");
    house.expire(&other);
    let names = ["known", "nobody", "", "known"].map(str::to_owned);
    let report = run(&house.call(), 3900, Some(&names));
    let expected = [
        ("", RefreshOutcome::UnknownAccount),
        ("known", RefreshOutcome::Refreshed),
        ("nobody", RefreshOutcome::UnknownAccount),
    ];
    assert_eq!(outcomes(&report), expected);
    assert_eq!(house.refreshes(), 1);
    assert!(
        house.context.store.job(JOB).unwrap().is_none(),
        "a run for some accounts is not the job"
    );
    let negative = refresh_tokens(&house.call(), -1, None, &mut |_, _, _| ControlFlow::Continue(()));
    assert!(matches!(
        negative,
        Err(Error::Argument {
            argument: "horizon",
            ..
        })
    ));
}

#[test]
fn a_stopped_run_ends_after_what_is_begun() {
    let house = House::new();
    for number in 0..20 {
        let name = house.signed_in(&format!("account {number:02}"));
        house.expire(&name);
    }
    let report = refresh_tokens(&house.call(), 3900, None, &mut |_, _, _| ControlFlow::Break(())).unwrap();
    assert!((1..20).contains(&report.results.len()), "{}", report.results.len());
    assert_eq!(report.refreshed, report.results.len());
    let cancelled = Context {
        cancel: CancelToken::new(),
        ..house.call()
    };
    cancelled.cancel.cancel();
    let outcome = refresh_tokens(&cancelled, 3900, None, &mut |_, _, _| ControlFlow::Continue(()));
    assert!(matches!(outcome, Err(Error::Cancelled(_))));
}

/// The machine's clock, which fails once on a thread that works for the job.
#[derive(Default)]
struct FailingOnce(AtomicBool);

impl Clock for FailingOnce {
    fn now(&self) -> UtcInstant {
        let works = std::thread::current().name() == Some("refresh-job");
        assert!(!works || self.0.swap(true, Ordering::SeqCst), "a bug");
        SystemClock.now()
    }

    fn since_boot(&self) -> Duration {
        SystemClock.since_boot()
    }
}

#[test]
fn a_bug_with_one_account_is_told_and_the_others_are_renewed() {
    for accounts in [1, 3] {
        let house = House::new();
        for number in 0..accounts {
            let name = house.signed_in(&format!("account {number}"));
            house.expire(&name);
        }
        let context = Context {
            clock: Arc::new(FailingOnce::default()),
            ..house.call()
        };
        let mut told = 0;
        let mut progress = |_: usize, _: usize, _: &_| {
            told += 1;
            ControlFlow::Continue(())
        };
        let outcome = catch_unwind(AssertUnwindSafe(|| refresh_tokens(&context, 3900, None, &mut progress)));
        assert!(
            outcome.is_err(),
            "{accounts} accounts: one of them vanished: {outcome:?}"
        );
        assert_eq!((told, house.refreshes()), (accounts - 1, accounts - 1));
    }
}

#[test]
fn what_does_not_pass_by_itself_needs_somebody_and_changes_no_account() {
    let house = House::new();
    // Where https is asked for, plain HTTP answers: the same trouble as with a CA that nobody knows.
    let distrusted = house.account("distrusted", |settings| {
        for url in [&mut settings.authority_url, &mut settings.graph_url] {
            *url = url.take().map(|url| url.replacen("http:", "https:", 1));
        }
    });
    let token = AdoptedToken {
        access_token: Some(Secret::new("old")),
        refresh_token: Some(Secret::new("kept")),
        issued_at: None,
        expires_at: None,
        scope: None,
        id_token: None,
    };
    tokens::adopt_token(&house.call(), &distrusted, &token, false).unwrap();
    let report = run(&house.call(), 3900, None);
    assert_eq!(outcomes(&report), [("distrusted", RefreshOutcome::ActionRequired)]);
    assert_eq!(report.results[0].problem.as_ref().unwrap().code, "tls");
    let stored = house.context.store.tokens(&distrusted).unwrap().unwrap();
    assert_eq!(
        (house.status(&distrusted).state, stored.block),
        (TokenState::Expired, Block::None)
    );

    house.context.store.delete_account(&distrusted).unwrap();
    let name = house.signed_in("invoices");
    house.expire(&name);
    drop(squeeze_graph::store::quiesce());
    let database = Connection::open(signal(&house, "store.sqlite")).unwrap();
    database
        .execute_batch("CREATE TRIGGER broken BEFORE INSERT ON leases BEGIN SELECT RAISE(ABORT, 'broken'); END")
        .unwrap();
    drop(database);
    let report = run(&house.call(), 3900, None);
    assert_eq!(outcomes(&report), [("invoices", RefreshOutcome::ActionRequired)]);
    assert_eq!(report.results[0].problem.as_ref().unwrap().code, "store_corrupt");
    assert_eq!(house.status(&name).state, TokenState::Expired);
    assert_eq!(house.refreshes(), 0);
}
