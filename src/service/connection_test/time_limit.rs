//! A time for the whole test: requests end with it, waits end with it.
//!
//! A request can not be called off once it is sent, so each one gets no more time than is left. Token requests are the exception: an
//! answer with a new refresh token must not be torn off, and they commit by themselves; for them only the waiting ends.

use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use url::Url;

use crate::base::cancel::CancelToken;
use crate::service::context::{Budget, Context};
use crate::transport::{Request, Response, Stage, Transport, TransportError};

/// How soon the end of the caller's own call is noticed.
const TICK: Duration = Duration::from_millis(50);

/// A context whose time is limited, for as long as this lives.
pub struct TimeLimit {
    /// The context to work with.
    pub context: Context,
    end: Instant,
    watch: Option<(Sender<()>, JoinHandle<()>)>,
}

impl TimeLimit {
    /// Limits everything done with its context to `time`, and retries and throttle waits to `waits` in all. Requests to
    /// `token_endpoint` keep their own deadline.
    pub fn new(context: &Context, time: Duration, waits: Duration, token_endpoint: Option<Url>) -> Self {
        let end = Instant::now() + time;
        let cancel = CancelToken::new();
        let limited = Context {
            transport: Arc::new(Limited {
                inner: context.transport.clone(),
                end,
                token_endpoint,
            }),
            cancel: cancel.clone(),
            budget: Arc::new(Budget::new(waits.min(context.settings.retry_budget))),
            ..context.clone()
        };
        let caller = context.cancel.clone();
        let (stop, stopped) = mpsc::channel::<()>();
        // Without a thread requests still end in time; only a wait for another process's refresh could last longer.
        let thread = thread::Builder::new().name("test-limit".to_owned()).spawn(move || {
            while Instant::now() < end && !caller.is_cancelled() {
                let left = end.saturating_duration_since(Instant::now());
                if stopped.recv_timeout(left.min(TICK)) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
            cancel.cancel();
        });
        Self {
            context: limited,
            end,
            watch: thread.ok().map(|thread| (stop, thread)),
        }
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        Instant::now() >= self.end || self.context.cancel.is_cancelled()
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.watch.take() {
            drop(stop);
            // It only waits; if it panicked, there is nothing left to wait for.
            let _ = thread.join();
        }
    }
}

/// Gives each request no more time than is left.
struct Limited {
    inner: Arc<dyn Transport>,
    end: Instant,
    token_endpoint: Option<Url>,
}

impl Transport for Limited {
    fn send(&self, mut request: Request, cancel: &CancelToken) -> Result<Response, TransportError> {
        if self.token_endpoint.as_ref() != Some(&request.url) {
            let left = self.end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(TransportError {
                    stage: Stage::Timeout,
                    sent: false,
                    host: request.url.host_str().unwrap_or_default().to_owned(),
                    reason: "the time for the connection test is over".to_owned(),
                });
            }
            request.deadline = Some(request.deadline.map_or(left, |deadline| deadline.min(left)));
        }
        self.inner.send(request, cancel)
    }

    fn is_connecting(&self) -> bool {
        self.inner.is_connecting()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use http::Method;

    use super::*;
    use crate::base::clock::SystemClock;
    use crate::base::log::NoLog;
    use crate::base::random::OsRandom;
    use crate::base::settings::Settings;
    use crate::store;

    /// Notes which deadline each request came with, and answers none.
    #[derive(Default)]
    struct Noting(Mutex<Vec<Option<Duration>>>);

    impl Transport for Noting {
        fn send(&self, request: Request, _cancel: &CancelToken) -> Result<Response, TransportError> {
            self.0.lock().unwrap().push(request.deadline);
            Err(TransportError {
                stage: Stage::Connect,
                sent: false,
                host: String::new(),
                reason: String::new(),
            })
        }
    }

    fn context(transport: Arc<Noting>, folder: &tempfile::TempDir) -> Context {
        let settings = Settings {
            store: folder.path().join("store.sqlite").to_str().unwrap().to_owned(),
            ..Settings::default()
        };
        let clock = Arc::new(SystemClock);
        Context {
            store: store::open(&settings, clock.clone(), Arc::new(OsRandom)).unwrap(),
            budget: Arc::new(Budget::new(settings.retry_budget)),
            settings: Arc::new(settings),
            clock,
            random: Arc::new(OsRandom),
            transport,
            log: Arc::new(NoLog),
            ahead: Arc::default(),
            cancel: CancelToken::new(),
        }
    }

    #[test]
    fn requests_get_what_is_left_and_token_requests_all_they_want() {
        let folder = tempfile::tempdir().unwrap();
        let noting = Arc::new(Noting::default());
        let caller = context(noting.clone(), &folder);
        let token_endpoint = Url::parse("https://login.example/t/oauth2/v2.0/token").unwrap();
        let graph = Url::parse("https://graph.example/v1.0/me").unwrap();
        let time = Duration::from_millis(200);
        let limit = TimeLimit::new(&caller, time, Duration::from_secs(1), Some(token_endpoint.clone()));
        let send = |url: &Url, deadline: Option<Duration>| {
            let mut request = Request::new(Method::GET, url.clone());
            request.deadline = deadline;
            limit
                .context
                .transport
                .send(request, &limit.context.cancel)
                .err()
                .unwrap()
                .stage
        };
        let long = Some(Duration::from_secs(30));
        for deadline in [None, long, Some(Duration::from_millis(1))] {
            assert_eq!(send(&graph, deadline), Stage::Connect);
        }
        assert_eq!(send(&token_endpoint, long), Stage::Connect);
        assert!(
            limit.context.cancel.sleep(Duration::from_secs(5)).is_err(),
            "the end wakes who waits"
        );
        assert!(limit.is_over());
        assert_eq!(send(&graph, None), Stage::Timeout);
        assert_eq!(send(&token_endpoint, long), Stage::Connect);
        let seen = noting.0.lock().unwrap().clone();
        assert_eq!(seen.len(), 5, "{seen:?}");
        assert!(seen[..2].iter().all(|deadline| deadline.unwrap() <= time), "{seen:?}");
        assert_eq!(seen[2..], [Some(Duration::from_millis(1)), long, long]);
        assert!(!caller.cancel.is_cancelled(), "only the test ends, not its caller");
    }

    #[test]
    fn a_caller_that_stops_stops_the_test() {
        let folder = tempfile::tempdir().unwrap();
        let caller = context(Arc::default(), &folder);
        let limit = TimeLimit::new(&caller, Duration::from_mins(1), Duration::ZERO, None);
        assert!(!limit.is_over());
        caller.cancel.cancel();
        let begun = Instant::now();
        assert!(limit.context.cancel.sleep(Duration::from_secs(5)).is_err());
        assert!(begun.elapsed() < Duration::from_secs(1));
    }
}
