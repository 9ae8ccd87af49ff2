//! What these tests share: a sandbox, a store in a folder of its own, a clock that can be moved.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use squeeze_graph::base::account::{AccountName, AccountSettings, Cloud, Protocol};
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::{Clock, SystemClock, UtcInstant};
use squeeze_graph::base::failure::{Detail, Error, Failure, SignInReason};
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::service::context::{Budget, Context};
use squeeze_graph::service::sign_in::{AuthorizationOptions, Callback, authorization_url, exchange_code};
use squeeze_graph::service::token_status::TokenStatus;
use squeeze_graph::service::tokens;
use squeeze_graph::store;
use squeeze_graph::store::record::AccountRecord;
use squeeze_graph::transport::http::HttpTransport;
use squeeze_graph_sandbox::{CLIENT, Options, Person, RunningSandbox, SECRET, TENANT, USER};
use tempfile::TempDir;
use url::Url;

pub const SESSION: &str = "browser-session-of-the-test";
pub const REDIRECT_URI: &str = "https://squeeze.example/callback";

/// The machine's clock, set forward or back.
#[derive(Default)]
pub struct MovedClock(AtomicI64);

impl MovedClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> UtcInstant {
        SystemClock.now().plus(self.0.load(Ordering::SeqCst))
    }

    fn since_boot(&self) -> Duration {
        SystemClock.since_boot()
    }
}

/// A sandbox, a store and everything an operation works with.
pub struct House {
    pub sandbox: RunningSandbox,
    pub folder: TempDir,
    pub clock: Arc<MovedClock>,
    pub context: Context,
}

pub fn name(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

/// What an operation works with in this process, with the store at `path`.
pub fn context(path: &Path, clock: Arc<dyn Clock>) -> Context {
    let settings = Settings {
        store: path.to_str().unwrap().to_owned(),
        custom_endpoints: true,
        retry_budget: Duration::from_secs(5),
        ..Settings::default()
    };
    let random = Arc::new(OsRandom);
    Context {
        transport: Arc::new(HttpTransport::new(&settings)),
        store: store::open(&settings, Arc::clone(&clock), Arc::clone(&random) as _).unwrap(),
        budget: Arc::new(Budget::new(settings.retry_budget)),
        settings: Arc::new(settings),
        clock,
        random,
        log: Arc::new(NoLog),
        ahead: Arc::default(),
        cancel: CancelToken::new(),
    }
}

impl House {
    pub fn new() -> Self {
        let sandbox = squeeze_graph_sandbox::start(Options::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(MovedClock::default());
        let context = context(&folder.path().join("store.sqlite"), Arc::clone(&clock) as _);
        Self {
            sandbox,
            folder,
            clock,
            context,
        }
    }

    /// A context with a budget of its own, as each call has.
    pub fn call(&self) -> Context {
        Context {
            budget: Arc::new(Budget::new(self.context.settings.retry_budget)),
            cancel: CancelToken::new(),
            ..self.context.clone()
        }
    }

    pub fn settings(&self) -> AccountSettings {
        AccountSettings {
            protocol: Protocol::Delegated,
            tenant_id: TENANT.to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(Secret::new(SECRET)),
            client_certificate: None,
            secret_expires_at: None,
            redirect_uri: Some(REDIRECT_URI.to_owned()),
            user: None,
            mailbox: None,
            folder_inbox: "wellknown:inbox".to_owned(),
            folder_processed: None,
            folder_error: None,
            scopes: [
                "User.Read",
                "Mail.ReadWrite",
                "Mail.ReadWrite.Shared",
                "MailboxSettings.ReadWrite",
                "offline_access",
            ]
            .map(str::to_owned)
            .to_vec(),
            refresh_interval: 43200,
            enabled: true,
            cloud: Cloud::Global,
            authority_url: Some(self.sandbox.authority_url()),
            graph_url: Some(self.sandbox.graph_url()),
        }
    }

    /// Creates the account `name` (or changes it), with a new identity generation if its identity is another.
    pub fn account(&self, account: &str, change: impl Fn(&mut AccountSettings)) -> AccountName {
        let name = name(account);
        let mut settings = self.settings();
        change(&mut settings);
        self.context
            .store
            .change_account(&name, &mut |stored, tokens| {
                let generation = match &stored {
                    None => 1,
                    Some(stored) if stored.settings.same_identity(&settings) => stored.identity_generation,
                    Some(stored) => stored.identity_generation + 1,
                };
                let record = AccountRecord {
                    name: name.clone(),
                    settings: settings.clone(),
                    identity_generation: generation,
                };
                Some((record, tokens))
            })
            .unwrap();
        name
    }

    /// An account somebody is signed in for.
    pub fn signed_in(&self, account: &str) -> AccountName {
        let name = self.account(account, |_| {});
        self.sign_in(&name).unwrap();
        name
    }

    pub fn sign_in(&self, name: &AccountName) -> Result<TokenStatus, Error> {
        exchange_code(&self.call(), &self.callback(name, &person(USER)), SESSION)
    }

    /// Walks the pages as `person` and returns what comes back.
    pub fn callback(&self, name: &AccountName, person: &Person) -> Callback {
        let url = authorization_url(&self.call(), name, SESSION, &AuthorizationOptions::default()).unwrap();
        walk(&url, person)
    }

    /// Lets the access token end, for us and for Microsoft.
    pub fn expire(&self, name: &AccountName) {
        let account = self.context.store.account(name).unwrap().unwrap();
        let now = self.clock.now();
        self.context
            .store
            .change_tokens(name, account.identity_generation, &mut |_, tokens| {
                let mut tokens = tokens?;
                tokens.expires_at = Some(now.plus(-60));
                Some(tokens)
            })
            .unwrap();
    }

    pub fn fault(&self, fault: &Value) {
        self.sandbox.control("POST", "faults", fault).unwrap();
    }

    pub fn no_faults(&self) {
        self.sandbox.control("DELETE", "faults", &Value::Null).unwrap();
    }

    pub fn set(&self, settings: &Value) {
        self.sandbox.control("POST", "settings", settings).unwrap();
    }

    /// How many token requests of a grant arrived.
    pub fn asked(&self, grant: &str) -> u64 {
        let counters = self.sandbox.control("GET", "counters", &Value::Null).unwrap();
        let endpoints = counters["endpoints"].as_object().unwrap();
        let wanted = format!("token {grant}");
        let counts = endpoints.iter().filter(|(name, _)| name.contains(&wanted));
        counts.filter_map(|(_, count)| count.as_u64()).sum()
    }

    /// Waits until a token request of a grant has arrived.
    pub fn wait_for(&self, grant: &str) {
        let end = std::time::Instant::now() + Duration::from_secs(20);
        while self.asked(grant) == 0 {
            assert!(std::time::Instant::now() < end, "no token request arrived");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn refreshes(&self) -> u64 {
        self.asked("refresh_token")
    }

    pub fn token(&self, name: &AccountName) -> String {
        tokens::access_token(&self.call(), name, 300, None)
            .unwrap()
            .expose()
            .to_owned()
    }

    pub fn status(&self, name: &AccountName) -> TokenStatus {
        tokens::token_status(&self.call(), name).unwrap()
    }
}

pub fn person(user: &str) -> Person {
    Person {
        user: user.to_owned(),
        ..Person::default()
    }
}

pub fn walk(url: &str, person: &Person) -> Callback {
    let target = squeeze_graph_sandbox::sign_in(url, person).unwrap();
    parameters(&target)
}

/// The query of a URL, as a callback brings it.
pub fn parameters(url: &str) -> Callback {
    let url = Url::parse(url).unwrap();
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), Some(value.into_owned())))
        .collect()
}

pub fn parameter(callback: &Callback, name: &str) -> String {
    let found = callback.iter().find(|(known, _)| known == name);
    found.and_then(|(_, value)| value.clone()).unwrap_or_default()
}

pub fn with(callback: &Callback, name: &str, value: &str) -> Callback {
    let others = callback.iter().filter(|(known, _)| known != name).cloned();
    others.chain([(name.to_owned(), Some(value.to_owned()))]).collect()
}

/// The failure of a call that must fail.
pub fn failure<T>(outcome: Result<T, Error>) -> Failure {
    match outcome {
        Ok(_) => panic!("it succeeded"),
        Err(Error::Failure(failure)) => *failure,
        Err(other) => panic!("{other}"),
    }
}

pub fn reason<T>(outcome: Result<T, Error>) -> SignInReason {
    let failure = failure(outcome);
    match failure.detail {
        Detail::Reason(reason) => reason,
        _ => panic!("no reason: {failure:?}"),
    }
}

/// An error of the token endpoint.
pub fn entra(code: u32, error: &str) -> Value {
    json!({ "path": "/token", "count": null, "entra": { "code": code, "error": error } })
}
