//! What Microsoft Entra ID says, at its authorize and at its token endpoint.
//!
//! Microsoft tells clients to branch on HTTP status, `error` and `suberror` and to take the AADSTS number for a hint ("Microsoft
//! Entra authentication and authorization error codes"). So a number chooses the words, but it can make neither a sign-in out of an
//! error that is none, nor a dead refresh token out of a server that is busy.

mod person;
mod registration;
mod service;
mod tenant;

use crate::base::failure::Class;
use crate::base::problem::table::{NOTHING_TO_DO, Row, Text, passes, stays, text};
use crate::base::problem::{Actor, Problem};

/// AADSTS numbers that share a row.
pub(super) type Numbers = (&'static [u32], Row);

/// Codes (`error` or `suberror`) that share a row.
type Codes = (&'static [&'static str], Row);

/// Entra's number for a grant that is no good: usually a revoked refresh token, sometimes a wrong redirect URI.
const GRANT_UNUSABLE: u32 = 70_000;

/// The code of an answer that is neither tokens nor an error of Entra's.
const UNREADABLE: &str = "unreadable_answer";

/// The row for a problem of Entra's.
pub(super) fn row(problem: &Problem) -> &'static Row {
    let number = problem.aadsts.and_then(|number| by_number(number, &problem.message));
    let code = find(CODES, &problem.code);
    if let Some(by_status) = problem.http_status.and_then(passing_status) {
        // An answer that can not be read says nothing beyond its status.
        let said = code.filter(|_| problem.code != UNREADABLE);
        return [number, said]
            .into_iter()
            .flatten()
            .find(|row| row.retryable)
            .unwrap_or(by_status);
    }
    if let Some(code) = code.filter(|row| row.retryable) {
        return number.filter(|row| row.retryable).unwrap_or(code);
    }
    let asks_person = code.is_none_or(|row| row.class == Class::SignInRequired);
    let fits = |row: &&Row| asks_person || row.class != Class::SignInRequired;
    let suberror = problem
        .suberror
        .as_deref()
        .and_then(|suberror| find(SUBERRORS, suberror))
        .filter(fits);
    match (number.filter(fits), suberror) {
        (Some(number), Some(suberror)) if refines(number, suberror, problem) => number,
        (_, Some(suberror)) => suberror,
        (Some(number), None) => number,
        (None, None) => code.unwrap_or(&DEFAULT),
    }
}

/// Whether a number says more than the suberror beside it. A token that is declared dead stays dead; otherwise an administrator who
/// must act first, or a server that was busy, is known only from the number.
fn refines(number: &Row, suberror: &Row, problem: &Problem) -> bool {
    let dead = DEAD.iter().any(|dead| problem.suberror.as_deref() == Some(dead));
    number.class == suberror.class || (!dead && (number.class == Class::ActionRequired || number.retryable))
}

/// The row of an AADSTS number. Two numbers mean two things, of which only Microsoft's text tells which.
fn by_number(number: u32, message: &str) -> Option<&'static Row> {
    let number = match number {
        GRANT_UNUSABLE if message.contains("redirect_uri") => 70_004,
        700_023 if message.contains("audience") => 700_021,
        other => other,
    };
    numbers()
        .find(|(numbers, _)| numbers.contains(&number))
        .map(|(_, row)| row)
}

/// All rows of AADSTS numbers.
pub(super) fn numbers() -> impl Iterator<Item = &'static Numbers> {
    registration::ROWS
        .iter()
        .chain(tenant::ROWS)
        .chain(person::ROWS)
        .chain(service::ROWS)
}

/// All rows of this source without a number, each with what leads to it: nothing in particular for the last.
#[cfg(test)]
pub(super) fn named() -> impl Iterator<Item = (String, &'static Row)> {
    let ticked = |codes: &[&str]| {
        codes
            .iter()
            .map(|code| format!("`{code}`"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let codes = CODES.iter().map(move |(codes, row)| (ticked(codes), row));
    let suberrors = SUBERRORS
        .iter()
        .map(move |(codes, row)| (format!("suberror {}", ticked(codes)), row));
    let rest = [("HTTP 429", &THROTTLED), ("HTTP 408, 5xx", &BUSY), ("", &DEFAULT)];
    codes
        .chain(suberrors)
        .chain(rest.map(|(name, row)| (name.to_owned(), row)))
}

fn find(rows: &'static [Codes], code: &str) -> Option<&'static Row> {
    rows.iter()
        .find(|(codes, _)| codes.iter().any(|known| known.eq_ignore_ascii_case(code)))
        .map(|(_, row)| row)
}

/// The row of a status that says nothing about the account.
fn passing_status(status: u16) -> Option<&'static Row> {
    match status {
        429 => Some(&THROTTLED),
        408 | 500..=599 => Some(&BUSY),
        _ => None,
    }
}

const SIGN_IN_AGAIN: Text = text(
    "Start the sign-in for this account again[, as {user}].",
    "Starten Sie die Anmeldung für dieses Konto noch einmal[, als {user}].",
);

const START_AGAIN: Text = text(
    "Start the sign-in again from the account's page.",
    "Starten Sie die Anmeldung auf der Seite des Kontos noch einmal.",
);

const CONSENT_MISSING: Text = text(
    "The permissions of the application are not consented to, or the consent was withdrawn.",
    "Den Berechtigungen der Anwendung wurde nicht zugestimmt, oder die Zustimmung wurde zurückgezogen.",
);

const CONSENT_AGAIN: Text = text(
    "Start the sign-in again and accept the permissions; where users may not, an administrator grants admin consent.",
    "Starten Sie die Anmeldung noch einmal, und stimmen Sie den Berechtigungen zu; dürfen Benutzer das nicht, erteilt ein Administrator die Zustimmung.",
);

/// Consent that is missing, however Entra says it: as `error`, as `suberror` or as a number.
const CONSENT: Row = stays(Class::SignInRequired, Actor::User, CONSENT_MISSING, CONSENT_AGAIN);

const ASK_POLICY_OWNER: Text = text(
    "Ask an administrator of the tenant to admit this account in the Conditional Access policies; Entra's sign-in log names the policy.",
    "Bitten Sie einen Administrator des Mandanten, dieses Konto in den Richtlinien für bedingten Zugriff zuzulassen; das Anmeldeprotokoll von Entra nennt die Richtlinie.",
);

const ANOTHER_REDIRECT_URI: Text = text(
    "The redirect URI at the end of the sign-in was another than at its start[ (now {redirect_uri})].",
    "Die Umleitungs-URI war am Ende der Anmeldung eine andere als an ihrem Anfang[ (jetzt {redirect_uri})].",
);

static THROTTLED: Row = passes(
    Class::Throttled,
    text(
        "Microsoft Entra ID received too many requests in a short time.",
        "Microsoft Entra ID hat in kurzer Zeit zu viele Anfragen erhalten.",
    ),
    NOTHING_TO_DO,
);

static BUSY: Row = passes(
    Class::Service,
    text(
        "Microsoft Entra ID could not work on the request at the moment[ (HTTP {status})].",
        "Microsoft Entra ID konnte die Anfrage im Augenblick nicht bearbeiten[ (HTTP {status})].",
    ),
    NOTHING_TO_DO,
);

static DEFAULT: Row = stays(
    Class::Service,
    Actor::AppAdministrator,
    text(
        "Microsoft Entra ID refused the request for a reason that this version does not know[ ({code})].",
        "Microsoft Entra ID hat die Anfrage aus einem Grund abgelehnt, den diese Version nicht kennt[ ({code})].",
    ),
    text(
        "Read Microsoft's message, and look its AADSTS number up in Microsoft's list of error codes.",
        "Lesen Sie Microsofts Meldung, und schlagen Sie die AADSTS-Nummer in Microsofts Liste der Fehlercodes nach.",
    ),
);

/// The suberrors that declare a refresh token dead.
const DEAD: &[&str] = &["bad_token", "token_expired"];

static SUBERRORS: &[Codes] = &[
    (
        DEAD,
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The stored sign-in (refresh token) has expired or was revoked.",
                "Die gespeicherte Anmeldung (Refresh-Token) ist abgelaufen oder wurde widerrufen.",
            ),
            SIGN_IN_AGAIN,
        ),
    ),
    (&["consent_required"], CONSENT),
    (
        &["basic_action"],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "Microsoft wants a further step from the person, for example a second factor.",
                "Microsoft verlangt einen weiteren Schritt der Person, zum Beispiel einen zweiten Faktor.",
            ),
            SIGN_IN_AGAIN,
        ),
    ),
    (
        &["user_password_expired"],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The user's password has expired.",
                "Das Kennwort des Benutzers ist abgelaufen.",
            ),
            text(
                "Start the sign-in for this account again, and set a new password on Microsoft's page.",
                "Starten Sie die Anmeldung für dieses Konto noch einmal, und vergeben Sie auf Microsofts Seite ein neues Kennwort.",
            ),
        ),
    ),
    (
        &["additional_action", "message_only"],
        stays(
            Class::ActionRequired,
            Actor::TenantAdministrator,
            text(
                "Something outside this sign-in must be settled first, for example the device or a policy of the tenant.",
                "Zuerst muss außerhalb dieser Anmeldung etwas geklärt werden, zum Beispiel das Gerät oder eine Richtlinie des Mandanten.",
            ),
            ASK_POLICY_OWNER,
        ),
    ),
];

static CODES: &[Codes] = &[
    (
        &["invalid_grant", "interaction_required", "login_required"],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "Microsoft does not accept this sign-in, or no longer.",
                "Microsoft erkennt diese Anmeldung nicht oder nicht mehr an.",
            ),
            SIGN_IN_AGAIN,
        ),
    ),
    (&["consent_required"], CONSENT),
    (
        &["access_denied"],
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "The sign-in was cancelled or the permissions were declined on Microsoft's page.",
                "Die Anmeldung wurde auf Microsofts Seite abgebrochen, oder die Berechtigungen wurden abgelehnt.",
            ),
            text(
                "Start the sign-in again and accept the permissions.",
                "Starten Sie die Anmeldung noch einmal, und stimmen Sie den Berechtigungen zu.",
            ),
        ),
    ),
    (
        &["invalid_client"],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "Microsoft does not accept the application's credential: the client secret or certificate is wrong or has expired.",
                "Microsoft erkennt den Nachweis der Anwendung nicht an: Das Clientgeheimnis (Client Secret) oder Zertifikat ist falsch oder abgelaufen.",
            ),
            text(
                "Create a new secret in the app registration under “Certificates & secrets” and save its value as client_secret, or upload the account's certificate there.",
                "Legen Sie in der App-Registrierung unter „Zertifikate & Geheimnisse“ ein neues Geheimnis an, und speichern Sie seinen Wert als client_secret, oder laden Sie dort das Zertifikat des Kontos hoch.",
            ),
        ),
    ),
    (
        &["unauthorized_client"],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The application[ {client_id}] is unknown, disabled, or not allowed to do this in the tenant[ {tenant_id}].",
                "Die Anwendung[ {client_id}] ist im Mandanten[ {tenant_id}] unbekannt, deaktiviert oder dazu nicht berechtigt.",
            ),
            text(
                "Compare client_id and tenant_id with the app registration, and check that the application is enabled.",
                "Vergleichen Sie client_id und tenant_id mit der App-Registrierung, und prüfen Sie, ob die Anwendung aktiviert ist.",
            ),
        ),
    ),
    (
        &["invalid_scope", "invalid_resource"],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "Microsoft does not know a scope or the service that the account asks for.",
                "Microsoft kennt einen Bereich (Scope) oder den Dienst nicht, den das Konto verlangt.",
            ),
            text(
                "Correct scopes and cloud in the account's settings; null restores the default ones.",
                "Berichtigen Sie scopes und cloud in den Einstellungen des Kontos; null stellt die Vorgabe wieder her.",
            ),
        ),
    ),
    (
        &["invalid_request", "unsupported_grant_type", "unsupported_response_type"],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "Microsoft can not work with this request: the account's settings and the app registration do not fit together.",
                "Microsoft kann mit dieser Anfrage nichts anfangen: Die Einstellungen des Kontos und die App-Registrierung passen nicht zusammen.",
            ),
            text(
                "Read Microsoft's message, and compare redirect URI, tenant_id, client_id and scopes with the app registration.",
                "Lesen Sie Microsofts Meldung, und vergleichen Sie Umleitungs-URI, tenant_id, client_id und scopes mit der App-Registrierung.",
            ),
        ),
    ),
    (
        &["server_error", "temporarily_unavailable", "service_unavailable"],
        passes(
            Class::Service,
            text(
                "Microsoft Entra ID could not work on the request at the moment.",
                "Microsoft Entra ID konnte die Anfrage im Augenblick nicht bearbeiten.",
            ),
            NOTHING_TO_DO,
        ),
    ),
    (
        &[UNREADABLE],
        passes(
            Class::Service,
            text(
                "What answered in place of Microsoft Entra ID[ (HTTP {status})] can not be understood: a proxy's page, or half an answer.",
                "Was anstelle von Microsoft Entra ID antwortete[ (HTTP {status})], ist nicht zu verstehen: die Seite eines Proxys oder eine halbe Antwort.",
            ),
            text(
                "Nothing needs to be done at once: the next call tries again; if it lasts, check the proxy and the account's endpoints.",
                "Es ist nicht sofort etwas zu tun: Der nächste Aufruf versucht es wieder; hält es an, prüfen Sie den Proxy und die Endpunkte des Kontos.",
            ),
        ),
    ),
];
