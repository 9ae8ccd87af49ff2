//! Whom TLS trusts: the system's CA store, and the certificates of `squeeze_graph.ca_file` beside it.
//!
//! The store is read once per process (a millisecond or more, which a short web request would otherwise pay each time), by a thread of
//! its own while the first connection is being made: nobody waits for it before the server shows its certificate. `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` are honoured, as OpenSSL does, as they were when the call began. Without them the system's bundle is read, one file,
//! and not the folder beside it, where the same certificates stand again in a file each. Verification can not be turned off.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme, WantsVerifier};
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

/// Lets no certificates be read until dropped: a child that is forked meanwhile would find the store taken for ever.
pub(super) fn hold() -> MutexGuard<'static, Option<(Told, Arc<RootCertStore>)>> {
    SYSTEM.lock().unwrap_or_else(PoisonError::into_inner)
}

/// TLS as every `https://` request uses it: TLS 1.2 or newer, HTTP/2 where the server offers it.
pub(super) fn tls(ca_file: Option<&Path>, surroundings: &Surroundings) -> Result<ClientConfig, Reason> {
    let provider = Arc::new(ring::default_provider());
    let trust = Arc::new(Trust {
        told: (surroundings.ca_bundle.clone(), surroundings.ca_folder.clone()),
        extra: ca_file.map(extra).transpose()?.unwrap_or_default(),
        provider: Arc::clone(&provider),
        verifier: Mutex::default(),
    });
    let early = Arc::clone(&trust);
    // Where no thread is to be had, the handshake reads them.
    let _ = thread::Builder::new()
        .name("squeeze_graph".to_owned())
        .spawn(move || drop(early.verifier()));
    let mut config = usual(provider)?
        .dangerous()
        .with_custom_certificate_verifier(trust)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS that trusts nobody: for the client that speaks plain HTTP only, which must not need a CA store.
pub(super) fn none() -> Result<ClientConfig, Reason> {
    let config = usual(Arc::new(ring::default_provider()))?;
    Ok(config
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn usual(provider: Arc<CryptoProvider>) -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Reason> {
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| (Stage::Tls, error.to_string()))
}

/// The usual verification of rustls, by certificates that may still be on their way from the disk when the connection is opened.
#[derive(Debug)]
struct Trust {
    told: Told,
    extra: Vec<CertificateDer<'static>>,
    provider: Arc<CryptoProvider>,
    verifier: Mutex<Option<Arc<WebPkiServerVerifier>>>,
}

impl Trust {
    /// What verifies; whoever asks first reads the certificates, and others wait for that. Where there are none, the next one looks
    /// again: a worker shall not have to be restarted after they were installed.
    fn verifier(&self) -> Result<Arc<WebPkiServerVerifier>, rustls::Error> {
        let mut kept = self.verifier.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(verifier) = &*kept {
            return Ok(Arc::clone(verifier));
        }
        let mut roots = system(&self.told);
        if !self.extra.is_empty() {
            Arc::make_mut(&mut roots).add_parsable_certificates(self.extra.iter().cloned());
        }
        if roots.is_empty() {
            return Err(rustls::Error::General(
                "this machine has no CA certificates (Debian: install ca-certificates; else name a file in squeeze_graph.ca_file)"
                    .to_owned(),
            ));
        }
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider))
            .build()
            .map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(Arc::clone(kept.insert(verifier)))
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier()?
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            certificate,
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn system(told: &Told) -> Arc<RootCertStore> {
    let mut kept = hold();
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
