//! What Microsoft Graph says, Exchange Online's codes included.
//!
//! Which HTTP status an Exchange code comes with is not documented, and codes such as `UnknownError` come with several. So the status
//! decides whether a failure passes ("Microsoft Graph error responses and resource types"), and the code chooses the words.

use crate::base::failure::Class;
use crate::base::problem::table::{NOTHING_TO_DO, Row, Text, passes, stays, text};
use crate::base::problem::{Actor, Problem};

/// Codes that share a row.
type Codes = (&'static [&'static str], Row);

/// The row for a problem of Graph's.
pub(super) fn row(problem: &Problem) -> &'static Row {
    let code = by_code(&problem.code);
    match problem.http_status.and_then(by_status) {
        Some(status) if status.retryable => code.filter(|row| row.retryable).unwrap_or(status),
        status => code.or(status).unwrap_or(&DEFAULT),
    }
}

/// Graph's spelling varies in case (`SyncStateNotFound`, `syncStateNotFound`).
fn by_code(code: &str) -> Option<&'static Row> {
    CODES
        .iter()
        .find(|(codes, _)| codes.iter().any(|known| known.eq_ignore_ascii_case(code)))
        .map(|(_, row)| row)
}

fn by_status(status: u16) -> Option<&'static Row> {
    match status {
        401 => by_code("InvalidAuthenticationToken"),
        403 => by_code("ErrorAccessDenied"),
        404 => by_code("ErrorItemNotFound"),
        412 => by_code("ErrorIrresolvableConflict"),
        410 => by_code("SyncStateNotFound"),
        413 => by_code("RequestEntityTooLarge"),
        429 => by_code("TooManyRequests"),
        507 => by_code("ErrorQuotaExceeded"),
        501 | 505 => None,
        408 | 423..=425 | 500..=599 => Some(&BUSY),
        _ => None,
    }
}

/// All rows of this source, each with what leads to it: nothing in particular for the last.
#[cfg(test)]
pub(super) fn named() -> impl Iterator<Item = (String, &'static Row)> {
    let ticked = |codes: &[&str]| {
        codes
            .iter()
            .map(|code| format!("`{code}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let rest = [("HTTP 408, 423–425, 5xx", &BUSY), ("", &DEFAULT)];
    CODES
        .iter()
        .map(move |(codes, row)| (ticked(codes), row))
        .chain(rest.map(|(name, row)| (name.to_owned(), row)))
}

const TOO_MANY: Text = text(
    "Microsoft limits the requests to this mailbox for a moment, because there were too many.",
    "Microsoft begrenzt die Anfragen an dieses Postfach für einen Augenblick, weil es zu viele waren.",
);

const NO_ACCESS: Text = text(
    "The mailbox[ {mailbox}] may not be used like this: a right on the mailbox or a permission of the application is missing.",
    "Das Postfach[ {mailbox}] darf so nicht verwendet werden: Ein Recht am Postfach oder eine Berechtigung der Anwendung fehlt.",
);

const GRANT_ACCESS: Text = text(
    "Give the signed-in user full access to the mailbox in Exchange (where a mail-enabled security group restricts access, the mailbox must be in it), and check the scope Mail.ReadWrite.Shared.",
    "Geben Sie dem angemeldeten Benutzer in Exchange Vollzugriff auf das Postfach (beschränkt eine E-Mail-aktivierte Sicherheitsgruppe den Zugriff, muss das Postfach darin sein), und prüfen Sie den Bereich (Scope) Mail.ReadWrite.Shared.",
);

static BUSY: Row = passes(
    Class::Service,
    text(
        "Microsoft Graph could not work on the request at the moment[ (HTTP {status})].",
        "Microsoft Graph konnte die Anfrage im Augenblick nicht bearbeiten[ (HTTP {status})].",
    ),
    NOTHING_TO_DO,
);

static DEFAULT: Row = stays(
    Class::Service,
    Actor::Host,
    text(
        "Microsoft Graph refused the request for a reason that this version does not know[ ({code})].",
        "Microsoft Graph hat die Anfrage aus einem Grund abgelehnt, den diese Version nicht kennt[ ({code})].",
    ),
    text(
        "Read Microsoft's message, and report it with its request id if it does not explain itself.",
        "Lesen Sie Microsofts Meldung, und melden Sie sie mit ihrer Request-ID, wenn sie sich nicht von selbst erklärt.",
    ),
);

static CODES: &[Codes] = &[
    (
        &["InvalidAuthenticationToken"],
        stays(
            Class::AccessDenied,
            Actor::Host,
            text(
                "Microsoft Graph does not accept the access token, although it is new.",
                "Microsoft Graph erkennt das Zugriffstoken nicht an, obwohl es neu ist.",
            ),
            text(
                "Check that cloud (or graph_url) in the account's settings belongs to the same cloud as the tenant, and set this machine's clock.",
                "Prüfen Sie, ob cloud (oder graph_url) in den Einstellungen des Kontos zur selben Cloud gehört wie der Mandant, und stellen Sie die Uhr dieses Rechners.",
            ),
        ),
    ),
    (
        &["insufficient_claims"],
        stays(
            Class::AccessDenied,
            Actor::TenantAdministrator,
            text(
                "A policy of the tenant (Conditional Access) demands more than this access token proves.",
                "Eine Richtlinie des Mandanten (bedingter Zugriff) verlangt mehr, als dieses Zugriffstoken nachweist.",
            ),
            text(
                "Ask an administrator of the tenant which policy applies to this account; Entra's sign-in log names it.",
                "Fragen Sie einen Administrator des Mandanten, welche Richtlinie für dieses Konto gilt; das Anmeldeprotokoll von Entra nennt sie.",
            ),
        ),
    ),
    (
        &["ErrorAccessDenied", "accessDenied"],
        stays(Class::AccessDenied, Actor::TenantAdministrator, NO_ACCESS, GRANT_ACCESS),
    ),
    (
        &["Authorization_RequestDenied"],
        stays(
            Class::AccessDenied,
            Actor::AppAdministrator,
            text(
                "The application does not have the permission for this request.",
                "Die Anwendung hat die Berechtigung für diese Anfrage nicht.",
            ),
            text(
                "Add the permission under “API permissions” in the app registration and let it be consented to.",
                "Ergänzen Sie die Berechtigung in der App-Registrierung unter „API-Berechtigungen“, und lassen Sie ihr zustimmen.",
            ),
        ),
    ),
    (
        &["extensionError"],
        stays(
            Class::AccessDenied,
            Actor::TenantAdministrator,
            text(
                "An extension of the tenant's mail system refused the request.",
                "Eine Erweiterung des Mailsystems im Mandanten hat die Anfrage abgelehnt.",
            ),
            text(
                "Ask an administrator of the tenant which policy or add-on blocks this mailbox.",
                "Fragen Sie einen Administrator des Mandanten, welche Richtlinie oder Erweiterung dieses Postfach sperrt.",
            ),
        ),
    ),
    (
        &["ErrorItemNotFound", "itemNotFound", "ErrorInvalidMailboxItemId"],
        stays(
            Class::MessageNotFound,
            Actor::Host,
            text(
                "The mailbox has no such item: it was moved or deleted meanwhile, or the id belongs to another mailbox.",
                "Das Postfach hat kein solches Element: Es wurde inzwischen verschoben oder gelöscht, oder die ID gehört zu einem anderen Postfach.",
            ),
            text(
                "List the folder again and use an id from there.",
                "Lesen Sie den Ordner neu ein, und verwenden Sie eine ID daraus.",
            ),
        ),
    ),
    (
        &["ErrorFolderNotFound"],
        stays(
            Class::FolderNotFound,
            Actor::Host,
            text(
                "The mailbox has no such folder, or the signed-in user may not see it.",
                "Das Postfach hat keinen solchen Ordner, oder der angemeldete Benutzer darf ihn nicht sehen.",
            ),
            text(
                "Check the account's folders, and the user's rights on the mailbox[ {mailbox}].",
                "Prüfen Sie die Ordner des Kontos und die Rechte des Benutzers am Postfach[ {mailbox}].",
            ),
        ),
    ),
    (
        &[
            "MailboxNotEnabledForRESTAPI",
            "MailboxNotSupportedForRESTAPI",
            "ResourceNotFound",
        ],
        stays(
            Class::Configuration,
            Actor::TenantAdministrator,
            text(
                "There is no Exchange Online mailbox[ for {mailbox}]: it is on-premises, without a licence, deleted, or only minutes old.",
                "Es gibt kein Exchange-Online-Postfach[ für {mailbox}]: Es liegt auf einem eigenen Server, hat keine Lizenz, ist gelöscht oder erst wenige Minuten alt.",
            ),
            text(
                "Give the user or the shared mailbox an Exchange Online mailbox, and allow 15 minutes for a new one.",
                "Richten Sie für den Benutzer ein Exchange-Online-Postfach ein oder legen Sie das freigegebene Postfach an, und warten Sie bei einem neuen 15 Minuten.",
            ),
        ),
    ),
    (
        &[
            "ErrorInvalidUser",
            "Request_ResourceNotFound",
            "ErrorNonExistentMailbox",
        ],
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The tenant has no mailbox with this address[: {mailbox}].",
                "Der Mandant hat kein Postfach mit dieser Adresse[: {mailbox}].",
            ),
            text(
                "Correct mailbox in the account's settings.",
                "Berichtigen Sie mailbox (Postfach) in den Einstellungen des Kontos.",
            ),
        ),
    ),
    (
        &["ErrorInvalidIdMalformed", "ErrorInvalidId", "ErrorInvalidIdEmpty"],
        stays(
            Class::MessageNotFound,
            Actor::Host,
            text(
                "This is not an id of Microsoft Graph, or only a part of one.",
                "Dies ist keine ID von Microsoft Graph oder nur ein Teil davon.",
            ),
            text(
                "Use an id exactly as a list function returned it; a database column for it needs 512 characters and a binary collation.",
                "Verwenden Sie eine ID genau so, wie eine Listenfunktion sie lieferte; eine Datenbankspalte dafür braucht 512 Zeichen und eine binäre Sortierung.",
            ),
        ),
    ),
    (
        &[
            "RequestBroker--ParseUri",
            "ErrorInvalidUrlQueryFilter",
            "InefficientFilter",
            "ErrorInvalidUrlQuery",
            "BadRequest",
            "invalidRequest",
        ],
        stays(
            Class::Service,
            Actor::Host,
            text(
                "Microsoft Graph does not understand the request[ ({code})].",
                "Microsoft Graph versteht die Anfrage nicht[ ({code})].",
            ),
            text(
                "Report this with Microsoft's message and the request id.",
                "Melden Sie dies mit Microsofts Meldung und der Request-ID.",
            ),
        ),
    ),
    (
        &["ErrorFolderExists", "nameAlreadyExists"],
        stays(
            Class::Service,
            Actor::Host,
            text(
                "A folder of this name is already there.",
                "Ein Ordner dieses Namens ist bereits vorhanden.",
            ),
            text(
                "Use the folder that is there, or choose another name.",
                "Verwenden Sie den vorhandenen Ordner, oder wählen Sie einen anderen Namen.",
            ),
        ),
    ),
    (
        &["ErrorIrresolvableConflict"],
        passes(
            Class::Service,
            text(
                "The item was changed by someone else at the same moment.",
                "Das Element wurde im selben Augenblick von jemand anderem geändert.",
            ),
            NOTHING_TO_DO,
        ),
    ),
    (
        &["SyncStateNotFound", "resyncRequired"],
        passes(
            Class::Service,
            text(
                "Microsoft Graph has forgotten how far the folder was read.",
                "Microsoft Graph weiß nicht mehr, wie weit der Ordner gelesen war.",
            ),
            text(
                "Nothing needs to be done: the next call reads the folder from the beginning.",
                "Es ist nichts zu tun: Der nächste Aufruf liest den Ordner von vorn.",
            ),
        ),
    ),
    (
        &["ErrorQuotaExceeded", "quotaLimitReached"],
        stays(
            Class::Service,
            Actor::TenantAdministrator,
            text("The mailbox[ {mailbox}] is full.", "Das Postfach[ {mailbox}] ist voll."),
            text(
                "Delete or archive mails (Deleted Items, too), or let an administrator enlarge the mailbox.",
                "Löschen oder archivieren Sie Mails (auch unter „Gelöschte Elemente“), oder lassen Sie das Postfach von einem Administrator vergrößern.",
            ),
        ),
    ),
    (
        &["ErrorMessageSizeExceeded", "RequestEntityTooLarge"],
        stays(
            Class::Service,
            Actor::Host,
            text(
                "The request or the item is larger than Microsoft Graph accepts.",
                "Die Anfrage oder das Element ist größer, als Microsoft Graph annimmt.",
            ),
            text("Work with smaller items.", "Arbeiten Sie mit kleineren Elementen."),
        ),
    ),
    (
        &["ApplicationThrottled", "TooManyRequests", "activityLimitReached"],
        passes(Class::Throttled, TOO_MANY, NOTHING_TO_DO),
    ),
    (
        &[
            "generalException",
            "ErrorInternalServerError",
            "ErrorInternalServerTransientError",
            "ErrorMailboxStoreUnavailable",
            "ErrorMailboxMoveInProgress",
            "ErrorServerBusy",
            "ErrorTimeoutExpired",
            "serviceNotAvailable",
        ],
        passes(
            Class::Service,
            text(
                "Exchange Online could not work on the request at the moment[ ({code})].",
                "Exchange Online konnte die Anfrage im Augenblick nicht bearbeiten[ ({code})].",
            ),
            NOTHING_TO_DO,
        ),
    ),
];
