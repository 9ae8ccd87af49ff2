//! What `save_account` is given, before it is checked, and how it changes what is stored (contract, section 2).
//!
//! A key that is left out keeps what is stored, `null` resets it to its default, `''` is `null`, and an empty secret keeps the stored
//! one. The result is checked as a whole, so that what is stored is always complete. A stored secret is never sent to a new place:
//! changing the identity needs it again. A certificate's key is sent nowhere, and what it signs is for one place and ten minutes, so
//! that a changed identity does not ask for it.

use crate::base::account::credential::CredentialPatch;
use crate::base::account::endpoints::{self, Endpoints};
use crate::base::account::guid::is_guid;
use crate::base::account::value::Entry;
use crate::base::account::{AccountSettings, Cloud, Protocol, redirect_uri, scopes, tenant};
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::base::zone::{self, TimeInput};

pub use crate::base::account::value::Value;

/// Keys and values in the order they came.
pub type Patch = Vec<(String, Value)>;

/// What comes of a patch.
#[derive(Debug)]
pub struct Patched {
    /// The settings as they are to be stored.
    pub settings: AccountSettings,
    /// Whether the identity is another than before (false for a new account).
    pub identity_changed: bool,
}

/// The keys there are, in the contract's order.
pub const KEYS: [&str; 19] = [
    "protocol",
    "tenant_id",
    "client_id",
    "client_secret",
    "client_certificate",
    "client_key",
    "secret_expires_at",
    "redirect_uri",
    "user",
    "mailbox",
    "folder_inbox",
    "folder_processed",
    "folder_error",
    "scopes",
    "refresh_interval",
    "enabled",
    "cloud",
    "authority_url",
    "graph_url",
];

/// The folder to import from, unless set otherwise.
pub const FOLDER_INBOX: &str = "wellknown:inbox";

/// Renew at the latest when the last renewal is this old, unless set otherwise: seconds.
pub const REFRESH_INTERVAL: i64 = 43_200;

/// A refresh token that is not used for 90 days ends ("Refresh tokens in the Microsoft identity platform"): a longer interval can
/// not keep an account alive.
const REFRESH_INTERVAL_LIMIT: i64 = 90 * 86_400;

/// How many characters a name, an address, an id or a secret may have.
const LINE_LIMIT: usize = 1024;

/// How many characters a URL or a folder's path may have.
const PATH_LIMIT: usize = 4096;

/// Applies `patch` to what is stored. Unknown keys, wrong types, missing keys and an identity change without its secret are problems
/// that name the key.
pub fn apply(
    stored: Option<&AccountSettings>,
    patch: &Patch,
    custom_endpoints: bool,
    now: UtcInstant,
) -> Result<Patched, Box<Problem>> {
    let mut settings = stored.cloned().unwrap_or_else(defaults);
    let mut credential = CredentialPatch::default();
    for (given, value) in patch {
        let Some(key) = KEYS.into_iter().find(|key| key == given) else {
            return Err(unknown(given, now).into());
        };
        let entry = Entry { key, value, now };
        set(&mut settings, &mut credential, &entry)?;
    }
    let secret_given = credential.gives_secret();
    credential.apply(&mut settings, now)?;
    // Endpoints that were allowed once stay until somebody touches them: an account can be switched off, renamed folders can be
    // entered. That nothing is sent there meanwhile is seen to where requests begin.
    let kept = stored.is_some_and(|stored| {
        (&stored.authority_url, &stored.graph_url) == (&settings.authority_url, &settings.graph_url)
    });
    check(&settings, custom_endpoints || kept, now)?;
    let identity_changed = stored.is_some_and(|stored| !stored.same_identity(&settings));
    if identity_changed && !secret_given && settings.client_certificate.is_none() {
        return Err(Problem::own("secret_needed", now)
            .with_fact("key", "client_secret")
            .into());
    }
    Ok(Patched {
        settings,
        identity_changed,
    })
}

/// A new account before its first patch: what has no default is empty, which [`check`] refuses.
fn defaults() -> AccountSettings {
    AccountSettings {
        protocol: Protocol::Delegated,
        tenant_id: String::new(),
        client_id: String::new(),
        client_secret: None,
        client_certificate: None,
        secret_expires_at: None,
        redirect_uri: None,
        user: None,
        mailbox: None,
        folder_inbox: FOLDER_INBOX.to_owned(),
        folder_processed: None,
        folder_error: None,
        scopes: default_scopes(),
        refresh_interval: REFRESH_INTERVAL,
        enabled: true,
        cloud: Cloud::Global,
        authority_url: None,
        graph_url: None,
    }
}

fn default_scopes() -> Vec<String> {
    scopes::DEFAULT.map(str::to_owned).to_vec()
}

/// Takes one entry over; the credential's are only noted.
fn set(
    settings: &mut AccountSettings,
    credential: &mut CredentialPatch,
    entry: &Entry<'_>,
) -> Result<(), Box<Problem>> {
    match entry.key {
        "protocol" => {
            let choices = [
                ("delegated", Protocol::Delegated),
                ("application", Protocol::Application),
            ];
            settings.protocol = entry.choice(&choices)?.unwrap_or(Protocol::Delegated);
        }
        "tenant_id" => settings.tenant_id = entry.line(LINE_LIMIT)?.unwrap_or_default(),
        "client_id" => settings.client_id = entry.line(LINE_LIMIT)?.unwrap_or_default(),
        "client_secret" => credential.take_secret(entry, LINE_LIMIT)?,
        "client_certificate" => credential.take_certificate(entry, PATH_LIMIT)?,
        "client_key" => credential.take_key(entry, PATH_LIMIT)?,
        "secret_expires_at" => {
            settings.secret_expires_at = date(entry)?;
            credential.names_end = true;
        }
        "redirect_uri" => settings.redirect_uri = entry.line(PATH_LIMIT)?,
        "user" => settings.user = address(entry)?,
        "mailbox" => settings.mailbox = address(entry)?,
        "folder_inbox" => {
            settings.folder_inbox = entry.name(PATH_LIMIT)?.unwrap_or_else(|| FOLDER_INBOX.to_owned());
        }
        "folder_processed" => settings.folder_processed = entry.name(PATH_LIMIT)?,
        "folder_error" => settings.folder_error = entry.name(PATH_LIMIT)?,
        "scopes" => {
            settings.scopes = match entry.value {
                Value::Texts(given) => scopes::check(given, entry.now)?,
                _ if entry.is_empty() => default_scopes(),
                _ => return Err(entry.wrong_type("list<string>").into()),
            }
        }
        "refresh_interval" => settings.refresh_interval = interval(entry)?,
        "enabled" => settings.enabled = entry.bool()?.unwrap_or(true),
        "cloud" => {
            let choices = [
                ("global", Cloud::Global),
                ("usgov", Cloud::UsGov),
                ("usgov-dod", Cloud::UsGovDod),
                ("china", Cloud::China),
            ];
            settings.cloud = entry.choice(&choices)?.unwrap_or(Cloud::Global);
        }
        "authority_url" => settings.authority_url = root(entry)?,
        "graph_url" => settings.graph_url = root(entry)?,
        other => return Err(unknown(other, entry.now).into()),
    }
    Ok(())
}

/// An instant, or a date as text; text without a zone is read as UTC, since only the day matters here.
fn date(entry: &Entry<'_>) -> Result<Option<UtcInstant>, Box<Problem>> {
    if let Value::Instant(instant) = entry.value {
        return Ok(Some(*instant));
    }
    if !matches!(entry.value, Value::Null | Value::Text(_)) {
        return Err(entry.wrong_type("DateTimeInterface|string").into());
    }
    let Some(text) = entry.line(LINE_LIMIT)? else {
        return Ok(None);
    };
    // Digits alone would be epoch seconds elsewhere; as the end of a secret they are a date without its dashes.
    let instant = Some(&text)
        .filter(|text| !text.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|text| zone::instant(&TimeInput::Text(text.clone()), Some("UTC"), entry.key).ok());
    match instant {
        Some(instant) => Ok(Some(instant)),
        None => Err(entry.problem("setting_not_a_date").with_fact("value", text).into()),
    }
}

/// An address or an object id: what Graph's `/users/{id | userPrincipalName}` takes. A display name would only fail later.
fn address(entry: &Entry<'_>) -> Result<Option<String>, Box<Problem>> {
    let Some(text) = entry.line(LINE_LIMIT)? else {
        return Ok(None);
    };
    let is_address = text
        .rsplit_once('@')
        .is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace));
    if is_address || is_guid(&text) {
        Ok(Some(text))
    } else {
        Err(entry.problem("setting_not_an_address").with_fact("value", text).into())
    }
}

fn interval(entry: &Entry<'_>) -> Result<i64, Box<Problem>> {
    let seconds = entry.int()?.unwrap_or(REFRESH_INTERVAL);
    if (1..=REFRESH_INTERVAL_LIMIT).contains(&seconds) {
        return Ok(seconds);
    }
    Err(entry
        .problem("setting_out_of_range")
        .with_fact("value", seconds.to_string())
        .with_fact("least", "1")
        .with_fact("most", REFRESH_INTERVAL_LIMIT.to_string())
        .into())
}

/// A root, normalised (lower-case host, no default port, no slash at its end), so that the same place compares as the same identity.
fn root(entry: &Entry<'_>) -> Result<Option<String>, Box<Problem>> {
    let Some(text) = entry.line(PATH_LIMIT)? else {
        return Ok(None);
    };
    let url = endpoints::root(entry.key, &text, entry.now)?;
    Ok(Some(url.as_str().trim_end_matches('/').to_owned()))
}

/// The problem of a key that is none, with the key that may have been meant.
fn unknown(key: &str, now: UtcInstant) -> Problem {
    /// How similar (Jaro–Winkler, 0–1) a key must be to be worth naming.
    const SIMILAR: f64 = 0.8;
    let problem = Problem::own("setting_unknown", now)
        .with_fact("key", key)
        .with_fact("known", KEYS.join(", "));
    // Comparing is quadratic: nobody means one of our keys with a key of a megabyte.
    if key.len() > LINE_LIMIT {
        return problem;
    }
    let lower = key.to_lowercase();
    let closest = KEYS
        .into_iter()
        .map(|known| (strsim::jaro_winkler(known, &lower), known))
        .filter(|(similarity, _)| *similarity >= SIMILAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other));
    match closest {
        Some((_, known)) => problem.with_fact("suggestion", known),
        None => problem,
    }
}

/// Whether the settings are complete and fit together.
fn check(settings: &AccountSettings, custom_endpoints: bool, now: UtcInstant) -> Result<(), Box<Problem>> {
    let missing = |key: &str| Err(Problem::own("setting_missing", now).with_fact("key", key).into());
    if settings.tenant_id.is_empty() {
        return missing("tenant_id");
    }
    tenant::check(&settings.tenant_id, settings.protocol, now)?;
    if settings.client_id.is_empty() {
        return missing("client_id");
    }
    if !settings.client_id.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(Problem::own("client_id_invalid", now)
            .with_fact("value", &settings.client_id)
            .into());
    }
    if settings.client_secret.is_none() && settings.client_certificate.is_none() {
        return missing("client_secret");
    }
    match &settings.redirect_uri {
        Some(uri) => redirect_uri::check(uri, now)?,
        None if settings.protocol == Protocol::Delegated => return missing("redirect_uri"),
        None => {}
    }
    if settings.protocol == Protocol::Application && settings.mailbox.is_none() {
        return Err(Problem::own("mailbox_needed", now).with_fact("key", "mailbox").into());
    }
    Endpoints::of(settings, custom_endpoints, now)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::account::tests::settings;
    use crate::base::secret::Secret;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_800_000_000);

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn patch(entries: &[(&str, Value)]) -> Patch {
        entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect()
    }

    fn required() -> Vec<(&'static str, Value)> {
        vec![
            ("tenant_id", text("contoso.example")),
            ("client_id", text("5f0c1f1e-6d2a-4f6e-9a51-0d6f3a0b7c11")),
            ("client_secret", text("value")),
            ("redirect_uri", text("https://mandant.example/callback")),
        ]
    }

    /// The problem of changing one key of a stored account.
    fn refused(key: &str, value: Value) -> Problem {
        *apply(Some(&settings()), &patch(&[(key, value)]), true, NOW).unwrap_err()
    }

    #[test]
    fn a_new_account_needs_four_keys_and_gets_the_contracts_defaults() {
        let patched = apply(None, &patch(&required()), false, NOW).unwrap();
        assert!(!patched.identity_changed);
        let settings = patched.settings;
        assert_eq!(settings.protocol, Protocol::Delegated);
        assert_eq!(settings.folder_inbox, "wellknown:inbox");
        assert_eq!(settings.folder_processed, None);
        assert_eq!(settings.scopes, scopes::DEFAULT);
        assert_eq!(settings.refresh_interval, 43_200);
        assert!(settings.enabled);
        assert_eq!(settings.cloud, Cloud::Global);
        for (key, _) in required() {
            let rest: Vec<_> = required().into_iter().filter(|(other, _)| *other != key).collect();
            let problem = apply(None, &patch(&rest), false, NOW).unwrap_err();
            assert_eq!(problem.code, "setting_missing", "{key}");
            assert_eq!(problem.facts["key"], key);
        }
    }

    #[test]
    fn an_application_needs_a_mailbox_and_no_redirect_uri() {
        let mut entries = required();
        entries.retain(|(key, _)| *key != "redirect_uri");
        entries.push(("protocol", text("application")));
        let problem = apply(None, &patch(&entries), false, NOW).unwrap_err();
        assert_eq!(problem.code, "mailbox_needed");
        entries.push(("mailbox", text("invoices@contoso.example")));
        let settings = apply(None, &patch(&entries), false, NOW).unwrap().settings;
        assert_eq!(settings.protocol, Protocol::Application);
    }

    #[test]
    fn a_key_left_out_keeps_null_and_empty_reset() {
        let stored = AccountSettings {
            user: Some("anna@contoso.example".to_owned()),
            folder_inbox: "Posteingang".to_owned(),
            folder_error: Some("Fehler".to_owned()),
            scopes: vec!["Mail.Read".to_owned()],
            refresh_interval: 60,
            enabled: false,
            secret_expires_at: Some(NOW),
            ..settings()
        };
        assert_eq!(
            apply(Some(&stored), &Patch::new(), false, NOW).unwrap().settings,
            stored
        );
        let keys = ["user", "folder_inbox", "folder_error", "secret_expires_at"];
        for empty in [Value::Null, text("")] {
            let entries: Vec<_> = keys.iter().map(|key| (*key, empty.clone())).collect();
            let changed = apply(Some(&stored), &patch(&entries), false, NOW).unwrap().settings;
            assert_eq!(
                (changed.user, changed.folder_error, changed.secret_expires_at),
                (None, None, None)
            );
            assert_eq!(changed.folder_inbox, "wellknown:inbox");
        }
        for empty in [Value::Null, text(""), text(" ")] {
            let entries = ["scopes", "refresh_interval", "enabled"].map(|key| (key, empty.clone()));
            let changed = apply(Some(&stored), &patch(&entries), false, NOW).unwrap().settings;
            assert_eq!(changed.scopes, scopes::DEFAULT);
            assert_eq!((changed.refresh_interval, changed.enabled), (43_200, true));
        }
        for key in ["tenant_id", "client_id", "redirect_uri"] {
            for empty in [Value::Null, text(""), text("  ")] {
                let problem = refused(key, empty);
                assert_eq!(
                    (problem.code.as_str(), problem.facts["key"].as_str()),
                    ("setting_missing", key)
                );
            }
        }
    }

    #[test]
    fn an_empty_secret_keeps_the_stored_one_and_null_drops_it() {
        let stored = settings();
        let same = apply(Some(&stored), &patch(&[("client_secret", text(""))]), false, NOW).unwrap();
        assert_eq!(same.settings, stored);
        let pasted = apply(
            Some(&stored),
            &patch(&[("client_secret", text(" new~value\n"))]),
            false,
            NOW,
        )
        .unwrap();
        assert_eq!(pasted.settings.client_secret, Some(Secret::new("new~value")));
        assert!(!pasted.identity_changed);
        let problem = refused("client_secret", Value::Null);
        assert_eq!(
            (problem.code.as_str(), problem.facts["key"].as_str()),
            ("setting_missing", "client_secret")
        );
    }

    #[test]
    fn a_changed_identity_needs_the_secret_again() {
        let changes = [
            ("tenant_id", text("other.example")),
            ("client_id", text("another")),
            ("cloud", text("china")),
            ("protocol", text("application")),
        ];
        let stored = AccountSettings {
            mailbox: Some("invoices@contoso.example".to_owned()),
            ..settings()
        };
        for (key, value) in changes {
            let entries = [(key, value.clone())];
            let problem = apply(Some(&stored), &patch(&entries), false, NOW).unwrap_err();
            assert_eq!(
                (problem.code.as_str(), problem.facts["key"].as_str()),
                ("secret_needed", "client_secret")
            );
            let entries = [(key, value.clone()), ("client_secret", text(""))];
            assert_eq!(
                apply(Some(&stored), &patch(&entries), false, NOW).unwrap_err().code,
                "secret_needed"
            );
            let entries = [(key, value), ("client_secret", text("value"))];
            assert!(
                apply(Some(&stored), &patch(&entries), false, NOW)
                    .unwrap()
                    .identity_changed,
                "{key}"
            );
        }
        let roots = [
            ("authority_url", text("http://localhost:1")),
            ("graph_url", text("http://localhost:1")),
        ];
        assert_eq!(
            apply(Some(&stored), &patch(&roots), true, NOW).unwrap_err().code,
            "secret_needed"
        );
        let upper = [
            ("tenant_id", text(&stored.tenant_id.to_uppercase())),
            ("user", text("b@contoso.example")),
        ];
        assert!(
            !apply(Some(&stored), &patch(&upper), false, NOW)
                .unwrap()
                .identity_changed
        );
    }

    #[test]
    fn values_that_can_not_be_meant_are_refused_by_their_key() {
        let huge = "x".repeat(10_000_000);
        let cases = [
            ("colour", text("red"), "setting_unknown"),
            ("tenant_id", Value::Int(1), "setting_type"),
            ("client_secret", Value::Other("float".to_owned()), "setting_type"),
            ("enabled", text("1"), "setting_type"),
            ("enabled", Value::Int(1), "setting_type"),
            ("refresh_interval", text("60"), "setting_type"),
            ("refresh_interval", Value::Int(0), "setting_out_of_range"),
            ("refresh_interval", Value::Int(i64::MAX), "setting_out_of_range"),
            ("scopes", text("User.Read"), "setting_type"),
            ("scopes", Value::Other("array".to_owned()), "setting_type"),
            ("protocol", text("imap"), "setting_not_allowed"),
            ("cloud", text("Global"), "setting_not_allowed"),
            ("cloud", Value::Bool(true), "setting_type"),
            ("user", text("Anna Schmidt"), "setting_not_an_address"),
            ("mailbox", text("Rechnungen"), "setting_not_an_address"),
            ("mailbox", text("a@"), "setting_not_an_address"),
            ("secret_expires_at", Value::Int(5), "setting_type"),
            ("secret_expires_at", text("20261231"), "setting_not_a_date"),
            ("client_certificate", Value::Int(1), "setting_type"),
            ("client_key", text("/etc/\nkey.pem"), "setting_control_characters"),
            ("client_secret", text("a\0b"), "setting_control_characters"),
            ("folder_error", text("Feh\nler"), "setting_control_characters"),
            ("client_secret", text(&huge), "setting_too_long"),
            ("folder_error", text(&huge), "setting_too_long"),
            ("user", text(&huge), "setting_too_long"),
            ("authority_url", text("http://gateway.example"), "endpoint_not_https"),
            ("authority_url", text("https://gateway.example"), "endpoint_pair"),
            ("client_id", text("ä"), "client_id_invalid"),
        ];
        for (key, value, expected) in cases {
            let problem = refused(key, value);
            assert_eq!(problem.code, expected, "{key}");
            if !problem.code.starts_with("client_id") {
                assert_eq!(problem.facts["key"], key);
            }
        }
        assert_eq!(refused(&huge, Value::Null).code, "setting_unknown");
    }

    #[test]
    fn an_unknown_key_is_answered_with_the_closest_one() {
        let cases = [
            ("tennant_id", Some("tenant_id")),
            ("Mailbox", Some("mailbox")),
            ("clientSecret", Some("client_secret")),
            ("xyz", None),
        ];
        for (key, suggestion) in cases {
            let problem = refused(key, Value::Null);
            assert_eq!(problem.facts.get("suggestion").map(String::as_str), suggestion, "{key}");
        }
    }

    #[test]
    fn custom_roots_are_stored_in_one_form_and_need_the_setting() {
        let entries = [
            ("authority_url", text("HTTP://LocalHost:80/")),
            ("graph_url", text("https://Gateway.example:443/graph/")),
            ("client_secret", text("value")),
        ];
        let stored = settings();
        let changed = apply(Some(&stored), &patch(&entries), true, NOW).unwrap().settings;
        assert_eq!(changed.authority_url.as_deref(), Some("http://localhost"));
        assert_eq!(changed.graph_url.as_deref(), Some("https://gateway.example/graph"));
        let problem = apply(Some(&stored), &patch(&entries), false, NOW).unwrap_err();
        assert_eq!((problem.code.as_str(), problem.since), ("custom_endpoints_off", NOW));
    }

    #[test]
    fn endpoints_that_are_no_longer_allowed_can_be_kept_and_removed_but_not_changed() {
        let stored = AccountSettings {
            authority_url: Some("https://gateway.example".to_owned()),
            graph_url: Some("https://gateway.example/graph".to_owned()),
            ..settings()
        };
        let removed = [
            ("authority_url", Value::Null),
            ("graph_url", text("")),
            ("client_secret", text("value")),
        ];
        let same = [
            ("authority_url", text("https://gateway.example/")),
            ("enabled", Value::Bool(false)),
        ];
        let moved = [
            ("graph_url", text("https://gateway.example/other")),
            ("client_secret", text("value")),
        ];
        let cases = [
            (&same[1..], Ok(false)),
            (&same[..], Ok(false)),
            (&removed[..], Ok(true)),
            (&removed[..2], Err("secret_needed")),
            (&moved[..], Err("custom_endpoints_off")),
        ];
        for (entries, expected) in cases {
            let result = apply(Some(&stored), &patch(entries), false, NOW);
            let result = result.map(|patched| patched.identity_changed);
            let result = result.as_ref().map_err(|problem| problem.code.as_str());
            assert_eq!(result.copied(), expected, "{entries:?}");
        }
    }

    #[test]
    fn no_problem_and_no_debug_output_shows_a_secret() {
        let value = text("canary");
        assert_eq!(format!("{value:?}"), "string");
        let stored = settings();
        for secret in ["canary\0", "canary\tvalue", &"canary".repeat(1000)] {
            let problem = apply(Some(&stored), &patch(&[("client_secret", text(secret))]), false, NOW).unwrap_err();
            assert!(!format!("{problem:?}").contains("canary"));
        }
    }
}
