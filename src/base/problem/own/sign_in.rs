//! Rows about signing in and about accounts that nobody is signed in for.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::own::Entry;
use crate::base::problem::table::{passes, stays, text};

pub(super) static ROWS: &[Entry] = &[
    (
        "admin_consent_needs_tenant",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "Admin consent is given for one tenant, and the account's tenant_id[ “{tenant}”] names none.",
                "Die Administratorzustimmung gilt für einen Mandanten, und die tenant_id[ „{tenant}“] des Kontos nennt keinen.",
            ),
            text(
                "Save the account with the tenant's own id or domain.",
                "Speichern Sie das Konto mit der eigenen ID oder Domäne des Mandanten.",
            ),
        ),
    ),
    (
        "application_has_no_sign_in",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The account[ “{account}”] uses the application's own permissions (protocol application), so nobody signs in for it.",
                "Das Konto[ „{account}“] verwendet die Rechte der Anwendung selbst (protocol application); es meldet sich niemand dafür an.",
            ),
            text(
                "Use the account as it is; for a sign-in, save it with protocol delegated.",
                "Verwenden Sie das Konto, wie es ist; für eine Anmeldung speichern Sie es mit protocol delegated.",
            ),
        ),
    ),
    (
        "certificate_ended",
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The certificate of the account[ “{account}”] ended[ on {date}][: {path}].",
                "Das Zertifikat des Kontos[ „{account}“] ist[ am {date}] abgelaufen[: {path}].",
            ),
            text(
                "Make a new certificate, upload it to the app registration, and replace the files on this machine; nobody needs to sign in again.",
                "Erzeugen Sie ein neues Zertifikat, laden Sie es in der App-Registrierung hoch, und ersetzen Sie die Dateien auf diesem Rechner; niemand muss sich neu anmelden.",
            ),
        ),
    ),
    (
        "certificate_ends_soon",
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The certificate of the account[ “{account}”] ends[ on {date}]; after that no token can be renewed[ ({path})].",
                "Das Zertifikat des Kontos[ „{account}“] läuft[ am {date}] ab; danach lässt sich kein Token mehr erneuern[ ({path})].",
            ),
            text(
                "Make a new certificate, upload it to the app registration, and replace the files on this machine; nobody needs to sign in again.",
                "Erzeugen Sie ein neues Zertifikat, laden Sie es in der App-Registrierung hoch, und ersetzen Sie die Dateien auf diesem Rechner; niemand muss sich neu anmelden.",
            ),
        ),
    ),
    (
        "code_verifier_invalid",
        stays(
            Class::SignInFailed,
            Actor::Host,
            text(
                "The stored sign-in is damaged: its code verifier has the wrong length.",
                "Die gespeicherte Anmeldung ist beschädigt: Ihr PKCE-Prüfwert hat die falsche Länge.",
            ),
            text(
                "Start the sign-in again, and report this if it happens once more.",
                "Starten Sie die Anmeldung noch einmal, und melden Sie dies, wenn es wieder geschieht.",
            ),
        ),
    ),
    (
        "id_token_invalid",
        stays(
            Class::SignInFailed,
            Actor::AppAdministrator,
            text(
                "The proof of who signed in (id_token) can not be accepted[: {reason}].",
                "Der Nachweis, wer sich angemeldet hat (id_token), ist nicht annehmbar[: {reason}].",
            ),
            text(
                "Check the account's tenant_id, client_id and cloud, and start the sign-in again.",
                "Prüfen Sie tenant_id, client_id und cloud des Kontos, und starten Sie die Anmeldung noch einmal.",
            ),
        ),
    ),
    (
        "never_signed_in",
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "Nobody has signed in for the account[ “{account}”] yet.",
                "Für das Konto[ „{account}“] hat sich noch niemand angemeldet.",
            ),
            text(
                "Start the sign-in for this account and sign in at Microsoft.",
                "Starten Sie die Anmeldung für dieses Konto, und melden Sie sich bei Microsoft an.",
            ),
        ),
    ),
    (
        "redirect_uri_missing",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The account[ “{account}”] has no redirect_uri, to which Microsoft could send the browser back.",
                "Das Konto[ „{account}“] hat keine redirect_uri, an die Microsoft den Browser zurückschicken könnte.",
            ),
            text(
                "Save the account with a redirect_uri that is registered for the application.",
                "Speichern Sie das Konto mit einer redirect_uri, die für die Anwendung registriert ist.",
            ),
        ),
    ),
    (
        "refresh_busy",
        passes(
            Class::Connection,
            text(
                "Another process has been renewing the tokens of the account[ “{account}”] for too long.",
                "Ein anderer Prozess erneuert die Token des Kontos[ „{account}“] schon zu lange.",
            ),
            text(
                "Nothing needs to be done: the next call tries again.",
                "Es ist nichts zu tun: Der nächste Aufruf versucht es wieder.",
            ),
        ),
    ),
    (
        "secret_ended",
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The client secret of the account[ “{account}”] ended[ on {date}], as its secret_expires_at says.",
                "Der geheime Clientschlüssel (Client Secret) des Kontos[ „{account}“] ist laut secret_expires_at[ am {date}] abgelaufen.",
            ),
            text(
                "Create a new client secret for the application and save the account with it; nobody needs to sign in again.",
                "Erstellen Sie für die Anwendung ein neues Client Secret, und speichern Sie das Konto damit; niemand muss sich neu anmelden.",
            ),
        ),
    ),
    (
        "secret_ends_soon",
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The client secret of the account[ “{account}”] ends[ on {date}]; after that no token can be renewed.",
                "Der geheime Clientschlüssel (Client Secret) des Kontos[ „{account}“] läuft[ am {date}] ab; danach lässt sich kein Token mehr erneuern.",
            ),
            text(
                "Create a new client secret for the application and save the account with it; nobody needs to sign in again.",
                "Erstellen Sie für die Anwendung ein neues Client Secret, und speichern Sie das Konto damit; niemand muss sich neu anmelden.",
            ),
        ),
    ),
    (
        "sign_in_account_changed",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "The account's application, tenant or cloud was changed while the sign-in was under way.",
                "Anwendung, Mandant oder Cloud des Kontos wurden geändert, während die Anmeldung lief.",
            ),
            text("Start the sign-in again.", "Starten Sie die Anmeldung noch einmal."),
        ),
    ),
    (
        "sign_in_consent_required",
        stays(
            Class::SignInFailed,
            Actor::TenantAdministrator,
            text(
                "The application may not use the mailbox, because a permission was not consented to.",
                "Die Anwendung darf das Postfach nicht verwenden, weil einer Berechtigung nicht zugestimmt wurde.",
            ),
            text(
                "Start the sign-in again and consent, or let an administrator of the tenant grant admin consent.",
                "Starten Sie die Anmeldung noch einmal und stimmen Sie zu, oder lassen Sie einen Administrator des Mandanten die Zustimmung erteilen.",
            ),
        ),
    ),
    (
        "sign_in_denied",
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
        "sign_in_expired_state",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "The sign-in took longer than ten minutes, so its answer is no longer accepted.",
                "Die Anmeldung dauerte länger als zehn Minuten; ihre Antwort wird deshalb nicht mehr angenommen.",
            ),
            text(
                "Start the sign-in again and finish it within ten minutes.",
                "Starten Sie die Anmeldung noch einmal, und schließen Sie sie innerhalb von zehn Minuten ab.",
            ),
        ),
    ),
    (
        "sign_in_interrupted",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "The sign-in was interrupted while Microsoft was being asked for the tokens, and its code can not be used twice.",
                "Die Anmeldung wurde unterbrochen, während die Token bei Microsoft geholt wurden; ihr Code kann kein zweites Mal verwendet werden.",
            ),
            text("Start the sign-in again.", "Starten Sie die Anmeldung noch einmal."),
        ),
    ),
    (
        "sign_in_invalid_callback",
        stays(
            Class::SignInFailed,
            Actor::Host,
            text(
                "What came back is not an answer of Microsoft's sign-in page: a part is missing or not text.",
                "Was zurückkam, ist keine Antwort von Microsofts Anmeldeseite: Ein Teil fehlt oder ist kein Text.",
            ),
            text(
                "Pass $_GET (or $_POST) to exchange_code() as it came, and do not call the callback page by hand.",
                "Übergeben Sie $_GET (oder $_POST) unverändert an exchange_code(), und rufen Sie die Rückkehrseite nicht von Hand auf.",
            ),
        ),
    ),
    (
        "sign_in_refused",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "Microsoft refused the sign-in.",
                "Microsoft hat die Anmeldung abgelehnt.",
            ),
            text(
                "Read Microsoft's message, settle what it names, and start the sign-in again.",
                "Lesen Sie Microsofts Meldung, beheben Sie, was sie nennt, und starten Sie die Anmeldung noch einmal.",
            ),
        ),
    ),
    (
        "sign_in_replayed",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "This sign-in has been used already, with another code.",
                "Diese Anmeldung wurde bereits verwendet, mit einem anderen Code.",
            ),
            text(
                "Start the sign-in again; if nobody here did this, look at who opened the callback page.",
                "Starten Sie die Anmeldung noch einmal; wenn das niemand von Ihnen war, prüfen Sie, wer die Rückkehrseite aufgerufen hat.",
            ),
        ),
    ),
    (
        "sign_in_required",
        stays(
            Class::SignInRequired,
            Actor::User,
            text(
                "The sign-in of the account[ “{account}”] is no longer valid.",
                "Die Anmeldung des Kontos[ „{account}“] ist nicht mehr gültig.",
            ),
            text(
                "Start the sign-in for this account again[, as {user}].",
                "Starten Sie die Anmeldung für dieses Konto noch einmal[, als {user}].",
            ),
        ),
    ),
    (
        "sign_in_unknown_state",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "This answer belongs to no sign-in that was started here, or to one that is long over.",
                "Diese Antwort gehört zu keiner Anmeldung, die hier gestartet wurde, oder zu einer längst vergangenen.",
            ),
            text(
                "Start the sign-in again, and check that the callback page uses the same store as the page that started it.",
                "Starten Sie die Anmeldung noch einmal, und prüfen Sie, ob die Rückkehrseite denselben Speicher verwendet wie die Seite, die sie startete.",
            ),
        ),
    ),
    (
        "sign_in_wrong_account",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "Someone else signed in[ ({actual})] than the account is meant for[ ({expected})]; the earlier sign-in was kept.",
                "Es hat sich jemand anderes angemeldet[ ({actual})], als für das Konto vorgesehen ist[ ({expected})]; die frühere Anmeldung wurde behalten.",
            ),
            text(
                "Start the sign-in again and choose the right user, or change the account's setting user.",
                "Starten Sie die Anmeldung noch einmal und wählen Sie den richtigen Benutzer, oder ändern Sie die Einstellung user (Benutzer) des Kontos.",
            ),
        ),
    ),
    (
        "sign_in_wrong_session",
        stays(
            Class::SignInFailed,
            Actor::User,
            text(
                "The answer came from another browser session than the one that started the sign-in.",
                "Die Antwort kam aus einer anderen Browsersitzung als der, in der die Anmeldung gestartet wurde.",
            ),
            text(
                "Finish the sign-in in the browser in which it was started, with cookies allowed (SameSite=Lax).",
                "Schließen Sie die Anmeldung in dem Browser ab, in dem Sie sie gestartet haben, und lassen Sie Cookies zu (SameSite=Lax).",
            ),
        ),
    ),
    (
        "token_request_invalid",
        stays(
            Class::Service,
            Actor::Host,
            text(
                "The token request could not be built from the account's settings.",
                "Die Token-Anfrage ließ sich aus den Einstellungen des Kontos nicht bilden.",
            ),
            text(
                "Save the account again, and report this if it does not help.",
                "Speichern Sie das Konto noch einmal, und melden Sie dies, wenn es nicht hilft.",
            ),
        ),
    ),
];
