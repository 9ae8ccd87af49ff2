//! One call into the core: its settings, its context, and the way its failure becomes an exception.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::engine::{self, Asker, Reply, Warm};
use super::exceptions;
use super::ini;
use super::log::CallLog;
use super::zend::{self, Arguments, Outcome, Raised};
use crate::base::account::AccountName;
use crate::base::cancel::CancelToken;
use crate::base::clock::{Clock, SystemClock};
use crate::base::failure::{Class, Error, Failure, Result};
use crate::base::language::Language;
use crate::base::log::{Level, Log};
use crate::base::problem::Problem;
use crate::base::random::OsRandom;
use crate::base::secret::Secret;
use crate::base::settings::{LogTarget, Settings, Surroundings};
use crate::service::context::{Budget, Context};

/// How long a look into the store may find it busy on PHP's thread, where no signal handler runs meanwhile.
const GLANCE: Duration = Duration::from_millis(20);

/// A call that has begun: it took all settings at its start.
#[derive(Clone)]
pub struct Operation {
    /// The process that log and budget are of.
    pid: u32,
    settings: Arc<Settings>,
    log: Arc<CallLog>,
    budget: Arc<Budget>,
}

impl Operation {
    /// Takes the settings.
    pub fn begin() -> Outcome<Self> {
        Self::try_begin().map_err(|failure| exceptions::raised(&failure, language()))
    }

    /// Takes the settings; what is wrong with them is a value.
    pub fn try_begin() -> Result<Self, Box<Failure>> {
        let settings = Arc::new(settings()?);
        // Here and not on a helper's thread: it reads the environment.
        crate::store::start_engine();
        Ok(Self::with(settings))
    }

    fn with(settings: Arc<Settings>) -> Self {
        Self {
            pid: std::process::id(),
            log: Arc::new(CallLog::new(settings.log.clone(), settings.log_level, &settings.store)),
            budget: Arc::new(Budget::new(settings.retry_budget)),
            settings,
        }
    }

    /// The same for this process. A list may be walked in a child of the process that made it, where a helper of the parent can have
    /// left the locks of log and budget closed for ever; what had gathered in the log is the parent's to deliver.
    pub fn here(&self) -> Self {
        if self.pid == std::process::id() {
            self.clone()
        } else {
            Self::with(Arc::clone(&self.settings))
        }
    }

    /// The same settings for a call of its own, with a whole retry budget.
    #[must_use]
    pub fn anew(&self) -> Self {
        Self {
            budget: Arc::new(Budget::new(self.settings.retry_budget)),
            ..self.clone()
        }
    }

    /// The reader's language.
    pub fn language(&self) -> Language {
        self.settings.language
    }

    /// What is `warm` is asked for on PHP's thread each time: a list may be walked in a child of the process that made it.
    /// `patience`: how long the store may be found busy, if that is less than usual.
    fn context(&self, warm: Warm, cancel: CancelToken, patience: Option<Duration>) -> Result<Context> {
        let (clock, random) = (Arc::new(SystemClock), Arc::new(OsRandom));
        let store = match patience {
            None => crate::store::open(&self.settings, clock.clone(), random.clone())?,
            Some(patience) => crate::store::open_patient(&self.settings, clock.clone(), random.clone(), patience)?,
        };
        Ok(Context {
            settings: Arc::clone(&self.settings),
            clock,
            random,
            transport: warm.transport,
            ahead: warm.ahead,
            store,
            log: Arc::clone(&self.log) as Arc<dyn Log>,
            cancel,
            budget: Arc::clone(&self.budget),
        })
    }

    /// Runs `work`, which may wait for the network, beside PHP.
    pub fn run<T: Send + 'static>(
        &self,
        arguments: Option<&Arguments>,
        work: impl FnOnce(&Context) -> Result<T> + Send + 'static,
    ) -> Outcome<T> {
        // Without questions there is nothing to answer.
        self.run_asking(arguments, |context, _: &Asker<(), (), _>| work(context), Reply::Go)
    }

    /// The same for work that asks PHP code on the way.
    pub fn run_asking<Q: Send + 'static, A: Send + 'static, T: Send + 'static>(
        &self,
        arguments: Option<&Arguments>,
        work: impl FnOnce(&Context, &Asker<Q, A, Result<T>>) -> Result<T> + Send + 'static,
        answer: impl FnMut(Q) -> Reply<A>,
    ) -> Outcome<T> {
        let result = self.attempt_asking(work, answer)?;
        result.map_err(|error| self.raised(arguments, error))
    }

    /// Runs `work` and leaves the core's error a value.
    pub fn attempt<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Context) -> Result<T> + Send + 'static,
    ) -> Outcome<Result<T>> {
        self.attempt_asking(|context, _: &Asker<(), (), _>| work(context), Reply::Go)
    }

    fn attempt_asking<Q: Send + 'static, A: Send + 'static, T: Send + 'static>(
        &self,
        work: impl FnOnce(&Context, &Asker<Q, A, Result<T>>) -> Result<T> + Send + 'static,
        answer: impl FnMut(Q) -> Reply<A>,
    ) -> Outcome<Result<T>> {
        let operation = self.here();
        let log = Arc::clone(&operation.log);
        let warm = engine::warm(&self.settings);
        let cancel = CancelToken::new();
        let theirs = cancel.clone();
        engine::run(
            &cancel,
            move |asker| work(&operation.context(warm, theirs, None)?, asker),
            answer,
            || log.deliver(),
        )
    }

    /// Runs `work`, which only looks into the store, on this thread; beside PHP, if the store is busy and has to be waited for.
    pub fn look<T: Send + 'static>(
        &self,
        arguments: &Arguments,
        work: impl Fn(&Context) -> Result<T> + Send + 'static,
    ) -> Outcome<T> {
        let warm = engine::warm(&self.settings);
        let result = self
            .context(warm, CancelToken::new(), Some(GLANCE))
            .and_then(|context| work(&context));
        self.log.deliver()?;
        match result {
            Err(Error::Failure(failure)) if failure.class == Class::Store && failure.passes() => {
                self.run(Some(arguments), work)
            }
            result => result.map_err(|error| self.raised(Some(arguments), error)),
        }
    }

    /// The exception for an error of the core.
    pub fn raised(&self, arguments: Option<&Arguments>, error: Error) -> Raised {
        match error {
            Error::Failure(failure) => exceptions::raised(&failure, self.language()),
            Error::Argument { argument, message } => match arguments {
                Some(arguments) => arguments.value_error_of(argument, &message),
                None => Raised::value_error(format!("{argument}: {message}")),
            },
            // Only this thread cancels, and it has left with its reason by then.
            Error::Cancelled(_) => Raised::internal("squeeze_graph: the work ended before it was done"),
        }
    }
}

/// `string $account`.
pub fn account_name(arguments: &Arguments, index: usize) -> Outcome<AccountName> {
    AccountName::new(arguments.text(index)?).map_err(|reason| arguments.value_error(index, reason))
}

/// The reader's language as it is set now.
pub fn language() -> Language {
    Language::from_tag(&ini::value("language")).unwrap_or_default()
}

/// A problem of our own.
fn failure(code: &'static str, facts: &[(&str, &str)]) -> Box<Failure> {
    let problem = Problem::own(code, SystemClock.now());
    let problem = facts
        .iter()
        .fold(problem, |problem, (name, value)| problem.with_fact(name, value));
    Box::new(Failure::new(problem))
}

/// A problem of our own as an exception.
pub fn refused(code: &'static str, facts: &[(&str, &str)]) -> Raised {
    exceptions::raised(&failure(code, facts), language())
}

/// All settings as they are now.
fn settings() -> Result<Settings, Box<Failure>> {
    let mut store = ini::value("store");
    if !is_dsn(&store) {
        store = allowed(&store)?.to_string_lossy().into_owned();
    }
    let log = match ini::value("log").as_str() {
        "" => LogTarget::None,
        // The links that systems have for it lead through `/proc`, and no link is followed.
        "stderr" | "/dev/stderr" | "/proc/self/fd/2" => LogTarget::Stderr,
        path => LogTarget::File(allowed(path)?),
    };
    let optional_path = |name: &str| match ini::value(name).as_str() {
        "" => Ok(None),
        path => allowed(path).map(Some),
    };
    let seconds = |name: &str, default: u64| Duration::from_secs(ini::value(name).parse().unwrap_or(default));
    let defaults = Settings::default();
    Ok(Settings {
        store,
        key_file: optional_path("key_file")?,
        environment_key: std::env::var("SQUEEZE_GRAPH_KEY")
            .ok()
            .filter(|key| !key.is_empty())
            .map(Secret::new),
        connect_timeout: seconds("connect_timeout", defaults.connect_timeout.as_secs()),
        timeout: seconds("timeout", defaults.timeout.as_secs()),
        retry_budget: seconds("retry_budget", defaults.retry_budget.as_secs()),
        concurrency: ini::value("concurrency").parse().unwrap_or(defaults.concurrency),
        proxy: Some(ini::value("proxy")).filter(|proxy| !proxy.is_empty()),
        proxy_auth_file: optional_path("proxy_auth_file")?,
        surroundings: Surroundings::now(),
        ca_file: optional_path("ca_file")?,
        custom_endpoints: ini::is_on(&ini::value("custom_endpoints")),
        language: language(),
        readable_below: readable_below(),
        log,
        log_level: Level::from_name(&ini::value("log_level")).unwrap_or(defaults.log_level),
    })
}

/// The folders of `open_basedir`, for files that are named not in php.ini but in an account; `None` without it.
fn readable_below() -> Option<Vec<PathBuf>> {
    let folders = zend::ini::value("open_basedir");
    let folders = Some(folders).filter(|folders| !folders.is_empty())?;
    Some(
        folders
            .split(':')
            .filter(|folder| !folder.is_empty())
            .map(absolute)
            .collect(),
    )
}

/// `mysql://…` and the like; a stream wrapper of PHP looks the same and is refused with it by the store.
fn is_dsn(store: &str) -> bool {
    store.contains("://")
}

/// A path that `open_basedir` allows and that is no stream wrapper. A relative one counts from the current directory of PHP
/// as it is now: a callback may change it later, and the process may be in another one.
fn allowed(path: &str) -> Result<PathBuf, Box<Failure>> {
    // PHP takes `data:` as a wrapper without slashes, too.
    let is_data = path.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    if is_data || path.contains("://") {
        return Err(failure("path_stream_wrapper", &[("path", path)]));
    }
    if !zend::open_basedir_allows(path) {
        return Err(failure("path_open_basedir", &[("path", path)]));
    }
    Ok(absolute(path))
}

/// A path with the current directory before it, where it is relative.
pub fn absolute(path: &str) -> PathBuf {
    let path = Path::new(path);
    if path.as_os_str().is_empty() || path.is_absolute() {
        return path.to_path_buf();
    }
    zend::current_directory()
        .unwrap_or_default()
        .join(path)
        .components()
        .collect()
}

/// The same for a path that a caller gave.
pub fn permitted(path: &str) -> Outcome<PathBuf> {
    allowed(path).map_err(|failure| exceptions::raised(&failure, language()))
}
