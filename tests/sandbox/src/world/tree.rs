//! The folder tree of a new mailbox: a German one with what a tree in the wild has.

use serde_json::{Value, json};

use crate::mailbox::{Mailbox, Source, WellKnown};

/// A mailbox with Outlook's folders in German.
pub fn german(id: &str) -> Mailbox {
    let mut mailbox = Mailbox::new(id.to_owned(), settings());
    let root = Some(Mailbox::ROOT);
    for (name, known) in [
        ("Archiv", WellKnown::Archive),
        ("Aufgezeichnete Unterhaltungen", WellKnown::ConversationHistory),
        ("Entwürfe", WellKnown::Drafts),
        ("Gelöschte Elemente", WellKnown::DeletedItems),
        ("Gesendete Elemente", WellKnown::SentItems),
        ("Junk-E-Mail", WellKnown::JunkEmail),
        ("Postausgang", WellKnown::Outbox),
        ("Posteingang", WellKnown::Inbox),
    ] {
        mailbox.add_folder(root, name, Some(known));
    }
    let sync = mailbox.add_folder(root, "Synchronisierungsprobleme", Some(WellKnown::SyncIssues));
    hide(&mut mailbox, sync);
    for (name, known) in [
        ("Konflikte", WellKnown::Conflicts),
        ("Lokale Fehler", WellKnown::LocalFailures),
        ("Serverfehler", WellKnown::ServerFailures),
    ] {
        mailbox.add_folder(Some(sync), name, Some(known));
    }
    for (name, known) in [
        ("Recoverable Items", WellKnown::RecoverableItemsDeletions),
        ("Suchordner", WellKnown::SearchFolders),
    ] {
        let key = mailbox.add_folder(root, name, Some(known));
        hide(&mut mailbox, key);
    }
    mailbox
}

/// Adds folders of the host's making, and what makes resolving a name hard: equal names in different places, a slash,
/// quotes, an emoji, decomposed umlauts, a hidden folder, a search folder.
pub fn furnish(mailbox: &mut Mailbox) {
    let root = Some(Mailbox::ROOT);
    for name in ["Fehler", "Kunden", "Projekte", "RSS-Feeds", "Verarbeitet"] {
        mailbox.add_folder(root, name, None);
    }
    for path in [
        "/Kunden/Müller & Söhne/Rechnungen",
        "/Kunden/Muster\\/AG",
        "/Kunden/\"Zitat\" & 'Apostroph'",
        "/Kunden/🎉 Feier",
        "/Kunden/Bu\u{308}ro",
        "/Projekte/2025/Rechnungen",
        "/Projekte/2026/Q1/Angebote",
        "/Posteingang/Rechnungen",
        "/Archiv/2024",
        "/Archiv/2025",
    ] {
        mailbox.make_path(path);
    }
    let hidden = mailbox.add_folder(root, "Verborgen", None);
    hide(mailbox, hidden);
    if let Some(inbox) = mailbox.well_known(WellKnown::Inbox) {
        let search = mailbox.add_folder(Some(inbox), "Ungelesene Rechnungen", None);
        if let Some(folder) = mailbox.folders.get_mut(&search) {
            folder.search = true;
        }
    }
}

/// 2026-03-02 07:00 UTC
const MORNING: i64 = 1_772_434_800;

/// Adds what is rare but legal, outside of the inbox: a draft where nearly everything is null, an invitation.
pub fn fill(mailbox: &mut Mailbox) {
    let empty = "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n";
    if let Some(drafts) = mailbox.well_known(WellKnown::Drafts) {
        let draft = mailbox.add_message(drafts, Source::inline(empty), None, MORNING);
        mailbox.edit_message(draft, MORNING, |message| {
            message.is_draft = true;
            message.is_read = true;
        });
    }
    let invitation = "From: Erika Sommer <erika.sommer@kunde.example>\r\nSubject: Termin\r\nDate: Mon, 2 Mar 2026 08:00:00 +0100\r\n\
        Message-ID: <termin@kunde.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n\
        BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n";
    let folder = mailbox.make_path("/Kunden/Müller & Söhne");
    mailbox.add_message(folder, Source::inline(invitation), Some(MORNING), MORNING);
}

fn hide(mailbox: &mut Mailbox, key: u64) {
    if let Some(folder) = mailbox.folders.get_mut(&key) {
        folder.hidden = true;
    }
}

fn settings() -> Value {
    json!({
        "archiveFolder": null,
        "timeZone": "W. Europe Standard Time",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
        "dateFormat": "dd.MM.yyyy",
        "timeFormat": "HH:mm",
        "userPurpose": "user",
        "automaticRepliesSetting": {
            "status": "disabled",
            "externalAudience": "all",
            "internalReplyMessage": "",
            "externalReplyMessage": "",
            "scheduledStartDateTime": { "dateTime": "2026-01-05T08:00:00.0000000", "timeZone": "UTC" },
            "scheduledEndDateTime": { "dateTime": "2026-01-06T08:00:00.0000000", "timeZone": "UTC" }
        },
        "language": { "locale": "de-DE", "displayName": "Deutsch (Deutschland)" },
        "workingHours": {
            "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": { "name": "W. Europe Standard Time" }
        }
    })
}
