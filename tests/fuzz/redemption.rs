//! A code that is redeemed: from the callback to the stored tokens, with anything for an answer of the token endpoint.
//!
//! An input is an object: `status`, `body` (with `id_token` as the object of its claims, so that they can be bent, too), and `pinned`:
//! whether somebody had signed in before. Any other input is the answer itself. The nonce `the-nonce` stands for the real one.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::Value;
use squeeze_graph::base::account::{AccountName, AccountSettings, Cloud, Protocol};
use squeeze_graph::base::budget::Budget;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::failure::{Class, Detail, Error, Failure};
use squeeze_graph::base::language::Language;
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::service::context::Context;
use squeeze_graph::service::sign_in::{AuthorizationOptions, Callback, authorization_url, exchange_code};
use squeeze_graph::store::record::{AccountRecord, Subject, TokenRecord};
use squeeze_graph::store::{self, Store};
use url::Url;

use crate::entra::{CLIENT, TENANT};
use crate::run::run_some;
use crate::scripted::{NOW, Script, StoppedClock, in_memory};
use crate::{is_tame, label};

/// Each input is a sign-in with several commits.
const INPUTS: u64 = 100;

const SESSION: &str = "the browser";
const SECRET: &str = "canary-client-secret";
const CODE: &str = "canary-authorization-code";
/// Who had signed in before.
const PINNED: &str = "00000000-0000-0000-0000-00000000000a";

fn name() -> AccountName {
    AccountName::new("a").unwrap()
}

fn account() -> AccountRecord {
    AccountRecord {
        name: name(),
        settings: AccountSettings {
            protocol: Protocol::Delegated,
            tenant_id: TENANT.to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(Secret::new(SECRET)),
            client_certificate: None,
            secret_expires_at: None,
            redirect_uri: Some("https://host.example/callback".to_owned()),
            user: None,
            mailbox: None,
            folder_inbox: "wellknown:inbox".to_owned(),
            folder_processed: None,
            folder_error: None,
            scopes: vec!["Mail.ReadWrite".to_owned(), "offline_access".to_owned()],
            refresh_interval: 43200,
            enabled: true,
            cloud: Cloud::Global,
            authority_url: None,
            graph_url: None,
        },
        identity_generation: 1,
    }
}

/// The tokens of whoever had signed in before.
fn earlier() -> TokenRecord {
    TokenRecord {
        identity_generation: 1,
        version: 1,
        access_token: Some(Secret::new("earlier access")),
        refresh_token: Some(Secret::new("earlier refresh")),
        expires_at: Some(NOW),
        subject: Some(Subject {
            oid: PINNED.to_owned(),
            tid: TENANT.to_owned(),
        }),
        signed_in_as: Some("anna@contoso.example".to_owned()),
        ..TokenRecord::default()
    }
}

fn context(settings: &Arc<Settings>, store: &Arc<dyn Store>, script: &Arc<Script>) -> Context {
    Context {
        settings: settings.clone(),
        clock: Arc::new(StoppedClock),
        random: Arc::new(OsRandom),
        transport: script.clone(),
        store: store.clone(),
        log: Arc::new(NoLog),
        ahead: Arc::default(),
        cancel: CancelToken::new(),
        budget: Arc::new(Budget::new(Duration::ZERO)),
    }
}

fn parameter(url: &Url, name: &str) -> String {
    let (_, value) = url.query_pairs().find(|(found, _)| found == name).unwrap();
    value.into_owned()
}

/// What an input stands for.
struct Case {
    status: StatusCode,
    pinned: bool,
    answer: Vec<u8>,
}

impl Case {
    fn of(input: &[u8], nonce: &str) -> Self {
        let mut case = Self {
            status: StatusCode::OK,
            pinned: false,
            answer: input.to_vec(),
        };
        let Ok(Value::Object(mut object)) = serde_json::from_slice::<Value>(input) else {
            return case;
        };
        let Some(mut body) = object.remove("body") else {
            return case;
        };
        case.pinned = object.get("pinned").and_then(Value::as_bool).unwrap_or(false);
        let status = object.get("status").and_then(Value::as_u64).unwrap_or(200);
        case.status = u16::try_from(status)
            .ok()
            .and_then(|status| StatusCode::from_u16(status).ok())
            .unwrap_or(StatusCode::OK);
        if let Some(token) = body.get_mut("id_token").filter(|token| token.is_object()) {
            let claims = token.to_string().replace("the-nonce", nonce);
            *token = Value::String(format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)));
        }
        case.answer = body
            .as_str()
            .map_or_else(|| body.to_string(), str::to_owned)
            .into_bytes();
        case
    }

    /// The claims of the answer's `id_token`.
    fn claims(&self) -> Value {
        let body: Value = serde_json::from_slice(&self.answer).unwrap();
        let token = body["id_token"].as_str().unwrap();
        let payload = token.split('.').nth(1).unwrap().trim_end_matches('=');
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
    }
}

fn secrets(tokens: Option<&TokenRecord>) -> [Option<String>; 2] {
    let exposed = |secret: &Option<Secret>| secret.as_ref().map(|secret| secret.expose().to_owned());
    tokens.map_or([None, None], |tokens| {
        [exposed(&tokens.access_token), exposed(&tokens.refresh_token)]
    })
}

/// Someone is signed in: it must be who the answer says, for this very sign-in, with the answer's tokens.
fn is_let_in_rightly(case: &Case, nonce: &str, stored: &TokenRecord) {
    assert_eq!(case.status, StatusCode::OK);
    let claims = case.claims();
    let subject = stored.subject.as_ref().unwrap();
    assert_eq!(claims["nonce"], nonce);
    assert!(claims["exp"].as_i64().unwrap() >= NOW.epoch() - 300);
    assert!(subject.tid.eq_ignore_ascii_case(TENANT), "{subject:?}");
    assert_eq!(claims["oid"], subject.oid.as_str());
    assert!(
        !case.pinned || subject.oid.eq_ignore_ascii_case(PINNED),
        "somebody else: {subject:?}"
    );
    let body: Value = serde_json::from_slice(&case.answer).unwrap();
    let [access, refresh] = secrets(Some(stored));
    assert_eq!(body["access_token"].as_str(), access.as_deref());
    // A blank one is none.
    let told = body["refresh_token"].as_str().filter(|token| !token.trim().is_empty());
    match told {
        Some(token) => assert_eq!(refresh.as_deref(), Some(token)),
        None => assert!(
            case.pinned || refresh.is_none(),
            "a refresh token from nowhere: {refresh:?}"
        ),
    }
    let shown = stored.granted_scopes.iter().chain(&stored.signed_in_as);
    for text in shown {
        assert!(is_tame(text), "{text:?}");
        assert!(![SECRET, CODE].iter().any(|secret| text.contains(secret)), "{text}");
    }
}

/// A failure that can be shown and says nothing it should not.
fn is_sound(failure: &Failure) {
    let problem = &failure.problem;
    assert!(is_tame(&problem.message) && is_tame(&problem.code), "{failure:?}");
    assert!(problem.facts.values().all(|fact| is_tame(fact)), "{failure:?}");
    for language in [Language::English, Language::German] {
        assert!(is_tame(&problem.explanation(language)) && is_tame(&problem.remedy(language)));
    }
    let shown = format!("{failure:?}");
    assert!(
        ![SECRET, CODE, "earlier access", "earlier refresh"]
            .iter()
            .any(|secret| shown.contains(secret)),
        "{shown}"
    );
    let expected = [
        Class::SignInFailed,
        Class::ActionRequired,
        Class::Configuration,
        Class::Throttled,
        Class::Connection,
        Class::Service,
    ];
    assert!(expected.contains(&failure.class), "{failure:?}");
}

#[test]
fn a_redeemed_code_lets_in_who_it_was_meant_for_or_changes_nothing() {
    let folder = in_memory();
    let settings = Arc::new(Settings {
        store: folder.path().join("store.sqlite").to_str().unwrap().to_owned(),
        ..Settings::default()
    });
    let store: Arc<dyn Store> = store::open(&settings, Arc::new(StoppedClock), Arc::new(OsRandom)).unwrap();
    store
        .change_account(&name(), &mut |_, _| Some((account(), None)))
        .unwrap();
    let words = [
        "the-nonce",
        PINNED,
        CLIENT,
        TENANT,
        SECRET,
        CODE,
        "id_token",
        "access_token",
        "refresh_token",
        "expires_in",
        "refresh_in",
        "scope",
        "invalid_grant",
        "AADSTS7000215: ",
        "AADSTS70008: ",
        "error",
        "error_codes",
        "suberror",
        "https://login.microsoftonline.com/",
        "/v2.0",
        "client_info",
        "00000000-0000-0000-0000-00000000000b",
    ];
    run_some("redemption", &words, 6, INPUTS, |input| {
        let nobody = Arc::new(Script::new(StatusCode::OK, b"", ""));
        let url = authorization_url(
            &context(&settings, &store, &nobody),
            &name(),
            SESSION,
            &AuthorizationOptions::default(),
        );
        let url = Url::parse(&url.unwrap()).unwrap();
        assert_eq!(nobody.asked(), []);
        let (state, nonce) = (parameter(&url, "state"), parameter(&url, "nonce"));
        let case = Case::of(input, &nonce);
        let before = case.pinned.then(earlier);
        store.delete_tokens(&name()).unwrap();
        store.change_tokens(&name(), 1, &mut |_, _| before.clone()).unwrap();
        let callback: Callback = [("code", CODE), ("state", &state)]
            .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
            .into_iter()
            .collect();
        let script = Arc::new(Script::new(case.status, &case.answer, ""));
        let context = context(&settings, &store, &script);
        let outcome = exchange_code(&context, &callback, SESSION);
        let asked = script.asked();
        assert_eq!(asked.len(), 1, "a code is sent once: {asked:?}");
        assert_eq!(asked[0].host_str(), Some("login.microsoftonline.com"));
        let stored = store.tokens(&name()).unwrap();
        let failure = match outcome {
            Ok(status) => {
                let stored = stored.unwrap();
                is_let_in_rightly(&case, &nonce, &stored);
                assert!(status.signed_in_as.as_deref().is_none_or(is_tame), "{status:?}");
                exchange_code(&context, &callback, SESSION).unwrap();
                assert_eq!(script.asked().len(), 1, "a reload asked again");
                return format!("{:?}, pinned: {}", status.state, case.pinned);
            }
            Err(Error::Failure(failure)) => failure,
            Err(other) => panic!("{other:?}"),
        };
        is_sound(&failure);
        assert_eq!(
            secrets(stored.as_ref()),
            secrets(before.as_ref()),
            "a failed sign-in changed the tokens"
        );
        assert_eq!(stored.map(|stored| stored.subject), before.map(|before| before.subject));
        if failure.class == Class::SignInFailed {
            let Err(Error::Failure(again)) = exchange_code(&context, &callback, SESSION) else {
                panic!("a reload has another outcome");
            };
            assert_eq!(
                (&again.detail, &again.problem.code),
                (&failure.detail, &failure.problem.code)
            );
            assert_eq!(script.asked().len(), 1, "a reload asked again");
        }
        match &failure.detail {
            Detail::Reason(reason) => format!("{:?} {}", failure.class, label(reason)),
            other => format!("{:?} {}", failure.class, label(other)),
        }
    });
}
