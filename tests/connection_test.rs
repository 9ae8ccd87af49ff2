//! The connection test against the sandbox: a verdict for each step, and nothing changed in the mailbox.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use squeeze_graph::base::account::AccountName;
use squeeze_graph::base::account::patch::{Patch, Value};
use squeeze_graph::base::budget::Budget;
use squeeze_graph::base::cancel::CancelToken;
use squeeze_graph::base::clock::{Clock, SystemClock};
use squeeze_graph::base::language::Language;
use squeeze_graph::base::log::NoLog;
use squeeze_graph::base::random::OsRandom;
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::service::accounts::save_account;
use squeeze_graph::service::connection_test::{CheckStatus, ConnectionCheck, ConnectionReport, test_connection};
use squeeze_graph::service::context::Context;
use squeeze_graph::service::tokens::{AdoptedToken, adopt_token};
use squeeze_graph::store;
use squeeze_graph::store::record::JobRecord;
use squeeze_graph::transport::http::HttpTransport;
use squeeze_graph_sandbox::{CLIENT, Options, RunningSandbox, SECRET, SHARED, TENANT, USER, start};
use tempfile::TempDir;

struct World {
    sandbox: RunningSandbox,
    context: Context,
    account: AccountName,
    _folder: TempDir,
}

impl World {
    /// A sandbox and a store with a complete account, nobody signed in.
    fn new(language: Language) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings {
            store: folder.path().join("store.sqlite").to_str().unwrap().to_owned(),
            custom_endpoints: true,
            language,
            ..Settings::default()
        };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let random = Arc::new(OsRandom);
        let store = store::open(&settings, clock.clone(), random.clone()).unwrap();
        let context = Context {
            transport: Arc::new(HttpTransport::new(&settings)),
            budget: Arc::new(Budget::new(settings.retry_budget)),
            settings: Arc::new(settings),
            clock,
            random,
            store,
            log: Arc::new(NoLog),
            ahead: Arc::default(),
            cancel: CancelToken::new(),
        };
        let world = Self {
            sandbox: start(Options::default()).unwrap(),
            context,
            account: AccountName::new("invoices").unwrap(),
            _folder: folder,
        };
        world.save(&[
            ("tenant_id", text(TENANT)),
            ("client_id", text(CLIENT)),
            ("client_secret", text(SECRET)),
            ("redirect_uri", text("http://localhost/callback")),
            ("user", text(USER)),
            ("folder_processed", text("/Verarbeitet")),
            ("folder_error", text("/Fehler")),
            ("authority_url", text(&world.sandbox.authority_url())),
            ("graph_url", text(&world.sandbox.graph_url())),
        ]);
        world
    }

    fn save(&self, entries: &[(&str, Value)]) {
        let patch: Patch = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        save_account(&self.context, &self.account, &patch).unwrap();
    }

    /// Someone has signed in, and was granted these scopes.
    fn sign_in(&self, scope: &str) {
        let issued = self.sandbox.control("POST", "tokens", &json!({})).unwrap();
        let secret = |field: &str| Some(Secret::new(issued[field].as_str().unwrap()));
        let token = AdoptedToken {
            access_token: secret("access_token"),
            refresh_token: secret("refresh_token"),
            issued_at: None,
            expires_at: Some(self.context.clock.now().plus(3600)),
            scope: Some(scope.to_owned()),
            id_token: None,
        };
        adopt_token(&self.context, &self.account, &token, false).unwrap();
    }

    /// The job's last run ended so many seconds ago.
    fn job_ran(&self, seconds: i64) {
        let ended = self.context.clock.now().plus(-seconds);
        let job = JobRecord {
            name: "refresh-tokens".to_owned(),
            started_at: ended,
            ended_at: Some(ended),
            counts: [1, 0, 0],
        };
        self.context.store.put_job(&job).unwrap();
    }

    fn fault(&self, rule: &Json) {
        self.sandbox.control("POST", "faults", rule).unwrap();
    }

    fn report(&self) -> ConnectionReport {
        test_connection(&self.context, &self.account)
    }
}

const ALL: &str = "User.Read Mail.ReadWrite Mail.ReadWrite.Shared MailboxSettings.ReadWrite";

/// An account that somebody is signed in for, and whose job runs.
fn good() -> World {
    let world = World::new(Language::English);
    world.sign_in(ALL);
    world.job_ran(60);
    world
}

fn text(value: &str) -> Value {
    Value::Text(value.to_owned())
}

fn check<'a>(report: &'a ConnectionReport, id: &str) -> &'a ConnectionCheck {
    report.checks.iter().find(|check| check.id == id).unwrap()
}

fn failed(report: &ConnectionReport) -> Vec<(&'static str, String)> {
    let failed = report.checks.iter().filter(|check| check.status == CheckStatus::Failed);
    failed
        .map(|check| (check.id, check.problem.as_ref().unwrap().code.clone()))
        .collect()
}

const IDS: [&str; 13] = [
    "account",
    "endpoints",
    "clock",
    "token",
    "identity",
    "scopes",
    "secret",
    "mailbox",
    "folder_inbox",
    "folder_processed",
    "folder_error",
    "listing",
    "job",
];

#[test]
fn a_good_connection_passes_every_check_and_changes_nothing() {
    let world = good();
    let end = world.context.clock.now().plus(90 * 86_400);
    world.save(&[("secret_expires_at", Value::Instant(end)), ("mailbox", text(SHARED))]);
    world.sandbox.control("DELETE", "counters", &Json::Null).unwrap();
    let report = world.report();
    assert!(report.ok);
    let ids: Vec<&str> = report.checks.iter().map(|check| check.id).collect();
    assert_eq!(ids, IDS);
    for check in &report.checks {
        assert_eq!(check.status, CheckStatus::Ok, "{}: {}", check.id, check.detail);
        assert!(!check.label.is_empty() && !check.detail.is_empty(), "{}", check.id);
        assert!(!check.detail.contains(['{', '[']), "{}", check.detail);
    }
    let counters = world.sandbox.control("GET", "counters", &Json::Null).unwrap();
    let endpoints: Vec<&String> = counters["endpoints"].as_object().unwrap().keys().collect();
    assert!(endpoints.len() > 3, "{endpoints:?}");
    for endpoint in endpoints {
        let reads = endpoint.starts_with("GET") || endpoint.contains("$batch") || endpoint.contains("token");
        assert!(reads, "{endpoint}");
    }
}

#[test]
fn each_defect_fails_its_own_check_with_its_own_problem() {
    type Case = (
        &'static str,
        &'static [(&'static str, &'static str)],
        &'static [(&'static str, &'static str)],
    );
    let cases: [Case; 8] = [
        (
            "missing folder",
            &[("folder_error", "/Nirgends")],
            &[("folder_error", "folder_not_found")],
        ),
        (
            "same folder",
            &[("folder_error", "/Verarbeitet")],
            &[("folder_error", "import_folders_same")],
        ),
        (
            "ambiguous folder",
            &[("folder_inbox", "Rechnungen")],
            &[("folder_inbox", "folder_ambiguous")],
        ),
        (
            "no well-known folder",
            &[("folder_processed", "wellknown:nosuchfolder")],
            &[("folder_processed", "folder_not_found")],
        ),
        (
            "closed mailbox",
            &[("mailbox", "personal@contoso.example")],
            &[("mailbox", "mailbox_denied")],
        ),
        (
            "no mailbox",
            &[("mailbox", "nobody@contoso.example")],
            &[("mailbox", "ErrorInvalidUser")],
        ),
        (
            "two defects",
            &[("folder_processed", "/Nirgends"), ("folder_error", "/Nirgendwo")],
            &[
                ("folder_processed", "folder_not_found"),
                ("folder_error", "folder_not_found"),
            ],
        ),
        ("nothing wrong", &[], &[]),
    ];
    let world = good();
    for (case, changes, expected) in cases {
        world.save(&[
            ("folder_inbox", Value::Null),
            ("folder_processed", text("/Verarbeitet")),
            ("folder_error", text("/Fehler")),
            ("mailbox", Value::Null),
        ]);
        let changes: Vec<(&str, Value)> = changes.iter().map(|(key, value)| (*key, text(value))).collect();
        world.save(&changes);
        let report = world.report();
        let failed = failed(&report);
        let found: Vec<(&str, &str)> = failed.iter().map(|(id, code)| (*id, code.as_str())).collect();
        assert_eq!(found, expected, "{case}");
        assert_eq!(report.ok, expected.is_empty(), "{case}");
    }
}

#[test]
fn what_depends_on_a_failed_check_is_skipped_and_says_so() {
    let world = World::new(Language::English);
    let report = world.report();
    assert_eq!(failed(&report), [("token", "never_signed_in".to_owned())]);
    for id in ["identity", "mailbox", "folder_inbox", "listing"] {
        let check = check(&report, id);
        assert_eq!(check.status, CheckStatus::Skipped, "{id}");
        assert!(check.detail.contains("Access token"), "{id}: {}", check.detail);
    }
    assert_eq!(check(&report, "endpoints").status, CheckStatus::Ok);
}

#[test]
fn an_unknown_account_is_a_failed_check_among_skipped_ones() {
    let world = World::new(Language::English);
    let report = test_connection(&world.context, &AccountName::new("nobody").unwrap());
    assert_eq!(failed(&report), [("account", "account_not_found".to_owned())]);
    let ids: Vec<&str> = report.checks.iter().map(|check| check.id).collect();
    assert_eq!(ids, IDS);
    assert!(
        report
            .checks
            .iter()
            .skip(1)
            .all(|check| check.status == CheckStatus::Skipped)
    );
}

#[test]
fn what_works_but_deserves_a_look_is_a_warning() {
    let world = good();
    world.job_ran(3 * 3600);
    let soon = world.context.clock.now().plus(10 * 86_400);
    world.save(&[
        ("secret_expires_at", Value::Instant(soon)),
        ("folder_error", Value::Null),
        ("user", Value::Null),
    ]);
    world.sign_in("User.Read Mail.ReadWrite");
    let report = world.report();
    assert!(report.ok, "{:?}", failed(&report));
    let cases = [
        ("job", "job_not_running"),
        ("secret", "secret_ends_soon"),
        ("folder_error", "folder_not_set"),
        ("scopes", "scopes_missing"),
    ];
    for (id, code) in cases {
        let check = check(&report, id);
        assert_eq!(check.status, CheckStatus::Warning, "{id}: {}", check.detail);
        assert_eq!(check.problem.as_ref().unwrap().code, code);
        assert!(!check.detail.is_empty());
    }
}

#[test]
fn shared_permissions_matter_only_where_a_mailbox_is_set() {
    let world = good();
    world.save(&[(
        "scopes",
        Value::Texts(vec!["User.Read".to_owned(), "Mail.ReadWrite".to_owned()]),
    )]);
    world.sign_in("User.Read Mail.ReadWrite");
    assert_eq!(check(&world.report(), "scopes").status, CheckStatus::Ok);
    world.save(&[("mailbox", text(SHARED))]);
    let report = world.report();
    let scopes = check(&report, "scopes");
    assert_eq!(scopes.status, CheckStatus::Failed);
    assert_eq!(
        scopes.problem.as_ref().unwrap().facts["scopes"],
        "Mail.ReadWrite.Shared"
    );
}

#[test]
fn an_unknown_tenant_and_a_dead_server_fail_the_endpoints() {
    let world = good();
    let identity = [("tenant_id", text("nowhere.example")), ("client_secret", text(SECRET))];
    world.save(&identity);
    let report = world.report();
    let endpoints = check(&report, "endpoints");
    assert_eq!(
        endpoints.problem.as_ref().unwrap().aadsts,
        Some(90_002),
        "{endpoints:?}"
    );

    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    world.save(&[
        ("authority_url", text(&format!("http://{closed}"))),
        ("client_secret", text(SECRET)),
    ]);
    let report = world.report();
    assert_eq!(check(&report, "endpoints").problem.as_ref().unwrap().code, "connect");
    assert_eq!(check(&report, "clock").status, CheckStatus::Skipped);
}

#[test]
fn a_clock_that_is_off_is_a_warning_with_its_seconds() {
    let world = good();
    assert_eq!(check(&world.report(), "clock").status, CheckStatus::Ok);
    world
        .sandbox
        .control("POST", "clock", &json!({ "offset": 600 }))
        .unwrap();
    let report = world.report();
    let clock = check(&report, "clock");
    assert_eq!(clock.status, CheckStatus::Warning, "{}", clock.detail);
    let seconds: i64 = clock.problem.as_ref().unwrap().facts["seconds"].parse().unwrap();
    assert!((590..=610).contains(&seconds), "{seconds}");
    assert!(report.ok, "{:?}", failed(&report));
}

#[test]
fn a_mailbox_that_hangs_ends_the_test_in_time() {
    let world = good();
    world.fault(&json!({ "path": "/mailFolders", "count": null, "delay_ms": 60_000 }));
    let begun = Instant::now();
    let report = world.report();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(!report.ok);
    assert_eq!(report.checks.len(), IDS.len());
    assert!(check(&report, "mailbox").problem.as_ref().unwrap().retryable());
}

#[test]
fn labels_and_details_come_in_the_readers_language() {
    let english = World::new(Language::English).report();
    let german = World::new(Language::German).report();
    for (english, german) in english.checks.iter().zip(&german.checks) {
        assert_ne!(english.label, german.label);
        assert_ne!(english.detail, german.detail, "{}", english.id);
    }
}
