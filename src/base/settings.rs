//! The settings one call runs under: a snapshot of what the administrator configured, taken at its start.

use std::path::PathBuf;
use std::time::Duration;

use crate::base::language::Language;
use crate::base::log::Level;
use crate::base::secret::Secret;

/// Everything section 1 of the contract lets an administrator set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `squeeze_graph.store`: a path, or a DSN such as `mysql://…`.
    pub store: String,
    /// `squeeze_graph.key_file`; `None`: beside the store, else [`Settings::environment_key`].
    pub key_file: Option<PathBuf>,
    /// The value of `SQUEEZE_GRAPH_KEY`, if set.
    pub environment_key: Option<Secret>,
    /// `squeeze_graph.connect_timeout`.
    pub connect_timeout: Duration,
    /// `squeeze_graph.timeout`: how long no byte may move.
    pub timeout: Duration,
    /// `squeeze_graph.retry_budget`: all retries and throttle waits of one call together.
    pub retry_budget: Duration,
    /// `squeeze_graph.concurrency`: requests in flight per mailbox and process (at least 1).
    pub concurrency: usize,
    /// `squeeze_graph.proxy`; `None`: the usual environment variables.
    pub proxy: Option<String>,
    /// `squeeze_graph.proxy_auth_file`: a file with `user:password`.
    pub proxy_auth_file: Option<PathBuf>,
    /// `squeeze_graph.ca_file`: extra trusted certificates, PEM.
    pub ca_file: Option<PathBuf>,
    /// `squeeze_graph.custom_endpoints`.
    pub custom_endpoints: bool,
    /// `squeeze_graph.language`.
    pub language: Language,
    /// The folders below which a file must lie that an account names (PHP's `open_basedir`); `None`: anywhere.
    pub readable_below: Option<Vec<PathBuf>>,
    /// `squeeze_graph.log`: where records go.
    pub log: LogTarget,
    /// `squeeze_graph.log_level`: the least urgent level that is kept.
    pub log_level: Level,
}

/// Where log records go, beside a logger set by the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogTarget {
    /// Nowhere.
    None,
    /// Standard error, as JSON lines.
    Stderr,
    /// A file, as JSON lines.
    File(PathBuf),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            store: "/var/lib/squeeze-graph/store.sqlite".to_owned(),
            key_file: None,
            environment_key: None,
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_mins(1),
            retry_budget: Duration::from_secs(15),
            concurrency: 4,
            proxy: None,
            proxy_auth_file: None,
            ca_file: None,
            custom_endpoints: false,
            language: Language::English,
            readable_below: None,
            log: LogTarget::None,
            log_level: Level::Warning,
        }
    }
}
