//! What this extension itself has to say: a row for each code of `Problem::own`, by code.
//!
//! Rows about imports, an account's settings, signing in, the store and the host process stand in files of their own; all others
//! here.

mod host;
mod import;
mod settings;
mod sign_in;
mod store;

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::table::{Row, passes, stays, text};

/// A code and its row.
pub(super) type Entry = (&'static str, Row);

/// The row of a code; one for a bug of ours, if a code has none (a test keeps that from happening).
pub(super) fn row(code: &str) -> &'static Row {
    entries()
        .find(|(known, _)| *known == code)
        .map_or(&UNKNOWN, |(_, row)| row)
}

/// All rows of our own codes.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> {
    FILES.iter().copied().flatten()
}

/// The rows of each file.
pub(super) static FILES: &[&[Entry]] = &[
    ROWS,
    host::ROWS,
    import::ROWS,
    settings::ROWS,
    sign_in::ROWS,
    store::ROWS,
];

pub(super) static UNKNOWN: Row = stays(
    Class::Service,
    Actor::Host,
    text(
        "The extension met a failure that it does not know.",
        "In der Erweiterung trat ein Fehler auf, den sie nicht kennt.",
    ),
    text(
        "Report this with the message and the time at which it happened.",
        "Melden Sie dies mit dem Wortlaut der Meldung und dem Zeitpunkt.",
    ),
);

static ROWS: &[Entry] = &[
    (
        "account_not_found",
        stays(
            Class::AccountNotFound,
            Actor::Host,
            text(
                "There is no account named “{account}” in this store.",
                "In diesem Speicher gibt es kein Konto namens „{account}“.",
            ),
            text(
                "Check the name and which store is configured, or create the account with save_account().",
                "Prüfen Sie den Namen und den eingestellten Speicher, oder legen Sie das Konto mit save_account() an.",
            ),
        ),
    ),
    (
        "answer_unreadable",
        passes(
            Class::Service,
            text(
                "Microsoft Graph's answer can not be understood[: {reason}].",
                "Die Antwort von Microsoft Graph ist nicht zu verstehen[: {reason}].",
            ),
            text(
                "Try again later; if it stays, report it with the time at which it happened.",
                "Versuchen Sie es später erneut; bleibt es dabei, melden Sie es mit dem Zeitpunkt.",
            ),
        ),
    ),
    (
        "attachment_is_reference",
        stays(
            Class::Service,
            Actor::Host,
            text(
                "The attachment is only a link to a file in the cloud and has no bytes of its own.",
                "Die Anlage ist nur ein Link auf eine Datei in der Cloud und enthält selbst keine Daten.",
            ),
            text(
                "Open the mail in Outlook, which shows the link, or ask the sender to attach the file itself.",
                "Öffnen Sie die Mail in Outlook, das den Link zeigt, oder bitten Sie den Absender, die Datei selbst anzuhängen.",
            ),
        ),
    ),
    (
        "attachment_not_found",
        stays(
            Class::AttachmentNotFound,
            Actor::Host,
            text(
                "The message has no attachment with this id.",
                "Die Nachricht hat keine Anlage mit dieser ID.",
            ),
            text(
                "List the message's attachments again with list_attachments() and use an id from there.",
                "Lesen Sie die Anlagen der Nachricht mit list_attachments() neu ein, und verwenden Sie eine ID daraus.",
            ),
        ),
    ),
    (
        "clock_skewed",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "This machine's clock is {seconds} s away from Microsoft's.",
                "Die Uhr dieses Rechners weicht {seconds} s von Microsofts Uhr ab.",
            ),
            text(
                "Let the machine set its clock from a time server (NTP), for example with systemd-timesyncd.",
                "Lassen Sie den Rechner seine Uhr über einen Zeitserver (NTP) stellen, zum Beispiel mit systemd-timesyncd.",
            ),
        ),
    ),
    (
        "connection_test_time",
        passes(
            Class::Connection,
            text(
                "The connection test ended, because there was no answer within its 20 seconds.",
                "Der Verbindungstest endete, weil innerhalb seiner 20 Sekunden keine Antwort kam.",
            ),
            text(
                "Test again later; if it lasts, check this machine's network and proxy.",
                "Testen Sie später noch einmal; hält es an, prüfen Sie Netzwerk und Proxy dieses Rechners.",
            ),
        ),
    ),
    (
        "disk_full",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "There is no space left for {path}; nothing was changed.",
                "Für {path} ist kein Platz mehr frei; es wurde nichts geändert.",
            ),
            text(
                "Free space on the disk (or raise the quota of {user}) and try again.",
                "Schaffen Sie Platz auf dem Datenträger (oder erhöhen Sie das Kontingent von {user}), und versuchen Sie es noch einmal.",
            ),
        ),
    ),
    (
        "folder_ambiguous",
        stays(
            Class::AmbiguousFolder,
            Actor::Host,
            text(
                "The name “{folder}” fits more than one folder of the mailbox[: {candidates}].",
                "Der Name „{folder}“ passt auf mehrere Ordner des Postfachs[: {candidates}].",
            ),
            text(
                "Enter the folder's full path, for example the first of those found.",
                "Geben Sie den vollständigen Pfad des Ordners an, zum Beispiel einen der gefundenen.",
            ),
        ),
    ),
    (
        "folder_not_found",
        stays(
            Class::FolderNotFound,
            Actor::Host,
            text(
                "The mailbox has no folder “{folder}”[; similar: {suggestions}].",
                "Das Postfach hat keinen Ordner „{folder}“[; ähnlich: {suggestions}].",
            ),
            text(
                "Correct the folder's name in the account's settings, or create the folder in the mailbox.",
                "Berichtigen Sie den Ordnernamen in den Einstellungen des Kontos, oder legen Sie den Ordner im Postfach an.",
            ),
        ),
    ),
    (
        "folder_not_set",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} names no folder; import_messages() needs all three.",
                "Die Einstellung {key} nennt keinen Ordner; import_messages() braucht alle drei.",
            ),
            text(
                "Enter a folder for {key}, unless this account is not for importing.",
                "Geben Sie für {key} einen Ordner an, sofern mit diesem Konto importiert werden soll.",
            ),
        ),
    ),
    (
        "import_running",
        passes(
            Class::ImportRunning,
            text(
                "Another process is importing this inbox folder at the moment.",
                "Ein anderer Prozess importiert diesen Posteingang gerade.",
            ),
            text(
                "Wait until that import has ended; nothing needs to be repaired.",
                "Warten Sie, bis dieser Import beendet ist; es muss nichts repariert werden.",
            ),
        ),
    ),
    (
        "job_not_running",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The job refresh-tokens has not run within the last two hours[; it last ran on {time}].",
                "Der Job refresh-tokens lief in den letzten zwei Stunden nicht[; zuletzt lief er am {time}].",
            ),
            text(
                "Start php/bin/refresh-tokens every hour, for example with the cron line: 5 * * * *",
                "Starten Sie php/bin/refresh-tokens stündlich, zum Beispiel mit der Cron-Zeile: 5 * * * *",
            ),
        ),
    ),
    (
        "mailbox_denied",
        stays(
            Class::AccessDenied,
            Actor::TenantAdministrator,
            text(
                "The signed-in user may not read the mailbox {mailbox}, or there is no such mailbox.",
                "Der angemeldete Benutzer darf das Postfach {mailbox} nicht lesen, oder es gibt dieses Postfach nicht.",
            ),
            text(
                "Check the address, give the user full access to the mailbox in Exchange (this takes up to an hour), and add the mailbox to the mail-enabled security group, where one restricts access.",
                "Prüfen Sie die Adresse, geben Sie dem Benutzer in Exchange Vollzugriff auf das Postfach (das dauert bis zu einer Stunde), und nehmen Sie das Postfach in die E-Mail-aktivierte Sicherheitsgruppe auf, falls eine den Zugriff beschränkt.",
            ),
        ),
    ),
    (
        "message_not_found",
        stays(
            Class::MessageNotFound,
            Actor::Host,
            text(
                "The mailbox has no message with this id: it was deleted, or the id belongs to another mailbox.",
                "Das Postfach hat keine Nachricht mit dieser ID: Sie wurde gelöscht, oder die ID gehört zu einem anderen Postfach.",
            ),
            text(
                "List the folder again and use an id from there.",
                "Lesen Sie den Ordner neu ein, und verwenden Sie eine ID daraus.",
            ),
        ),
    ),
    (
        "random_unavailable",
        stays(
            Class::Service,
            Actor::Host,
            text(
                "The operating system gave no random bytes, without which nothing can be kept secret.",
                "Das Betriebssystem lieferte keine Zufallszahlen, ohne die nichts geheim gehalten werden kann.",
            ),
            text(
                "Let the process call getrandom(2): check the container's or the service's system call filter.",
                "Erlauben Sie dem Prozess getrandom(2): Prüfen Sie den Systemaufruffilter des Containers oder Dienstes.",
            ),
        ),
    ),
    (
        "scopes_missing",
        stays(
            Class::AccessDenied,
            Actor::User,
            text(
                "The sign-in does not include these permissions of the account: {scopes}.",
                "Die Anmeldung enthält diese Berechtigungen des Kontos nicht: {scopes}.",
            ),
            text(
                "Add them under “API permissions” in the app registration if they are not there, then start the sign-in again and accept them.",
                "Ergänzen Sie sie in der App-Registrierung unter „API-Berechtigungen“, falls sie dort fehlen, starten Sie dann die Anmeldung noch einmal, und stimmen Sie ihnen zu.",
            ),
        ),
    ),
    (
        "setting_refused",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} {reason}.",
                "Die Einstellung {key} ist unbrauchbar: {reason}.",
            ),
            text(
                "Correct {key} in the account's settings.",
                "Berichtigen Sie {key} in den Einstellungen des Kontos.",
            ),
        ),
    ),
    (
        "target_full",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The disk has no room for the file “{path}”[ ({reason})].",
                "Auf dem Datenträger ist kein Platz für die Datei „{path}“[ ({reason})].",
            ),
            text(
                "Free some space, or save to another place.",
                "Schaffen Sie Platz, oder speichern Sie an einem anderen Ort.",
            ),
        ),
    ),
    (
        "target_not_writable",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The file “{path}” can not be written[: {reason}][ (running as {user})].",
                "Die Datei „{path}“ kann nicht geschrieben werden[: {reason}][ (ausgeführt als {user})].",
            ),
            text(
                "Create the folder or choose another one[; this one belongs to {owner}] and let the user PHP runs as write to it.",
                "Legen Sie den Ordner an, oder wählen Sie einen anderen[; dieser gehört {owner}], und geben Sie dem Benutzer, unter dem PHP läuft, Schreibrecht.",
            ),
        ),
    ),
    (
        "too_large",
        stays(
            Class::Service,
            Actor::Host,
            text(
                "There are more bytes than the {limit} that are allowed here.",
                "Es sind mehr Bytes als die hier erlaubten {limit}.",
            ),
            text(
                "Save to a file with save_mime() or save_attachment(), or allow a larger $max_bytes.",
                "Speichern Sie mit save_mime() oder save_attachment() in eine Datei, oder erlauben Sie ein größeres $max_bytes.",
            ),
        ),
    ),
    (
        "user_differs",
        stays(
            Class::Configuration,
            Actor::User,
            text(
                "{actual} is signed in, but the account's setting user names {expected}.",
                "Angemeldet ist {actual}, die Einstellung user (Benutzer) des Kontos nennt aber {expected}.",
            ),
            text(
                "Check that both are the same person; otherwise start the sign-in again as {expected}.",
                "Prüfen Sie, ob beides dieselbe Person ist; andernfalls starten Sie die Anmeldung als {expected} noch einmal.",
            ),
        ),
    ),
];
