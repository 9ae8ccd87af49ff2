//! Rows about an account's settings: what is wrong with which key.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::own::Entry;
use crate::base::problem::table::{stays, text};

pub(super) static ROWS: &[Entry] = &[
    (
        "certificate_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The file {path} of the setting {key} holds no certificate in PEM form.",
                "Die Datei {path} der Einstellung {key} enthält kein Zertifikat in PEM-Form.",
            ),
            text(
                "Write the certificate as PEM (“BEGIN CERTIFICATE”); one in binary form becomes it with: openssl x509 -inform der -in app.cer -out app.pem.",
                "Speichern Sie das Zertifikat als PEM („BEGIN CERTIFICATE“); aus einer binären Datei wird es mit: openssl x509 -inform der -in app.cer -out app.pem.",
            ),
        ),
    ),
    (
        "certificate_key_encrypted",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The private key in {path} (setting {key}) is locked with a password.",
                "Der private Schlüssel in {path} (Einstellung {key}) ist mit einem Kennwort geschützt.",
            ),
            text(
                "Write it without a password into a file that only the user PHP runs as may read: openssl pkey -in locked.key -out app.key.",
                "Schreiben Sie ihn ohne Kennwort in eine Datei, die nur der Benutzer lesen darf, unter dem PHP läuft: openssl pkey -in locked.key -out app.key.",
            ),
        ),
    ),
    (
        "certificate_key_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The file {path} of the setting {key} holds no private RSA key that can be used.",
                "Die Datei {path} der Einstellung {key} enthält keinen verwendbaren privaten RSA-Schlüssel.",
            ),
            text(
                "Use an RSA key of 2048 to 4096 bits in PEM form (PKCS #8 or PKCS #1); Microsoft takes no elliptic curves here.",
                "Verwenden Sie einen RSA-Schlüssel mit 2048 bis 4096 Bit in PEM-Form (PKCS #8 oder PKCS #1); elliptische Kurven nimmt Microsoft hier nicht an.",
            ),
        ),
    ),
    (
        "certificate_mismatch",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The private key in {path} (setting {key}) is not the key of the certificate in {certificate}.",
                "Der private Schlüssel in {path} (Einstellung {key}) gehört nicht zum Zertifikat in {certificate}.",
            ),
            text(
                "Name the certificate and the key that were made together, in client_certificate and client_key.",
                "Geben Sie in client_certificate und client_key das Zertifikat und den Schlüssel an, die zusammen erzeugt wurden.",
            ),
        ),
    ),
    (
        "certificate_unreadable",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The file {path} of the setting {key} can not be read[: {reason}].",
                "Die Datei {path} der Einstellung {key} lässt sich nicht lesen[: {reason}].",
            ),
            text(
                "Check the path, and let every user under whom PHP and the job run read the file.",
                "Prüfen Sie den Pfad, und geben Sie jedem Benutzer, unter dem PHP und der Job laufen, das Recht, die Datei zu lesen.",
            ),
        ),
    ),
    (
        "client_id_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting client_id holds characters that no application id has[: “{value}”].",
                "Die Einstellung client_id enthält Zeichen, die in keiner Anwendungs-ID vorkommen[: „{value}“].",
            ),
            text(
                "Copy the “Application (client) ID” from the app registration's overview page.",
                "Kopieren Sie die „Anwendungs-ID (Client)“ von der Übersichtsseite der App-Registrierung.",
            ),
        ),
    ),
    (
        "credential_ambiguous",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "Both a client_secret and a new {key} were given; an account has one of them.",
                "Angegeben sind ein client_secret und ein neues {key}; ein Konto hat nur eines davon.",
            ),
            text(
                "Leave out the one that the account shall not use; the other takes its place.",
                "Lassen Sie weg, was das Konto nicht verwenden soll; das andere tritt an seine Stelle.",
            ),
        ),
    ),
    (
        "credential_missing",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The account has neither a client secret nor a certificate.",
                "Das Konto hat weder ein Clientgeheimnis (Client Secret) noch ein Zertifikat.",
            ),
            text(
                "Save the account with the secret's value from the app registration (“Certificates & secrets”), or with client_certificate and client_key.",
                "Speichern Sie das Konto mit dem Wert des Geheimnisses aus der App-Registrierung („Zertifikate & Geheimnisse“), oder mit client_certificate und client_key.",
            ),
        ),
    ),
    (
        "custom_endpoints_off",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The account has an authority_url and a graph_url of its own, but php.ini does not allow custom endpoints.",
                "Das Konto hat eine eigene authority_url und graph_url, die php.ini erlaubt aber keine eigenen Endpunkte.",
            ),
            text(
                "Remove both settings to use Microsoft's cloud, or set squeeze_graph.custom_endpoints = 1 in php.ini.",
                "Entfernen Sie beide Einstellungen, um Microsofts Cloud zu verwenden, oder setzen Sie squeeze_graph.custom_endpoints = 1 in der php.ini.",
            ),
        ),
    ),
    (
        "endpoint_credentials",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} holds a user name or a password, which would be sent along with every request.",
                "Die Einstellung {key} enthält einen Benutzernamen oder ein Kennwort, die mit jeder Anfrage gesendet würden.",
            ),
            text(
                "Enter the address without user name and password.",
                "Geben Sie die Adresse ohne Benutzernamen und Kennwort an.",
            ),
        ),
    ),
    (
        "endpoint_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} is not the root of a service[: “{value}”].",
                "Die Einstellung {key} ist keine Basisadresse eines Dienstes[: „{value}“].",
            ),
            text(
                "Enter an address such as https://gateway.example, without “?” and “#”.",
                "Geben Sie eine Adresse wie https://gateway.example an, ohne „?“ und „#“.",
            ),
        ),
    ),
    (
        "endpoint_not_https",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} is not encrypted[: “{value}”]; tokens and secrets would be readable on the way.",
                "Die Einstellung {key} ist nicht verschlüsselt[: „{value}“]; Token und Geheimnisse wären unterwegs lesbar.",
            ),
            text(
                "Enter an https:// address; http:// is allowed for localhost, 127.0.0.1 and ::1 only.",
                "Geben Sie eine https://-Adresse an; http:// ist nur für localhost, 127.0.0.1 und ::1 erlaubt.",
            ),
        ),
    ),
    (
        "endpoint_pair",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} is there without {missing}; only both together name another cloud.",
                "Die Einstellung {key} ist ohne {missing} angegeben; nur beide zusammen bezeichnen eine andere Cloud.",
            ),
            text(
                "Enter {missing} as well, or remove {key}.",
                "Geben Sie auch {missing} an, oder entfernen Sie {key}.",
            ),
        ),
    ),
    (
        "mailbox_needed",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "An account with protocol “application” has no signed-in user and so needs the setting mailbox.",
                "Ein Konto mit dem Protokoll „application“ hat keinen angemeldeten Benutzer und braucht deshalb die Einstellung mailbox (Postfach).",
            ),
            text(
                "Enter the address of the mailbox to read.",
                "Geben Sie die Adresse des Postfachs an, das gelesen werden soll.",
            ),
        ),
    ),
    (
        "redirect_uri_characters",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The redirect URI “{value}” holds a character that Microsoft does not allow in it: ! $ ' ( ) , ; *",
                "Die Umleitungs-URI „{value}“ enthält ein Zeichen, das Microsoft darin nicht zulässt: ! $ ' ( ) , ; *",
            ),
            text(
                "Use a path of letters, digits, “-”, “_” and “/”, and register the same URI in the app registration.",
                "Verwenden Sie einen Pfad aus Buchstaben, Ziffern, „-“, „_“ und „/“, und tragen Sie dieselbe URI in der App-Registrierung ein.",
            ),
        ),
    ),
    (
        "redirect_uri_fragment",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The redirect URI “{value}” has a part after “#”, which OAuth 2.0 does not allow.",
                "Die Umleitungs-URI „{value}“ hat einen Teil hinter „#“, den OAuth 2.0 nicht zulässt.",
            ),
            text(
                "Remove “#” and what follows it.",
                "Entfernen Sie „#“ und alles dahinter.",
            ),
        ),
    ),
    (
        "redirect_uri_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The redirect URI[ “{value}”] is not an absolute https:// address.",
                "Die Umleitungs-URI[ „{value}“] ist keine vollständige https://-Adresse.",
            ),
            text(
                "Enter the callback page's full address, for example https://test.mandant.example/oauth/callback.",
                "Geben Sie die vollständige Adresse der Rückkehrseite an, zum Beispiel https://test.mandant.example/oauth/callback.",
            ),
        ),
    ),
    (
        "redirect_uri_ipv6_loopback",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The redirect URI “{value}” names this machine by its IPv6 address, which Microsoft does not support.",
                "Die Umleitungs-URI „{value}“ nennt diesen Rechner mit seiner IPv6-Adresse, was Microsoft nicht unterstützt.",
            ),
            text(
                "Write localhost instead of the IPv6 address.",
                "Schreiben Sie localhost anstelle der IPv6-Adresse.",
            ),
        ),
    ),
    (
        "redirect_uri_not_https",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The redirect URI “{value}” is not encrypted; Microsoft allows http:// for localhost and 127.0.0.1 only.",
                "Die Umleitungs-URI „{value}“ ist nicht verschlüsselt; Microsoft erlaubt http:// nur für localhost und 127.0.0.1.",
            ),
            text(
                "Enter an https:// address, and register the same one in the app registration.",
                "Geben Sie eine https://-Adresse an, und tragen Sie dieselbe in der App-Registrierung ein.",
            ),
        ),
    ),
    (
        "redirect_uri_too_long",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The redirect URI is longer than the 256 characters that Microsoft allows.",
                "Die Umleitungs-URI ist länger als die 256 Zeichen, die Microsoft erlaubt.",
            ),
            text(
                "Use a shorter address; what the callback must know can travel in authorization_url()'s $route.",
                "Verwenden Sie eine kürzere Adresse; was die Rückkehrseite wissen muss, kann $route von authorization_url() mitnehmen.",
            ),
        ),
    ),
    (
        "scope_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting scopes holds an entry that is not one scope[: “{value}”].",
                "Die Einstellung scopes enthält einen Eintrag, der kein einzelner Bereich (Scope) ist[: „{value}“].",
            ),
            text(
                "Give each scope an entry of its own, such as Mail.ReadWrite, without spaces and commas.",
                "Geben Sie jeden Bereich als eigenen Eintrag an, etwa Mail.ReadWrite, ohne Leerzeichen und Kommas.",
            ),
        ),
    ),
    (
        "scope_prefixed",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The scope “{value}” has a resource in front, with which Microsoft ignores it.",
                "Dem Bereich (Scope) „{value}“ ist eine Ressource vorangestellt; so beachtet Microsoft ihn nicht.",
            ),
            text("Write {scope} alone.", "Schreiben Sie nur {scope}."),
        ),
    ),
    (
        "scopes_empty",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting scopes names no permission.",
                "Die Einstellung scopes nennt keine Berechtigung.",
            ),
            text(
                "Name at least one scope, or set scopes to null for the default ones.",
                "Nennen Sie mindestens einen Bereich (Scope), oder setzen Sie scopes für die Vorgabe auf null.",
            ),
        ),
    ),
    (
        "scopes_mixed_with_default",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting scopes names “.default” together with single permissions, which Microsoft refuses.",
                "Die Einstellung scopes nennt „.default“ zusammen mit einzelnen Berechtigungen, was Microsoft ablehnt.",
            ),
            text(
                "Name either “.default” or single permissions; offline_access goes with both.",
                "Nennen Sie entweder „.default“ oder einzelne Berechtigungen; offline_access passt zu beidem.",
            ),
        ),
    ),
    (
        "scopes_too_many",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting scopes has more than {limit} entries.",
                "Die Einstellung scopes hat mehr als {limit} Einträge.",
            ),
            text(
                "Name only the scopes that this account uses.",
                "Nennen Sie nur die Bereiche (Scopes), die dieses Konto braucht.",
            ),
        ),
    ),
    (
        "secret_needed",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The account would use its stored client secret for another application or at another place, so the secret is needed again.",
                "Das Konto würde sein gespeichertes Clientgeheimnis für eine andere Anwendung oder an einem anderen Ort verwenden; deshalb wird das Geheimnis noch einmal gebraucht.",
            ),
            text(
                "Save again with client_secret, whenever protocol, tenant_id, client_id, cloud, authority_url or graph_url change.",
                "Speichern Sie noch einmal mit client_secret, sobald sich protocol, tenant_id, client_id, cloud, authority_url oder graph_url ändern.",
            ),
        ),
    ),
    (
        "setting_control_characters",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} holds a line break or another control character.",
                "Die Einstellung {key} enthält einen Zeilenumbruch oder ein anderes Steuerzeichen.",
            ),
            text(
                "Enter {key} again, without what was copied along with it.",
                "Geben Sie {key} neu ein, ohne das, was beim Kopieren mitkam.",
            ),
        ),
    ),
    (
        "setting_missing",
        stays(
            Class::Configuration,
            Actor::Host,
            text("The setting {key} is missing.", "Die Einstellung {key} fehlt."),
            text("Enter a value for {key}.", "Geben Sie einen Wert für {key} an."),
        ),
    ),
    (
        "setting_not_a_date",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} is not a date[: “{value}”].",
                "Die Einstellung {key} ist kein Datum[: „{value}“].",
            ),
            text(
                "Write the date as 2027-03-31, or pass a DateTimeInterface.",
                "Schreiben Sie das Datum in der Form 2027-03-31, oder übergeben Sie ein DateTimeInterface.",
            ),
        ),
    ),
    (
        "setting_not_allowed",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} can not be “{value}”.",
                "Die Einstellung {key} kann nicht „{value}“ sein.",
            ),
            text("Use one of: {allowed}.", "Möglich sind: {allowed}."),
        ),
    ),
    (
        "setting_not_an_address",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} is not an e-mail address[: “{value}”].",
                "Die Einstellung {key} ist keine E-Mail-Adresse[: „{value}“].",
            ),
            text(
                "Enter the address (or the object id) instead of a display name.",
                "Geben Sie die Adresse (oder die Objekt-ID) anstelle eines Anzeigenamens an.",
            ),
        ),
    ),
    (
        "setting_out_of_range",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} can not be {value}.",
                "Die Einstellung {key} kann nicht {value} sein.",
            ),
            text(
                "Use a number from {least} to {most}.",
                "Möglich ist eine Zahl von {least} bis {most}.",
            ),
        ),
    ),
    (
        "setting_too_long",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} is longer than {limit} characters.",
                "Die Einstellung {key} ist länger als {limit} Zeichen.",
            ),
            text(
                "Enter a shorter value for {key}.",
                "Geben Sie für {key} einen kürzeren Wert an.",
            ),
        ),
    ),
    (
        "setting_type",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {key} must be of type {expected}, {given} given.",
                "Die Einstellung {key} muss vom Typ {expected} sein; übergeben wurde {given}.",
            ),
            text("Pass {key} as {expected}.", "Übergeben Sie {key} als {expected}."),
        ),
    ),
    (
        "setting_unknown",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "There is no setting “{key}”[; perhaps {suggestion} is meant].",
                "Es gibt keine Einstellung „{key}“[; vielleicht ist {suggestion} gemeint].",
            ),
            text("Use one of: {known}.", "Möglich sind: {known}."),
        ),
    ),
    (
        "tenant_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting tenant_id is not a tenant[: “{value}”].",
                "Die Einstellung tenant_id ist kein Mandant[: „{value}“].",
            ),
            text(
                "Enter the “Directory (tenant) ID” from the app registration's overview page, a domain such as contoso.onmicrosoft.com, organizations or common.",
                "Geben Sie die „Verzeichnis-ID (Mandant)“ von der Übersichtsseite der App-Registrierung an, eine Domäne wie contoso.onmicrosoft.com, organizations oder common.",
            ),
        ),
    ),
    (
        "tenant_not_for_application",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "An account with protocol “application” has no user whose tenant could be found, so “{value}” is not enough.",
                "Ein Konto mit dem Protokoll „application“ hat keinen Benutzer, über den sich der Mandant fände; „{value}“ genügt deshalb nicht.",
            ),
            text(
                "Enter the tenant's own id or domain.",
                "Geben Sie die eigene ID oder Domäne des Mandanten an.",
            ),
        ),
    ),
];
