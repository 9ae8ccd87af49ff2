//! Filling values from Rust.

use ext_php_rs::boxed::ZBox;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};
use ext_php_rs::zend::ClassEntry;

use super::own_class;
use crate::base::clock::UtcInstant;
use crate::php::zend::{self, Outcome};

/// A value object that is being filled.
pub struct Value {
    class: &'static ClassEntry,
    object: ZBox<ZendObject>,
}

impl Value {
    /// An empty value of a class of ours.
    pub fn new(class: &str) -> Outcome<Self> {
        let class = own_class(class)?;
        Ok(Self {
            class,
            object: zend::instantiate(class),
        })
    }

    /// Sets a property; the engine checks its type.
    pub fn set(mut self, property: &str, value: impl IntoZval) -> Outcome<Self> {
        zend::set_property(self.class, &mut self.object, property, value.into_zval(false)?)?;
        Ok(self)
    }

    /// The finished object.
    pub fn finish(self) -> Zval {
        zend::object_value(self.object)
    }
}

/// A case of an enum of ours.
pub fn case(enumeration: &str, name: &str) -> Outcome {
    zend::enum_case(own_class(enumeration)?, name)
}

/// The case of an enum of ours that has the name of a core variant: both carry the names of the documentation, and a
/// name that is missing is an error, never another case.
pub fn case_of(enumeration: &str, variant: impl std::fmt::Debug) -> Outcome {
    case(enumeration, &format!("{variant:?}"))
}

/// A list.
pub fn list(items: impl IntoIterator<Item = Outcome>) -> Outcome {
    let mut table = ZendHashTable::new();
    for item in items {
        table.push(item?)?;
    }
    let mut value = Zval::new();
    value.set_hashtable(table);
    Ok(value)
}

/// A value object, or null.
pub fn optional<T>(item: Option<&T>, convert: impl FnOnce(&T) -> Outcome) -> Outcome {
    item.map_or_else(|| Ok(Zval::null()), convert)
}

/// A list of strings.
pub fn texts<S: AsRef<str>>(items: impl IntoIterator<Item = S>) -> Outcome {
    list(items.into_iter().map(|item| Ok(item.as_ref().into_zval(false)?)))
}

/// A number of things.
pub fn count<N: TryInto<i64>>(number: N) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A `\DateTimeImmutable` in zone UTC, or null.
pub fn optional_time(instant: Option<UtcInstant>) -> Outcome {
    instant.map_or_else(|| Ok(Zval::null()), time)
}

/// A `\DateTimeImmutable` in zone UTC.
pub fn time(instant: UtcInstant) -> Outcome {
    let text = instant.to_rfc3339();
    // A zone name, not an offset: `@…` and `Z` would give the zones "+00:00" and "Z".
    let text = format!("{} UTC", text.trim_end_matches('Z'));
    zend::built(|| zend::date_time(&text))
}
