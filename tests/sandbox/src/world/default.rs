//! The world a new sandbox has. `tests/sandbox/README.md` lists it for people.

use super::app::RedirectUri;
use super::user::MailHome;
use super::{App, Platform, Secret, Tenant, User, World, tree};

/// The first directory.
pub const TENANT: &str = "11111111-aaaa-4bbb-8ccc-000000000001";
/// The second directory.
pub const OTHER_TENANT: &str = "22222222-aaaa-4bbb-8ccc-000000000002";
/// The app tests use: web platform, secret [`SECRET`].
pub const CLIENT: &str = "c0ffee00-0001-4000-8000-000000000001";
/// The secret of [`CLIENT`].
pub const SECRET: &str = "sbx8Q~c0ntoso+web/secret=Value.1%";
/// The user tests use.
pub const USER: &str = "anna.gruber@contoso.example";
/// The password of [`USER`].
pub const PASSWORD: &str = "Geheim-123!";
/// The second factor of [`USER`].
pub const MFA: &str = "246810";
/// The shared mailbox [`USER`] has full access to.
pub const SHARED: &str = "rechnung@contoso.example";
/// 2099-12-31.
const FAR: i64 = 4_102_358_400;

const SCOPES: [&str; 6] = [
    "User.Read",
    "Mail.ReadWrite",
    "Mail.ReadWrite.Shared",
    "Mail.Send",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
];

fn app(number: u32, name: &str) -> App {
    App {
        client_id: format!("c0ffee00-{number:04}-4000-8000-000000000001"),
        name: name.to_owned(),
        tenant: TENANT.to_owned(),
        multi_tenant: true,
        redirect_uris: [
            "http://localhost/callback",
            "http://localhost/squeeze/callback.php",
            "http://127.0.0.1/callback",
            "https://squeeze.example/callback",
            "https://mandant2.squeeze.example/callback",
        ]
        .iter()
        .map(|uri| RedirectUri {
            uri: (*uri).to_owned(),
            platform: Platform::Web,
        })
        .collect(),
        secrets: vec![Secret {
            id: format!("5ec2e700-{number:04}-4000-8000-000000000001"),
            value: SECRET.to_owned(),
            expires: FAR,
        }],
        certificates: Vec::new(),
        disabled: false,
        admin_consent_only: false,
        assigned: None,
        roles: Vec::new(),
        scopes: SCOPES.iter().map(|scope| (*scope).to_owned()).collect(),
        mailbox_policy: None,
    }
}

fn apps() -> Vec<App> {
    let web = app(1, "Squeeze");
    let mut expired = app(2, "Squeeze with an expired secret");
    for secret in &mut expired.secrets {
        secret.expires = 1_577_836_800;
    }
    let mut spa = app(3, "Squeeze registered as a single-page app");
    for uri in &mut spa.redirect_uris {
        uri.platform = Platform::Spa;
    }
    let mut single = app(4, "Squeeze for one tenant");
    single.multi_tenant = false;
    let mut disabled = app(5, "Squeeze switched off");
    disabled.disabled = true;
    let mut admin = app(6, "Squeeze that needs an administrator");
    admin.admin_consent_only = true;
    let mut daemon = app(7, "Squeeze without a user");
    daemon.roles = ["Mail.ReadWrite", "MailboxSettings.ReadWrite", "User.Read.All"]
        .map(str::to_owned)
        .to_vec();
    let mut public = app(8, "Squeeze on a desktop");
    public.redirect_uris = vec![RedirectUri {
        uri: "http://localhost".to_owned(),
        platform: Platform::Public,
    }];
    public.secrets.clear();
    let mut assigned = app(9, "Squeeze for assigned users");
    assigned.assigned = Some(Vec::new());
    vec![web, expired, spa, single, disabled, admin, daemon, public, assigned]
}

fn user(number: u32, upn: &str, name: &str) -> User {
    User {
        id: format!("a11ce000-{number:04}-4000-8000-000000000001"),
        tenant: TENANT.to_owned(),
        guest_of: Vec::new(),
        upn: upn.to_owned(),
        mail: Some(upn.to_owned()),
        aliases: Vec::new(),
        name: name.to_owned(),
        password: Some(PASSWORD.to_owned()),
        mfa: None,
        disabled: false,
        admin: false,
        mail_home: MailHome::Online,
        full_access: Vec::new(),
        tokens_valid_from: 0,
    }
}

fn users() -> Vec<User> {
    let mut anna = user(1, USER, "Anna Gruber");
    anna.mfa = Some(MFA.to_owned());
    anna.aliases = vec!["a.gruber@contoso.example".to_owned()];
    let bernd = user(2, "bernd.jaeger@contoso.example", "Bernd Jäger");
    let mut admin = user(3, "admin@contoso.example", "Änne Verwalter");
    admin.admin = true;
    let mut disabled = user(4, "gesperrt@contoso.example", "Gesperrt");
    disabled.disabled = true;
    let mut local = user(5, "vorort@contoso.example", "Vor Ort");
    local.mail_home = MailHome::OnPremises;
    let mut guest = user(6, "gast@fabrikam.example", "Gast aus Fabrikam");
    OTHER_TENANT.clone_into(&mut guest.tenant);
    guest.guest_of = vec![TENANT.to_owned()];
    let mut other = user(7, "olga@fabrikam.example", "Olga Fremd");
    OTHER_TENANT.clone_into(&mut other.tenant);
    other.mail = None;
    let mut shared = user(8, SHARED, "Rechnungseingang");
    shared.password = None;
    shared.full_access = vec![anna.id.clone()];
    let mut closed = user(9, "personal@contoso.example", "Personalabteilung");
    closed.password = None;
    vec![anna, bernd, admin, disabled, local, guest, other, shared, closed]
}

/// The default world.
pub fn world() -> World {
    let mut world = World {
        tenants: vec![
            Tenant {
                id: TENANT.to_owned(),
                domains: vec!["contoso.example".to_owned(), "contoso.onmicrosoft.com".to_owned()],
                name: "Contoso GmbH".to_owned(),
                user_consent: true,
            },
            Tenant {
                id: OTHER_TENANT.to_owned(),
                domains: vec!["fabrikam.example".to_owned()],
                name: "Fabrikam AG".to_owned(),
                user_consent: true,
            },
        ],
        apps: apps(),
        users: users(),
        ..World::default()
    };
    let homes: Vec<String> = world
        .users
        .iter()
        .filter(|user| user.mail_home == MailHome::Online)
        .map(|user| user.id.clone())
        .collect();
    for id in homes {
        let mut mailbox = tree::german(&id);
        tree::furnish(&mut mailbox);
        tree::fill(&mut mailbox);
        world.mailboxes.insert(id, mailbox);
    }
    world
}
