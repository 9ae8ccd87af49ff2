//! https with certificates of the sandbox's own making, good ones and bad ones.
//!
//! The authority is made anew at every start and its key never leaves memory, so trusting it outlives no test.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::Datelike;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::TlsAcceptor;

use crate::running::Error;

/// Addresses for whoever puts a distance before the sandbox, as the bench does: it listens on its own, and is found there by these.
pub const DISTANT: [&str; 2] = ["127.0.0.2", "127.0.0.3"];

/// What is wrong with the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Flaw {
    /// It ended years ago.
    Expired,
    /// It is for another host.
    WrongName,
}

/// How to speak TLS.
#[derive(Debug, Clone)]
pub struct Tls {
    /// Where the authority's certificate is written, as `ca.pem`.
    pub directory: PathBuf,
    /// What is wrong with the server's certificate.
    pub flaw: Option<Flaw>,
    /// Offers HTTP/2 beside HTTP/1.1.
    pub http2: bool,
}

impl Tls {
    /// Makes the certificates and writes `ca.pem`.
    pub fn acceptor(&self) -> Result<TlsAcceptor, Error> {
        let fail = |error: rcgen::Error| Error::Tls(error.to_string());
        let authority_key = KeyPair::generate().map_err(fail)?;
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority
            .distinguished_name
            .push(DnType::CommonName, "Sandbox authority, worthless outside of this test");
        let authority_pem = authority.self_signed(&authority_key).map_err(fail)?.pem();
        let issuer = Issuer::new(authority, authority_key);

        let names = match self.flaw {
            Some(Flaw::WrongName) => vec!["another-host.example".to_owned()],
            _ => ["localhost", "127.0.0.1", "::1"]
                .into_iter()
                .chain(DISTANT)
                .map(str::to_owned)
                .collect(),
        };
        let key = KeyPair::generate().map_err(fail)?;
        let mut server = CertificateParams::new(names).map_err(fail)?;
        server.distinguished_name.push(DnType::CommonName, "Sandbox");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let year = chrono::DateTime::from_timestamp(crate::clock::machine_seconds(), 0)
            .unwrap_or_default()
            .year();
        (server.not_before, server.not_after) = match self.flaw {
            Some(Flaw::Expired) => (date_time_ymd(year - 3, 1, 1), date_time_ymd(year - 2, 1, 1)),
            _ => (date_time_ymd(year - 1, 1, 1), date_time_ymd(year + 2, 1, 1)),
        };
        let certificate = server.signed_by(&key, &issuer).map_err(fail)?;

        let io = |error| Error::Io(self.directory.display().to_string(), error);
        std::fs::create_dir_all(&self.directory).map_err(io)?;
        std::fs::write(self.directory.join("ca.pem"), authority_pem).map_err(io)?;

        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|builder| {
                builder
                    .with_no_client_auth()
                    .with_single_cert(vec![certificate.der().clone()], private)
            })
            .map_err(|error| Error::Tls(error.to_string()))?;
        config.alpn_protocols = if self.http2 {
            vec![b"h2".to_vec(), b"http/1.1".to_vec()]
        } else {
            vec![b"http/1.1".to_vec()]
        };
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
