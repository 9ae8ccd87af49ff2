//! The real transport: `reqwest`'s blocking client over rustls.
//!
//! One client is kept per kind of way (plain or TLS, loopback or beyond), so that connections, TLS sessions and the parsed CA store
//! stay warm for the life of a worker. Each client has one thread of its own. A process that forked must not use its parent's
//! transport: the thread is not there (seen to hang for ever); whoever keeps a transport keeps it per process id.
//!
//! Limits: `reqwest::blocking` applies a client's `timeout` to the wait for the headers and then to each read anew, which is the idle
//! limit, but lets a drip of a byte a second live for ever. A request's own `timeout` replaces it and is a total. So a deadline shorter
//! than the idle limit becomes the request's, and a longer one is kept by [`Body`], which looks after every read. (The asynchronous
//! client's read timeout, which would do both, panics when the body is read outside its runtime.) A shorter idle limit for one request
//! takes a client of its own, and so a new connection: only a repeated download has one, and only where little is left of the budget.

use std::any::Any;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use reqwest::blocking;
use tower::util::MapFutureLayer;
use url::{Host, Url};

use crate::base::cancel::CancelToken;
use crate::base::settings::Settings;
use crate::transport::body::Body;
use crate::transport::{Request, Response, Stage, Transport, TransportError, fault, proxy, trust};

/// `product/version`, as Graph's best practices ask for.
const USER_AGENT: &str = concat!("squeeze_graph/", env!("CARGO_PKG_VERSION"));

/// How long an unused connection is kept: less than the four minutes after which common firewalls forget one without a word, more than
/// the pause between two web requests of one worker.
const KEPT_IDLE: Duration = Duration::from_mins(3);

/// Taken while a client is built.
static BUILDING: Mutex<()> = Mutex::new(());

/// Lets no client be built, and no CA certificates be read, until dropped: for a fork, see [`crate::store::quiesce`]. A runtime is
/// made meanwhile, and what is made once in a process is half made for that long: a child that was forked then would wait for the rest
/// for ever (seen in `tokio::signal::registry`).
pub fn hold() -> Box<dyn Any> {
    Box::new((building(), trust::hold()))
}

fn building() -> MutexGuard<'static, ()> {
    BUILDING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `reqwest` with the settings of one call. Cheap to make: clients are built when first needed.
#[derive(Debug)]
pub struct HttpTransport {
    settings: Settings,
    clients: Mutex<Vec<(Way, blocking::Client)>>,
    /// Connections that are being opened.
    connecting: Arc<AtomicUsize>,
}

/// One connection that is being opened, until it is there, or given up.
#[derive(Debug)]
struct Connecting(Arc<AtomicUsize>);

impl Connecting {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(count))
    }
}

impl Drop for Connecting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// What decides how a client is built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Way {
    /// Needs trust.
    tls: bool,
    /// Never goes through a proxy.
    loopback: bool,
}

impl Way {
    fn to(url: &Url) -> Self {
        Self {
            tls: url.scheme() != "http",
            loopback: match url.host() {
                Some(Host::Domain(name)) => name == "localhost",
                Some(Host::Ipv4(address)) => address.is_loopback(),
                Some(Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            },
        }
    }
}

/// Counts what is being opened.
fn counting<F: Future + Send + 'static>(
    count: &Arc<AtomicUsize>,
) -> impl Fn(F) -> Pin<Box<dyn Future<Output = F::Output> + Send>> + Clone + use<F> {
    let count = Arc::clone(count);
    move |opening| {
        let connecting = Connecting::new(&count);
        Box::pin(async move {
            let connection = opening.await;
            drop(connecting);
            connection
        })
    }
}

impl HttpTransport {
    /// What tells transports apart: as long as it is the same, one made for other settings does as well. Files count as they are now,
    /// for a password or a certificate in them may be exchanged while a worker lives; of one that can not be looked at the path does,
    /// and the transport says what is wrong with it.
    pub fn key(settings: &Settings) -> String {
        let as_it_is = |path: Option<&PathBuf>| {
            let file = path.and_then(|path| std::fs::metadata(path).ok());
            file.map(|file| (file.dev(), file.ino(), file.size(), file.mtime(), file.mtime_nsec()))
        };
        let surroundings = &settings.surroundings;
        format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            surroundings,
            surroundings.https_proxy,
            surroundings.http_proxy,
            surroundings.all_proxy,
            settings.proxy,
            settings.proxy_auth_file,
            as_it_is(settings.proxy_auth_file.as_ref()),
            settings.ca_file,
            as_it_is(settings.ca_file.as_ref()),
            settings.connect_timeout,
            settings.timeout
        )
    }

    /// A transport with the timeouts, proxy and CA file of `settings`. Opens nothing yet; what can not be used is reported by
    /// [`Transport::send`] as [`Stage::Configuration`].
    pub fn new(settings: &Settings) -> Self {
        Self {
            settings: settings.clone(),
            clients: Mutex::new(Vec::new()),
            connecting: Arc::default(),
        }
    }

    fn client(&self, way: Way) -> Result<blocking::Client, (Stage, String)> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(kept, _)| *kept == way) {
            return Ok(client.clone());
        }
        let client = self.build(way, self.settings.timeout)?;
        clients.push((way, client.clone()));
        Ok(client)
    }

    fn build(&self, way: Way, idle: Duration) -> Result<blocking::Client, (Stage, String)> {
        let settings = &self.settings;
        let _building = building();
        let tls = if way.tls {
            trust::tls(settings.ca_file.as_deref(), &settings.surroundings)?
        } else {
            trust::none()?
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(KEPT_IDLE)
            .resolve_to_addrs(
                "localhost",
                &[([127, 0, 0, 1], 0).into(), (std::net::Ipv6Addr::LOCALHOST, 0).into()],
            )
            .tls_backend_preconfigured(tls);
        builder = builder.connector_layer(MapFutureLayer::new(counting(&self.connecting)));
        // Never from the environment as it is by now, see [`Surroundings`](crate::base::settings::Surroundings).
        builder = builder.no_proxy();
        if !way.loopback {
            let proxies = proxy::chosen(settings).map_err(|reason| (Stage::Configuration, reason))?;
            builder = proxies.into_iter().fold(builder, reqwest::ClientBuilder::proxy);
        }
        blocking::ClientBuilder::from(builder)
            .timeout(idle)
            .build()
            .map_err(|error| {
                let error = fault::of_request(error, "");
                (Stage::Configuration, error.reason)
            })
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: Request, cancel: &CancelToken) -> Result<Response, TransportError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        let unsent = |(stage, reason): (Stage, String)| TransportError {
            stage,
            sent: false,
            host: host.clone(),
            reason,
        };
        if cancel.is_cancelled() {
            return Err(unsent((Stage::Cancelled, "cancelled".to_owned())));
        }
        let way = Way::to(&request.url);
        let idle = request
            .idle
            .map_or(self.settings.timeout, |idle| idle.min(self.settings.timeout));
        let is_bounded = request.deadline.is_some_and(|deadline| deadline <= idle);
        let client = if idle < self.settings.timeout && !is_bounded {
            self.build(way, idle)
        } else {
            self.client(way)
        };
        let client = client.map_err(unsent)?;
        let mut outgoing = blocking::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        *outgoing.timeout_mut() = request.deadline.filter(|deadline| *deadline <= idle);
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.into());
        }
        let until = request.deadline.map(|deadline| Instant::now() + deadline);
        let mut answer = client
            .execute(outgoing)
            .map_err(|error| fault::of_request(error, &host))?;
        Ok(Response {
            status: answer.status(),
            headers: std::mem::take(answer.headers_mut()),
            body: Box::new(Body::new(answer, host, idle, until, fault::of_read)),
        })
    }

    fn is_connecting(&self) -> bool {
        self.connecting.load(Ordering::SeqCst) > 0
    }
}
