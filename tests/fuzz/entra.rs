//! What comes from Entra: a callback through the browser, answers of the token endpoint, claims.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use squeeze_graph::base::account::AccountName;
use squeeze_graph::base::budget::Budget;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::failure::{Class, Detail, Error, SignInReason};
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::problem::MESSAGE_LIMIT;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::oauth::application::{Application, Credential};
use squeeze_graph::oauth::claims_challenge::{decode, from_www_authenticate, parameter};
use squeeze_graph::oauth::discovery;
use squeeze_graph::oauth::id_token::{self, Expectation};
use squeeze_graph::oauth::scope::granted;
use squeeze_graph::oauth::token_request::{Grant, TokenEndpoint, TokenFailure};
use squeeze_graph::oauth::token_response::{LONGEST_LIFE, TokenAnswer};
use squeeze_graph::service::context::Context;
use squeeze_graph::service::sign_in::{Callback, callback_route, exchange_code};
use squeeze_graph::store;
use squeeze_graph::store::record::{SignInProgress, SignInRecord};
use url::Url;

use crate::run::run;
use crate::scripted::{NOW, Script, StoppedClock};
use crate::{is_tame, label};

pub const TENANT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
pub const CLIENT: &str = "11111111-2222-3333-4444-555555555555";

/// A state that was handed out, to another browser; it stands in the corpus, too.
const STATE: &str = "c3RhdGUtdGhhdC13YXMtaGFuZGVkLW91dC1vbmNlLTE.bWFuZGFudC03";

/// A store that knows [`STATE`], and a network that nobody may use.
fn context(folder: &tempfile::TempDir) -> (Context, Arc<Script>) {
    let settings = Settings {
        store: folder.path().join("store.sqlite").to_str().unwrap().to_owned(),
        ..Settings::default()
    };
    let store = store::open(&settings, Arc::new(StoppedClock), Arc::new(OsRandom)).unwrap();
    let sign_in = SignInRecord {
        state: Sha256::digest(STATE).into(),
        account: AccountName::new("a").unwrap(),
        identity_generation: 1,
        session: [9; 32],
        verifier: Secret::new("verifier"),
        nonce: Secret::new("nonce"),
        redirect_uri: "https://host.example/callback".to_owned(),
        scopes: vec!["Mail.ReadWrite".to_owned()],
        admin_consent: false,
        created_at: NOW,
        progress: SignInProgress::Pending,
    };
    store.put_sign_in(&sign_in, NOW).unwrap();
    let script = Arc::new(Script::new(StatusCode::OK, b"", ""));
    let context = Context {
        settings: Arc::new(settings),
        clock: Arc::new(StoppedClock),
        random: Arc::new(OsRandom),
        transport: script.clone(),
        store,
        log: Arc::new(NoLog),
        ahead: Arc::default(),
        cancel: CancelToken::new(),
        budget: Arc::new(Budget::new(Duration::ZERO)),
    };
    (context, script)
}

/// A query string as PHP reads it: `name[]` is an array, and so no text.
fn callback(input: &[u8]) -> Callback {
    url::form_urlencoded::parse(input)
        .map(|(name, value)| match name.strip_suffix("[]") {
            Some(name) => (name.to_owned(), None),
            None => (name.into_owned(), Some(value.into_owned())),
        })
        .collect()
}

#[test]
fn a_callback_from_anybody_lets_nobody_in() {
    let folder = tempfile::tempdir().unwrap();
    let (context, script) = context(&folder);
    let words = [
        "code=",
        "state=",
        "error=",
        "error_description=",
        "error_subcode=cancel",
        "admin_consent=True",
        "[]",
        "&",
        "state[]=",
        "access_denied",
        "consent_required",
        "AADSTS65004: ",
        "AADSTS90094: ",
        "%0d%0a",
        "%c3%28",
        STATE,
    ];
    run("callback", &words, 5, |input| {
        let callback = callback(input);
        if let Some(route) = callback_route(&callback) {
            let states: Vec<_> = callback.iter().filter(|(name, _)| name == "state").collect();
            assert_eq!(states.len(), 1, "a route of two states");
            let (_, written) = states[0].1.as_deref().unwrap().split_once('.').unwrap();
            assert_eq!(
                URL_SAFE_NO_PAD.encode(&route),
                written,
                "another route than the state's"
            );
            assert!(route.len() <= 513);
        }
        let Err(Error::Failure(failure)) = exchange_code(&context, &callback, "a session") else {
            panic!("a callback of nobody's was taken");
        };
        assert_eq!(script.asked(), [], "Microsoft was asked about it");
        assert_eq!(failure.class, Class::SignInFailed);
        assert!(
            is_tame(&failure.problem.message) && is_tame(&failure.problem.code),
            "{failure:?}"
        );
        let only_in_code = callback
            .iter()
            .all(|(name, value)| name == "code" || !value.as_ref().is_some_and(|value| value.contains("canary")));
        assert!(
            !only_in_code || !format!("{failure:?}").contains("canary"),
            "{failure:?}"
        );
        let Detail::Reason(reason) = failure.detail else {
            panic!("no reason: {failure:?}");
        };
        let knows = callback
            .iter()
            .any(|(name, value)| name == "state" && value.as_deref() == Some(STATE));
        assert!(reason != SignInReason::WrongSession || knows, "{reason:?}");
        label(&reason)
    });
}

const SECRET: &str = "canary-client-secret";
const REFRESH: &str = "canary-refresh-token";

/// What a refresh makes of an answer.
fn refreshed(status: u16, body: &[u8]) -> Result<TokenAnswer, Box<TokenFailure>> {
    let script = Script::new(StatusCode::from_u16(status).unwrap(), body, "");
    let endpoint = TokenEndpoint {
        transport: &script,
        clock: &StoppedClock,
        random: &OsRandom,
        cancel: &CancelToken::new(),
        budget: &Budget::new(Duration::from_mins(2)),
        clock_skew: 0,
        repeats: false,
    };
    let application = Application {
        client_id: CLIENT.to_owned(),
        credential: Credential::Secret(Secret::new(SECRET)),
        authority: Url::parse(&format!("https://login.microsoftonline.com/{TENANT}")).unwrap(),
        graph: Url::parse("https://graph.microsoft.com").unwrap(),
    };
    let outcome = endpoint.request(&application, Grant::RefreshToken(&Secret::new(REFRESH)), None);
    assert_eq!(script.asked().len(), 1, "asked more than once");
    outcome
}

/// What must hold of every refused request.
fn is_sound(failure: &TokenFailure) {
    let problem = &failure.problem;
    assert!(failure.retry_after.is_none_or(|seconds| seconds <= 3600), "{failure:?}");
    let short = [
        Some(&problem.code),
        problem.suberror.as_ref(),
        problem.request_id.as_ref(),
        problem.correlation_id.as_ref(),
    ];
    for text in short.into_iter().flatten() {
        assert!(is_tame(text) && text.chars().count() <= 128, "{text:?}");
    }
    // An escaped character takes up to ten.
    assert!(is_tame(&problem.message) && problem.message.chars().count() <= 10 * MESSAGE_LIMIT);
    let shown = format!("{failure:?}");
    for secret in [SECRET, REFRESH] {
        assert!(!shown.contains(secret), "{shown}");
    }
    if let Some(challenge) = &failure.challenge {
        assert!(serde_json::from_str::<Value>(challenge).unwrap().is_object());
    }
}

#[test]
fn a_token_response_is_a_sane_token_or_none() {
    let words = [
        "Bearer",
        "bearer",
        "mac",
        "expires_in",
        "refresh_in",
        "3599",
        "\"3599\"",
        "refresh_token",
        "id_token",
        "scope",
        REFRESH,
    ];
    run("token_response", &words, 2, |input| match refreshed(200, input) {
        Ok(answer) => {
            assert!((0..=LONGEST_LIFE).contains(&answer.expires_in), "{answer:?}");
            assert!(
                answer
                    .refresh_in
                    .is_none_or(|seconds| (1..answer.expires_in).contains(&seconds)),
                "{answer:?}"
            );
            assert!(answer.sign_in_ends_in.is_none_or(|seconds| seconds > 0), "{answer:?}");
            assert!(answer.access_token.expose().bytes().all(|byte| byte.is_ascii_graphic()));
            for token in [
                Some(&answer.access_token),
                answer.refresh_token.as_ref(),
                answer.id_token.as_ref(),
            ] {
                assert!(token.is_none_or(|token| !token.is_empty()));
            }
            // The scope and the client's info are no secrets and are shown as they came.
            let secrets = TokenAnswer {
                scope: None,
                client_info: None,
                ..answer.clone()
            };
            let (token, shown) = (answer.access_token.expose(), format!("{secrets:?}"));
            // Without a dot it may be one of the words that stand there anyway.
            assert!(!token.contains('.') || !shown.contains(token), "{shown}");
            for scope in answer.scope.as_deref().map(granted).unwrap_or_default() {
                assert!(!scope.is_empty() && !scope.contains(' '), "{scope:?}");
            }
            format!("token, refresh token: {}", answer.refresh_token.is_some())
        }
        Err(failure) => {
            is_sound(&failure);
            failure.problem.code
        }
    });
}

#[test]
fn an_error_body_becomes_a_problem_that_shows_nothing_secret() {
    let words = [
        "AADSTS",
        "AADSTS700082: ",
        "invalid_grant",
        "consent_required",
        "error_codes",
        "claims",
        "suberror",
        "\\u0000",
        "\\r\\n",
        "{\\\"access_token\\\":{}}",
        SECRET,
        REFRESH,
    ];
    run("error_body", &words, 3, |input| {
        let Err(failure) = refreshed(400, input) else {
            panic!("a refusal gave a token");
        };
        is_sound(&failure);
        format!(
            "{:?}, challenge: {}",
            failure.problem.row().class,
            failure.challenge.is_some()
        )
    });
}

/// The claims that count, read once more.
#[derive(Deserialize)]
struct Claims {
    aud: Value,
    iss: String,
    exp: i64,
    oid: String,
    nonce: String,
}

#[test]
fn an_id_token_is_believed_only_if_each_claim_says_so() {
    let authority = Url::parse(&format!("https://login.microsoftonline.com/{TENANT}")).unwrap();
    let nonce = Secret::new("the-nonce");
    let expected = Expectation {
        client_id: CLIENT,
        authority: &authority,
        nonce: Some(&nonce),
        now: NOW,
    };
    let words = [
        "aud",
        "iss",
        "tid",
        "oid",
        "nonce",
        "exp",
        "the-nonce",
        CLIENT,
        TENANT,
        "https://login.microsoftonline.com/",
        "https://evil.example/",
        "@evil.example",
        "/v2.0",
        "9188040d-6c67-4c5b-b112-36a304b66dad",
        "1699999700",
    ];
    run("id_token", &words, 6, |input| {
        // What looks like claims is put into a token, anything else is taken for one.
        let text = if input.starts_with(b"{") {
            format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(input))
        } else {
            String::from_utf8_lossy(input).into_owned()
        };
        let token = Secret::new(text.as_str());
        let home = id_token::home_account(&text);
        assert!(home.is_none_or(|home| is_tame(&home.oid) && !home.oid.is_empty() && !home.tid.is_empty()));
        let identity = match id_token::check(&token, &expected) {
            Ok(identity) => identity,
            Err(invalid) => return label(&invalid),
        };
        assert_eq!(id_token::peek(&token, CLIENT).as_ref(), Some(&identity));
        let payload = text.split('.').nth(1).unwrap().trim_end_matches('=');
        // Where nobody looks the claims may hold anything, also what is no number and no UTF-8.
        let payload = URL_SAFE_NO_PAD.decode(payload).unwrap();
        let claims: Claims = serde_json::from_slice(&payload).unwrap();
        let is_client = |value: &Value| value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(CLIENT));
        assert!(is_client(&claims.aud) || claims.aud.as_array().is_some_and(|all| all.iter().any(is_client)));
        assert_eq!(claims.nonce, "the-nonce");
        assert!(claims.exp >= NOW.epoch() - 300);
        assert!(identity.tid.eq_ignore_ascii_case(TENANT));
        let issuer = Url::parse(&claims.iss).unwrap();
        let hosts = [
            "login.microsoftonline.com",
            "login.windows.net",
            "login.microsoft.com",
            "sts.windows.net",
        ];
        assert!(
            issuer.scheme() == "https" && hosts.contains(&issuer.host_str().unwrap()),
            "{issuer}"
        );
        assert_eq!(claims.oid, identity.oid);
        assert!(!identity.oid.is_empty() && is_tame(&identity.oid));
        assert!(
            identity
                .addresses
                .iter()
                .all(|address| is_tame(address) && !address.is_empty())
        );
        "believed".to_owned()
    });
}

#[test]
fn a_claims_challenge_is_an_object_that_survives_being_repeated() {
    let words = [
        "Bearer ",
        "claims=",
        "error=\"insufficient_claims\"",
        "realm=\"\"",
        ", ",
        "\\\"",
        "eyJhIjp7fX0=",
        "{\"access_token\":{}}",
        "==",
    ];
    run("claims_challenge", &words, 2, |input| {
        let text = String::from_utf8_lossy(input);
        let Some(challenge) = from_www_authenticate(text.lines()) else {
            return "none".to_owned();
        };
        let asked: Value = serde_json::from_str(&challenge).unwrap();
        // Numbers with decimals may change in their last digit; no claim has any.
        if !challenge.contains('.') {
            assert_eq!(decode(&challenge).as_deref(), Some(challenge.as_str()));
        }
        let answer: Value = serde_json::from_str(&parameter(Some(&challenge))).unwrap();
        assert_eq!(answer["access_token"]["xms_cc"]["values"][0], "cp1");
        for (name, value) in asked
            .as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| *name != "access_token")
        {
            assert_eq!(answer[name].is_object(), value.is_object(), "{name} was lost");
        }
        for name in asked["access_token"]
            .as_object()
            .into_iter()
            .flat_map(|claims| claims.keys())
        {
            assert!(answer["access_token"].get(name).is_some(), "{name} was lost");
        }
        "challenge".to_owned()
    });
}

#[test]
fn the_metadata_document_moves_nothing_and_a_page_in_its_place_is_told() {
    let words = [
        "token_endpoint",
        "error_codes",
        "https://evil.example/token",
        "AADSTS90002",
    ];
    let authority = Url::parse("https://login.example/contoso.example").unwrap();
    run("metadata", &words, 3, |input| {
        let status = if input.len().is_multiple_of(2) {
            StatusCode::OK
        } else {
            StatusCode::BAD_REQUEST
        };
        let script = Script::new(status, input, "{}");
        let asked = discovery::metadata(
            &script,
            &StoppedClock,
            &CancelToken::new(),
            &authority,
            Duration::from_secs(1),
        );
        let urls = script.asked();
        assert_eq!(urls.len(), 1);
        assert!(urls.iter().all(|url| url.origin() == authority.origin()));
        match asked {
            Ok(metadata) => format!("{:?}", metadata.clock_skew),
            Err(problem) => {
                assert!(is_tame(&problem.message) && is_tame(&problem.code), "{problem:?}");
                assert!(problem.facts.values().all(|fact| is_tame(fact)), "{problem:?}");
                format!("{} {}", label(&problem.source), problem.aadsts.is_some())
            }
        }
    });
}
