//! Tokens through their life: used, renewed, refused, kept, adopted, forgotten.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use squeeze_graph::base::account::Protocol;
use squeeze_graph::base::clock::Clock;
use squeeze_graph::base::failure::{Class, Detail, Error};
use squeeze_graph::base::secret::Secret;
use squeeze_graph::service::sign_in::{AuthorizationOptions, authorization_url};
use squeeze_graph::service::token_status::TokenState;
use squeeze_graph::service::tokens::{self, AdoptedToken, tokens_for, wait_for_commits};
use squeeze_graph_sandbox::{Person, USER};

use crate::support::{House, SESSION, entra, failure, parameter, parameters};

const DAEMON: &str = "c0ffee00-0007-4000-8000-000000000001";

#[test]
fn a_good_token_costs_no_request() {
    let house = House::new();
    let name = house.signed_in("invoices");
    assert_eq!(house.token(&name), house.token(&name));
    let fresh = tokens::fresh_access_token(&house.call(), &name, 300).unwrap();
    assert_eq!(fresh.map(|token| token.expose().to_owned()), Some(house.token(&name)));
    assert!(!tokens::is_token_expired(&house.call(), &name, 300).unwrap());
    assert_eq!(house.refreshes(), 0);
}

#[test]
fn an_ended_token_is_renewed_once() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let before = house.token(&name);
    house.expire(&name);
    assert!(tokens::is_token_expired(&house.call(), &name, 0).unwrap());
    assert_eq!(tokens::fresh_access_token(&house.call(), &name, 0).unwrap(), None);
    let after = house.token(&name);
    assert_ne!(before, after);
    assert_eq!(after, house.token(&name));
    assert_eq!(house.refreshes(), 1);
    assert_eq!(house.status(&name).signed_in_as.as_deref(), Some(USER));
}

#[test]
fn a_clock_that_jumped_back_means_expired() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.clock.advance(-3600);
    assert_eq!(house.status(&name).state, TokenState::Expired);
    house.token(&name);
    assert_eq!(house.refreshes(), 1);
    assert_eq!(house.status(&name).state, TokenState::Valid);
    let skew = house.status(&name).clock_skew;
    assert!((3598..=3602).contains(&skew), "{skew}");
}

#[test]
fn a_wish_no_token_fulfils_is_tried_once_in_five_minutes() {
    let house = House::new();
    house.set(&json!({ "token_life": 3600 }));
    let name = house.signed_in("invoices");
    for _ in 0..3 {
        tokens::access_token(&house.call(), &name, 100_000, None).unwrap();
    }
    assert_eq!(house.refreshes(), 1);
    house.clock.advance(301);
    tokens::access_token(&house.call(), &name, 100_000, None).unwrap();
    assert_eq!(house.refreshes(), 2);
}

#[test]
fn a_life_shorter_than_the_wish_is_found_out_by_the_renewal_of_an_ended_token_too() {
    for (life, min_validity) in [(3600, 100_000), (200, 300)] {
        let house = House::new();
        house.set(&json!({ "token_life": life }));
        let name = house.signed_in("invoices");
        house.expire(&name);
        for _ in 0..4 {
            tokens::access_token(&house.call(), &name, min_validity, None).unwrap();
        }
        assert_eq!(house.refreshes(), 1, "a life of {life} s, wanted: {min_validity} s");
    }
}

#[test]
fn a_refused_token_is_handed_out_no_more_although_its_renewal_failed_in_passing() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let refused = house.token(&name);
    house.fault(&json!({ "path": "/token", "count": null, "status": 503, "body": "" }));
    let challenge = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    for challenge in [Some(challenge), None] {
        let failed = failure(tokens::access_token(&house.call(), &name, 0, challenge));
        assert!(failed.passes(), "{failed:?}");
    }
    assert_eq!(house.status(&name).state, TokenState::Expired, "nobody has to sign in");
    house.no_faults();
    house.clock.advance(31);
    assert_ne!(house.token(&name), refused);
    assert_eq!(house.status(&name).state, TokenState::Valid);
}

#[test]
fn passing_failures_change_no_state_and_leave_the_old_token_in_use() {
    let cases = [
        json!({ "status": 503, "body": "" }),
        json!({ "status": 500, "body": "" }),
        json!({ "entra": { "code": 90033, "error": "temporarily_unavailable", "status": 503 } }),
        json!({ "entra": { "code": 50196 } }),
        json!({ "status": 429, "headers": { "Retry-After": "300" }, "body": "" }),
        json!({ "cut": "close" }),
        json!({ "cut": "reset" }),
        json!({ "status": 502, "headers": { "Content-Type": "text/html" }, "body": "<html><h1>Bad gateway</h1></html>" }),
        json!({ "status": 200, "headers": { "Content-Type": "text/html" }, "body": "<html>Guest network</html>" }),
        json!({ "status": 200, "body": "" }),
        json!({ "status": 200, "body": "{\"access_token\":\"eyJ0" }),
        json!({ "execute": true, "truncate_after": 20 }),
        json!({ "status": 200, "body": { "token_type": "Bearer", "expires_in": 3600 } }),
    ];
    for case in cases {
        let house = House::new();
        house.set(&json!({ "token_life": 200 }));
        let name = house.signed_in("invoices");
        let old = tokens::export_token(&house.call(), &name).unwrap();
        let mut fault = case.clone();
        fault["path"] = json!("/token");
        fault["count"] = Value::Null;
        house.fault(&fault);
        assert_eq!(Some(Secret::new(house.token(&name))), old.access_token, "{case}");
        assert_eq!(house.status(&name).state, TokenState::Valid, "{case}");
        let asked = house.refreshes();
        assert!((1..=2).contains(&asked), "{case}");
        house.token(&name);
        assert_eq!(house.refreshes(), asked, "not asked again for half a minute: {case}");

        let refused = failure(tokens::refresh_token(&house.call(), &name));
        assert!(refused.passes(), "{case}: {refused:?}");
        house.expire(&name);
        let refused = failure(tokens::access_token(&house.call(), &name, 300, None));
        assert!(
            refused.passes() && refused.account.as_ref() == Some(&name),
            "{case}: {refused:?}"
        );
        assert_eq!(house.status(&name).state, TokenState::Expired, "{case}");
        assert_eq!(
            tokens::export_token(&house.call(), &name).unwrap().refresh_token,
            old.refresh_token,
            "{case}"
        );

        house.no_faults();
        house.clock.advance(301);
        house.token(&name);
        assert_eq!(house.status(&name).problem, None, "{case}");
    }
}

#[test]
fn a_short_throttling_is_waited_for_outside_the_lease() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.expire(&name);
    house.fault(&json!({ "path": "/token", "status": 429, "headers": { "Retry-After": "1" }, "body": "" }));
    let begun = Instant::now();
    house.token(&name);
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(house.refreshes(), 2);
}

#[test]
fn a_long_throttling_is_told_with_its_end() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.expire(&name);
    house.fault(&json!({ "path": "/token", "status": 429, "headers": { "Retry-After": "100" }, "body": "" }));
    for _ in 0..2 {
        let throttled = failure(tokens::access_token(&house.call(), &name, 300, None));
        assert_eq!(throttled.class, Class::Throttled);
        let Detail::RetryAt(at) = throttled.detail else {
            panic!("{throttled:?}");
        };
        assert!((95..=101).contains(&at.since(house.context.clock.now())));
    }
    assert_eq!(house.refreshes(), 1);
}

#[test]
fn a_dead_refresh_token_asks_for_a_sign_in_and_is_not_asked_again() {
    for (code, error) in [
        (700_082, "invalid_grant"),
        (50173, "invalid_grant"),
        (70043, "invalid_grant"),
        (50076, "interaction_required"),
        (999_999, "invalid_grant"),
    ] {
        let house = House::new();
        let name = house.signed_in("invoices");
        let kept = tokens::export_token(&house.call(), &name).unwrap().refresh_token;
        house.expire(&name);
        house.fault(&entra(code, error));
        for _ in 0..2 {
            let dead = failure(tokens::access_token(&house.call(), &name, 300, None));
            assert_eq!((dead.class, dead.problem.aadsts), (Class::SignInRequired, Some(code)));
        }
        assert_eq!(house.refreshes(), 1, "{code}");
        let status = house.status(&name);
        assert_eq!(status.state, TokenState::SignInRequired);
        assert_eq!(status.problem.and_then(|problem| problem.aadsts), Some(code));
        assert_eq!(tokens::export_token(&house.call(), &name).unwrap().refresh_token, kept);
        house.no_faults();
        assert_eq!(house.sign_in(&name).unwrap().problem, None);
    }
}

#[test]
fn what_an_administrator_must_do_is_tried_again() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.expire(&name);
    house.fault(&json!({ "path": "/token", "count": null, "entra": { "code": 7_000_222, "error": "invalid_client", "status": 401 } }));
    let refused = failure(tokens::access_token(&house.call(), &name, 300, None));
    assert_eq!(refused.class, Class::ActionRequired);
    assert_eq!(house.status(&name).state, TokenState::ActionRequired);
    house.no_faults();
    house.clock.advance(31);
    house.token(&name);
    assert_eq!(house.status(&name).state, TokenState::Valid);
}

#[test]
fn a_new_refresh_token_replaces_the_old_one_and_none_keeps_it() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let refresh_token = || tokens::export_token(&house.call(), &name).unwrap().refresh_token;
    let first = refresh_token();
    tokens::refresh_token(&house.call(), &name).unwrap();
    let second = refresh_token();
    assert_ne!(first, second);
    house.fault(&json!({ "path": "/token", "patch_json": { "remove": ["refresh_token", "scope"] } }));
    let granted = house.status(&name).granted_scopes;
    let status = tokens::refresh_token(&house.call(), &name).unwrap();
    assert_eq!(refresh_token(), second);
    assert_eq!(status.granted_scopes, granted);
}

#[test]
fn a_cancelled_caller_does_not_lose_the_answer() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.expire(&name);
    let before = tokens::export_token(&house.call(), &name).unwrap();
    house.fault(&json!({ "path": "/token", "delay_ms": 700 }));
    let context = house.call();
    let cancel = context.cancel.clone();
    let (inner, account) = (context.clone(), name.clone());
    let call = std::thread::spawn(move || tokens::access_token(&inner, &account, 300, None));
    house.wait_for("refresh_token");
    cancel.cancel();
    let begun = Instant::now();
    assert!(matches!(call.join().unwrap(), Err(Error::Cancelled(_))));
    assert!(begun.elapsed() < Duration::from_millis(200));
    assert!(wait_for_commits(Duration::from_secs(10)));
    let after = tokens::export_token(&house.call(), &name).unwrap();
    assert_ne!(before.refresh_token, after.refresh_token);
    assert_eq!(house.status(&name).state, TokenState::Valid);
    assert_eq!(house.refreshes(), 1);
}

#[test]
fn a_challenge_is_answered_with_a_new_token() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let before = house.token(&name);
    let challenge = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    let after = tokens::access_token(&house.call(), &name, 300, Some(challenge)).unwrap();
    assert_ne!(after, Secret::new(before));
    let last = house.sandbox.control("GET", "requests", &Value::Null).unwrap();
    assert!(last.to_string().contains("nbf") || house.refreshes() == 1);
    let wrong = tokens::access_token(&house.call(), &name, 300, Some("not JSON"));
    assert!(matches!(
        wrong,
        Err(Error::Argument {
            argument: "challenge",
            ..
        })
    ));
    let negative = tokens::access_token(&house.call(), &name, -1, None);
    assert!(matches!(
        negative,
        Err(Error::Argument {
            argument: "min_validity",
            ..
        })
    ));
}

#[test]
fn a_challenge_that_needs_the_user_goes_into_the_next_sign_in() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.fault(&json!({ "path": "/token", "entra": {
        "code": 50076, "error": "interaction_required", "claims": "{\"access_token\":{\"acrs\":{\"value\":\"c1\"}}}"
    } }));
    let challenge = r#"{"access_token":{"nbf":{"value":"1"}}}"#;
    let refused = failure(tokens::access_token(&house.call(), &name, 300, Some(challenge)));
    assert_eq!(refused.class, Class::SignInRequired);
    // Graph refuses the old token, so it is not handed out either.
    failure(tokens::access_token(&house.call(), &name, 0, None));
    let url = authorization_url(&house.call(), &name, SESSION, &AuthorizationOptions::default()).unwrap();
    assert!(parameter(&parameters(&url), "claims").contains("c1"));
    house.sign_in(&name).unwrap();
    let url = authorization_url(&house.call(), &name, SESSION, &AuthorizationOptions::default()).unwrap();
    assert!(!parameter(&parameters(&url), "claims").contains("c1"));
}

#[test]
fn a_rejected_token_is_replaced_once_by_all_who_hold_it() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let tokens = tokens_for(&house.call(), &name);
    let rejected = tokens.current().unwrap();
    let other = tokens.after_rejection(&rejected, &[]).unwrap();
    assert_ne!(rejected, other.token);
    let same = tokens.after_rejection(&rejected, &[]).unwrap();
    assert_eq!((same.token, same.answers), (other.token, true));
    assert_eq!(house.refreshes(), 1);
}

#[test]
fn a_token_that_somebody_else_got_meanwhile_answers_no_challenge() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let (mine, theirs) = (tokens_for(&house.call(), &name), tokens_for(&house.call(), &name));
    let rejected = mine.current().unwrap();
    theirs.after_rejection(&rejected, &[]).unwrap();
    let challenges = [
        r#"Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsibmJmIjp7InZhbHVlIjoiMSJ9fX0=""#
            .to_owned(),
    ];
    let taken = mine.after_rejection(&rejected, &challenges).unwrap();
    assert_eq!((taken.answers, house.refreshes()), (false, 1));
    let asked = mine.after_rejection(&taken.token, &challenges).unwrap();
    assert_eq!((asked.answers, house.refreshes()), (true, 2));
}

#[test]
fn an_application_fetches_its_token_on_demand() {
    let house = House::new();
    let robot = house.account("robot", |settings| {
        settings.protocol = Protocol::Application;
        settings.client_id = DAEMON.to_owned();
        settings.redirect_uri = None;
        settings.mailbox = Some(USER.to_owned());
    });
    assert_eq!(house.status(&robot).state, TokenState::Expired);
    let nothing = tokens::export_token(&house.call(), &robot).unwrap();
    assert!(nothing.access_token.is_none() && nothing.refresh_token.is_none() && nothing.expires_at.is_none());
    let token = house.token(&robot);
    assert_eq!(token, house.token(&robot));
    assert_eq!(house.asked("client_credentials"), 1);
    assert_eq!(house.status(&robot).state, TokenState::Valid);
    tokens::refresh_token(&house.call(), &robot).unwrap();
    house.expire(&robot);
    house.fault(&entra(65001, "invalid_grant"));
    assert_eq!(
        failure(tokens::access_token(&house.call(), &robot, 300, None)).class,
        Class::ActionRequired
    );
    assert_eq!(house.status(&robot).state, TokenState::ActionRequired);
}

#[test]
fn an_application_with_a_new_identity_asks_anew() {
    let house = House::new();
    let change = |tenant: &str| {
        let tenant = tenant.to_owned();
        house.account("robot", move |settings| {
            settings.protocol = Protocol::Application;
            settings.client_id = DAEMON.to_owned();
            settings.tenant_id.clone_from(&tenant);
            settings.mailbox = Some(USER.to_owned());
        })
    };
    let robot = change(squeeze_graph_sandbox::TENANT);
    let first = house.token(&robot);
    change("contoso.example");
    assert_eq!(house.status(&robot).state, TokenState::Expired);
    assert_ne!(house.token(&robot), first);
    assert_eq!(house.status(&robot).state, TokenState::Valid);
}

#[test]
fn revoked_tokens_are_forgotten_here() {
    let house = House::new();
    let name = house.signed_in("invoices");
    tokens::revoke_tokens(&house.call(), &name).unwrap();
    assert_eq!(house.status(&name).state, TokenState::NeverSignedIn);
    assert_eq!(
        failure(tokens::access_token(&house.call(), &name, 0, None)).class,
        Class::SignInRequired
    );
    assert_eq!(
        failure(tokens::export_token(&house.call(), &name)).class,
        Class::SignInRequired
    );
    let nobody = crate::support::name("nobody");
    assert_eq!(
        failure(tokens::revoke_tokens(&house.call(), &nobody)).class,
        Class::AccountNotFound
    );
}

#[test]
fn a_refresh_that_ends_after_a_revocation_resurrects_nothing() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.fault(&json!({ "path": "/token", "delay_ms": 600 }));
    let (context, account) = (house.call(), name.clone());
    let refresh = std::thread::spawn(move || tokens::refresh_token(&context, &account));
    house.wait_for("refresh_token");
    tokens::revoke_tokens(&house.call(), &name).unwrap();
    assert_eq!(failure(refresh.join().unwrap()).class, Class::SignInRequired);
    assert_eq!(house.status(&name).state, TokenState::NeverSignedIn);
}

#[test]
fn adopted_tokens_are_used_and_pinned_at_the_first_refresh() {
    let house = House::new();
    let source = house.signed_in("source");
    let kept = tokens::export_token(&house.call(), &source).unwrap();
    let name = house.account("invoices", |_| {});
    let adopt = |token: &AdoptedToken, only_if_absent| tokens::adopt_token(&house.call(), &name, token, only_if_absent);
    let token = AdoptedToken {
        access_token: kept.access_token.clone(),
        refresh_token: kept.refresh_token.clone(),
        issued_at: Some(house.clock.now().plus(-60)),
        expires_at: kept.expires_at,
        scope: Some(kept.scope.clone()),
        id_token: None,
    };
    assert_eq!(adopt(&token, true).unwrap().state, TokenState::Valid);
    house.clock.advance(-3600);
    assert_eq!(
        house.status(&name).state,
        TokenState::Expired,
        "the clock stands before its issue"
    );
    house.clock.advance(3600);
    assert_eq!(Some(Secret::new(house.token(&name))), kept.access_token);
    let other = AdoptedToken {
        access_token: Some(Secret::new("other")),
        refresh_token: None,
        ..token.clone()
    };
    adopt(&other, true).unwrap();
    assert_eq!(
        Some(Secret::new(house.token(&name))),
        kept.access_token,
        "only if absent"
    );

    let ended = AdoptedToken {
        expires_at: None,
        ..token.clone()
    };
    assert_eq!(adopt(&ended, false).unwrap().state, TokenState::Expired);
    house.token(&name);
    assert_eq!(house.status(&name).signed_in_as.as_deref(), Some(USER));
    let colleague = house.callback(
        &name,
        &Person {
            user: "bernd.jaeger@contoso.example".to_owned(),
            ..Person::default()
        },
    );
    failure(squeeze_graph::service::sign_in::exchange_code(
        &house.call(),
        &colleague,
        SESSION,
    ));

    let empty = AdoptedToken {
        access_token: None,
        refresh_token: Some(Secret::new("")),
        ..token
    };
    assert!(matches!(
        adopt(&empty, false),
        Err(Error::Argument { argument: "token", .. })
    ));
}

#[test]
fn an_adopted_token_of_someone_else_than_configured_is_refused_at_the_first_refresh() {
    let house = House::new();
    let source = house.signed_in("source");
    let kept = tokens::export_token(&house.call(), &source).unwrap();
    let name = house.account("invoices", |settings| {
        settings.user = Some("bernd.jaeger@contoso.example".to_owned());
    });
    let token = AdoptedToken {
        access_token: kept.access_token,
        refresh_token: kept.refresh_token,
        issued_at: None,
        expires_at: None,
        scope: None,
        id_token: None,
    };
    tokens::adopt_token(&house.call(), &name, &token, false).unwrap();
    let refused = failure(tokens::access_token(&house.call(), &name, 300, None));
    assert_eq!(
        (refused.class, refused.problem.code.as_str()),
        (Class::SignInRequired, "sign_in_wrong_account")
    );
    assert_eq!(house.status(&name).state, TokenState::SignInRequired);
}
