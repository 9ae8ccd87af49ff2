//! What went wrong, as a value: facts that can be stored, and words rendered when somebody reads them.
//!
//! A [`Problem`] keeps Microsoft's own code, text and ids plus a few named facts. Who must act, whether repeating helps, and the
//! explanation and remedy in the reader's language come from one table ([`table`]), looked up when read: a problem stored by an
//! English job is read in German by the administrator. It never holds a secret.

mod entra;
mod graph;
mod own;
#[cfg(test)]
mod page;
pub mod table;
#[cfg(test)]
mod tests;
mod transport;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::base::clock::UtcInstant;
use crate::base::language::Language;

/// Who must act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Actor {
    /// Nobody: it passes by itself.
    Nobody,
    /// The person who signs in.
    User,
    /// Whoever manages the app registration.
    AppAdministrator,
    /// Whoever manages the Microsoft 365 tenant.
    TenantAdministrator,
    /// Whoever runs this machine and the PHP application.
    Host,
}

/// Which side said it; a code means something only together with its side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Source {
    /// Microsoft Entra ID (authorize and token endpoint).
    Entra,
    /// Microsoft Graph.
    Graph,
    /// The way there: DNS, TCP, TLS, proxy.
    Transport,
    /// This extension.
    Own,
}

/// One failure. `Default`-free on purpose: build it with [`Problem::new`] and the `with_…` methods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// Which side said it.
    pub source: Source,
    /// Microsoft's error code (`invalid_grant`, `ErrorAccessDenied`) or ours (`folder_ambiguous`).
    pub code: String,
    /// The number after `AADSTS`, where Entra named one.
    pub aadsts: Option<u32>,
    /// Entra's `suberror`.
    pub suberror: Option<String>,
    /// The teller's own words, at most [`MESSAGE_LIMIT`] characters, control characters escaped. For us, not for branching.
    pub message: String,
    /// The HTTP status, where there was one.
    pub http_status: Option<u16>,
    /// Graph's `request-id` or Entra's `trace_id`.
    pub request_id: Option<String>,
    /// Entra's `correlation_id`, or the `client-request-id` we sent.
    pub correlation_id: Option<String>,
    /// Since when it is so.
    pub since: UtcInstant,
    /// Named values that explanation and remedy mention: `account`, `path`, `folder`, `redirect_uri`, …
    pub facts: BTreeMap<String, String>,
}

/// How many characters of a foreign message are kept.
pub const MESSAGE_LIMIT: usize = 1024;

impl Problem {
    /// A problem with its code and message; the message is capped and its control characters are escaped.
    pub fn new(source: Source, code: impl Into<String>, message: &str, since: UtcInstant) -> Self {
        Self {
            source,
            code: code.into(),
            aadsts: None,
            suberror: None,
            message: foreign(message),
            http_status: None,
            request_id: None,
            correlation_id: None,
            since,
            facts: BTreeMap::new(),
        }
    }

    /// One of our own problems: `code` is a row of the table, its English explanation is the message.
    pub fn own(code: &'static str, since: UtcInstant) -> Self {
        Self::new(Source::Own, code, "", since)
    }

    /// Adds a named value for explanation and remedy (capped and escaped like the message). Never a secret.
    #[must_use]
    pub fn with_fact(mut self, name: &str, value: impl AsRef<str>) -> Self {
        self.facts.insert(name.to_owned(), tame(value.as_ref()));
        self
    }

    /// Replaces the message.
    #[must_use]
    pub fn with_message(mut self, message: &str) -> Self {
        self.message = tame(message);
        self
    }

    /// The row of the table that speaks for this problem.
    pub fn row(&self) -> &'static table::Row {
        table::row(self)
    }

    /// Who must act.
    pub fn actor(&self) -> Actor {
        self.row().actor
    }

    /// Whether the same call can succeed later without anybody acting.
    pub fn retryable(&self) -> bool {
        self.row().retryable
    }

    /// What happened, in one sentence of the reader's language.
    pub fn explanation(&self, language: Language) -> String {
        self.row().explanation.render(language, &self.named())
    }

    /// What to do, in one sentence of the reader's language.
    pub fn remedy(&self, language: Language) -> String {
        self.row().remedy.render(language, &self.named())
    }

    /// The facts, and what every problem has: `{code}`, `{status}` and `{aadsts}`.
    fn named(&self) -> BTreeMap<String, String> {
        let mut named = self.facts.clone();
        let own = [
            ("code", Some(self.code.clone())),
            ("status", self.http_status.map(|status| status.to_string())),
            ("aadsts", self.aadsts.map(|number| number.to_string())),
        ];
        for (name, value) in own {
            if let Some(value) = value {
                named.entry(name.to_owned()).or_insert(value);
            }
        }
        named
    }

    /// The teller's message, or our English explanation where there is none.
    pub fn message(&self) -> String {
        if self.message.is_empty() {
            self.explanation(Language::English)
        } else {
            self.message.clone()
        }
    }
}

/// A text that a server wrote, fit to be shown: tame, and without anything that could be a token. Servers, and what stands before them,
/// quote what they were sent; a run of letters longer than any word, GUID or scope is not needed to understand them.
pub fn foreign(text: &str) -> String {
    const LONGEST: usize = 40;
    let is_token_letter = |letter: char| letter.is_ascii_alphanumeric() || "+/_=~%-".contains(letter);
    let mut shown = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let inside = is_token_letter(first);
        let end = rest
            .find(|letter| is_token_letter(letter) != inside)
            .unwrap_or(rest.len());
        let (run, after) = rest.split_at(end);
        shown.push_str(if inside && run.len() > LONGEST { "…" } else { run });
        rest = after;
    }
    tame(&shown)
}

/// Caps a foreign text and escapes its control characters, so that it can stand in a log line.
pub fn tame(text: &str) -> String {
    let mut tamed = String::new();
    for character in text.trim().chars().take(MESSAGE_LIMIT) {
        match character {
            '\r' => {}
            '\n' => tamed.push(' '),
            control if control.is_control() => tamed.extend(control.escape_default()),
            other => tamed.push(other),
        }
    }
    tamed
}
