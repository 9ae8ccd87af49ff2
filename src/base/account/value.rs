//! One value of `save_account`, as it came in, and how it becomes a setting's type.
//!
//! A value of the wrong type is refused, not converted: what a form sends as `'0'` and what it means by it is the host's knowledge.
//! Text is refused where it can not be meant (control characters, megabytes); whitespace around pasted text is dropped, because a
//! newline after a secret is the commonest cause of AADSTS7000215.

use std::fmt;

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

/// One key of the patch with its value, on the way to becoming a setting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The key.
    pub key: &'static str,
    /// The value.
    pub value: &'a Value,
    /// When it is read, for problems.
    pub now: UtcInstant,
}

impl Entry<'_> {
    /// A problem about this key.
    pub fn problem(&self, code: &'static str) -> Problem {
        Problem::own(code, self.now).with_fact("key", self.key)
    }

    /// The problem of a value of the wrong type.
    pub fn wrong_type(&self, expected: &str) -> Problem {
        self.problem("setting_type")
            .with_fact("expected", expected)
            .with_fact("given", format!("{:?}", self.value))
    }

    /// Whether it is null, or the `''` that a form sends in its place.
    pub fn is_empty(&self) -> bool {
        match self.value {
            Value::Null => true,
            Value::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// A boolean; `None` for null and `''`.
    pub fn bool(&self) -> Result<Option<bool>, Box<Problem>> {
        match self.value {
            _ if self.is_empty() => Ok(None),
            Value::Bool(value) => Ok(Some(*value)),
            _ => Err(self.wrong_type("bool").into()),
        }
    }

    /// An integer; `None` for null and `''`.
    pub fn int(&self) -> Result<Option<i64>, Box<Problem>> {
        match self.value {
            _ if self.is_empty() => Ok(None),
            Value::Int(value) => Ok(Some(*value)),
            _ => Err(self.wrong_type("int").into()),
        }
    }

    /// A line of text of at most `limit` characters, without the whitespace around it; `None` for null and `''`.
    pub fn line(&self, limit: usize) -> Result<Option<String>, Box<Problem>> {
        self.text(limit, str::trim)
    }

    /// Like [`Entry::line`], but whitespace around it belongs to it: folder names may begin with a space.
    pub fn name(&self, limit: usize) -> Result<Option<String>, Box<Problem>> {
        self.text(limit, |text| text)
    }

    fn text(&self, limit: usize, shape: fn(&str) -> &str) -> Result<Option<String>, Box<Problem>> {
        let text = match self.value {
            Value::Null => return Ok(None),
            Value::Text(text) => shape(text),
            _ => return Err(self.wrong_type("string").into()),
        };
        if text.is_empty() {
            return Ok(None);
        }
        if text.chars().nth(limit).is_some() {
            return Err(self
                .problem("setting_too_long")
                .with_fact("limit", limit.to_string())
                .into());
        }
        if text.chars().any(char::is_control) {
            return Err(self.problem("setting_control_characters").into());
        }
        Ok(Some(text.to_owned()))
    }

    /// One of the names in `choices`; `None` for null and `''`.
    pub fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<Option<T>, Box<Problem>> {
        let Value::Text(text) = self.value else {
            return match self.value {
                Value::Null => Ok(None),
                _ => Err(self.wrong_type("string").into()),
            };
        };
        if text.is_empty() {
            return Ok(None);
        }
        let found = choices.iter().find(|(name, _)| name == text).map(|(_, choice)| *choice);
        found.map(Some).ok_or_else(|| {
            let allowed: Vec<String> = choices.iter().map(|(name, _)| format!("'{name}'")).collect();
            self.problem("setting_not_allowed")
                .with_fact("value", text)
                .with_fact("allowed", allowed.join(", "))
                .into()
        })
    }
}
