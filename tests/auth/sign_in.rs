//! Both legs of a sign-in, and everything that can come back instead of a code.

use std::time::Duration;

use rusqlite::Connection;
use serde_json::json;
use squeeze_graph::base::account::Protocol;
use squeeze_graph::base::failure::{Class, Detail, Error, SignInReason};
use squeeze_graph::base::problem::Actor;
use squeeze_graph::service::context::Context;
use squeeze_graph::service::sign_in::{
    AuthorizationOptions, admin_consent_url, authorization_url, callback_route, exchange_code,
};
use squeeze_graph::service::token_status::TokenState;
use squeeze_graph::service::tokens;
use squeeze_graph_sandbox::{Decision, Person, USER};

use crate::process::signal;
use crate::support::{House, REDIRECT_URI, SESSION, failure, parameter, parameters, person, reason, walk, with};

const COLLEAGUE: &str = "bernd.jaeger@contoso.example";

fn options() -> AuthorizationOptions {
    AuthorizationOptions::default()
}

#[test]
fn a_sign_in_ends_with_a_good_token() {
    let house = House::new();
    let name = house.account("invoices", |settings| settings.user = Some(USER.to_uppercase()));
    assert_eq!(house.status(&name).state, TokenState::NeverSignedIn);
    let status = house.sign_in(&name).unwrap();
    assert_eq!(status.state, TokenState::Valid);
    assert_eq!(status.signed_in_as.as_deref(), Some(USER));
    assert_eq!(status.missing_scopes, Vec::<String>::new());
    assert!(status.granted_scopes.contains(&"Mail.ReadWrite".to_owned()));
    assert_eq!(status.problem, None);
    assert!(status.clock_skew.abs() <= 1);
    assert_eq!(status, house.status(&name));
    house.token(&name);
    assert_eq!((house.asked("authorization_code"), house.refreshes()), (1, 0));
}

#[test]
fn every_url_has_its_own_state_nonce_and_verifier() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let url = |options: &AuthorizationOptions| {
        parameters(&authorization_url(&house.call(), &name, SESSION, options).unwrap())
    };
    let (one, other) = (url(&options()), url(&options()));
    for random in ["state", "nonce", "code_challenge"] {
        assert_eq!(parameter(&one, random).len(), 43);
        assert_ne!(parameter(&one, random), parameter(&other, random), "{random}");
    }
    assert_eq!(parameter(&one, "prompt"), "select_account");
    assert_eq!(parameter(&one, "redirect_uri"), REDIRECT_URI);
    let hinted = url(&AuthorizationOptions {
        login_hint: Some("x@contoso.example".to_owned()),
        route: Some("tenant 7".to_owned()),
        ..options()
    });
    assert_eq!(parameter(&hinted, "prompt"), "");
    assert_eq!(parameter(&hinted, "login_hint"), "x@contoso.example");
    assert_eq!(callback_route(&hinted).as_deref(), Some("tenant 7"));
    house.sign_in(&name).unwrap();
    assert!(parameter(&url(&options()), "login_hint").contains(USER));
}

#[test]
fn a_redirect_uri_is_of_one_sign_in_only() {
    const HERE: &str = "http://localhost:8123/callback";
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let begin = |redirect_uri: &str| {
        let options = AuthorizationOptions {
            redirect_uri: Some(redirect_uri.to_owned()),
            ..options()
        };
        authorization_url(&house.call(), &name, SESSION, &options)
    };
    let url = begin(HERE).unwrap();
    assert_eq!(parameter(&parameters(&url), "redirect_uri"), HERE);
    let account = house.context.store.account(&name).unwrap().unwrap();
    assert_eq!(account.settings.redirect_uri.as_deref(), Some(REDIRECT_URI));
    // Another sign-in may begin meanwhile, and come back elsewhere.
    let other = house.callback(&name, &person(USER));
    // Microsoft compares the token request's with that of the authorization request.
    let status = exchange_code(&house.call(), &walk(&url, &person(USER)), SESSION).unwrap();
    assert_eq!(status.state, TokenState::Valid);
    exchange_code(&house.call(), &other, SESSION).unwrap();

    let url = admin_consent_url(&house.call(), &name, SESSION, Some(HERE)).unwrap();
    assert_eq!(parameter(&parameters(&url), "redirect_uri"), HERE);
    let consented = walk(&url, &person("admin@contoso.example"));
    exchange_code(&house.call(), &consented, SESSION).unwrap();

    // The account's own rules.
    for (uri, code) in [
        ("", "redirect_uri_invalid"),
        ("http://squeeze.example/callback", "redirect_uri_not_https"),
        ("http://[::1]/callback", "redirect_uri_ipv6_loopback"),
    ] {
        let refused = failure(begin(uri));
        assert_eq!((refused.class, &*refused.problem.code), (Class::Configuration, code));
        assert_eq!(refused.account.as_ref(), Some(&name));
        let refused = failure(admin_consent_url(&house.call(), &name, SESSION, Some(uri)));
        assert_eq!(refused.problem.code, code);
    }
    // What Microsoft says against it is told of this one.
    let callback = walk(&begin(HERE).unwrap(), &person(USER));
    house.fault(&json!({ "path": "/token", "entra": { "code": 50011 } }));
    let refused = failure(exchange_code(&house.call(), &callback, SESSION));
    assert_eq!(
        refused.problem.facts.get("redirect_uri").map(String::as_str),
        Some(HERE)
    );
}

#[test]
fn wrong_arguments_are_named() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let argument = |outcome: Result<String, Error>| match outcome {
        Err(Error::Argument { argument, .. }) => argument,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        argument(authorization_url(&house.call(), &name, "", &options())),
        "session"
    );
    let prompt = AuthorizationOptions {
        prompt: Some("now".to_owned()),
        ..options()
    };
    assert_eq!(
        argument(authorization_url(&house.call(), &name, SESSION, &prompt)),
        "prompt"
    );
    let route = AuthorizationOptions {
        route: Some("x".repeat(10_000)),
        ..options()
    };
    assert_eq!(
        argument(authorization_url(&house.call(), &name, SESSION, &route)),
        "route"
    );
    let robot = house.account("robot", |settings| {
        settings.protocol = Protocol::Application;
        settings.mailbox = Some(USER.to_owned());
    });
    let refused = failure(authorization_url(&house.call(), &robot, SESSION, &options()));
    assert_eq!(refused.class, Class::Configuration);
    let unknown = failure(authorization_url(
        &house.call(),
        &crate::support::name("nobody"),
        SESSION,
        &options(),
    ));
    assert_eq!(unknown.class, Class::AccountNotFound);
}

#[test]
fn the_same_callback_has_the_same_outcome_for_a_day() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let good = house.callback(&name, &person(USER));
    let denied = house.callback(
        &name,
        &Person {
            decision: Decision::Decline,
            ..person(COLLEAGUE)
        },
    );
    let first = exchange_code(&house.call(), &good, SESSION).unwrap();
    let refusal = failure(exchange_code(&house.call(), &denied, SESSION));
    house.clock.advance(3600 * 23);
    assert_eq!(
        exchange_code(&house.call(), &good, SESSION).unwrap().refreshed_at,
        first.refreshed_at
    );
    assert_eq!(failure(exchange_code(&house.call(), &denied, SESSION)), refusal);
    assert_eq!(
        reason(exchange_code(&house.call(), &denied, SESSION)),
        SignInReason::Denied
    );
    assert_eq!(refusal.problem.aadsts, Some(65004));
    assert_eq!(refusal.account.as_ref(), Some(&name));
    house.clock.advance(3600 * 2);
    assert_eq!(
        reason(exchange_code(&house.call(), &good, SESSION)),
        SignInReason::UnknownState
    );
    assert_eq!(house.asked("authorization_code"), 1);
}

#[test]
fn of_two_equal_callbacks_at_once_the_second_waits() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "delay_ms": 700 }));
    let call = || {
        let (context, callback) = (house.call(), callback.clone());
        std::thread::spawn(move || exchange_code(&context, &callback, SESSION).unwrap())
    };
    let both = [call(), call()];
    let [one, other] = both.map(|thread| thread.join().unwrap());
    assert_eq!(one, other);
    assert_eq!(house.asked("authorization_code"), 1);
}

#[test]
fn states_are_checked_one_by_one() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    let exchange = |callback: &_, session: &str| reason(exchange_code(&house.call(), callback, session));
    let forged = with(&callback, "state", &"a".repeat(43));
    assert_eq!(exchange(&forged, SESSION), SignInReason::UnknownState);
    assert_eq!(exchange(&callback, "another browser"), SignInReason::WrongSession);
    // Neither burnt it.
    exchange_code(&house.call(), &callback, SESSION).unwrap();
    assert_eq!(
        exchange(&with(&callback, "code", "another"), SESSION),
        SignInReason::Replayed
    );
    assert_eq!(exchange(&callback, "another browser"), SignInReason::WrongSession);

    let late = house.callback(&name, &person(USER));
    house.clock.advance(601);
    assert_eq!(exchange(&late, SESSION), SignInReason::ExpiredState);
    house.clock.advance(-1300);
    assert_eq!(
        exchange(&late, SESSION),
        SignInReason::ExpiredState,
        "the clock was set back"
    );
    house.clock.advance(699);
    exchange_code(&house.call(), &late, SESSION).unwrap();
    for broken in [vec![], vec![("code".to_owned(), None), ("state".to_owned(), None)]] {
        assert_eq!(exchange(&broken, SESSION), SignInReason::InvalidCallback);
    }
    let both = with(&late, "error", "access_denied");
    assert_eq!(exchange(&both, SESSION), SignInReason::InvalidCallback);
    let stateless = vec![("error".to_owned(), Some("access_denied".to_owned()))];
    assert_eq!(exchange(&stateless, SESSION), SignInReason::Denied);
}

#[test]
fn someone_else_is_refused_and_the_old_tokens_stay() {
    let house = House::new();
    let name = house.signed_in("invoices");
    let before = house.token(&name);
    let callback = house.callback(&name, &person(COLLEAGUE));
    let refused = failure(exchange_code(&house.call(), &callback, SESSION));
    assert_eq!(refused.problem.code, "sign_in_wrong_account");
    assert_eq!(refused.problem.facts.get("actual").map(String::as_str), Some(COLLEAGUE));
    assert_eq!(house.token(&name), before);
    assert_eq!(house.status(&name).state, TokenState::Valid);

    let pinned_by_name = house.account("other", |settings| settings.user = Some(COLLEAGUE.to_owned()));
    let callback = house.callback(&pinned_by_name, &person(USER));
    assert_eq!(
        reason(exchange_code(&house.call(), &callback, SESSION)),
        SignInReason::WrongAccount
    );
    assert_eq!(house.status(&pinned_by_name).state, TokenState::NeverSignedIn);
}

#[test]
fn an_account_that_was_changed_meanwhile_gets_no_tokens() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.account("invoices", |settings| settings.tenant_id = "other.example".to_owned());
    for _ in 0..2 {
        assert_eq!(
            reason(exchange_code(&house.call(), &callback, SESSION)),
            SignInReason::AccountChanged
        );
    }
    assert_eq!(house.asked("authorization_code"), 0);
}

#[test]
fn a_change_during_the_redemption_drops_the_tokens() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "delay_ms": 800 }));
    let context = house.call();
    let exchange = std::thread::spawn(move || exchange_code(&context, &callback, SESSION));
    house.wait_for("authorization_code");
    house.account("invoices", |settings| settings.tenant_id = "other.example".to_owned());
    assert_eq!(reason(exchange.join().unwrap()), SignInReason::AccountChanged);
    assert!(
        house
            .context
            .store
            .tokens(&name)
            .unwrap()
            .is_none_or(|tokens| tokens.access_token.is_none())
    );
}

#[test]
fn what_microsoft_refuses_is_told_as_it_is() {
    let house = House::new();
    let name = house.account("invoices", |settings| {
        settings.client_secret = Some(squeeze_graph::base::secret::Secret::new("canary-wrong-secret"));
    });
    let callback = house.callback(&name, &person(USER));
    let refused = failure(exchange_code(&house.call(), &callback, SESSION));
    assert_eq!(
        (refused.class, refused.problem.aadsts),
        (Class::SignInFailed, Some(7_000_215))
    );
    assert!(!format!("{refused:?}").contains("canary"));
    assert_eq!(
        reason(exchange_code(&house.call(), &callback, SESSION)),
        SignInReason::Refused
    );
}

#[test]
fn forged_id_tokens_are_refused() {
    let other = "99999999-0000-0000-0000-000000000000";
    let house = House::new();
    let name = house.account("invoices", |_| {});
    for claims in [
        json!({ "aud": other }),
        json!({ "tid": other }),
        json!({ "iss": "https://login.example/v2.0" }),
        json!({ "nonce": "another" }),
        json!({ "nonce": null }),
        json!({ "exp": 1_000_000_000 }),
        json!({ "oid": null }),
    ] {
        house.fault(&json!({ "path": "/token", "id_token": claims }));
        let refused = failure(exchange_code(
            &house.call(),
            &house.callback(&name, &person(USER)),
            SESSION,
        ));
        assert_eq!(refused.problem.code, "id_token_invalid", "{claims}");
        assert_eq!(house.status(&name).state, TokenState::NeverSignedIn);
    }
}

#[test]
fn a_code_that_did_not_reach_microsoft_is_redeemed_again() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "count": null, "status": 503, "body": "" }));
    let turned_away = failure(exchange_code(&house.call(), &callback, SESSION));
    assert!(turned_away.passes(), "{turned_away:?}");
    assert_eq!(house.asked("authorization_code"), 1);
    house.no_faults();
    assert_eq!(
        exchange_code(&house.call(), &callback, SESSION).unwrap().state,
        TokenState::Valid
    );
}

#[test]
fn a_lost_answer_is_an_interrupted_sign_in() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "execute": true, "cut": "reset" }));
    for _ in 0..2 {
        let failure = failure(exchange_code(&house.call(), &callback, SESSION));
        assert_eq!(failure.detail, Detail::Reason(SignInReason::Interrupted));
        // No later call tries again, whatever the trouble on the way was.
        assert_eq!(failure.problem.code, "sign_in_interrupted");
        assert!(!failure.passes() && failure.problem.actor() == Actor::User);
    }
    assert_eq!(house.asked("authorization_code"), 1);
    house.sign_in(&name).unwrap();
}

#[test]
fn a_cancelled_caller_does_not_lose_the_tokens() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "delay_ms": 600 }));
    let context = house.call();
    let cancel = context.cancel.clone();
    let (inner, same) = (context.clone(), callback.clone());
    let exchange = std::thread::spawn(move || exchange_code(&inner, &same, SESSION));
    house.wait_for("authorization_code");
    cancel.cancel();
    assert!(matches!(exchange.join().unwrap(), Err(Error::Cancelled(_))));
    assert_eq!(
        exchange_code(&house.call(), &callback, SESSION).unwrap().state,
        TokenState::Valid
    );
    assert_eq!(house.asked("authorization_code"), 1);
}

#[test]
fn admin_consent_comes_back_with_the_status() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let url = admin_consent_url(&house.call(), &name, SESSION, None).unwrap();
    let state = parameter(&parameters(&url), "state");
    let answer = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().copied().chain([("state", state.as_str())]);
        pairs
            .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
            .collect()
    };
    let code = answer(&[("code", "x")]);
    assert_eq!(
        reason(exchange_code(&house.call(), &code, SESSION)),
        SignInReason::InvalidCallback
    );
    let url = admin_consent_url(&house.call(), &name, SESSION, None).unwrap();
    let consented = walk(&url, &person("admin@contoso.example"));
    let status = exchange_code(&house.call(), &consented, SESSION).unwrap();
    assert_eq!(status.state, TokenState::NeverSignedIn);
    let url = admin_consent_url(&house.call(), &name, SESSION, None).unwrap();
    let declined = Person {
        decision: Decision::Decline,
        ..person("admin@contoso.example")
    };
    let declined = walk(&url, &declined);
    assert_eq!(parameter(&declined, "admin_consent"), "True");
    assert_eq!(
        reason(exchange_code(&house.call(), &declined, SESSION)),
        SignInReason::ConsentRequired
    );
    let common = house.account("anyone", |settings| settings.tenant_id = "common".to_owned());
    let refused = failure(admin_consent_url(&house.call(), &common, SESSION, None));
    assert_eq!(refused.class, Class::Configuration);
}

#[test]
fn admin_consent_lets_a_refused_account_try_again_at_once() {
    let house = House::new();
    let name = house.signed_in("invoices");
    house.expire(&name);
    house.fault(&json!({ "path": "/token", "entra": { "code": 65001, "suberror": "consent_required" } }));
    failure(tokens::access_token(&house.call(), &name, 300, None));
    assert_eq!(house.status(&name).state, TokenState::SignInRequired);
    let url = admin_consent_url(&house.call(), &name, SESSION, None).unwrap();
    let answer = ["admin_consent", "tenant", "state"].map(|key| {
        let value = match key {
            "admin_consent" => "True".to_owned(),
            "tenant" => squeeze_graph_sandbox::TENANT.to_owned(),
            _ => parameter(&parameters(&url), "state"),
        };
        (key.to_owned(), Some(value))
    });
    let status = exchange_code(&house.call(), &answer.to_vec(), SESSION).unwrap();
    assert_eq!(status.state, TokenState::Expired);
    house.token(&name);
}

#[test]
fn nothing_secret_of_a_sign_in_is_in_the_store_file() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    exchange_code(&house.call(), &callback, SESSION).unwrap();
    let token = house.token(&name);
    let secrets = [
        parameter(&callback, "state"),
        parameter(&callback, "code"),
        SESSION.to_owned(),
        token,
    ];
    for entry in std::fs::read_dir(house.folder.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
        }
    }
}

#[test]
fn a_store_that_is_busy_while_the_code_is_redeemed_costs_no_sign_in() {
    let house = House::new();
    let name = house.account("invoices", |_| {});
    let callback = house.callback(&name, &person(USER));
    house.fault(&json!({ "path": "/token", "delay_ms": 2000 }));
    // It gives up at once, where a real one waits for 20 s.
    let context = Context {
        store: house.context.store.patient(Duration::from_millis(20)),
        ..house.call()
    };
    let signing_in = std::thread::spawn(move || exchange_code(&context, &callback, SESSION));
    house.wait_for("authorization_code");
    let database = Connection::open(signal(&house, "store.sqlite")).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    // The answer comes after two seconds, and can not be stored then.
    std::thread::sleep(Duration::from_millis(2700));
    assert!(!signing_in.is_finished(), "the tokens of a used code were given up");
    database.execute_batch("ROLLBACK").unwrap();
    assert_eq!(signing_in.join().unwrap().unwrap().state, TokenState::Valid);
    assert_eq!(house.status(&name).state, TokenState::Valid);
    assert_eq!(house.asked("authorization_code"), 1);
}
