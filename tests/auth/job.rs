//! The job: whom it renews, whom it leaves, and that nobody stops it.

use std::ops::ControlFlow;

use serde_json::json;
use squeeze_graph::base::account::Protocol;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::failure::Error;
use squeeze_graph::service::context::Context;
use squeeze_graph::service::refresh_job::{JOB, RefreshOutcome, RefreshReport, refresh_tokens};
use squeeze_graph::service::tokens;

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
