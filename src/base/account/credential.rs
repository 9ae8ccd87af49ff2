//! How the application proves that it is itself: a client secret, or a certificate with its key. An account has one of them.
//!
//! The three keys of a patch that speak of it are taken together, because setting one removes the other: `client_secret`,
//! `client_certificate`, `client_key`. A path that is the stored one sets nothing, so that what `Account::toSettings()` gave may be
//! saved again beside a new secret.

use serde::{Deserialize, Serialize};

use crate::base::account::AccountSettings;
use crate::base::account::value::{Entry, Value};
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::base::secret::Secret;

/// A certificate and its private key as PEM files of this machine. What is in them is read at each use, so that they can be renewed
/// where they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFiles {
    /// Path of the certificate.
    pub certificate: String,
    /// Path of its key.
    pub key: String,
    /// When the certificate ended that lay there as the account was saved (`notAfter`).
    pub ends_at: Option<UtcInstant>,
}

impl CertificateFiles {
    /// Whether both name the same files.
    pub fn same_files(&self, other: &Self) -> bool {
        self.certificate == other.certificate && self.key == other.key
    }
}

/// What a patch does to one setting.
#[derive(Debug, Default, PartialEq, Eq)]
enum Change<T> {
    /// It is left out, or an empty secret.
    #[default]
    Keep,
    /// `null`, or `''` for a path.
    Reset,
    /// A value.
    Set(T),
}

impl Change<String> {
    /// A path: what was given, else what is stored.
    fn over(self, stored: Option<&String>) -> Option<String> {
        match self {
            Self::Set(path) => Some(path),
            Self::Reset => None,
            Self::Keep => stored.cloned(),
        }
    }
}

/// What a patch says about the credential.
#[derive(Debug, Default)]
pub(super) struct CredentialPatch {
    secret: Change<Secret>,
    certificate: Change<String>,
    key: Change<String>,
    /// Whether the patch sets `secret_expires_at`, too.
    pub names_end: bool,
}

impl CredentialPatch {
    /// Whether a new secret is given.
    pub fn gives_secret(&self) -> bool {
        matches!(self.secret, Change::Set(_))
    }

    /// An empty secret keeps the stored one (a form never shows it), `null` drops it.
    pub fn take_secret(&mut self, entry: &Entry<'_>, limit: usize) -> Result<(), Box<Problem>> {
        match entry.line(limit)? {
            Some(secret) => self.secret = Change::Set(Secret::new(secret)),
            None if *entry.value == Value::Null => self.secret = Change::Reset,
            None => {}
        }
        Ok(())
    }

    /// The path of the certificate.
    pub fn take_certificate(&mut self, entry: &Entry<'_>, limit: usize) -> Result<(), Box<Problem>> {
        self.certificate = path(entry, limit)?;
        Ok(())
    }

    /// The path of its key.
    pub fn take_key(&mut self, entry: &Entry<'_>, limit: usize) -> Result<(), Box<Problem>> {
        self.key = path(entry, limit)?;
        Ok(())
    }

    /// Changes the settings. What is new must be a secret or a certificate, not both; a certificate needs its key. An end that was
    /// entered for the old credential is not the new one's.
    pub fn apply(self, settings: &mut AccountSettings, now: UtcInstant) -> Result<(), Box<Problem>> {
        let stored = settings.client_certificate.take();
        let is_other = |change: &Change<String>, stored: Option<&String>| match change {
            Change::Set(path) => stored != Some(path),
            Change::Keep | Change::Reset => false,
        };
        let stored_certificate = stored.as_ref().map(|files| &files.certificate);
        let stored_key = stored.as_ref().map(|files| &files.key);
        let new_files = is_other(&self.certificate, stored_certificate) || is_other(&self.key, stored_key);
        let forget_end = |settings: &mut AccountSettings| {
            if !self.names_end {
                settings.secret_expires_at = None;
            }
        };
        match self.secret {
            Change::Set(_) if new_files => {
                return Err(Problem::own("credential_ambiguous", now)
                    .with_fact("key", "client_certificate")
                    .into());
            }
            Change::Set(secret) => {
                settings.client_secret = Some(secret);
                if stored.is_some() {
                    forget_end(settings);
                }
                return Ok(());
            }
            Change::Reset => settings.client_secret = None,
            Change::Keep => {}
        }
        let missing = |key: &str| Err(Problem::own("setting_missing", now).with_fact("key", key).into());
        // One half without the other is a mistake, unless it is what is left of a pair that was taken away.
        let (certificate_given, key_given) = (
            matches!(self.certificate, Change::Set(_)),
            matches!(self.key, Change::Set(_)),
        );
        let files = match (self.certificate.over(stored_certificate), self.key.over(stored_key)) {
            (Some(certificate), Some(key)) => CertificateFiles {
                certificate,
                key,
                ends_at: None,
            },
            (Some(_), None) if certificate_given => return missing("client_key"),
            (None, Some(_)) if key_given => return missing("client_certificate"),
            _ => {
                if stored.is_some() {
                    forget_end(settings);
                }
                return Ok(());
            }
        };
        match stored {
            Some(stored) if stored.same_files(&files) => settings.client_certificate = Some(stored),
            _ => {
                settings.client_certificate = Some(files);
                settings.client_secret = None;
                forget_end(settings);
            }
        }
        Ok(())
    }
}

fn path(entry: &Entry<'_>, limit: usize) -> Result<Change<String>, Box<Problem>> {
    Ok(entry.line(limit)?.map_or(Change::Reset, Change::Set))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::account::patch::{self, Patch};
    use crate::base::account::tests::settings;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_800_000_000);

    fn text(value: &str) -> Value {
        Value::Text(value.to_owned())
    }

    fn files(certificate: &str, key: &str) -> CertificateFiles {
        CertificateFiles {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            ends_at: None,
        }
    }

    /// The certificate, whether there is a secret, and the end, after a patch; or the problem's code and key.
    type Outcome = Result<(Option<CertificateFiles>, bool, bool), (String, String)>;

    /// What is stored, what is given, what comes of it.
    type Case<'a> = (&'a AccountSettings, Vec<(&'static str, Value)>, Outcome);

    fn outcome(stored: &AccountSettings, entries: &[(&str, Value)]) -> Outcome {
        let patch: Patch = entries
            .iter()
            .map(|(key, value)| ((*key).to_owned(), value.clone()))
            .collect();
        match patch::apply(Some(stored), &patch, false, NOW) {
            Ok(patched) => {
                let settings = patched.settings;
                let ends = settings.secret_expires_at.is_some();
                Ok((settings.client_certificate, settings.client_secret.is_some(), ends))
            }
            Err(problem) => Err((problem.code, problem.facts["key"].clone())),
        }
    }

    #[test]
    fn setting_a_secret_or_a_certificate_removes_the_other_with_its_end() {
        let with_secret = AccountSettings {
            secret_expires_at: Some(NOW),
            ..settings()
        };
        let with_certificate = AccountSettings {
            client_secret: None,
            client_certificate: Some(files("/a.pem", "/a.key")),
            secret_expires_at: Some(NOW),
            ..settings()
        };
        let (certificate, key, secret) = ("client_certificate", "client_key", "client_secret");
        let pair = [(certificate, text("/b.pem")), (key, text("/b.key"))];
        let missing = |key: &str| Err(("setting_missing".to_owned(), key.to_owned()));
        let ambiguous = || Err(("credential_ambiguous".to_owned(), certificate.to_owned()));
        let cases: Vec<Case<'_>> = vec![
            (
                &with_secret,
                pair.to_vec(),
                Ok((Some(files("/b.pem", "/b.key")), false, false)),
            ),
            (
                &with_secret,
                [
                    &pair[..],
                    &[("secret_expires_at", text("2031-01-01")), (secret, text(""))],
                ]
                .concat(),
                Ok((Some(files("/b.pem", "/b.key")), false, true)),
            ),
            (
                &with_secret,
                [&pair[..], &[(secret, Value::Null)]].concat(),
                Ok((Some(files("/b.pem", "/b.key")), false, false)),
            ),
            (
                &with_secret,
                [&pair[..], &[(secret, text("new"))]].concat(),
                ambiguous(),
            ),
            (&with_secret, pair[..1].to_vec(), missing(key)),
            (&with_secret, pair[1..].to_vec(), missing(certificate)),
            // A form sends what it has nothing to say about as ''.
            (
                &with_secret,
                vec![(certificate, text("")), (key, Value::Null)],
                Ok((None, true, true)),
            ),
            (
                &with_certificate,
                pair.to_vec(),
                Ok((Some(files("/b.pem", "/b.key")), false, false)),
            ),
            (
                &with_certificate,
                pair[1..].to_vec(),
                Ok((Some(files("/a.pem", "/b.key")), false, false)),
            ),
            (
                &with_certificate,
                vec![(certificate, text("/a.pem")), (secret, Value::Null)],
                Ok((Some(files("/a.pem", "/a.key")), false, true)),
            ),
            (&with_certificate, vec![(secret, text("new"))], Ok((None, true, false))),
            (
                &with_certificate,
                vec![
                    (certificate, text("/a.pem")),
                    (key, text("/a.key")),
                    (secret, text("new")),
                ],
                Ok((None, true, false)),
            ),
            (
                &with_certificate,
                vec![(secret, text("new")), (certificate, text("/b.pem"))],
                ambiguous(),
            ),
            (
                &with_certificate,
                vec![(secret, text(""))],
                Ok((Some(files("/a.pem", "/a.key")), false, true)),
            ),
            (&with_certificate, vec![(certificate, Value::Null)], missing(secret)),
            (
                &with_certificate,
                vec![(certificate, Value::Null), (key, text("/b.key"))],
                missing(certificate),
            ),
        ];
        for (stored, entries, expected) in cases {
            assert_eq!(outcome(stored, &entries), expected, "{entries:?}");
        }
    }

    #[test]
    fn another_identity_needs_the_secret_again_and_a_certificate_not() {
        let elsewhere = [("tenant_id", text("other.example"))];
        let refused = Err(("secret_needed".to_owned(), "client_secret".to_owned()));
        assert_eq!(outcome(&settings(), &elsewhere), refused);
        let with_certificate = AccountSettings {
            client_secret: None,
            client_certificate: Some(files("/a.pem", "/a.key")),
            ..settings()
        };
        let kept = Ok((Some(files("/a.pem", "/a.key")), false, false));
        assert_eq!(outcome(&with_certificate, &elsewhere), kept);
    }
}
