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
    /// What the environment says about the way to a server.
    pub surroundings: Surroundings,
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

/// What the environment of the process says about the way to a server. Taken with the settings, on the thread that calls: the host may
/// change its environment (PHP's `putenv`) while a helper works, and whoever reads it at that moment may read what is freed already.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Surroundings {
    /// `HTTPS_PROXY` or `https_proxy`.
    pub https_proxy: Option<String>,
    /// `HTTP_PROXY` or `http_proxy`.
    pub http_proxy: Option<String>,
    /// `ALL_PROXY` or `all_proxy`: where there is none of the two.
    pub all_proxy: Option<String>,
    /// `NO_PROXY` or `no_proxy`: hosts that are reached without one, an explicit one as well.
    pub no_proxy: Option<String>,
    /// `SSL_CERT_FILE`: the trusted certificates, instead of the system's.
    pub ca_bundle: Option<PathBuf>,
    /// `SSL_CERT_DIR`: a folder of them.
    pub ca_folder: Option<PathBuf>,
}

impl Surroundings {
    /// As the process's environment is now.
    pub fn now() -> Self {
        let first = |names: [&str; 2]| names.into_iter().find_map(|name| std::env::var(name).ok());
        // A CGI program gets the headers of a request in its environment, `Proxy:` as `HTTP_PROXY`: a stranger's word.
        let is_cgi = std::env::var_os("REQUEST_METHOD").is_some();
        let proxy = |names| if is_cgi { None } else { first(names) };
        let path = |name| std::env::var_os(name).map(PathBuf::from);
        Self {
            https_proxy: proxy(["HTTPS_PROXY", "https_proxy"]),
            http_proxy: proxy(["HTTP_PROXY", "http_proxy"]),
            all_proxy: proxy(["ALL_PROXY", "all_proxy"]),
            no_proxy: first(["NO_PROXY", "no_proxy"]),
            ca_bundle: path("SSL_CERT_FILE"),
            ca_folder: path("SSL_CERT_DIR"),
        }
    }
}

/// Without the proxies, which may hold passwords.
impl std::fmt::Debug for Surroundings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Surroundings")
            .field("no_proxy", &self.no_proxy)
            .field("ca_bundle", &self.ca_bundle)
            .field("ca_folder", &self.ca_folder)
            .finish_non_exhaustive()
    }
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
            surroundings: Surroundings::default(),
            ca_file: None,
            custom_endpoints: false,
            language: Language::English,
            readable_below: None,
            log: LogTarget::None,
            log_level: Level::Warning,
        }
    }
}
