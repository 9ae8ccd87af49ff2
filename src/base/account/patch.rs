//! What `save_account` is given, before it is checked, and how it changes what is stored.

use std::fmt;

use crate::base::account::AccountSettings;
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;

/// A value as it came in. It may be a secret, so it shows only its type.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// Text.
    Text(String),
    /// A list of texts.
    Texts(Vec<String>),
    /// A point in time.
    Instant(UtcInstant),
    /// Anything else, by PHP's name of its type.
    Other(String),
}

impl fmt::Debug for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Null => "null",
            Self::Bool(_) => "bool",
            Self::Int(_) => "int",
            Self::Text(_) => "string",
            Self::Texts(_) => "array",
            Self::Instant(_) => "DateTimeInterface",
            Self::Other(name) => name,
        })
    }
}

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

/// Applies `patch` to what is stored. Unknown keys, wrong types, missing keys and an identity change without its secret are problems
/// that name the key.
pub fn apply(
    _stored: Option<&AccountSettings>,
    _patch: &Patch,
    _custom_endpoints: bool,
    _now: UtcInstant,
) -> Result<Patched, Problem> {
    unimplemented!()
}
