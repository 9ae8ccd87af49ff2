//! A client certificate: two PEM files of this machine in the place of a client secret, and the assertions that its key signs.
//!
//! Source: Microsoft identity platform, "Microsoft identity platform application authentication certificate credentials". The
//! signature is PS256 (RSASSA-PSS with SHA-256), so the key must be an RSA key; the certificate is named by the SHA-256 of its DER
//! form. The key never leaves this process, and nothing of it stands in a problem.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::SystemRandom;
use ring::signature::{KeyPair, RSA_PSS_SHA256, RsaKeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use sha2::{Digest, Sha256};
use url::Url;
use x509_cert::Certificate as X509;
use x509_cert::der::Decode;
use zeroize::Zeroizing;

use crate::base::account::CertificateFiles;
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::base::random::Random;
use crate::base::secret::Secret;

/// `client_assertion_type` of what [`ClientCertificate::assertion`] makes (RFC 7523 section 2.2).
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How long an assertion is good, seconds: Microsoft recommends 5 to 10 minutes.
const ASSERTION_LIFE: i64 = 600;

/// No certificate, chain or key is larger.
const FILE_LIMIT: u64 = 1024 * 1024;

/// An assertion could not be signed: the operating system gave no random bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no client assertion could be signed")]
pub struct AssertionError;

/// A certificate with the private key that fits it.
pub struct ClientCertificate {
    key: RsaKeyPair,
    thumbprint: String,
    ends_at: UtcInstant,
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ClientCertificate")
            .field("thumbprint", &self.thumbprint)
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

impl ClientCertificate {
    /// Reads the pair. A file that may not or can not be read, holds something else, or a certificate that is another key's is a
    /// problem that names setting and path. `below`: the folders in which files may be read; `None`: anywhere.
    ///
    /// The file of the certificate may hold a chain, and both may be the same file.
    pub fn read(files: &CertificateFiles, below: Option<&[PathBuf]>, now: UtcInstant) -> Result<Self, Box<Problem>> {
        let certificate = Named {
            setting: "client_certificate",
            path: &files.certificate,
            now,
        };
        let key = Named {
            setting: "client_key",
            path: &files.key,
            now,
        };
        let certificates = certificate.certificates(below)?;
        let private = key.key(below)?;
        let public = private.public_key().as_ref();
        let mut fitting = certificates.into_iter().filter(|certificate| certificate.key == public);
        let Some(found) = fitting.next() else {
            let problem = key.problem("certificate_mismatch");
            return Err(problem.with_fact("certificate", &files.certificate).into());
        };
        Ok(Self {
            key: private,
            thumbprint: found.thumbprint,
            ends_at: found.ends_at,
        })
    }

    /// When the certificate ends (`notAfter`).
    pub fn ends_at(&self) -> UtcInstant {
        self.ends_at
    }

    /// A client assertion: a signed statement, good once and for some minutes, that this is the application. `audience` is the token
    /// endpoint it is sent to, `now` the time there.
    pub fn assertion(
        &self,
        client_id: &str,
        audience: &Url,
        random: &dyn Random,
        now: UtcInstant,
    ) -> Result<Secret, AssertionError> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": audience.as_str(),
            "iss": client_id,
            "sub": client_id,
            "jti": random.guid().map_err(|_| AssertionError)?,
            "nbf": now.epoch(),
            "iat": now.epoch(),
            "exp": now.plus(ASSERTION_LIFE).epoch(),
        });
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        // The salt comes from the operating system, as `random` does.
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| AssertionError)?;
        Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
    }
}

/// What is needed of a certificate.
struct Certificate {
    /// The public key, `RSAPublicKey` in DER.
    key: Vec<u8>,
    thumbprint: String,
    ends_at: UtcInstant,
}

impl Certificate {
    /// The certificate, unless it is none or ends at no time that can be told.
    fn of(der: &[u8]) -> Option<Self> {
        let certificate = X509::from_der(der).ok()?;
        let certificate = certificate.tbs_certificate();
        let ends_at = certificate.validity().not_after.to_unix_duration().as_secs();
        Some(Self {
            key: certificate
                .subject_public_key_info()
                .subject_public_key
                .as_bytes()?
                .to_vec(),
            thumbprint: URL_SAFE_NO_PAD.encode(Sha256::digest(der)),
            ends_at: UtcInstant::from_epoch(i64::try_from(ends_at).ok()?),
        })
    }
}

/// A file and the setting that names it.
#[derive(Clone, Copy)]
struct Named<'a> {
    setting: &'static str,
    path: &'a str,
    now: UtcInstant,
}

impl Named<'_> {
    fn problem(&self, code: &'static str) -> Problem {
        Problem::own(code, self.now)
            .with_fact("key", self.setting)
            .with_fact("path", self.path)
    }

    /// The certificates in the file; at least one.
    fn certificates(&self, below: Option<&[PathBuf]>) -> Result<Vec<Certificate>, Box<Problem>> {
        let pem = self.contents(below)?;
        let ders: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let ders = ders.map_err(|_| self.problem("certificate_invalid"))?;
        let certificates: Option<Vec<Certificate>> = ders.iter().map(|der| Certificate::of(der)).collect();
        certificates
            .filter(|certificates| !certificates.is_empty())
            .ok_or_else(|| self.problem("certificate_invalid").into())
    }

    /// The RSA key in the file.
    fn key(&self, below: Option<&[PathBuf]>) -> Result<RsaKeyPair, Box<Problem>> {
        let pem = self.contents(below)?;
        let Ok(key) = PrivateKeyDer::from_pem_slice(&pem) else {
            // `ENCRYPTED PRIVATE KEY`, or the header `Proc-Type: 4,ENCRYPTED` of older files.
            let locked = pem.windows(b"ENCRYPTED".len()).any(|window| window == b"ENCRYPTED");
            let code = if locked {
                "certificate_key_encrypted"
            } else {
                "certificate_key_invalid"
            };
            return Err(self.problem(code).into());
        };
        let pair = match &key {
            PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
            PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
            // An elliptic curve.
            _ => None,
        };
        pair.ok_or_else(|| self.problem("certificate_key_invalid").into())
    }

    /// The bytes of the file.
    fn contents(&self, below: Option<&[PathBuf]>) -> Result<Zeroizing<Vec<u8>>, Box<Problem>> {
        // PHP takes `data:` as a wrapper without slashes, too.
        let is_data = self
            .path
            .get(..5)
            .is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
        if is_data || self.path.contains("://") {
            return Err(self.problem("path_stream_wrapper").into());
        }
        let path = Path::new(self.path);
        let real = fs::canonicalize(path);
        if let Some(below) = below {
            // What does not exist is judged by the folder it would lie in: a refusal must not tell what lies outside.
            let judged = real.as_ref().ok().cloned().or_else(|| nearest(path));
            if !judged.is_some_and(|judged| lies_below(&judged, below)) {
                return Err(self.problem("path_open_basedir").into());
            }
        }
        let unreadable = |error: io::Error| {
            Box::new(
                self.problem("certificate_unreadable")
                    .with_fact("reason", error.to_string()),
            )
        };
        let real = real.map_err(unreadable)?;
        // A pipe would keep the call waiting.
        if !fs::metadata(&real).map_err(unreadable)?.is_file() {
            return Err(unreadable(io::Error::from(io::ErrorKind::InvalidInput)));
        }
        let mut bytes = Zeroizing::new(Vec::new());
        File::open(&real)
            .and_then(|file| file.take(FILE_LIMIT).read_to_end(&mut bytes))
            .map_err(unreadable)?;
        Ok(bytes)
    }
}

/// The closest folder above a path that exists, without links.
fn nearest(path: &Path) -> Option<PathBuf> {
    path.ancestors()
        .skip(1)
        .find_map(|folder| fs::canonicalize(folder).ok())
}

fn lies_below(path: &Path, folders: &[PathBuf]) -> bool {
    folders
        .iter()
        .filter_map(|folder| fs::canonicalize(folder).ok())
        .any(|folder| path.starts_with(folder))
}

#[cfg(test)]
pub(crate) mod tests;
