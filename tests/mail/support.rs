//! What these tests share: a sandbox, a store, and an account that is signed in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use squeeze_graph::base::account::{AccountName, AccountSettings, Cloud, Protocol};
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::{Clock, SystemClock};
use squeeze_graph::base::failure::{Class, Error, Failure};
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::service::context::{Budget, Context};
use squeeze_graph::service::tokens::{AdoptedToken, adopt_token};
use squeeze_graph::store;
use squeeze_graph::store::record::AccountRecord;
use squeeze_graph::transport::http::HttpTransport;
use squeeze_graph_sandbox::{CLIENT, Options, RunningSandbox, SECRET, TENANT, start};
use tempfile::TempDir;

/// A sandbox and a host that uses it.
pub struct World {
    pub sandbox: RunningSandbox,
    pub folder: TempDir,
    settings: Arc<Settings>,
    name: AccountName,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(&folder.path().join("store.sqlite"));
        Self::at(start(Options::default()).unwrap(), settings, folder)
    }

    /// A host with these settings; `folder` is where its things lie.
    pub fn at(sandbox: RunningSandbox, settings: Settings, folder: TempDir) -> Self {
        let world = Self {
            sandbox,
            folder,
            settings: Arc::new(settings),
            name: AccountName::new("konto").unwrap(),
        };
        world.account("konto", |_| {});
        world
    }

    /// What one call works with, as a process of its own would have it.
    pub fn context(&self) -> Context {
        context(&self.settings)
    }

    /// An account of the sandbox's user, signed in.
    pub fn account(&self, name: &str, change: impl Fn(&mut AccountSettings)) -> AccountName {
        let name = AccountName::new(name).unwrap();
        let mut settings = AccountSettings {
            protocol: Protocol::Delegated,
            tenant_id: TENANT.to_owned(),
            client_id: CLIENT.to_owned(),
            client_secret: Some(Secret::new(SECRET.to_owned())),
            client_certificate: None,
            secret_expires_at: None,
            redirect_uri: Some("http://localhost/callback".to_owned()),
            user: None,
            mailbox: None,
            folder_inbox: "wellknown:inbox".to_owned(),
            folder_processed: Some("/Verarbeitet".to_owned()),
            folder_error: Some("/Fehler".to_owned()),
            scopes: vec!["Mail.ReadWrite".to_owned(), "offline_access".to_owned()],
            refresh_interval: 43_200,
            enabled: true,
            cloud: Cloud::Global,
            authority_url: Some(self.sandbox.authority_url()),
            graph_url: Some(self.sandbox.graph_url()),
        };
        change(&mut settings);
        let context = self.context();
        context
            .store
            .change_account(&name, &mut |_, tokens| {
                let record = AccountRecord {
                    name: name.clone(),
                    settings: settings.clone(),
                    identity_generation: 1,
                };
                Some((record, tokens))
            })
            .unwrap();
        let issued = self.control("POST", "tokens", &json!({}));
        let secret = |field: &str| Some(Secret::new(issued[field].as_str().unwrap().to_owned()));
        let token = AdoptedToken {
            access_token: secret("access_token"),
            refresh_token: secret("refresh_token"),
            issued_at: None,
            expires_at: Some(context.clock.now().plus(3600)),
            scope: Some("Mail.ReadWrite Mail.ReadWrite.Shared".to_owned()),
            id_token: None,
        };
        adopt_token(&context, &name, &token, false).unwrap();
        name
    }

    /// The usual account.
    pub fn name(&self) -> AccountName {
        self.name.clone()
    }

    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        self.sandbox.control(method, path, body).unwrap()
    }

    /// Lets something go wrong.
    pub fn fault(&self, rule: &Value) {
        self.control("POST", "faults", rule);
    }

    /// Lets everything go right again.
    pub fn heal(&self) {
        self.control("DELETE", "faults", &Value::Null);
    }

    /// Requests to Graph and Entra while `action` runs.
    pub fn requests<T>(&self, action: impl FnOnce() -> T) -> (T, u64) {
        self.control("DELETE", "counters", &Value::Null);
        let result = action();
        let counters = self.control("GET", "counters", &Value::Null);
        (result, counters["requests"].as_u64().unwrap())
    }

    /// How many items of batches asked for something like that since the counters were last set back.
    pub fn batched(&self, what: &str) -> usize {
        let journal = self.control("GET", "requests", &Value::Null);
        let requests = journal["requests"].as_array().unwrap();
        let items = requests.iter().filter_map(|request| request["items"].as_array());
        items
            .flatten()
            .filter(|item| item.as_str().unwrap().contains(what))
            .count()
    }

    /// How often an endpoint was asked since the counters were last set back.
    pub fn asked(&self, endpoint: &str) -> u64 {
        let counters = self.control("GET", "counters", &Value::Null);
        let endpoints = counters["endpoints"].as_object().unwrap();
        endpoints
            .iter()
            .filter(|(name, _)| name.contains(endpoint))
            .map(|(_, count)| count.as_u64().unwrap())
            .sum()
    }
}

/// The settings of a host whose store is there.
pub fn settings(store: &Path) -> Settings {
    Settings {
        store: store.to_str().unwrap().to_owned(),
        custom_endpoints: true,
        timeout: Duration::from_secs(10),
        retry_budget: Duration::from_secs(5),
        ..Settings::default()
    }
}

/// What one call works with.
pub fn context(settings: &Arc<Settings>) -> Context {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Context {
        settings: Arc::clone(settings),
        clock: Arc::clone(&clock),
        random: Arc::new(OsRandom),
        transport: Arc::new(HttpTransport::new(settings)),
        store: store::open(settings, clock, Arc::new(OsRandom)).unwrap(),
        log: Arc::new(NoLog),
        ahead: Arc::default(),
        cancel: CancelToken::new(),
        budget: Arc::new(Budget::new(settings.retry_budget)),
    }
}

/// The failure of a call that must fail.
pub fn failure<T>(result: Result<T, Error>) -> Failure {
    match result {
        Ok(_) => panic!("it did not fail"),
        Err(Error::Failure(failure)) => *failure,
        Err(other) => panic!("no failure: {other}"),
    }
}

/// The class of a failure.
pub fn class<T>(result: Result<T, Error>) -> Class {
    failure(result).class
}
