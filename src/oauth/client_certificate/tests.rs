//! Pairs of files, good and bad; and an assertion, checked as its receiver checks it.

use std::fs;
use std::os::unix::fs::symlink;

use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, PKCS_RSA_SHA256, date_time_ymd};
use ring::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tempfile::TempDir;

use super::*;
use crate::base::random::OsRandom;

const NOW: UtcInstant = UtcInstant::from_epoch(1_800_000_000);

/// Two keys of 2048 bits as PKCS #8; secret to nobody.
const KEY: &[u8] = include_bytes!("../../../tests/sandbox/src/entra/signing_key.der");
const ANOTHER_KEY: &[u8] = include_bytes!("../../../tests/keys/another.der");

/// Where the PKCS #1 form begins in a PKCS #8 one of this size.
const PKCS1: usize = 26;

/// A block of PEM.
fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// A certificate of a key that ends at the beginning of a year, as PEM.
fn certificate(key: &[u8], ends: i32) -> String {
    let key = rcgen::KeyPair::from_pkcs8_der_and_sign_algo(&PrivatePkcs8KeyDer::from(key), &PKCS_RSA_SHA256).unwrap();
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.not_after = date_time_ymd(ends, 1, 1);
    params.self_signed(&key).unwrap().pem()
}

/// Two files in `folder` and their names.
fn written(folder: &TempDir, certificate: &str, key: &str) -> CertificateFiles {
    let place = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    CertificateFiles {
        certificate: place("app.pem", certificate),
        key: place("app.key", key),
        ends_at: None,
    }
}

/// A good pair in `folder`, which ends with the year 2030.
pub(crate) fn good(folder: &TempDir) -> CertificateFiles {
    written(folder, &certificate(KEY, 2031), &pem("PRIVATE KEY", KEY))
}

/// The code and the setting of the problem that reading gives.
fn refused(files: &CertificateFiles, below: Option<&[PathBuf]>) -> (String, String) {
    let problem = ClientCertificate::read(files, below, NOW).unwrap_err();
    assert!(problem.facts.contains_key("path"), "{problem:?}");
    assert!(
        !format!("{problem:?}").contains(&STANDARD.encode(&KEY[..24])),
        "{problem:?}"
    );
    (problem.code, problem.facts["key"].clone())
}

#[test]
fn a_pair_is_read_in_every_usual_form() {
    let own = certificate(KEY, 2031);
    let chain = format!("Bag Attributes\n{}{own}", certificate(ANOTHER_KEY, 2040));
    let pkcs8 = pem("PRIVATE KEY", KEY);
    let pkcs1 = pem("RSA PRIVATE KEY", &KEY[PKCS1..]);
    let both = format!("{own}{pkcs8}");
    let cases = [
        ("PKCS #8", own.as_str(), pkcs8.as_str()),
        ("PKCS #1", &own, &pkcs1),
        ("a chain, the other way round", &chain, &pkcs8),
        ("both in one file", &both, &both),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (what, certificate, key) in cases {
        let files = written(&folder, certificate, key);
        let read = ClientCertificate::read(&files, None, NOW).unwrap_or_else(|problem| panic!("{what}: {problem:?}"));
        assert_eq!(read.ends_at().to_rfc3339(), "2031-01-01T00:00:00Z", "{what}");
        assert!(
            format!("{read:?}").starts_with("ClientCertificate { thumbprint: "),
            "{read:?}"
        );
    }
}

#[test]
fn what_can_not_be_used_is_refused_by_setting_and_path() {
    let (own, pkcs8) = (certificate(KEY, 2031), pem("PRIVATE KEY", KEY));
    let elliptic = rcgen::KeyPair::generate().unwrap().serialize_pem();
    let locked = pem("ENCRYPTED PRIVATE KEY", &KEY[..300]);
    let locked_before = format!(
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n{}\n-----END RSA PRIVATE KEY-----\n",
        STANDARD.encode(&KEY[..300])
    );
    let another = pem("PRIVATE KEY", ANOTHER_KEY);
    let cut = pem("CERTIFICATE", &KEY[..200]);
    let cases = [
        ("", pkcs8.as_str(), "certificate_invalid", "client_certificate"),
        (pkcs8.as_str(), &pkcs8, "certificate_invalid", "client_certificate"),
        (&cut, &pkcs8, "certificate_invalid", "client_certificate"),
        (&own, "", "certificate_key_invalid", "client_key"),
        (&own, &own, "certificate_key_invalid", "client_key"),
        (&own, &elliptic, "certificate_key_invalid", "client_key"),
        (&own, &locked, "certificate_key_encrypted", "client_key"),
        (&own, &locked_before, "certificate_key_encrypted", "client_key"),
        (&own, &another, "certificate_mismatch", "client_key"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (certificate, key, code, setting) in cases {
        let files = written(&folder, certificate, key);
        assert_eq!(refused(&files, None), (code.to_owned(), setting.to_owned()));
    }
}

#[test]
fn only_a_file_that_may_be_read_is_read() {
    let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let files = good(&inside);
    let elsewhere = good(&outside).certificate;
    let below = [inside.path().to_path_buf()];
    assert!(ClientCertificate::read(&files, Some(&below), NOW).is_ok());
    symlink(&elsewhere, inside.path().join("link.pem")).unwrap();
    let way_out = format!("{}/../{}", inside.path().display(), "elsewhere.pem");
    let cases = [
        (elsewhere, "path_open_basedir"),
        (
            inside.path().join("link.pem").to_str().unwrap().to_owned(),
            "path_open_basedir",
        ),
        // Whether such a file exists is nobody's business here.
        (
            outside.path().join("none.pem").to_str().unwrap().to_owned(),
            "path_open_basedir",
        ),
        (way_out, "path_open_basedir"),
        (
            inside.path().join("none.pem").to_str().unwrap().to_owned(),
            "certificate_unreadable",
        ),
        (inside.path().to_str().unwrap().to_owned(), "certificate_unreadable"),
        ("file:///etc/app.pem".to_owned(), "path_stream_wrapper"),
        ("DATA:text/plain,app".to_owned(), "path_stream_wrapper"),
    ];
    for (path, code) in cases {
        let files = CertificateFiles {
            certificate: path.clone(),
            ..files.clone()
        };
        let expected = (code.to_owned(), "client_certificate".to_owned());
        assert_eq!(refused(&files, Some(&below)), expected, "{path}");
    }
    // A folder whose name begins alike is another.
    let (app, application) = (outside.path().join("app"), outside.path().join("app.pem"));
    fs::create_dir(&app).unwrap();
    let files = CertificateFiles {
        certificate: application.to_str().unwrap().to_owned(),
        ..files
    };
    assert_eq!(refused(&files, Some(&[app])).0, "path_open_basedir");
}

#[test]
fn an_assertion_says_who_for_whom_and_until_when_under_the_certificates_key() {
    let folder = tempfile::tempdir().unwrap();
    let files = good(&folder);
    let certificate = ClientCertificate::read(&files, None, NOW).unwrap();
    let endpoint = Url::parse("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token").unwrap();
    let sign = || certificate.assertion("the-client", &endpoint, &OsRandom, NOW).unwrap();
    let assertion = sign();
    let parts: Vec<&str> = assertion.expose().split('.').collect();
    let [header, claims, signature] = parts[..] else {
        panic!("{} parts", parts.len());
    };
    let json =
        |part: &str| -> serde_json::Value { serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap() };
    let pem = fs::read(&files.certificate).unwrap();
    let der = CertificateDer::from_pem_slice(&pem).unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode(Sha256::digest(&der));
    assert_eq!(
        json(header),
        json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint })
    );
    let mut claims_read = json(claims);
    let jti = claims_read.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(jti.as_str().unwrap().len(), 36);
    assert_eq!(
        claims_read,
        json!({
            "aud": "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
            "iss": "the-client",
            "sub": "the-client",
            "nbf": 1_800_000_000,
            "iat": 1_800_000_000,
            "exp": 1_800_000_600,
        })
    );
    UnparsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, certificate.key.public_key().as_ref())
        .verify(
            format!("{header}.{claims}").as_bytes(),
            &URL_SAFE_NO_PAD.decode(signature).unwrap(),
        )
        .unwrap();
    let next = sign();
    let next_claims = json(next.expose().split('.').nth(1).unwrap());
    assert_ne!(next_claims["jti"], jti, "each is used once");
}
