//! A certificate in the place of a secret: each grant, a renewed file, and what is refused.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PKCS_RSA_SHA256, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::json;
use squeeze_graph::base::account::patch::{Patch, Value};
use squeeze_graph::base::account::{AccountName, Protocol};
use squeeze_graph::base::clock::{Clock, UtcInstant};
use squeeze_graph::base::failure::{Class, Error};
use squeeze_graph::service::accounts::{get_account, save_account};
use squeeze_graph::service::token_status::TokenState;
use squeeze_graph::service::tokens;
use squeeze_graph_sandbox::CLIENT;

use crate::support::{House, failure};

const DAEMON: &str = "c0ffee00-0007-4000-8000-000000000001";
const KEYS: [&[u8]; 2] = [
    include_bytes!("../sandbox/src/entra/signing_key.der"),
    include_bytes!("../keys/another.der"),
];

/// A key pair as two files in a folder; the certificate as PEM.
fn write(folder: &Path, key: &[u8], ends: i32) -> String {
    let pair = KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key), &PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.not_after = date_time_ymd(ends, 1, 1);
    let certificate = params.self_signed(&pair).unwrap().pem();
    fs::write(folder.join("app.pem"), &certificate).unwrap();
    let key = STANDARD.encode(key);
    let text = format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n");
    fs::write(folder.join("app.key"), text).unwrap();
    certificate
}

/// Registers certificates for an application, which loses its secrets.
fn register(house: &House, client: &str, certificates: &[&str]) {
    let app = json!({ "certificates": certificates, "secrets": [] });
    house.sandbox.control("PATCH", &format!("apps/{client}"), &app).unwrap();
}

fn patch(entries: &[(&str, &str)]) -> Patch {
    entries
        .iter()
        .map(|(key, value)| ((*key).to_owned(), Value::Text((*value).to_owned())))
        .collect()
}

/// Saves the paths of the files in the house's folder.
fn name_files(house: &House, account: &AccountName) -> Result<bool, Error> {
    let place = |file: &str| house.folder.path().join(file).to_str().unwrap().to_owned();
    let (certificate, key) = (place("app.pem"), place("app.key"));
    let entries = [("client_certificate", certificate.as_str()), ("client_key", &key)];
    save_account(&house.call(), account, &patch(&entries))
}

fn end(house: &House, account: &AccountName) -> String {
    let end = get_account(&house.call(), account).unwrap().credential_ends_at;
    end.map_or_else(String::new, UtcInstant::to_rfc3339)
}

#[test]
fn a_person_signs_in_and_stays_signed_in_also_when_the_certificate_is_renewed() {
    let house = House::new();
    let account = house.account("invoices", |_| {});
    let first = write(house.folder.path(), KEYS[0], 2099);
    assert!(name_files(&house, &account).unwrap());
    let settings = get_account(&house.call(), &account).unwrap().settings;
    assert!(settings.client_secret.is_none() && settings.client_certificate.is_some());
    assert_eq!(end(&house, &account), "2099-01-01T00:00:00Z");

    // Not uploaded yet.
    let refused = failure(house.sign_in(&account));
    assert_eq!(refused.problem.aadsts, Some(700_027));
    register(&house, CLIENT, &[&first]);
    house.sign_in(&account).unwrap();
    house.expire(&account);
    let before = house.token(&account);

    // Another key and certificate in the same files: taken with the next request, and so is its end.
    let second = write(house.folder.path(), KEYS[1], 2098);
    register(&house, CLIENT, &[&second]);
    assert_eq!(end(&house, &account), "2099-01-01T00:00:00Z");
    house.expire(&account);
    assert_ne!(house.token(&account), before);
    assert_eq!(end(&house, &account), "2098-01-01T00:00:00Z");
    assert_eq!(house.refreshes(), 2);
}

#[test]
fn an_application_proves_itself_also_where_this_machines_clock_is_wrong() {
    let house = House::new();
    let account = house.account("robot", |settings| {
        settings.protocol = Protocol::Application;
        settings.client_id = DAEMON.to_owned();
        settings.mailbox = Some("rechnungen@contoso.example".to_owned());
    });
    let certificate = write(house.folder.path(), KEYS[0], 2099);
    register(&house, DAEMON, &[&certificate]);
    assert!(!name_files(&house, &account).unwrap());
    for hours in [0, 3, -7] {
        house.clock.advance(hours * 3600);
        tokens::refresh_token(&house.call(), &account).unwrap();
        assert_eq!(house.status(&account).state, TokenState::Valid, "{hours} hours");
    }
    // Twice it was made anew by the server's clock.
    assert_eq!(house.asked("client_credentials"), 5);
}

#[test]
fn files_that_can_not_be_used_are_a_matter_of_configuration_and_end_no_sign_in() {
    let house = House::new();
    let account = house.signed_in("invoices");
    let folder = house.folder.path();
    let missing = failure(name_files(&house, &account));
    assert_eq!(
        (missing.class, missing.problem.code.as_str()),
        (Class::Configuration, "certificate_unreadable")
    );
    let certificate = write(folder, KEYS[0], 2099);
    write(folder, KEYS[1], 2099);
    fs::write(folder.join("app.pem"), &certificate).unwrap();
    let mismatched = failure(name_files(&house, &account));
    assert_eq!(mismatched.problem.code, "certificate_mismatch");
    assert_eq!(mismatched.problem.facts["key"], "client_key");
    assert!(mismatched.problem.facts["path"].ends_with("app.key"));
    assert!(
        get_account(&house.call(), &account)
            .unwrap()
            .settings
            .client_secret
            .is_some()
    );

    let certificate = write(folder, KEYS[0], 2099);
    register(&house, CLIENT, &[&certificate]);
    name_files(&house, &account).unwrap();
    house.token(&account);
    fs::remove_file(folder.join("app.key")).unwrap();
    let before = house.token(&account);
    // Half of a renewal: whoever wants a new token is told, whoever can do with the old one has it.
    let gone = failure(tokens::refresh_token(&house.call(), &account));
    assert_eq!(
        (gone.class, gone.problem.code.as_str()),
        (Class::Configuration, "certificate_unreadable")
    );
    assert_eq!(house.token(&account), before);
    assert_eq!(house.status(&account).state, TokenState::Valid);
    house.expire(&account);
    failure(tokens::access_token(&house.call(), &account, 300, None));
    write(folder, KEYS[0], 2099);
    let certificate = fs::read_to_string(folder.join("app.pem")).unwrap();
    register(&house, CLIENT, &[&certificate]);
    assert_ne!(house.token(&account), before);
}

#[test]
fn a_certificate_is_warned_of_before_it_ends_and_refused_by_microsoft_afterwards() {
    let house = House::new();
    let account = house.account("invoices", |_| {});
    let certificate = write(house.folder.path(), KEYS[0], 2001);
    register(&house, CLIENT, &[&certificate]);
    name_files(&house, &account).unwrap();
    let problem = house.status(&account).problem.unwrap();
    assert_eq!(problem.code, "certificate_ended");
    assert!(problem.facts["path"].ends_with("app.pem"));
    assert_eq!(problem.facts["date"], "2001-01-01");
    let refused = failure(house.sign_in(&account));
    assert_eq!(refused.problem.aadsts, Some(700_027));
    assert!(
        refused.problem.message().contains("expired"),
        "{}",
        refused.problem.message()
    );
}

#[test]
fn an_end_that_was_only_shown_is_not_taken_for_an_entered_one() {
    let house = House::new();
    let account = house.account("invoices", |settings| {
        settings.secret_expires_at = Some(house.clock.now());
    });
    write(house.folder.path(), KEYS[0], 2099);
    name_files(&house, &account).unwrap();
    let entered = || get_account(&house.call(), &account).unwrap().settings.secret_expires_at;
    assert_eq!(entered(), None, "the end of the secret is not the certificate's");
    let save = |date: &str| save_account(&house.call(), &account, &patch(&[("secret_expires_at", date)])).unwrap();
    // As a form sends it back.
    save("2099-01-01");
    assert_eq!(entered(), None);
    save("2030-06-01");
    save("2030-06-01T00:00:00Z");
    assert_eq!(end(&house, &account), "2030-06-01T00:00:00Z");
    save("");
    assert_eq!(end(&house, &account), "2099-01-01T00:00:00Z");
    // Renewed on the disk, and saved with what was shown before.
    write(house.folder.path(), KEYS[1], 2098);
    name_files(&house, &account).unwrap();
    assert_eq!(end(&house, &account), "2098-01-01T00:00:00Z");
}
