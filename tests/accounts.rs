//! Accounts in a real store: what saving one does to the sign-in that is there.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

use std::sync::Arc;

use squeeze_graph::base::account::AccountName;
use squeeze_graph::base::account::patch::{Patch, Value};
use squeeze_graph::base::budget::Budget;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::{Clock, SystemClock};
use squeeze_graph::base::failure::{Class, Error, Failure};
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::service::accounts::{delete_account, get_account, has_account, list_accounts, save_account};
use squeeze_graph::service::context::Context;
use squeeze_graph::service::token_status::TokenState;
use squeeze_graph::store;
use squeeze_graph::store::record::{Subject, TokenRecord, Written};
use squeeze_graph::transport::{Request, Response, Transport, TransportError};
use tempfile::TempDir;

/// Accounts are the store's matter: nothing of this file may reach a network.
struct NoTransport;

impl Transport for NoTransport {
    fn send(&self, request: Request, _cancel: &CancelToken) -> Result<Response, TransportError> {
        panic!("an account asked {}", request.url);
    }
}

struct Place {
    context: Context,
    _folder: TempDir,
}

fn place() -> Place {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings {
        store: folder.path().join("store.sqlite").to_str().unwrap().to_owned(),
        ..Settings::default()
    };
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let random = Arc::new(OsRandom);
    let store = store::open(&settings, clock.clone(), random.clone()).unwrap();
    let budget = Arc::new(Budget::new(settings.retry_budget));
    let context = Context {
        settings: Arc::new(settings),
        clock,
        random,
        transport: Arc::new(NoTransport),
        store,
        log: Arc::new(NoLog),
        ahead: Arc::default(),
        cancel: CancelToken::new(),
        budget,
    };
    Place {
        context,
        _folder: folder,
    }
}

fn name(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn patch(entries: &[(&str, Value)]) -> Patch {
    entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), value.clone()))
        .collect()
}

fn complete() -> Patch {
    patch(&[
        ("tenant_id", text("contoso.example")),
        ("client_id", text("5f0c1f1e-6d2a-4f6e-9a51-0d6f3a0b7c11")),
        ("client_secret", text("value")),
        ("redirect_uri", text("https://mandant.example/callback")),
    ])
}

/// Someone signs in: tokens as a success writes them.
fn sign_in(context: &Context, account: &AccountName, as_who: Option<&str>) {
    let now = context.clock.now();
    let record = context.store.account(account).unwrap().unwrap();
    let tokens = TokenRecord {
        identity_generation: record.identity_generation,
        version: 1,
        access_token: Some(Secret::new("access")),
        refresh_token: Some(Secret::new("refresh")),
        issued_at: Some(now),
        expires_at: Some(now.plus(3600)),
        refreshed_at: Some(now),
        subject: as_who.map(|_| Subject {
            oid: "aaaaaaaa-0000-0000-0000-000000000001".to_owned(),
            tid: "bbbbbbbb-0000-0000-0000-000000000002".to_owned(),
        }),
        signed_in_as: as_who.map(str::to_owned),
        addresses: as_who
            .map(|who| vec![who.to_owned(), "a.schmidt@contoso.onmicrosoft.example".to_owned()])
            .unwrap_or_default(),
        ..TokenRecord::default()
    };
    let written = context
        .store
        .change_tokens(account, record.identity_generation, &mut |_, _| Some(tokens.clone()));
    assert_eq!(written.unwrap(), Written::Stored);
}

fn state(context: &Context, account: &AccountName) -> TokenState {
    get_account(context, account).unwrap().status.state
}

fn failure<T: std::fmt::Debug>(result: Result<T, Error>) -> Failure {
    match result.unwrap_err() {
        Error::Failure(failure) => *failure,
        other => panic!("{other}"),
    }
}

#[test]
fn a_new_account_needs_a_sign_in_and_an_application_does_not() {
    let place = place();
    let context = &place.context;
    assert!(save_account(context, &name("invoices"), &complete()).unwrap());
    assert_eq!(state(context, &name("invoices")), TokenState::NeverSignedIn);
    let mut application = complete();
    application.extend(patch(&[
        ("protocol", text("application")),
        ("mailbox", text("a@contoso.example")),
    ]));
    assert!(!save_account(context, &name("robot"), &application).unwrap());
    assert_eq!(state(context, &name("robot")), TokenState::Expired);
}

#[test]
fn what_is_refused_changes_nothing_and_names_key_and_account() {
    let place = place();
    let context = &place.context;
    let account = name("invoices");
    save_account(context, &account, &complete()).unwrap();
    let before = get_account(context, &account).unwrap().settings;
    let refused = failure(save_account(
        context,
        &account,
        &patch(&[("folder_inbox", text("Eingang")), ("colour", text("red"))]),
    ));
    assert_eq!(refused.class, Class::Configuration);
    assert_eq!(refused.account, Some(account.clone()));
    assert_eq!(refused.problem.facts["key"], "colour");
    assert_eq!(get_account(context, &account).unwrap().settings, before);
    failure(save_account(context, &name("other"), &Patch::new()));
    assert!(!has_account(context, &name("other")).unwrap());
}

#[test]
fn only_another_application_place_or_person_costs_a_sign_in() {
    type Case = (&'static str, Vec<(&'static str, Value)>, bool);
    let who = "Anna.Schmidt@contoso.example";
    let secret = ("client_secret", text("value"));
    let cases: Vec<Case> = vec![
        ("nothing", vec![], false),
        (
            "folders, mailbox, interval",
            vec![
                ("folder_inbox", text("Eingang")),
                ("folder_error", text("Fehler")),
                ("mailbox", text("shared@contoso.example")),
                ("refresh_interval", Value::Int(60)),
                ("enabled", Value::Bool(false)),
            ],
            false,
        ),
        ("a new secret", vec![("client_secret", text("another"))], false),
        (
            "wider scopes",
            vec![("scopes", Value::Texts(vec!["Mail.Send".to_owned()]))],
            false,
        ),
        (
            "another redirect URI",
            vec![("redirect_uri", text("https://b.example/cb"))],
            false,
        ),
        (
            "the same person",
            vec![("user", text("anna.schmidt@CONTOSO.example"))],
            false,
        ),
        (
            "the same person by another address",
            vec![("user", text("A.Schmidt@contoso.onmicrosoft.example"))],
            false,
        ),
        (
            "the same person by id",
            vec![("user", text("AAAAAAAA-0000-0000-0000-000000000001"))],
            false,
        ),
        ("nobody in particular", vec![("user", Value::Null)], false),
        ("someone else", vec![("user", text("bernd@contoso.example"))], true),
        (
            "another client",
            vec![("client_id", text("other")), secret.clone()],
            true,
        ),
        (
            "another tenant",
            vec![("tenant_id", text("other.example")), secret.clone()],
            true,
        ),
        ("another cloud", vec![("cloud", text("usgov")), secret], true),
    ];
    let place = place();
    let context = &place.context;
    for (case, entries, costs) in cases {
        let account = name(case);
        save_account(context, &account, &complete()).unwrap();
        sign_in(context, &account, Some(who));
        assert_eq!(
            save_account(context, &account, &patch(&entries)).unwrap(),
            costs,
            "{case}"
        );
        let expected = if costs {
            TokenState::SignInRequired
        } else {
            TokenState::Valid
        };
        assert_eq!(state(context, &account), expected, "{case}");
        let kept = context.store.tokens(&account).unwrap().unwrap();
        assert_eq!(
            kept.refresh_token,
            Some(Secret::new("refresh")),
            "{case}: kept until the next success"
        );
    }
}

#[test]
fn a_write_that_began_under_the_older_identity_is_dropped() {
    let place = place();
    let context = &place.context;
    let account = name("invoices");
    save_account(context, &account, &complete()).unwrap();
    sign_in(context, &account, None);
    let began = context.store.account(&account).unwrap().unwrap().identity_generation;
    let change = patch(&[("client_id", text("other")), ("client_secret", text("value"))]);
    assert!(save_account(context, &account, &change).unwrap());
    let written = context.store.change_tokens(&account, began, &mut |_, tokens| tokens);
    assert_eq!(written.unwrap(), Written::Dropped);
    // Back again is another identity, too: nobody can say what happened in between.
    let back = patch(&[
        ("client_id", text("5f0c1f1e-6d2a-4f6e-9a51-0d6f3a0b7c11")),
        ("client_secret", text("value")),
    ]);
    assert!(save_account(context, &account, &back).unwrap());
    assert_eq!(state(context, &account), TokenState::SignInRequired);
}

#[test]
fn a_user_named_before_anybody_is_known_voids_nothing() {
    let place = place();
    let context = &place.context;
    let account = name("adopted");
    save_account(context, &account, &complete()).unwrap();
    sign_in(context, &account, None);
    let user = patch(&[("user", text("bernd@contoso.example"))]);
    assert!(!save_account(context, &account, &user).unwrap());
    assert_eq!(state(context, &account), TokenState::Valid);
}

#[test]
fn accounts_are_listed_by_name_with_their_own_state() {
    let place = place();
    let context = &place.context;
    for account in ["b", "a", "C", "ä"] {
        save_account(context, &name(account), &complete()).unwrap();
    }
    sign_in(context, &name("b"), Some("anna@contoso.example"));
    let listed: Vec<(String, TokenState)> = list_accounts(context)
        .unwrap()
        .into_iter()
        .map(|view| (view.name.to_string(), view.status.state))
        .collect();
    let expected = [
        ("C", TokenState::NeverSignedIn),
        ("a", TokenState::NeverSignedIn),
        ("b", TokenState::Valid),
        ("ä", TokenState::NeverSignedIn),
    ];
    assert_eq!(listed, expected.map(|(name, state)| (name.to_owned(), state)));
}

#[test]
fn a_deleted_account_is_gone_and_its_tokens_do_not_come_back_with_its_name() {
    let place = place();
    let context = &place.context;
    let account = name("invoices");
    save_account(context, &account, &complete()).unwrap();
    sign_in(context, &account, Some("anna@contoso.example"));
    let old = context.store.account(&account).unwrap().unwrap().identity_generation;
    assert!(delete_account(context, &account).unwrap());
    assert!(!delete_account(context, &account).unwrap());
    assert!(!has_account(context, &account).unwrap());
    let missing = failure(get_account(context, &account));
    assert_eq!(missing.class, Class::AccountNotFound);
    assert_eq!(missing.account, Some(account.clone()));
    assert!(save_account(context, &account, &complete()).unwrap());
    assert_eq!(state(context, &account), TokenState::NeverSignedIn);
    let new = context.store.account(&account).unwrap().unwrap().identity_generation;
    assert_ne!(new, old);
}
