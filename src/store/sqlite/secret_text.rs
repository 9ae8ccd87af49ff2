//! How secrets are written inside a sealed record, and only there: [`Secret`] itself can not be serialised, so that none is written
//! anywhere by accident. For `#[serde(with = …)]`.

use serde::{Deserialize, Deserializer, Serializer};

use crate::base::secret::Secret;

/// Writes a secret.
pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

/// Reads a secret.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::new)
}

/// The same for secrets that may be missing.
pub mod optional {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::base::secret::Secret;

    /// Writes a secret, if there is one.
    #[expect(clippy::ref_option, reason = "the signature serde calls")]
    pub fn serialize<S: Serializer>(secret: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
        match secret {
            Some(secret) => serializer.serialize_some(secret.expose()),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a secret, if there is one.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Secret>, D::Error> {
        Ok(Option::<String>::deserialize(deserializer)?.map(Secret::new))
    }
}
