//! AADSTS numbers: the tenant's administrator decides: consent, assignment, policies, disabled users and applications.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::entra::{ASK_POLICY_OWNER, Numbers};
use crate::base::problem::table::{stays, text};

pub(super) static ROWS: &[Numbers] = &[
    (
        &[90_094, 90_095, 90_008],
        stays(
            Class::ActionRequired,
            Actor::TenantAdministrator,
            text(
                "An administrator of the tenant must consent to the application's permissions.",
                "Ein Administrator des Mandanten muss den Berechtigungen der Anwendung zustimmen.",
            ),
            text(
                "Open the URL of admin_consent_url() as an administrator, or press “Grant admin consent” under “API permissions” in the app registration.",
                "Öffnen Sie die URL von admin_consent_url() als Administrator, oder klicken Sie in der App-Registrierung unter „API-Berechtigungen“ auf „Administratorzustimmung erteilen“.",
            ),
        ),
    ),
    (
        &[50_105],
        stays(
            Class::ActionRequired,
            Actor::TenantAdministrator,
            text(
                "The user[ {user}] is not assigned to the application, which admits assigned users only.",
                "Der Benutzer[ {user}] ist der Anwendung nicht zugewiesen; sie lässt nur zugewiesene Benutzer zu.",
            ),
            text(
                "Assign the user in Entra under “Enterprise applications”, “Users and groups”.",
                "Weisen Sie den Benutzer in Entra unter „Unternehmensanwendungen“, „Benutzer und Gruppen“ zu.",
            ),
        ),
    ),
    (
        &[
            53_000, 53_001, 53_002, 53_003, 53_004, 53_011, 530_032, 530_034, 530_035, 50_005, 50_097, 50_131, 50_155,
            50_129,
        ],
        stays(
            Class::ActionRequired,
            Actor::TenantAdministrator,
            text(
                "A security policy of the tenant (Conditional Access) does not admit this sign-in, for example because of the device, the place or a risk.",
                "Eine Sicherheitsrichtlinie des Mandanten (bedingter Zugriff) lässt diese Anmeldung nicht zu, etwa wegen des Geräts, des Orts oder eines Risikos.",
            ),
            ASK_POLICY_OWNER,
        ),
    ),
    (
        &[50_057, 50_053],
        stays(
            Class::ActionRequired,
            Actor::TenantAdministrator,
            text(
                "The user[ {user}] is disabled or locked in the tenant.",
                "Der Benutzer[ {user}] ist im Mandanten deaktiviert oder gesperrt.",
            ),
            text(
                "Enable or unlock the user in the Microsoft 365 admin center.",
                "Aktivieren oder entsperren Sie den Benutzer im Microsoft 365 Admin Center.",
            ),
        ),
    ),
    (
        &[7_000_112, 1_000_031, 50_001],
        stays(
            Class::ActionRequired,
            Actor::TenantAdministrator,
            text(
                "The application[ {client_id}] or Microsoft Graph is disabled in the tenant.",
                "Die Anwendung[ {client_id}] oder Microsoft Graph ist im Mandanten deaktiviert.",
            ),
            text(
                "Enable it in Entra under “Enterprise applications”, “Properties”, “Enabled for users to sign-in”.",
                "Aktivieren Sie sie in Entra unter „Unternehmensanwendungen“, „Eigenschaften“, „Aktiviert für die Benutzeranmeldung“.",
            ),
        ),
    ),
];
