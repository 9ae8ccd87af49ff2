//! The table's shape and how a row is found; the rows themselves stand one file a source beside this one.
//!
//! Who a failure concerns decides what a row may say: only a dead refresh token asks for a sign-in, and a row that passes by itself
//! asks nobody for anything. The tests hold every row to that.

use std::collections::BTreeMap;

use crate::base::failure::Class;
use crate::base::language::Language;
use crate::base::problem::{Actor, Problem, Source, entra, graph, own, transport};

/// A sentence in both languages.
///
/// `{name}` stands for the fact of that name. What stands between `[` and `]` is left out where one of its facts is missing, so that
/// a sentence is whole with and without them.
#[derive(Debug, Clone, Copy)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// German.
    pub de: &'static str,
}

impl Text {
    /// The sentence with its facts filled in.
    pub fn render(&self, language: Language, facts: &BTreeMap<String, String>) -> String {
        let mut rest = match language {
            Language::English => self.en,
            Language::German => self.de,
        };
        let mut rendered = String::with_capacity(rest.len());
        while let Some((before, after)) = rest.split_once('[') {
            let (optional, tail) = after.split_once(']').unwrap_or((after, ""));
            rendered.push_str(&fill(before, facts).0);
            let (filled, whole) = fill(optional, facts);
            if whole {
                rendered.push_str(&filled);
            }
            rest = tail;
        }
        rendered.push_str(&fill(rest, facts).0);
        rendered
    }
}

/// `template` with its facts filled in, and whether all of them were there; one that is not leaves nothing behind.
fn fill(template: &str, facts: &BTreeMap<String, String>) -> (String, bool) {
    let mut filled = String::with_capacity(template.len());
    let mut whole = true;
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (name, tail) = after.split_once('}').unwrap_or((after, ""));
        match facts.get(name).filter(|value| !value.is_empty()) {
            Some(value) => filled.push_str(value),
            None => whole = false,
        }
        rest = tail;
    }
    filled.push_str(rest);
    (filled, whole)
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

/// The remedy where there is nothing to do.
pub(super) const NOTHING_TO_DO: Text = text(
    "Nothing needs to be done: the next call tries again.",
    "Es ist nichts zu tun: Der nächste Aufruf versucht es wieder.",
);

/// A sentence in English and German.
pub(super) const fn text(en: &'static str, de: &'static str) -> Text {
    Text { en, de }
}

/// A row of a failure that stays until its actor has acted.
pub(super) const fn stays(class: Class, actor: Actor, explanation: Text, remedy: Text) -> Row {
    Row {
        class,
        actor,
        retryable: false,
        explanation,
        remedy,
    }
}

/// A row of a failure that passes by itself.
pub(super) const fn passes(class: Class, explanation: Text, remedy: Text) -> Row {
    Row {
        class,
        actor: Actor::Nobody,
        retryable: true,
        explanation,
        remedy,
    }
}

/// The row for `problem`: by its source's own marks first, then a default of its source.
pub fn row(problem: &Problem) -> &'static Row {
    match problem.source {
        Source::Entra => entra::row(problem),
        Source::Graph => graph::row(problem),
        Source::Transport => transport::row(&problem.code),
        Source::Own => own::row(&problem.code),
    }
}
