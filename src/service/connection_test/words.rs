//! What the connection test says beside its problems: labels, and what was seen where all is well.

use std::collections::BTreeMap;

use crate::base::language::Language;
use crate::base::problem::table::Text;
use crate::service::connection_test::ConnectionCheck;

/// A sentence with its facts, in the reader's language.
pub fn say(text: &Text, language: Language, facts: &[(&str, &str)]) -> String {
    let facts: BTreeMap<String, String> = facts
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    text.render(language, &facts)
}

const fn text(en: &'static str, de: &'static str) -> Text {
    Text { en, de }
}

/// A check's name; empty for an unknown one, of which there is none.
pub fn label(id: &str, language: Language) -> String {
    LABELS
        .iter()
        .find(|(known, _)| *known == id)
        .map_or_else(String::new, |(_, label)| say(label, language, &[]))
}

/// Why a check was not tried: because of another that failed.
pub fn not_tried(failed: &ConnectionCheck, language: Language) -> String {
    say(&NOT_TRIED, language, &[("check", &failed.label)])
}

/// The checks there are, in order, by their names.
pub static LABELS: &[(&str, Text)] = &[
    ("account", text("Account", "Konto")),
    (
        "endpoints",
        text("Microsoft's servers and TLS", "Microsofts Server und TLS"),
    ),
    ("clock", text("Clock of this machine", "Uhr dieses Rechners")),
    ("token", text("Access token", "Zugriffstoken")),
    ("identity", text("Signed-in user", "Angemeldeter Benutzer")),
    ("scopes", text("Permissions (scopes)", "Berechtigungen (Scopes)")),
    (
        "secret",
        text(
            "Secret or certificate",
            "Clientgeheimnis (Client Secret) oder Zertifikat",
        ),
    ),
    ("mailbox", text("Rights on the mailbox", "Rechte am Postfach")),
    ("folder_inbox", text("Inbox folder", "Ordner „Posteingang“")),
    (
        "folder_processed",
        text("Folder for imported mails", "Ordner „Verarbeitet“"),
    ),
    ("folder_error", text("Folder for rejected mails", "Ordner „Fehler“")),
    ("listing", text("Listing the inbox", "Auflisten des Posteingangs")),
    ("job", text("Job refresh-tokens", "Hintergrundjob refresh-tokens")),
];

static NOT_TRIED: Text = text("Not tried, because of “{check}”.", "Nicht geprüft, wegen „{check}“.");

pub static NO_TIME: Text = text(
    "Not tried, because the time for the test was over.",
    "Nicht geprüft, weil die Zeit für den Test abgelaufen war.",
);

pub static NO_USER: Text = text(
    "Does not apply: the application works without a signed-in user.",
    "Entfällt: Die Anwendung arbeitet ohne angemeldeten Benutzer.",
);

pub static ACCOUNT: Text = text(
    "Application {client_id} in the tenant {tenant}.",
    "Anwendung {client_id} im Mandanten {tenant}.",
);

pub static ACCOUNT_DISABLED: Text = text(
    "The account is switched off (enabled): jobs leave it alone.",
    "Das Konto ist ausgeschaltet (enabled): Jobs lassen es aus.",
);

pub static REACHED: Text = text(
    "{authority} and {graph} can be reached; their certificates are trusted.",
    "{authority} und {graph} sind erreichbar; ihren Zertifikaten wird vertraut.",
);

pub static CLOCK: Text = text(
    "It agrees with Microsoft's to within {seconds} s.",
    "Sie weicht höchstens {seconds} s von Microsofts Uhr ab.",
);

pub static CLOCK_UNKNOWN: Text = text(
    "Microsoft's server did not say what time it has.",
    "Microsofts Server nannte keine Uhrzeit.",
);

pub static TOKEN: Text = text("Valid until {time}.", "Gültig bis {time}.");

pub static IDENTITY: Text = text("{user} is signed in.", "{user} ist angemeldet.");

pub static SCOPES: Text = text("Granted: {scopes}.", "Erteilt: {scopes}.");

pub static SCOPES_UNKNOWN: Text = text(
    "Known after the next renewal of the token.",
    "Bekannt nach der nächsten Erneuerung des Tokens.",
);

pub static SECRET: Text = text("Valid until {date}.", "Gültig bis {date}.");

pub static SECRET_UNKNOWN: Text = text(
    "Its end is not known; enter it as secret_expires_at to be warned 30 days ahead.",
    "Sein Ablaufdatum ist nicht bekannt; tragen Sie es als secret_expires_at ein, um 30 Tage vorher gewarnt zu werden.",
);

pub static MAILBOX: Text = text(
    "The inbox of {mailbox} can be read.",
    "Der Posteingang von {mailbox} lässt sich lesen.",
);

pub static OWN_MAILBOX: Text = text(
    "The inbox of the signed-in user can be read.",
    "Der Posteingang des angemeldeten Benutzers lässt sich lesen.",
);

pub static FOLDER: Text = text(
    "{path}: {total} items, {unread} of them unread.",
    "{path}: {total} Elemente, davon {unread} ungelesen.",
);

pub static LISTING: Text = text(
    "The oldest message was received on {date}.",
    "Die älteste Nachricht kam am {date} an.",
);

pub static LISTING_EMPTY: Text = text("The folder is empty.", "Der Ordner ist leer.");

pub static JOB: Text = text("It last ran on {time}.", "Er lief zuletzt am {time}.");

pub static JOB_NOT_NEEDED: Text = text(
    "Does not apply: this account needs no job.",
    "Entfällt: Dieses Konto braucht keinen Job.",
);
