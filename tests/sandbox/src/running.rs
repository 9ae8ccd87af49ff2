//! Starting and stopping a sandbox inside a process.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;
use tokio::runtime::Runtime;

use crate::control;
use crate::sandbox::Sandbox;
use crate::state::State;
use crate::tls::Tls;
use crate::world::default;
use crate::{server, sign_in};

/// How to start a sandbox.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; loopback only, port 0 takes a free one.
    pub listen: SocketAddr,
    /// Folders of `.eml` files for the default user's inbox.
    pub mailboxes: Vec<PathBuf>,
    /// Where to keep the world between runs.
    pub state: Option<PathBuf>,
    /// Speaks https with a certificate of its own making.
    pub tls: Option<Tls>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            mailboxes: Vec::new(),
            state: None,
            tls: None,
        }
    }
}

/// Why a sandbox could not start, or a call to it failed.
#[derive(Debug)]
pub enum Error {
    /// The address is not a loopback address.
    NotLoopback(SocketAddr),
    /// The port, a folder or the state can not be used.
    Io(String, std::io::Error),
    /// The state is no state of this version.
    State(PathBuf, serde_json::Error),
    /// The certificate could not be made.
    Tls(String),
    /// The control endpoint refused.
    Control(u16, String),
    /// The walk through the pages ended elsewhere.
    SignIn(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NotLoopback(address) => write!(
                formatter,
                "{address} is not a loopback address; the sandbox listens on nothing else"
            ),
            Self::Io(what, error) => write!(formatter, "{what}: {error}"),
            Self::State(path, error) => write!(formatter, "{}: not a state of this sandbox: {error}", path.display()),
            Self::Tls(text) => write!(formatter, "TLS: {text}"),
            Self::Control(status, text) => write!(formatter, "the control endpoint refused ({status}): {text}"),
            Self::SignIn(text) => write!(formatter, "the sign-in did not come to an end: {text}"),
        }
    }
}

impl std::error::Error for Error {}

/// A running sandbox; it stops when dropped.
#[derive(Debug)]
pub struct RunningSandbox {
    sandbox: Arc<Sandbox>,
    state: Option<Arc<State>>,
    runtime: Option<Runtime>,
}

/// Starts a sandbox on threads of its own.
pub fn start(options: Options) -> Result<RunningSandbox, Error> {
    if !options.listen.ip().is_loopback() {
        return Err(Error::NotLoopback(options.listen));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .thread_name("sandbox")
        .enable_all()
        .build()
        .map_err(|error| Error::Io("threads".to_owned(), error))?;
    let listener = runtime
        .block_on(tokio::net::TcpListener::bind(options.listen))
        .map_err(|error| Error::Io(options.listen.to_string(), error))?;
    let address = listener
        .local_addr()
        .map_err(|error| Error::Io(options.listen.to_string(), error))?;
    let tls = options.tls.as_ref().map(Tls::acceptor).transpose()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let state = options.state.map(State::new).map(Arc::new);
    let kept = state.as_ref().map(|state| state.load()).transpose()?.flatten();
    let restored = kept.is_some();
    let (world, setting) = kept.unwrap_or_else(|| (default::world(), crate::clock::Setting::default()));
    let sandbox = Arc::new(Sandbox::new(format!("{scheme}://{address}"), world, options.mailboxes));
    sandbox.clock.set(setting);
    if !restored {
        sandbox
            .load_mailboxes()
            .map_err(|(path, error)| Error::Io(path.display().to_string(), error))?;
    }
    runtime.spawn(server::serve(Arc::clone(&sandbox), listener, tls));
    if let Some(state) = &state {
        runtime.spawn(Arc::clone(state).keep(Arc::clone(&sandbox)));
    }
    Ok(RunningSandbox {
        sandbox,
        state,
        runtime: Some(runtime),
    })
}

impl RunningSandbox {
    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> &str {
        &self.sandbox.root
    }

    /// The authority's root: `{authority_url}/{tenant_id}/oauth2/v2.0/token`.
    pub fn authority_url(&self) -> String {
        self.sandbox.root.clone()
    }

    /// Graph's root: `{graph_url}/v1.0/me`.
    pub fn graph_url(&self) -> String {
        self.sandbox.graph_url()
    }

    /// The control endpoint's root.
    pub fn control_url(&self) -> String {
        format!("{}/control", self.sandbox.root)
    }

    /// A control request without HTTP: `control("POST", "faults", &json!({…}))`.
    pub fn control(&self, method: &str, path: &str, body: &Value) -> Result<Value, Error> {
        control::run(&self.sandbox, method, path, body).map_err(|refusal| Error::Control(refusal.status, refusal.text))
    }

    /// The sandbox's time, a UTC second.
    pub fn now(&self) -> i64 {
        self.sandbox.clock.now()
    }

    /// Pushes the sandbox's clock.
    pub fn advance(&self, seconds: i64) {
        self.sandbox.clock.advance(seconds);
    }

    /// Walks an authorization URL through the pages as the default user and returns the callback's URL.
    pub fn sign_in(&self, authorize_url: &str) -> Result<String, Error> {
        sign_in::sign_in(authorize_url, &sign_in::Person::default())
    }

    /// Stops, keeping the state if there is one.
    pub fn stop(mut self) -> Result<(), Error> {
        self.shut_down()
    }

    fn shut_down(&mut self) -> Result<(), Error> {
        let Some(runtime) = self.runtime.take() else {
            return Ok(());
        };
        runtime.shutdown_background();
        self.state.as_ref().map_or(Ok(()), |state| state.save(&self.sandbox))
    }
}

impl Drop for RunningSandbox {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            eprintln!("squeeze-graph-sandbox: {error}");
        }
    }
}
