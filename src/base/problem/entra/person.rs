//! AADSTS numbers: the person signs in (again): the refresh token is dead, or a step is left that only a person can take.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::entra::{CONSENT, Numbers, SIGN_IN_AGAIN, START_AGAIN};
use crate::base::problem::table::{stays, text};

pub(super) static ROWS: &[Numbers] = &[
    (&[65_001], CONSENT),
    (
        &[65_004],
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "The permissions were declined on Microsoft's page.",
                "Die Berechtigungen wurden auf Microsofts Seite abgelehnt.",
            ),
            text(
                "Start the sign-in again and accept the permissions.",
                "Starten Sie die Anmeldung noch einmal, und stimmen Sie den Berechtigungen zu.",
            ),
        ),
    ),
    (
        &[70_008, 700_082],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The sign-in has expired, because it was not used for too long (90 days as a rule).",
                "Die Anmeldung ist abgelaufen, weil sie zu lange nicht verwendet wurde (in der Regel 90 Tage).",
            ),
            text(
                "Start the sign-in for this account again, and check that the job refresh-tokens runs every hour.",
                "Starten Sie die Anmeldung für dieses Konto noch einmal, und prüfen Sie, ob der Job refresh-tokens stündlich läuft.",
            ),
        ),
    ),
    (
        &[700_084],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The sign-in lasted only 24 hours, because the redirect URI is registered for a single-page application.",
                "Die Anmeldung galt nur 24 Stunden, weil die Umleitungs-URI für eine Single-Page-Anwendung registriert ist.",
            ),
            text(
                "Let the redirect URI be registered under the platform “Web” in the app registration, then start the sign-in again.",
                "Lassen Sie die Umleitungs-URI in der App-Registrierung auf der Plattform „Web“ eintragen, und starten Sie dann die Anmeldung noch einmal.",
            ),
        ),
    ),
    (
        &[70_043],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "A policy of the tenant (sign-in frequency) has ended the sign-in.",
                "Eine Richtlinie des Mandanten (Anmeldehäufigkeit) hat die Anmeldung beendet.",
            ),
            text(
                "Start the sign-in for this account again; an administrator of the tenant can exempt it from the sign-in frequency, otherwise this repeats.",
                "Starten Sie die Anmeldung für dieses Konto noch einmal; ein Administrator des Mandanten kann es von der Anmeldehäufigkeit ausnehmen, sonst wiederholt sich dies.",
            ),
        ),
    ),
    (
        &[50_173, 50_132, 50_133, 50_089, 70_000, 40_009],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The sign-in was revoked, for example because the password was reset or all sessions were ended.",
                "Die Anmeldung wurde widerrufen, zum Beispiel weil das Kennwort zurückgesetzt oder alle Sitzungen beendet wurden.",
            ),
            SIGN_IN_AGAIN,
        ),
    ),
    (
        &[54_005],
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "This sign-in has been used already: the callback page was opened twice.",
                "Diese Anmeldung wurde bereits verwendet: Die Rückkehrseite wurde zweimal aufgerufen.",
            ),
            text(
                "Start the sign-in again, and let the callback page redirect (303) after exchange_code().",
                "Starten Sie die Anmeldung noch einmal, und lassen Sie die Rückkehrseite nach exchange_code() weiterleiten (303).",
            ),
        ),
    ),
    (
        &[501_481, 50_148, 50_147, 501_491],
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "The answer does not belong to the sign-in that was started (PKCE verifier), as when two were mixed up.",
                "Die Antwort gehört nicht zu der gestarteten Anmeldung (PKCE-Prüfwert), etwa weil zwei vertauscht wurden.",
            ),
            START_AGAIN,
        ),
    ),
    (
        &[50_076, 50_074, 50_079, 50_072, 50_078, 50_158],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "Microsoft wants a further proof of the person (multi-factor authentication).",
                "Microsoft verlangt einen weiteren Nachweis der Person (Multi-Faktor-Authentifizierung).",
            ),
            text(
                "Start the sign-in for this account again and confirm it with the second factor.",
                "Starten Sie die Anmeldung für dieses Konto noch einmal, und bestätigen Sie sie mit dem zweiten Faktor.",
            ),
        ),
    ),
    (
        &[50_055, 50_144, 50_126, 50_056, 50_125],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The user's password has expired, was reset, or is wrong.",
                "Das Kennwort des Benutzers ist abgelaufen, wurde zurückgesetzt oder ist falsch.",
            ),
            text(
                "Start the sign-in for this account again, and set a new password where Microsoft asks for one.",
                "Starten Sie die Anmeldung für dieses Konto noch einmal, und vergeben Sie ein neues Kennwort, wenn Microsoft danach fragt.",
            ),
        ),
    ),
    (
        &[50_020, 50_034, 51_004, 16_000, 50_014, 90_072],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The user who signed in[ ({user})] does not exist in the tenant[ {tenant_id}].",
                "Der angemeldete Benutzer[ ({user})] ist im Mandanten[ {tenant_id}] nicht vorhanden.",
            ),
            text(
                "Start the sign-in again and choose “Use another account” on Microsoft's page.",
                "Starten Sie die Anmeldung noch einmal, und wählen Sie auf Microsofts Seite „Anderes Konto verwenden“.",
            ),
        ),
    ),
    (
        &[16_001, 50_058, 50_140, 50_199],
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "Microsoft wants an answer from the person on its sign-in page.",
                "Microsoft verlangt auf seiner Anmeldeseite eine Eingabe der Person.",
            ),
            SIGN_IN_AGAIN,
        ),
    ),
];
