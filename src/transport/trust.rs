//! Whom TLS trusts: the system's CA store, and the certificates of `squeeze_graph.ca_file` beside it.
//!
//! The store is parsed once per process (some milliseconds, which a short web request would otherwise pay each time) and only when the
//! first `https://` request comes: without a CA store plain HTTP to a test server on loopback still works. `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` are honoured, as OpenSSL does, as they were when the call began. Without them the system's bundle is read, one file, and not the folder beside it,
//! where the same certificates stand again in a file each. Verification can not be turned off.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::load_certs_from_paths;

use crate::base::settings::Surroundings;
use crate::transport::{Stage, named_file};

/// Why there is no trust to be had.
pub(super) type Reason = (Stage, String);

/// Where systems keep all their certificates in one file: Debian, Fedora, older ones of its family, Alpine.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
];

/// The parsed store of the system, and where the environment said that it is; an empty one is not kept, so that a store that is
/// installed later is found.
static SYSTEM: Mutex<Option<(Told, Arc<RootCertStore>)>> = Mutex::new(None);

/// `SSL_CERT_FILE` and `SSL_CERT_DIR`.
type Told = (Option<PathBuf>, Option<PathBuf>);

/// TLS as every `https://` request uses it: TLS 1.2 or newer, HTTP/2 where the server offers it.
pub(super) fn tls(ca_file: Option<&Path>, surroundings: &Surroundings) -> Result<ClientConfig, Reason> {
    let mut roots = system(&(surroundings.ca_bundle.clone(), surroundings.ca_folder.clone()));
    if let Some(path) = ca_file {
        Arc::make_mut(&mut roots).add_parsable_certificates(extra(path)?);
    }
    if roots.is_empty() {
        return Err((
            Stage::Tls,
            "this machine has no CA certificates (Debian: install ca-certificates; else name a file in squeeze_graph.ca_file)"
                .to_owned(),
        ));
    }
    with_roots(roots)
}

/// TLS that trusts nobody: for the client that speaks plain HTTP only, which must not need a CA store.
pub(super) fn none() -> Result<ClientConfig, Reason> {
    with_roots(Arc::new(RootCertStore::empty()))
}

fn with_roots(roots: Arc<RootCertStore>) -> Result<ClientConfig, Reason> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| (Stage::Tls, error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

fn system(told: &Told) -> Arc<RootCertStore> {
    let mut kept = SYSTEM.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((by, roots)) = kept.as_ref()
        && by == told
    {
        return roots.clone();
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(installed(told));
    let roots = Arc::new(roots);
    if !roots.is_empty() {
        *kept = Some((told.clone(), roots.clone()));
    }
    roots
}

/// The system's certificates, from wherever it keeps them.
fn installed((file, folder): &Told) -> Vec<CertificateDer<'static>> {
    if file.is_some() || folder.is_some() {
        return load_certs_from_paths(file.as_deref(), folder.as_deref()).certs;
    }
    let bundle = BUNDLES.iter().map(Path::new).find(|path| path.is_file());
    let found = bundle.map(|path| load_certs_from_paths(Some(path), None).certs);
    found
        .filter(|certificates| !certificates.is_empty())
        .unwrap_or_else(|| rustls_native_certs::load_native_certs().certs)
}

fn extra(path: &Path) -> Result<Vec<CertificateDer<'static>>, Reason> {
    let unusable = |why: String| {
        (
            Stage::Configuration,
            format!("squeeze_graph.ca_file {}: {why}", path.display()),
        )
    };
    let (pem, _) = named_file::read(path).map_err(|error| unusable(error.to_string()))?;
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(error.to_string()))?;
    if certificates.is_empty() {
        return Err(unusable("holds no certificate (PEM)".to_owned()));
    }
    let mut probe = RootCertStore::empty();
    if probe.add_parsable_certificates(certificates.iter().cloned()).0 == 0 {
        return Err(unusable("holds no certificate that can be read".to_owned()));
    }
    Ok(certificates)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_that_holds_no_certificate_says_so_with_its_path() {
        let folder = tempfile::tempdir().unwrap();
        let cases = [
            ("empty.pem", Some(""), "holds no certificate (PEM)"),
            ("text.pem", Some("not a certificate\n"), "holds no certificate (PEM)"),
            ("missing.pem", None, "No such file"),
            (
                "broken.pem",
                Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
                "can be read",
            ),
        ];
        for (name, content, expected) in cases {
            let path = folder.path().join(name);
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let (stage, reason) = extra(&path).unwrap_err();
            assert_eq!(stage, Stage::Configuration);
            assert!(reason.contains(expected) && reason.contains(name), "{name}: {reason}");
        }
    }
}
