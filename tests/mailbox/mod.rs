//! A sandbox with one mailbox and a client for it, as the service makes one, but with a token straight from the control endpoint.

#![allow(dead_code, reason = "each test program uses its own part of this")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use squeeze_graph::base::budget::Budget;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::SystemClock;
use squeeze_graph::base::failure::Result;
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::graph::client::{Client, Environment};
use squeeze_graph::graph::path::Mailbox;
use squeeze_graph::graph::tokens::{Renewed, Tokens};
use squeeze_graph::transport::http::HttpTransport;
use squeeze_graph_sandbox::{Options, RunningSandbox};
use url::Url;

/// A sandbox and what a client for it needs.
pub struct TestMailbox {
    /// The sandbox.
    pub sandbox: RunningSandbox,
    /// The tokens' keeper.
    pub tokens: Arc<TestTokens>,
    /// Stops the client's call.
    pub cancel: CancelToken,
    /// What retries may take.
    pub budget: Arc<Budget>,
    transport: Arc<HttpTransport>,
    idle: Duration,
}

/// Hands out one token and counts how often another was wanted.
pub struct TestTokens {
    token: Mutex<String>,
    fresh: Mutex<Vec<String>>,
    /// The challenges of each rejection.
    pub rejections: Mutex<Vec<Vec<String>>>,
    /// How often a token was asked for.
    pub asked: AtomicUsize,
}

impl Tokens for TestTokens {
    fn current(&self) -> Result<Secret> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(Secret::new(self.token.lock().unwrap().clone()))
    }

    fn after_rejection(&self, rejected: &Secret, challenges: &[String]) -> Result<Renewed> {
        self.rejections.lock().unwrap().push(challenges.to_vec());
        assert_eq!(rejected.expose(), *self.token.lock().unwrap());
        if let Some(token) = self.fresh.lock().unwrap().pop() {
            *self.token.lock().unwrap() = token;
        }
        Ok(Renewed {
            token: self.current()?,
            answers: true,
        })
    }
}

impl TestMailbox {
    /// A fresh sandbox; 10 s for retries, 2 s without a byte.
    pub fn new() -> Self {
        Self::with_limits(Duration::from_secs(10), Duration::from_secs(2))
    }

    /// The same with other limits.
    pub fn with_limits(budget: Duration, idle: Duration) -> Self {
        let sandbox = squeeze_graph_sandbox::start(Options::default()).unwrap();
        let token = || {
            let issued = sandbox.control("POST", "tokens", &json!({ "life": 3600 })).unwrap();
            issued["access_token"].as_str().unwrap().to_owned()
        };
        let tokens = Arc::new(TestTokens {
            token: Mutex::new(token()),
            fresh: Mutex::new(vec![token()]),
            rejections: Mutex::default(),
            asked: AtomicUsize::new(0),
        });
        let settings = Settings {
            timeout: idle,
            ..Settings::default()
        };
        Self {
            sandbox,
            tokens,
            cancel: CancelToken::new(),
            budget: Arc::new(Budget::new(budget)),
            transport: Arc::new(HttpTransport::new(&settings)),
            idle,
        }
    }

    /// A client for the default user's mailbox.
    pub fn client(&self) -> Client {
        self.client_for(Mailbox::Me)
    }

    /// A client for another mailbox.
    pub fn client_for(&self, mailbox: Mailbox) -> Client {
        let environment = Environment {
            transport: self.transport.clone(),
            clock: Arc::new(SystemClock),
            random: Arc::new(OsRandom),
            log: Arc::new(NoLog),
            cancel: self.cancel.clone(),
            budget: self.budget.clone(),
            concurrency: 4,
            idle: self.idle,
        };
        let root = Url::parse(&format!("{}/v1.0", self.sandbox.graph_url())).unwrap();
        // Every sandbox has a port of its own, and so a lane.
        Client::new(environment, root, mailbox, &["test".to_owned()], self.tokens.clone())
    }

    /// A control request.
    #[expect(clippy::needless_pass_by_value, reason = "callers write the body where it is needed")]
    pub fn control(&self, method: &str, path: &str, body: Value) -> Value {
        self.sandbox.control(method, path, &body).unwrap()
    }

    /// Puts `count` mails with attachments of `size` bytes into a folder, a minute apart.
    pub fn generate(&self, folder: &str, count: usize, size: usize) {
        let body = json!({ "folder": folder, "count": count, "size": size });
        self.control("POST", "mails/generate", body);
        self.control("DELETE", "counters", Value::Null);
    }

    /// Makes something go wrong.
    pub fn fault(&self, rule: Value) {
        self.control("POST", "faults", rule);
    }

    /// How often an endpoint was asked since the last [`TestMailbox::generate`], e.g. `GET /me/messages/{id}`.
    pub fn asked(&self, endpoint: &str) -> u64 {
        self.control("GET", "counters", Value::Null)["endpoints"][endpoint]
            .as_u64()
            .unwrap_or(0)
    }

    /// All requests since then.
    pub fn requests(&self) -> u64 {
        self.control("GET", "counters", Value::Null)["requests"]
            .as_u64()
            .unwrap()
    }

    /// The messages of a folder as the sandbox has them, oldest first.
    pub fn messages(&self, folder: &str) -> Vec<Value> {
        let listed = self.control("GET", "messages", json!({ "folder": folder, "hash": true }));
        listed["messages"].as_array().unwrap().clone()
    }

    /// Their immutable ids.
    pub fn ids(&self, folder: &str) -> Vec<String> {
        let id = |message: &Value| message["immutableId"].as_str().unwrap().to_owned();
        self.messages(folder).iter().map(id).collect()
    }

    /// A folder's id.
    pub fn folder_id(&self, name: &str) -> String {
        let folder: Value = self
            .client()
            .get(&["mailFolders", name], &[("$select", "id")], &[])
            .unwrap();
        folder["id"].as_str().unwrap().to_owned()
    }
}
