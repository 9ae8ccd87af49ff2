//! `jsonSerialize()`: a value as plain arrays, strings and numbers.

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};
use ext_php_rs::zend::ExecutorGlobals;

use super::fields;
use crate::base::clock::UtcInstant;
use crate::php::arrays::{self, Key};
use crate::php::zend::{self, Arguments, Outcome, Raised};

/// Body of `jsonSerialize()`.
pub fn json_serialize(arguments: &Arguments) -> Outcome {
    object(arguments.this()?, DEEPEST)
}

/// How deep values and lists stand in each other at most; what goes deeper was made by `unserialize()` and may have no end.
const DEEPEST: u32 = 32;

/// Any value of ours without objects.
pub fn plain(value: &Zval) -> Outcome {
    nested(value, DEEPEST)
}

fn nested(value: &Zval, deepest: u32) -> Outcome {
    let Some(deeper) = deepest.checked_sub(1) else {
        return Err(Raised::value_error("The value contains itself or is nested too deep"));
    };
    if let Some(table) = value.array() {
        let mut copy = ZendHashTable::new();
        for (key, item) in arrays::entries(table) {
            match key {
                Key::Index(index) => copy.insert_at_index(index, nested(item, deeper)?)?,
                Key::Name(name) => copy.insert(name, nested(item, deeper)?)?,
            }
        }
        let mut value = Zval::new();
        value.set_hashtable(copy);
        return Ok(value);
    }
    match value.object() {
        Some(inner) => object(inner, deeper),
        None => Ok(value.shallow_clone()),
    }
}

fn object(object: &ZendObject, deepest: u32) -> Outcome {
    let class = object.get_class_entry();
    if let Some(fields) = fields(class) {
        let mut table = ZendHashTable::new();
        for (_, name) in fields {
            table.insert(name.as_str(), nested(&zend::property(class, object, name), deepest)?)?;
        }
        if ExecutorGlobals::has_exception() {
            return Err(Raised::Pending);
        }
        let mut value = Zval::new();
        value.set_hashtable(table);
        return Ok(value);
    }
    if object.instance_of(zend::date_time_interface()?) {
        return Ok(timestamp(object)?.to_rfc3339().into_zval(false)?);
    }
    // What is left is an enum case.
    Ok(zend::property(class, object, "value"))
}

/// The instant of a `\DateTimeInterface`.
pub fn timestamp(object: &ZendObject) -> Outcome<UtcInstant> {
    let seconds = zend::call_method(object, "gettimestamp", Vec::new()).value()?;
    seconds
        .long()
        .map(UtcInstant::from_epoch)
        .ok_or_else(|| Raised::type_error("getTimestamp() must return an int"))
}
