//! AADSTS numbers: the app registration and the account's settings do not fit together, so an administrator corrects one of them.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::entra::{ANOTHER_REDIRECT_URI, Numbers, START_AGAIN};
use crate::base::problem::table::{stays, text};

pub(super) static ROWS: &[Numbers] = &[
    (
        &[50_011, 500_113, 900_971],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The redirect URI[ {redirect_uri}] is not registered for the application[ {client_id}].",
                "Die Umleitungs-URI[ {redirect_uri}] ist für die Anwendung[ {client_id}] nicht registriert.",
            ),
            text(
                "Add exactly this URI[, {redirect_uri},] to the app registration under “Authentication”, platform “Web”.",
                "Tragen Sie genau diese URI[, {redirect_uri},] in der App-Registrierung unter „Authentifizierung“ auf der Plattform „Web“ ein.",
            ),
        ),
    ),
    (
        &[70_004],
        stays(Class::ActionRequired, Actor::Host, ANOTHER_REDIRECT_URI, START_AGAIN),
    ),
    (
        &[9_002_327, 90_023],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The redirect URI[ {redirect_uri}] is registered for a single-page application, whose codes a server can not redeem.",
                "Die Umleitungs-URI[ {redirect_uri}] ist für eine Single-Page-Anwendung registriert; deren Codes kann ein Server nicht einlösen.",
            ),
            text(
                "Move the URI to the platform “Web” in the app registration under “Authentication”.",
                "Verschieben Sie die URI in der App-Registrierung unter „Authentifizierung“ auf die Plattform „Web“.",
            ),
        ),
    ),
    (
        &[9_002_326],
        stays(
            Class::Service,
            Actor::Host,
            text(
                "Something on the way added an Origin header to the token request, which Microsoft allows to single-page applications only.",
                "Unterwegs wurde die Token-Anfrage um einen Origin-Header ergänzt, was Microsoft nur Single-Page-Anwendungen erlaubt.",
            ),
            text(
                "Let the proxy or gateway leave the request headers as they are.",
                "Sorgen Sie dafür, dass Proxy oder Gateway die Kopfzeilen der Anfrage unverändert lassen.",
            ),
        ),
    ),
    (
        &[9_002_325],
        stays(
            Class::Service,
            Actor::Host,
            text(
                "Microsoft demands a proof of the sign-in's origin (PKCE) that did not arrive.",
                "Microsoft verlangt einen Nachweis über den Ursprung der Anmeldung (PKCE), der nicht ankam.",
            ),
            text(
                "Open the URL of authorization_url() unchanged, and report this if it happens again.",
                "Öffnen Sie die URL von authorization_url() unverändert, und melden Sie dies, wenn es wieder geschieht.",
            ),
        ),
    ),
    (
        &[700_016, 700_011, 70_001],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The application[ {client_id}] is not known in the tenant[ {tenant_id}].",
                "Die Anwendung[ {client_id}] ist im Mandanten[ {tenant_id}] nicht bekannt.",
            ),
            text(
                "Compare client_id and tenant_id with the overview page of the app registration, and correct the account's settings.",
                "Vergleichen Sie client_id und tenant_id mit der Übersichtsseite der App-Registrierung, und berichtigen Sie die Einstellungen des Kontos.",
            ),
        ),
    ),
    (
        &[90_002, 900_023, 50_059, 50_128],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "Microsoft does not know the tenant[ {tenant_id}].",
                "Microsoft kennt den Mandanten[ {tenant_id}] nicht.",
            ),
            text(
                "Correct tenant_id in the account's settings: the “Directory (tenant) ID” stands on the app registration's overview page.",
                "Berichtigen Sie tenant_id in den Einstellungen des Kontos: Die „Verzeichnis-ID (Mandant)“ steht auf der Übersichtsseite der App-Registrierung.",
            ),
        ),
    ),
    (
        &[50_194],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "The application is registered for a single tenant, but the account's tenant_id is “common”.",
                "Die Anwendung ist für einen einzelnen Mandanten registriert, die tenant_id des Kontos lautet aber „common“.",
            ),
            text(
                "Set tenant_id to the tenant's own id or domain.",
                "Setzen Sie tenant_id auf die eigene ID oder Domäne des Mandanten.",
            ),
        ),
    ),
    (
        &[700_005],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "The code was issued by another tenant than the one at which it was redeemed.",
                "Der Code wurde von einem anderen Mandanten ausgestellt, als der ist, bei dem er eingelöst wurde.",
            ),
            text(
                "Set tenant_id to the user's own tenant, and start the sign-in again.",
                "Setzen Sie tenant_id auf den eigenen Mandanten des Benutzers, und starten Sie die Anmeldung noch einmal.",
            ),
        ),
    ),
    (
        &[90_130, 90_124, 9_002_332, 500_207, 500_208],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The kind of account that signed in (work or personal) does not fit the application or the account's tenant_id.",
                "Die Art des angemeldeten Kontos (Geschäftskonto oder privat) passt nicht zur Anwendung oder zur tenant_id des Kontos.",
            ),
            text(
                "Let a work account sign in, or correct “Supported account types” in the app registration and tenant_id here.",
                "Lassen Sie ein Geschäftskonto anmelden, oder berichtigen Sie die „Unterstützten Kontotypen“ der App-Registrierung und hier die tenant_id.",
            ),
        ),
    ),
    (
        &[9_001_023],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "An application without a user can not sign in at “common” or “consumers”.",
                "Eine Anwendung ohne Benutzer kann sich nicht bei „common“ oder „consumers“ anmelden.",
            ),
            text(
                "Set tenant_id to the tenant's own id or domain.",
                "Setzen Sie tenant_id auf die eigene ID oder Domäne des Mandanten.",
            ),
        ),
    ),
    (
        &[7_000_215, 70_002],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The client secret is wrong; often its id was copied instead of its value.",
                "Das Clientgeheimnis (Client Secret) ist falsch; oft wurde seine ID kopiert statt seines Werts.",
            ),
            text(
                "Create a new secret in the app registration under “Certificates & secrets” and save the text of the column “Value” as client_secret.",
                "Legen Sie in der App-Registrierung unter „Zertifikate & Geheimnisse“ ein neues Geheimnis an, und speichern Sie den Text der Spalte „Wert“ als client_secret.",
            ),
        ),
    ),
    (
        &[7_000_222],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The client secret has expired.",
                "Das Clientgeheimnis (Client Secret) ist abgelaufen.",
            ),
            text(
                "Create a new secret in the app registration under “Certificates & secrets” and save its value as client_secret; nobody needs to authenticate anew.",
                "Legen Sie in der App-Registrierung unter „Zertifikate & Geheimnisse“ ein neues Geheimnis an, und speichern Sie seinen Wert als client_secret; die Authentifizierung des Benutzers bleibt gültig.",
            ),
        ),
    ),
    (
        &[7_000_218, 900_144, 90_014],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "A part of the request is missing on Microsoft's side, for example the client secret or the certificate's proof.",
                "Auf Microsofts Seite fehlt ein Teil der Anfrage, zum Beispiel das Clientgeheimnis (Client Secret) oder der Nachweis mit dem Zertifikat.",
            ),
            text(
                "Save the account with its client_secret or certificate, and let no proxy change the request's body.",
                "Speichern Sie das Konto mit seinem client_secret oder Zertifikat, und sorgen Sie dafür, dass kein Proxy den Inhalt der Anfrage ändert.",
            ),
        ),
    ),
    (
        &[700_025],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The application is registered as a public client, which may use neither a client secret nor a certificate.",
                "Die Anwendung ist als öffentlicher Client registriert; ein solcher darf weder ein Clientgeheimnis (Client Secret) noch ein Zertifikat verwenden.",
            ),
            text(
                "Register the redirect URI under the platform “Web” instead of “Mobile and desktop applications”.",
                "Registrieren Sie die Umleitungs-URI auf der Plattform „Web“ statt unter „Mobilgerät- und Desktopanwendungen“.",
            ),
        ),
    ),
    (
        &[700_027, 50_012, 700_021, 7_000_214, 50_027],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "Microsoft does not accept the application's certificate, or what its key signed (client assertion).",
                "Microsoft erkennt das Zertifikat der Anwendung oder die Signatur seines Schlüssels (Client Assertion) nicht an.",
            ),
            text(
                "Upload the account's client_certificate to the app registration under “Certificates & secrets”, or compare its thumbprint and its end with what stands there, and check this machine's clock.",
                "Laden Sie client_certificate des Kontos in der App-Registrierung unter „Zertifikate & Geheimnisse“ hoch, oder vergleichen Sie Fingerabdruck und Ablaufdatum mit dem, was dort steht, und prüfen Sie die Uhr dieses Rechners.",
            ),
        ),
    ),
    (
        &[50_013, 500_133, 700_024],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "A signed proof is outside the time in which it is valid.",
                "Ein signierter Nachweis liegt außerhalb der Zeit, in der er gültig ist.",
            ),
            text(
                "Set this machine's clock (NTP), then try again.",
                "Stellen Sie die Uhr dieses Rechners (NTP), und versuchen Sie es dann noch einmal.",
            ),
        ),
    ),
    (
        &[70_011, 28_002, 28_003, 700_022, 700_023],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "A scope of the account is empty, unknown, or belongs to another service than the rest.",
                "Ein Bereich (Scope) des Kontos ist leer, unbekannt oder gehört zu einem anderen Dienst als die übrigen.",
            ),
            text(
                "Correct scopes in the account's settings; null restores the default ones.",
                "Berichtigen Sie scopes in den Einstellungen des Kontos; null stellt die Vorgabe wieder her.",
            ),
        ),
    ),
    (
        &[650_056, 650_057, 65_005, 650_052, 500_011],
        stays(
            Class::ActionRequired,
            Actor::AppAdministrator,
            text(
                "The application asks for a permission or a service that is not part of its registration or of the tenant's licences.",
                "Die Anwendung verlangt eine Berechtigung oder einen Dienst, der nicht zu ihrer Registrierung oder zu den Lizenzen des Mandanten gehört.",
            ),
            text(
                "Add the Microsoft Graph permissions of the account's scopes under “API permissions”, and check that the tenant has Exchange Online.",
                "Ergänzen Sie unter „API-Berechtigungen“ die Microsoft-Graph-Berechtigungen aus den scopes des Kontos, und prüfen Sie, ob der Mandant Exchange Online hat.",
            ),
        ),
    ),
    (
        &[90_038, 900_382, 900_432, 900_439, 1_000_104],
        stays(
            Class::ActionRequired,
            Actor::Host,
            text(
                "The account belongs to another Microsoft cloud than the one that was asked.",
                "Das Konto gehört zu einer anderen Microsoft-Cloud als der, die gefragt wurde.",
            ),
            text(
                "Set cloud in the account's settings to the tenant's cloud: global, usgov, usgov-dod or china.",
                "Setzen Sie cloud in den Einstellungen des Kontos auf die Cloud des Mandanten: global, usgov, usgov-dod oder china.",
            ),
        ),
    ),
    (
        &[1_002_016],
        stays(
            Class::Connection,
            Actor::Host,
            text(
                "The connection to Microsoft used an outdated encryption (TLS 1.0, TLS 1.1 or 3DES).",
                "Die Verbindung zu Microsoft verwendete eine veraltete Verschlüsselung (TLS 1.0, TLS 1.1 oder 3DES).",
            ),
            text(
                "Let the proxy that opens the connections use TLS 1.2 or newer.",
                "Lassen Sie den Proxy, der die Verbindungen öffnet, TLS 1.2 oder neuer verwenden.",
            ),
        ),
    ),
];
