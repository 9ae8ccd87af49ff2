//! The checks themselves, in the order in which one needs the other.

use std::cell::Cell;
use std::time::Duration;

use crate::base::account::Protocol;
use crate::base::account::endpoints::Endpoints;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Error, Result};
use crate::base::language::Language;
use crate::base::problem::Problem;
use crate::base::problem::table::Text;
use crate::graph::folders as rows;
use crate::graph::mailbox::{User, me};
use crate::graph::reachability;
use crate::graph::value::Folder;
use crate::oauth::application::{Application, Credential};
use crate::oauth::discovery;
use crate::service::connection_test::{CheckStatus, Report, problem_of, words};
use crate::service::context::Context;
use crate::service::folders;
use crate::service::mailbox::client_of;
use crate::service::messages::{MessageQuery, MessageWalk};
use crate::service::refresh_job::JOB;
use crate::service::token_status::{RENEWAL_MARGIN, credential_warning};
use crate::service::tokens;
use crate::store::record::AccountRecord;

/// What an attempt to reach a server may take.
const REACH: Duration = Duration::from_secs(5);

/// A clock that is further off than this is worth a look, seconds: certificates and sign-ins have little more room.
const CLOCK_TOLERANCE: i64 = 120;

/// The job runs hourly; when its last run is older than this, it does not, seconds.
const JOB_TOLERANCE: i64 = 2 * 3600;

/// The result of a check.
pub struct Verdict {
    /// The verdict.
    pub status: CheckStatus,
    /// What was seen; empty: what the problem says.
    pub detail: String,
    /// What is wrong.
    pub problem: Option<Problem>,
}

impl Verdict {
    fn ok(detail: String) -> Self {
        Self {
            status: CheckStatus::Ok,
            detail,
            problem: None,
        }
    }

    /// Not tried.
    pub fn skipped(detail: String) -> Self {
        Self {
            status: CheckStatus::Skipped,
            ..Self::ok(detail)
        }
    }

    /// It works, and somebody should look.
    fn warning(problem: Problem) -> Self {
        Self {
            status: CheckStatus::Warning,
            ..Self::failed(problem)
        }
    }

    /// It does not work.
    pub const fn failed(problem: Problem) -> Self {
        Self {
            status: CheckStatus::Failed,
            detail: String::new(),
            problem: Some(problem),
        }
    }
}

/// The checks of one account.
pub struct Checks<'a> {
    context: &'a Context,
    account: AccountRecord,
    language: Language,
    clock_skew: Cell<Option<i64>>,
}

impl<'a> Checks<'a> {
    /// The checks of `account`.
    pub fn new(context: &'a Context, account: AccountRecord) -> Self {
        Self {
            context,
            account,
            language: context.settings.language,
            clock_skew: Cell::new(None),
        }
    }

    /// Runs them.
    pub fn run(&self, report: &mut Report<'_>) {
        const TOKEN: &[&str] = &["account", "endpoints", "token"];
        const MAILBOX: &[&str] = &["account", "endpoints", "token", "mailbox"];
        report.add("account", self.account());
        report.check("endpoints", &["account"], || self.endpoints());
        report.check("clock", &["account", "endpoints"], || self.clock());
        report.check("token", &["account"], || self.token());
        report.check("identity", TOKEN, || self.identity());
        report.check("scopes", &["account", "token"], || self.scopes());
        let token_failed = report.has_failed("token");
        report.check("secret", &["account"], || self.secret(token_failed));
        report.check("mailbox", TOKEN, || self.mailbox());
        let mut found: Vec<(&'static str, String)> = Vec::new();
        for setting in ["folder_inbox", "folder_processed", "folder_error"] {
            report.check(setting, MAILBOX, || self.folder(setting, &mut found));
        }
        let needs = ["account", "endpoints", "token", "mailbox", "folder_inbox"];
        report.check("listing", &needs, || self.listing());
        report.check("job", &[], || self.job());
    }

    fn say(&self, text: &Text, facts: &[(&str, &str)]) -> String {
        words::say(text, self.language, facts)
    }

    fn now(&self) -> UtcInstant {
        self.context.clock.now()
    }

    fn failed(&self, error: Error) -> Verdict {
        Verdict::failed(problem_of(error.of(&self.account.name), self.context))
    }

    fn is_delegated(&self) -> bool {
        self.account.settings.protocol == Protocol::Delegated
    }

    /// The settings were checked when they were saved; what php.ini allows, and a certificate's files, may have changed since.
    fn account(&self) -> Verdict {
        let settings = &self.account.settings;
        if let Err(problem) = Application::of(settings, &self.context.settings, self.now()) {
            return self.failed(problem.into());
        }
        let facts = [
            ("client_id", settings.client_id.as_str()),
            ("tenant", settings.tenant_id.as_str()),
        ];
        if !settings.enabled {
            let mut verdict = Verdict::ok(self.say(&words::ACCOUNT_DISABLED, &facts));
            verdict.status = CheckStatus::Warning;
            return verdict;
        }
        Verdict::ok(self.say(&words::ACCOUNT, &facts))
    }

    fn endpoints(&self) -> Verdict {
        let settings = &self.account.settings;
        let endpoints = match Endpoints::of(settings, self.context.settings.custom_endpoints, self.now()) {
            Ok(endpoints) => endpoints,
            Err(problem) => return self.failed(problem.into()),
        };
        let (transport, cancel) = (self.context.transport.as_ref(), &self.context.cancel);
        let authority = &endpoints.authority;
        match discovery::metadata(transport, self.context.clock.as_ref(), cancel, authority, REACH) {
            Ok(metadata) => self.clock_skew.set(metadata.clock_skew),
            Err(problem) => {
                let problem = problem.with_fact("tenant_id", &settings.tenant_id);
                return self.failed(problem.into());
            }
        }
        if let Err(error) = reachability::reach(transport, cancel, &endpoints.graph, REACH) {
            return self.failed(error.into_error(self.now()));
        }
        let facts = [
            ("authority", endpoints.authority.host_str().unwrap_or_default()),
            ("graph", endpoints.graph.host_str().unwrap_or_default()),
        ];
        Verdict::ok(self.say(&words::REACHED, &facts))
    }

    fn clock(&self) -> Verdict {
        let Some(skew) = self.clock_skew.get() else {
            return Verdict::skipped(self.say(&words::CLOCK_UNKNOWN, &[]));
        };
        let seconds = skew.unsigned_abs().to_string();
        if skew.abs() > CLOCK_TOLERANCE {
            return Verdict::warning(Problem::own("clock_skewed", self.now()).with_fact("seconds", seconds));
        }
        Verdict::ok(self.say(&words::CLOCK, &[("seconds", &seconds)]))
    }

    fn token(&self) -> Verdict {
        let name = &self.account.name;
        let status = tokens::access_token(self.context, name, RENEWAL_MARGIN, None)
            .and_then(|_| tokens::token_status(self.context, name));
        match status {
            Ok(status) => {
                let time = status.expires_at.map(UtcInstant::to_rfc3339).unwrap_or_default();
                Verdict::ok(self.say(&words::TOKEN, &[("time", &time)]))
            }
            Err(error) => self.failed(error),
        }
    }

    fn identity(&self) -> Verdict {
        if !self.is_delegated() {
            return Verdict::skipped(self.say(&words::NO_USER, &[]));
        }
        let user = client_of(self.context, &self.account).and_then(|client| Ok(me(&client)?));
        let user = match user {
            Ok(user) => user,
            // Only `User.Read` allows the question; mails can be read without it.
            Err(Error::Failure(failure)) if failure.class == Class::AccessDenied => {
                return Verdict::warning(failure.problem);
            }
            Err(error) => return self.failed(error),
        };
        match &self.account.settings.user {
            Some(expected) if !is_called(&user, expected) => {
                let problem = Problem::own("user_differs", self.now())
                    .with_fact("expected", expected)
                    .with_fact("actual", &user.user_principal_name);
                Verdict::warning(problem)
            }
            _ => Verdict::ok(self.say(&words::IDENTITY, &[("user", &user.user_principal_name)])),
        }
    }

    /// Mail permissions decide; `.Shared` ones matter only where another mailbox is set.
    fn scopes(&self) -> Verdict {
        if !self.is_delegated() {
            return Verdict::skipped(self.say(&words::NO_USER, &[]));
        }
        let status = match tokens::token_status(self.context, &self.account.name) {
            Ok(status) => status,
            Err(error) => return self.failed(error),
        };
        if status.granted_scopes.is_empty() {
            return Verdict::skipped(self.say(&words::SCOPES_UNKNOWN, &[]));
        }
        let shared = self.account.settings.mailbox.is_some();
        let mut missing: Vec<String> = status.missing_scopes;
        missing.retain(|scope| shared || !is_shared(scope));
        if shared
            && !status
                .granted_scopes
                .iter()
                .any(|scope| is_mail(scope) && is_shared(scope))
        {
            let wanted = "Mail.ReadWrite.Shared";
            if !missing.iter().any(|scope| scope == wanted) {
                missing.push(wanted.to_owned());
            }
        }
        if missing.is_empty() {
            return Verdict::ok(self.say(&words::SCOPES, &[("scopes", &status.granted_scopes.join(", "))]));
        }
        let problem = Problem::own("scopes_missing", self.now()).with_fact("scopes", missing.join(", "));
        if missing.iter().any(|scope| is_mail(scope)) {
            Verdict::failed(problem)
        } else {
            Verdict::warning(problem)
        }
    }

    /// A secret that ended according to its date but still works has a wrong date. Of a certificate that says itself when it ends, the
    /// file is asked that lies there now.
    fn secret(&self, token_failed: bool) -> Verdict {
        let settings = &self.account.settings;
        let application = Application::of(settings, &self.context.settings, self.now());
        let end = match application.map(|application| application.credential) {
            Ok(Credential::Certificate(certificate)) if settings.secret_expires_at.is_none() => {
                Some(certificate.ends_at())
            }
            _ => settings.secret_expires_at,
        };
        let Some(end) = end else {
            return Verdict::skipped(self.say(&words::SECRET_UNKNOWN, &[]));
        };
        let date = end.to_rfc3339();
        let date = date.split('T').next().unwrap_or_default();
        let Some(problem) = credential_warning(&self.account, end, self.now()) else {
            return Verdict::ok(self.say(&words::SECRET, &[("date", date)]));
        };
        if token_failed && end <= self.now() {
            Verdict::failed(problem)
        } else {
            Verdict::warning(problem)
        }
    }

    fn mailbox(&self) -> Verdict {
        let row = client_of(self.context, &self.account).and_then(|client| Ok(rows::get(&client, "inbox")?));
        match (row, &self.account.settings.mailbox) {
            (Ok(_), Some(mailbox)) => Verdict::ok(self.say(&words::MAILBOX, &[("mailbox", mailbox)])),
            (Ok(_), None) => Verdict::ok(self.say(&words::OWN_MAILBOX, &[])),
            (Err(Error::Failure(failure)), mailbox) => {
                Verdict::failed(refused(failure.problem, mailbox.as_deref(), self.now()))
            }
            (Err(error), _) => self.failed(error),
        }
    }

    /// Whether a folder exists, is the only one of its name, and is none of those `found` before.
    fn folder(&self, setting: &'static str, found: &mut Vec<(&'static str, String)>) -> Verdict {
        let settings = &self.account.settings;
        let named = match setting {
            "folder_inbox" => Some(&settings.folder_inbox),
            "folder_processed" => settings.folder_processed.as_ref(),
            _ => settings.folder_error.as_ref(),
        };
        let Some(named) = named else {
            return Verdict::warning(Problem::own("folder_not_set", self.now()).with_fact("key", setting));
        };
        let folder: Result<Folder> = folders::find_folder(self.context, &self.account.name, named);
        let folder = match folder {
            Ok(folder) => folder,
            Err(Error::Argument { message, .. }) => {
                let problem = Problem::own("setting_refused", self.now())
                    .with_fact("key", setting)
                    .with_fact("reason", message);
                return Verdict::failed(problem);
            }
            Err(error) => return self.failed(error),
        };
        if let Some((first, _)) = found.iter().find(|(_, id)| *id == folder.id) {
            let problem = Problem::own("import_folders_same", self.now())
                .with_fact("first", first)
                .with_fact("second", setting)
                .with_fact("folder", named);
            return Verdict::failed(problem);
        }
        let facts = [
            ("path", folder.path.as_str()),
            ("total", &folder.total_count.to_string()),
            ("unread", &folder.unread_count.to_string()),
        ];
        let verdict = Verdict::ok(self.say(&words::FOLDER, &facts));
        found.push((setting, folder.id));
        verdict
    }

    fn listing(&self) -> Verdict {
        let mut walk = MessageWalk::new(MessageQuery::default()).with_page(1);
        match walk.next_page(self.context, &self.account.name) {
            Ok(messages) => {
                let received = messages.first().and_then(|message| message.received_at);
                Verdict::ok(match received {
                    Some(received) => self.say(&words::LISTING, &[("date", &received.to_rfc3339())]),
                    None => self.say(&words::LISTING_EMPTY, &[]),
                })
            }
            Err(error) => self.failed(error),
        }
    }

    fn job(&self) -> Verdict {
        if !self.is_delegated() || !self.account.settings.enabled {
            return Verdict::skipped(self.say(&words::JOB_NOT_NEEDED, &[]));
        }
        let job = match self.context.store.job(JOB) {
            Ok(job) => job,
            Err(error) => return self.failed(error.into()),
        };
        let problem = Problem::own("job_not_running", self.now());
        let Some(job) = job else {
            return Verdict::warning(problem);
        };
        let last = job.ended_at.unwrap_or(job.started_at);
        let time = last.to_rfc3339();
        if self.now().since(last) > JOB_TOLERANCE {
            return Verdict::warning(problem.with_fact("time", time));
        }
        Verdict::ok(self.say(&words::JOB, &[("time", &time)]))
    }
}

/// What a mailbox that can not be read means. Exchange tells a delegate without rights that there is no such folder or item ("could
/// not be found in the store"); for another user's mailbox that is a missing right as well.
fn refused(problem: Problem, mailbox: Option<&str>, now: UtcInstant) -> Problem {
    let Some(mailbox) = mailbox else {
        return problem;
    };
    let hidden = matches!(
        problem.row().class,
        Class::MessageNotFound | Class::FolderNotFound | Class::AccessDenied
    );
    if !hidden {
        return problem.with_fact("mailbox", mailbox);
    }
    let mut denied = Problem::own("mailbox_denied", now)
        .with_message(&problem.message)
        .with_fact("mailbox", mailbox);
    denied.http_status = problem.http_status;
    denied.request_id = problem.request_id;
    denied.correlation_id = problem.correlation_id;
    denied
}

fn is_called(user: &User, name: &str) -> bool {
    let names = [
        Some(user.user_principal_name.as_str()),
        user.mail.as_deref(),
        Some(user.id.as_str()),
    ];
    names
        .into_iter()
        .flatten()
        .any(|known| known.to_lowercase() == name.to_lowercase())
}

fn is_mail(scope: &str) -> bool {
    scope.to_ascii_lowercase().starts_with("mail.")
}

fn is_shared(scope: &str) -> bool {
    scope.to_ascii_lowercase().ends_with(".shared")
}
