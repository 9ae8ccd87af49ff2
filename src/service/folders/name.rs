//! How a folder is named (contract, section 5), read from what a user typed. Pure: whether such a folder exists is
//! [`tree`](super::tree)'s question.
//!
//! Names are compared after Unicode NFC, because a folder made on a Mac has decomposed umlauts and the one typed into a form has not.
//! Blanks around a name count only where they tell two folders apart: what was copied into a form has some, and nobody sees them there.

use unicode_normalization::UnicodeNormalization;

/// Graph's well-known folder names; they name the same folder in a mailbox of any language.
///
/// Source: Graph reference, resource type `mailFolder`, "Well-known folder names".
pub const WELL_KNOWN: [&str; 17] = [
    "archive",
    "clutter",
    "conflicts",
    "conversationhistory",
    "deleteditems",
    "drafts",
    "inbox",
    "junkemail",
    "localfailures",
    "msgfolderroot",
    "outbox",
    "recoverableitemsdeletions",
    "scheduled",
    "searchfolders",
    "sentitems",
    "serverfailures",
    "syncissues",
];

/// The well-known name of the folder all paths start at.
pub const ROOT: &str = "msgfolderroot";

/// Longest name that is looked at, bytes: far more than Exchange's 255 characters times its 300 levels ever need in practice.
const LIMIT: usize = 16 * 1024;

/// A folder as somebody named it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FolderName {
    /// `id:AAMk…`: Graph's id.
    Id(String),
    /// `wellknown:inbox` or `wellknown:inbox/Rechnungen`: a well-known folder (as Graph spells it), or a path below it.
    WellKnown {
        /// One of [`WELL_KNOWN`].
        base: &'static str,
        /// The names below it, outermost first.
        below: Vec<String>,
    },
    /// `wellknown:posteingang`: no well-known name. Names no folder, but deserves a suggestion.
    UnknownWellKnown(String),
    /// `/Verarbeitet` or `Posteingang/Rechnungen`: the names from the root on; empty for the root itself (`/`).
    Path(Vec<String>),
    /// A name without `/`: anywhere in the tree.
    Anywhere(String),
}

impl FolderName {
    /// Reads a name. The error says, as PHP words it, what a name must be.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("must not be empty");
        }
        if text.len() > LIMIT {
            return Err("must be at most 16384 bytes long");
        }
        if text.contains('\0') {
            return Err("must not contain any null bytes");
        }
        // No name begins with blanks and one of these.
        let begun = text.trim_start();
        let marked = ["/", "id:", "wellknown:"].iter().any(|mark| begun.starts_with(mark));
        let text = if marked { begun } else { text };
        if let Some(id) = text.strip_prefix("id:") {
            return if id.is_empty() || id.chars().any(|c| c.is_control() || c.is_whitespace()) {
                Err("must name a folder's id after \"id:\"")
            } else {
                Ok(Self::Id(id.to_owned()))
            };
        }
        if let Some(rest) = text.strip_prefix("wellknown:") {
            let mut parts = split(rest)?;
            if parts.is_empty() {
                return Err("must name a well-known folder after \"wellknown:\"");
            }
            let first = parts.remove(0);
            return Ok(match well_known(first.trim()) {
                Some(base) => Self::WellKnown { base, below: parts },
                None => Self::UnknownWellKnown(first),
            });
        }
        if let Some(path) = text.strip_prefix('/') {
            return Ok(Self::Path(split(path)?));
        }
        let mut parts = split(text)?;
        if parts.len() == 1 && !ends_with_separator(text) {
            Ok(Self::Anywhere(parts.remove(0)))
        } else {
            Ok(Self::Path(parts))
        }
    }
}

/// The well-known name that `text` is, whatever its case.
pub fn well_known(text: &str) -> Option<&'static str> {
    WELL_KNOWN.into_iter().find(|name| name.eq_ignore_ascii_case(text))
}

/// The form in which names are the same name.
pub fn exact(name: &str) -> String {
    // Nearly every name of a large tree, and the tables of Unicode are what takes time in it.
    if name.is_ascii() {
        return name.to_owned();
    }
    name.nfc().collect()
}

/// The form in which names differ at most in case. Upper before lower case, so that `ß` meets `SS` and `ς` meets `σ`.
pub fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    name.nfc()
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .nfc()
        .collect()
}

/// The form in which names, or the names of a path, differ at most in case and in blanks around them.
pub fn trimmed(name: &str) -> String {
    let folded = folded(name);
    let parts: Vec<&str> = folded.split('/').map(str::trim).collect();
    parts.join("/")
}

/// A name as part of a path: `\` and `/` escaped.
pub fn escaped(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for character in name.chars() {
        if matches!(character, '\\' | '/') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// The names of a path, unescaped. One `/` at the end is forgiven; a backslash before anything else is a backslash.
fn split(path: &str) -> Result<Vec<String>, &'static str> {
    if path.is_empty() {
        return Ok(Vec::new());
    }
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => part.push(characters.next_if(|next| matches!(next, '\\' | '/')).unwrap_or('\\')),
            '/' => parts.push(std::mem::take(&mut part)),
            other => part.push(other),
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    if parts.iter().any(String::is_empty) {
        return Err("must not contain an empty name between two slashes");
    }
    Ok(parts)
}

/// Whether `text` ends with a `/` that is not escaped.
fn ends_with_separator(text: &str) -> bool {
    text.strip_suffix('/').is_some_and(|before| {
        let backslashes = before.chars().rev().take_while(|&character| character == '\\').count();
        backslashes % 2 == 0
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn path(parts: &[&str]) -> FolderName {
        FolderName::Path(parts.iter().map(|&part| part.to_owned()).collect())
    }

    fn below(base: &'static str, parts: &[&str]) -> FolderName {
        FolderName::WellKnown {
            base,
            below: parts.iter().map(|&part| part.to_owned()).collect(),
        }
    }

    fn anywhere(name: &str) -> FolderName {
        FolderName::Anywhere(name.to_owned())
    }

    #[test]
    fn every_form_of_a_name_is_read() {
        let cases = [
            ("id:AAMkAGI=", FolderName::Id("AAMkAGI=".to_owned())),
            ("wellknown:inbox", below("inbox", &[])),
            ("wellknown:SentItems", below("sentitems", &[])),
            ("wellknown:inbox/Rechnungen", below("inbox", &["Rechnungen"])),
            ("wellknown:inbox/a\\/b/c", below("inbox", &["a/b", "c"])),
            (
                "wellknown:posteingang",
                FolderName::UnknownWellKnown("posteingang".to_owned()),
            ),
            ("/", path(&[])),
            ("/Verarbeitet", path(&["Verarbeitet"])),
            ("/Verarbeitet/", path(&["Verarbeitet"])),
            ("Verarbeitet/", path(&["Verarbeitet"])),
            ("Posteingang/Rechnungen", path(&["Posteingang", "Rechnungen"])),
            ("/id:7", path(&["id:7"])),
            ("Verarbeitet", anywhere("Verarbeitet")),
            ("ID: 4711", anywhere("ID: 4711")),
            ("Ein\\/Aus", anywhere("Ein/Aus")),
            ("Ein\\/", anywhere("Ein/")),
            ("Ein\\\\/Aus", path(&["Ein\\", "Aus"])),
            ("C:\\Mails", anywhere("C:\\Mails")),
            ("Ende\\", anywhere("Ende\\")),
            ("O'Brien \"quoted\" 📁", anywhere("O'Brien \"quoted\" 📁")),
            (" Rand ", anywhere(" Rand ")),
        ];
        for (text, expected) in cases {
            assert_eq!(FolderName::parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_folder_is_refused() {
        let long = "x".repeat(LIMIT + 1);
        for text in ["", "id:", "id: x", "wellknown:", "a//b", "//", "a\0b", &long] {
            assert!(FolderName::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn an_escaped_name_is_read_back_as_it_was() {
        for name in ["a", "a/b", "a\\b", "\\/", "/\\", "ends\\", "\\\\//", "Grüße/📁"] {
            assert_eq!(
                FolderName::parse(&format!("/{}", escaped(name))),
                Ok(path(&[name])),
                "{name}"
            );
            assert_eq!(
                FolderName::parse(&format!("/{0}/{0}", escaped(name))),
                Ok(path(&[name, name])),
                "{name}"
            );
        }
    }

    #[test]
    fn names_are_compared_composed_and_without_case_when_folded() {
        assert_eq!(exact("Mu\u{308}ll"), exact("Müll"));
        assert_ne!(exact("müll"), exact("Müll"));
        assert_eq!(folded("MU\u{308}LL"), folded("müll"));
        assert_eq!(folded("STRASSE"), folded("Straße"));
        assert_eq!(folded("ΟΔΟΣ"), folded("οδος"));
        assert_ne!(folded("Müll "), folded("Müll"));
        assert_eq!(trimmed("\u{a0}MÜLL "), trimmed("müll"));
        assert_eq!(trimmed("/a / b"), trimmed("/A/B"));
    }

    proptest! {
        #[test]
        fn any_name_survives_being_a_part_of_a_path(names in prop::collection::vec("[^\\x00]{1,20}", 1..5)) {
            let text = names.iter().fold(String::new(), |path, name| path + "/" + &escaped(name));
            prop_assert_eq!(FolderName::parse(&text), Ok(FolderName::Path(names)));
        }

        #[test]
        fn no_text_is_too_much(text in any::<String>()) {
            let _ = FolderName::parse(&text);
        }
    }
}
