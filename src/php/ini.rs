//! The settings in php.ini.

use super::zend::ini::{self, Setting};

/// What every name starts with.
pub const PREFIX: &str = "squeeze_graph.";

const fn setting(name: &'static str, default: &'static str, accepts: fn(&str) -> bool, takes: &'static str) -> Setting {
    Setting {
        name,
        default,
        by_script: true,
        accepts,
        takes,
    }
}

/// What a setting takes that is checked where it is used.
const ANYTHING: &str = "…";
const SECONDS: &str = "1–86400 (s)";
const BUDGET: &str = "0–86400 (s)";

/// Every setting but the retry budget, whose default depends on where PHP runs.
static SETTINGS: [Setting; 12] = [
    // A value that cannot be used is refused when a store is opened, not here: `ini_set` only returns false, and a script
    // that does not look would go on with the store of another tenant.
    setting(
        "squeeze_graph.store",
        "/var/lib/squeeze-graph/store.sqlite",
        anything,
        ANYTHING,
    ),
    setting("squeeze_graph.key_file", "", anything, ANYTHING),
    setting("squeeze_graph.connect_timeout", "10", seconds, SECONDS),
    setting("squeeze_graph.timeout", "60", seconds, SECONDS),
    setting("squeeze_graph.concurrency", "4", concurrency, "1–64"),
    setting("squeeze_graph.proxy", "", anything, ANYTHING),
    setting("squeeze_graph.proxy_auth_file", "", anything, ANYTHING),
    setting("squeeze_graph.ca_file", "", anything, ANYTHING),
    Setting {
        name: "squeeze_graph.custom_endpoints",
        default: "0",
        by_script: false,
        accepts: flag,
        takes: "0, 1",
    },
    setting("squeeze_graph.language", "en", language, "en, de"),
    setting("squeeze_graph.log", "", anything, ANYTHING),
    setting(
        "squeeze_graph.log_level",
        "warning",
        log_level,
        "debug, info, notice, warning, error, critical, alert, emergency",
    ),
];

/// On the command line a call may wait long, for no browser waits for it.
static RETRY_BUDGET_CLI: [Setting; 1] = [setting("squeeze_graph.retry_budget", "120", budget, BUDGET)];
static RETRY_BUDGET_WEB: [Setting; 1] = [setting("squeeze_graph.retry_budget", "15", budget, BUDGET)];

/// Whether PHP runs on the command line.
pub fn on_command_line() -> bool {
    ext_php_rs::zend::php_sapi_name().is_some_and(|name| name == "cli" || name == "phpdbg")
}

/// Registers the settings. Called while the module starts.
pub fn register(module: i32) {
    ini::register(&SETTINGS, module);
    ini::register(
        if on_command_line() {
            &RETRY_BUDGET_CLI
        } else {
            &RETRY_BUDGET_WEB
        },
        module,
    );
}

fn all() -> impl Iterator<Item = &'static Setting> {
    SETTINGS.iter().chain(&RETRY_BUDGET_CLI)
}

/// Every full name.
pub fn names() -> impl Iterator<Item = &'static str> {
    all().map(|setting| setting.name)
}

/// Which values a setting takes, by its full name.
pub fn takes(name: &str) -> &'static str {
    all()
        .find(|setting| setting.name == name)
        .map_or(ANYTHING, |setting| setting.takes)
}

/// The value of a setting by its short name.
pub fn value(name: &str) -> String {
    ini::value(&format!("{PREFIX}{name}"))
}

fn anything(_: &str) -> bool {
    true
}

/// A day is more than any request takes; it keeps sums of durations far from overflowing.
fn seconds(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|seconds| (1..=86_400).contains(&seconds))
}

fn budget(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|seconds| seconds <= 86_400)
}

/// More than 4 requests per mailbox are refused by Exchange Online; other services may allow more.
fn concurrency(text: &str) -> bool {
    text.parse::<u32>().is_ok_and(|requests| (1..=64).contains(&requests))
}

fn flag(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "" | "0" | "1" | "on" | "off" | "yes" | "no" | "true" | "false"
    )
}

/// Whether an accepted flag is on.
pub fn is_on(text: &str) -> bool {
    matches!(text.to_ascii_lowercase().as_str(), "1" | "on" | "yes" | "true")
}

fn language(text: &str) -> bool {
    matches!(text, "en" | "de")
}

fn log_level(text: &str) -> bool {
    [
        "debug",
        "info",
        "notice",
        "warning",
        "error",
        "critical",
        "alert",
        "emergency",
    ]
    .contains(&text)
}
