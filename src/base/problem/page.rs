//! `docs/errors.md` and `docs/de/fehler.md`: the table as pages for people, one a language. Written anew by
//! `ERRORS_PAGE=write cargo test --no-default-features --lib errors_page`, and compared by every other run, so that no page
//! falls behind the table.

use std::fmt::Write as _;
use std::path::Path;

use super::table::{Row, Text};
use super::{Actor, entra, graph, own, transport};
use crate::base::failure::Class;
use crate::base::language::Language;

const LANGUAGES: [Language; 2] = [Language::English, Language::German];

const ENGLISH_HEAD: &str = "\
# Errors

<!-- Made from the table of problems in src/base/problem by a test. Do not edit: change the table, then run
     ERRORS_PAGE=write cargo test --no-default-features --lib errors_page -->

Look up the code that a message, the log or the job shows: an AADSTS number, or a word such as `invalid_grant`. The row says what
happened, what to do, and who has to do it.

- *Who*: *nobody* (it passes by itself), *user* (who signs in), *app administrator* (who manages the app registration),
  *tenant administrator* (who manages the Microsoft 365 tenant), *host* (who runs this machine and the PHP application).
- *Again*: *yes* means that the same call can succeed later without anybody acting.
- *Exception*: the class that a function throws. The job and an import report the same problem in their results.

`…` stands for a name, a path or a number that is filled in. In PHP all of it is in `$exception->getProblem()`: the AADSTS number as
`aadsts`, any other code as `code`, the two sentences as `explanation` and `remedy`, in English or German
(`squeeze_graph.language`). Microsoft tells programs to decide by HTTP status and error word, and to take the number for a hint: so an
error of a busy server is never shown as a dead sign-in, whatever its number.

This page holds every text there is; it is made from the table that the extension itself uses. [Auf Deutsch](de/fehler.md).
";

const GERMAN_HEAD: &str = "\
# Fehler

<!-- Made from the table of problems in src/base/problem by a test. Do not edit: change the table, then run
     ERRORS_PAGE=write cargo test --no-default-features --lib errors_page -->

Suchen Sie den Code, den die Meldung, das Protokoll oder der Job zeigt: eine AADSTS-Nummer oder ein Wort wie `invalid_grant`. Die
Zeile sagt, was geschehen ist, was zu tun ist und wer es tun muss.

- *Wer*: *niemand* (es vergeht von selbst), *Benutzer* (wer sich anmeldet), *App-Administrator* (wer die App-Registrierung verwaltet),
  *Mandantenadministrator* (wer den Microsoft-365-Mandanten verwaltet), *Betreiber* (wer diesen Rechner und die PHP-Anwendung betreibt).
- *Wieder*: *ja* heißt, dass derselbe Aufruf später gelingen kann, ohne dass jemand etwas tut.
- *Ausnahme*: die Klasse, die eine Funktion wirft. Job und Import melden dasselbe Problem in ihren Ergebnissen.

`…` steht für einen Namen, einen Pfad oder eine Zahl. Die Sätze erscheinen auf Deutsch, wenn `squeeze_graph.language` auf `de` steht.

Diese Seite enthält alle Texte; sie ist aus der Tabelle gemacht, die die Erweiterung selbst verwendet. [In English](../errors.md).
";

#[test]
fn the_errors_pages_say_what_the_table_says() {
    for language in LANGUAGES {
        let name = match language {
            Language::English => "docs/errors.md",
            Language::German => "docs/de/fehler.md",
        };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let made = page(language);
        if std::env::var_os("ERRORS_PAGE").is_some_and(|wanted| wanted == "write") {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &made).unwrap();
        }
        let stored = std::fs::read_to_string(&path).unwrap();
        let differs = stored
            .lines()
            .zip(made.lines())
            .position(|(stored, made)| stored != made);
        assert!(
            stored == made,
            "{name} differs from the table (first at line {:?}): run ERRORS_PAGE=write cargo test --no-default-features --lib errors_page",
            differs.map(|line| line + 1)
        );
    }
}

#[test]
fn the_errors_pages_hold_every_row() {
    let rows = entra::numbers().count()
        + entra::named().count()
        + graph::named().count()
        + transport::ROWS.len()
        + own::entries().count()
        + 2;
    for language in LANGUAGES {
        let page = page(language);
        // Each of the five tables has two lines that are no row.
        let shown = page.lines().filter(|line| line.starts_with('|')).count() - 5 * 2;
        assert_eq!(shown, rows, "{language:?}");
        for code in [
            "AADSTS7000222",
            "`invalid_grant`",
            "`ErrorAccessDenied`",
            "`key_wrong`",
            "`dns`",
        ] {
            assert!(page.contains(code), "{language:?}: {code}");
        }
    }
}

/// What is written in one language.
fn in_language(language: Language, text: Text) -> &'static str {
    match language {
        Language::English => text.en,
        Language::German => text.de,
    }
}

const fn words(en: &'static str, de: &'static str) -> Text {
    Text { en, de }
}

fn page(language: Language) -> String {
    let mut page = in_language(language, words(ENGLISH_HEAD, GERMAN_HEAD)).to_owned();
    let any_other = || in_language(language, words("any other", "jeder andere")).to_owned();
    section(
        &mut page,
        language,
        words("AADSTS numbers", "AADSTS-Nummern"),
        words(
            "Microsoft Entra ID, when somebody signs in or a token is renewed.",
            "Microsoft Entra ID, wenn sich jemand anmeldet oder ein Token erneuert wird.",
        ),
        entra::numbers().map(|(numbers, row)| {
            let numbers: Vec<String> = numbers.iter().map(|number| format!("AADSTS{number}")).collect();
            (numbers.join(", "), row)
        }),
    );
    section(
        &mut page,
        language,
        words(
            "Microsoft Entra ID without such a number",
            "Microsoft Entra ID ohne eine solche Nummer",
        ),
        words(
            "By `error`, then `suberror`, else by HTTP status.",
            "Nach `error`, dann `suberror`, sonst nach dem HTTP-Status.",
        ),
        entra::named().map(|(code, row)| (if code.is_empty() { any_other() } else { code }, row)),
    );
    section(
        &mut page,
        language,
        words(
            "Microsoft Graph and Exchange Online",
            "Microsoft Graph und Exchange Online",
        ),
        words(
            "While folders, mails and attachments are read, moved or changed.",
            "Wenn Ordner, Mails und Anhänge gelesen, verschoben oder geändert werden.",
        ),
        graph::named().map(|(code, row)| (if code.is_empty() { any_other() } else { code }, row)),
    );
    section(
        &mut page,
        language,
        words("The way to Microsoft", "Der Weg zu Microsoft"),
        words("DNS, connection, TLS, proxy.", "DNS, Verbindung, TLS, Proxy."),
        transport::ROWS
            .iter()
            .map(|(stage, row)| (format!("`{stage}`"), row))
            .chain([(any_other(), &transport::DEFAULT)]),
    );
    section(
        &mut page,
        language,
        words("The extension itself", "Die Erweiterung selbst"),
        words(
            "Settings, accounts, sign-in, store, folders, import.",
            "Einstellungen, Konten, Anmeldung, Speicher, Ordner, Import.",
        ),
        own::entries()
            .map(|(code, row)| (format!("`{code}`"), row))
            .chain([(any_other(), &own::UNKNOWN)]),
    );
    page
}

fn section(
    page: &mut String,
    language: Language,
    title: Text,
    about: Text,
    rows: impl Iterator<Item = (String, &'static Row)>,
) {
    let columns = words(
        "| code | what happened | what to do | who | again | exception |",
        "| Code | was geschehen ist | was zu tun ist | wer | wieder | Ausnahme |",
    );
    let in_language = |text| in_language(language, text);
    writeln!(page, "\n## {}\n\n{}\n", in_language(title), in_language(about)).unwrap();
    writeln!(page, "{}\n|---|---|---|---|---|---|", in_language(columns)).unwrap();
    for (code, row) in rows {
        writeln!(
            page,
            "| {code} | {} | {} | {} | {} | `{}` |",
            cell(in_language(row.explanation)),
            cell(in_language(row.remedy)),
            in_language(actor(row.actor)),
            in_language(if row.retryable {
                words("yes", "ja")
            } else {
                words("no", "nein")
            }),
            exception(row.class),
        )
        .unwrap();
    }
}

/// A template as a reader sees it who does not know its facts: its optional parts stay, each fact is an ellipsis.
fn cell(template: &str) -> String {
    let mut shown = String::new();
    let mut inside = false;
    for character in template.chars() {
        match character {
            '{' => {
                inside = true;
                shown.push('…');
            }
            '}' => inside = false,
            '[' | ']' => {}
            // What Markdown or HTML would take for its own.
            '|' | '*' | '_' | '<' | '`' if !inside => {
                shown.push('\\');
                shown.push(character);
            }
            _ if inside => {}
            other => shown.push(other),
        }
    }
    shown
}

const fn actor(actor: Actor) -> Text {
    match actor {
        Actor::Nobody => words("nobody", "niemand"),
        Actor::User => words("user", "Benutzer"),
        Actor::AppAdministrator => words("app administrator", "App-Administrator"),
        Actor::TenantAdministrator => words("tenant administrator", "Mandantenadministrator"),
        Actor::Host => words("host", "Betreiber"),
    }
}

const fn exception(class: Class) -> &'static str {
    match class {
        Class::Configuration => "ConfigurationException",
        Class::AccountNotFound => "AccountNotFoundException",
        Class::ActionRequired => "ActionRequiredException",
        Class::SignInRequired => "SignInRequiredException",
        Class::SignInFailed => "SignInFailedException",
        Class::AccessDenied => "AccessDeniedException",
        Class::FolderNotFound => "FolderNotFoundException",
        Class::AmbiguousFolder => "AmbiguousFolderException",
        Class::MessageNotFound => "MessageNotFoundException",
        Class::AttachmentNotFound => "AttachmentNotFoundException",
        Class::Throttled => "ThrottledException",
        Class::Connection => "ConnectionException",
        Class::Service => "ServiceException",
        Class::Store => "StoreException",
        Class::ImportRunning => "ImportRunningException",
    }
}
