//! `fromArray()`: the inverse of `jsonSerialize()`, for people who build values in their own tests.
//!
//! A key left out is null where null is allowed and an empty list where a list is; any other missing key, an unknown
//! key and a wrong type are refused by name. Objects are taken as they are where their class fits, but times: they become
//! whole seconds in zone UTC, as every time is that a value shows.

use ext_php_rs::types::{ZendHashTable, Zval};
use ext_php_rs::zend::ClassEntry;

use super::build::time;
use super::fields;
use crate::base::clock::UtcInstant;
use crate::php::arrays;
use crate::php::signature::{Atom, Type};
use crate::php::zend::{self, Arguments, Outcome, Raised};

/// Body of `fromArray()`.
pub fn from_array(arguments: &Arguments) -> Outcome {
    let reader = Reader { arguments };
    reader.object(arguments.scope()?, arguments.array(0)?, "")
}

struct Reader<'a> {
    arguments: &'a Arguments<'a>,
}

impl Reader<'_> {
    fn object(&self, class: &'static ClassEntry, data: &ZendHashTable, path: &str) -> Outcome {
        let fields = fields(class).ok_or_else(|| Raised::internal("value without properties"))?;
        for (key, _) in arrays::entries(data) {
            let key = key.to_string();
            if !fields.iter().any(|(_, name)| *name == key) {
                return Err(self
                    .arguments
                    .value_error(0, &format!("has the unknown key \"{path}{key}\"")));
            }
        }
        let mut object = zend::instantiate(class);
        for (kind, name) in fields {
            let place = format!("{path}{name}");
            let value = match data.get(name.as_str()) {
                Some(value) => self.value(kind, value.dereference(), &place)?,
                None if kind.nullable => Zval::null(),
                None if matches!(kind.single(), Some(Atom::List(_))) => Zval::new_array(),
                None => return Err(self.arguments.value_error(0, &format!("must have the key \"{place}\""))),
            };
            zend::set_property(class, &mut object, name, value)?;
        }
        Ok(zend::object_value(object))
    }

    fn value(&self, kind: &Type, value: &Zval, place: &str) -> Outcome {
        if value.is_null() && kind.nullable {
            return Ok(Zval::null());
        }
        let fits = match kind.single() {
            Some(Atom::Bool) => value.is_bool(),
            Some(Atom::Int) => value.is_long(),
            Some(Atom::Float) => value.is_double() || value.is_long(),
            Some(Atom::String) => value.is_string(),
            Some(Atom::Array) => return self.map(value, place),
            Some(Atom::List(item)) => return self.list(item, value, place),
            Some(Atom::Class(class)) => return self.class(class, value, place),
            _ => false,
        };
        if fits {
            Ok(value.shallow_clone())
        } else {
            Err(self.wrong(&shown(kind), value, place))
        }
    }

    fn list(&self, item: &Type, value: &Zval, place: &str) -> Outcome {
        let Some(entries) = value.array().and_then(arrays::list) else {
            return Err(self.wrong("list", value, place));
        };
        let mut copy = ZendHashTable::new();
        for (index, entry) in entries.into_iter().enumerate() {
            copy.push(self.value(item, entry, &format!("{place}[{index}]"))?)?;
        }
        let mut value = Zval::new();
        value.set_hashtable(copy);
        Ok(value)
    }

    /// A map holds plain data only, so that no value can be changed through a reference or contain itself.
    fn map(&self, value: &Zval, place: &str) -> Outcome {
        let Some(table) = value.array() else {
            return Err(self.wrong("array", value, place));
        };
        let mut copy = ZendHashTable::new();
        for (key, entry) in arrays::entries(table) {
            let key = key.to_string();
            if !(entry.is_string() || entry.is_long() || entry.is_double() || entry.is_bool() || entry.is_null()) {
                return Err(self.wrong("string|int|float|bool|null", entry, &format!("{place}.{key}")));
            }
            copy.insert(key.as_str(), entry.shallow_clone())?;
        }
        let mut value = Zval::new();
        value.set_hashtable(copy);
        Ok(value)
    }

    fn class(&self, name: &'static str, value: &Zval, place: &str) -> Outcome {
        if name == "DateTimeImmutable" {
            if let Some(object) = value.object()
                && object.instance_of(zend::date_time_interface()?)
            {
                return time(super::json::timestamp(object)?);
            }
            let Some(text) = value.str() else {
                return Err(self.wrong("RFC 3339 string", value, place));
            };
            return match UtcInstant::from_rfc3339(text) {
                Some(instant) => time(instant),
                None => Err(self
                    .arguments
                    .value_error(0, &format!("key \"{place}\" must be an RFC 3339 time"))),
            };
        }
        let class = zend::class(name)?;
        if value.object().is_some_and(|object| object.instance_of(class)) {
            return Ok(value.shallow_clone());
        }
        if fields(class).is_some() {
            return match value.array() {
                Some(data) => self.object(class, data, &format!("{place}.")),
                None => Err(self.wrong("array", value, place)),
            };
        }
        let Some(text) = value.str() else {
            return Err(self.wrong("string", value, place));
        };
        let case = super::enums::ENUMS
            .iter()
            .filter(|enumeration| name.rsplit('\\').next() == Some(enumeration.name))
            .flat_map(|enumeration| enumeration.cases)
            .find(|(_, value)| *value == text);
        match case {
            Some((case, _)) => zend::enum_case(class, case),
            None => Err(self
                .arguments
                .value_error(0, &format!("key \"{place}\" must be a value of enum {name}"))),
        }
    }

    fn wrong(&self, expected: &str, value: &Zval, place: &str) -> Raised {
        let given = zend::type_name(value);
        self.arguments
            .type_error(0, &format!("key \"{place}\" must be of type {expected}, {given} given"))
    }
}

fn shown(kind: &Type) -> String {
    let name = match kind.single() {
        Some(Atom::Bool) => "bool",
        Some(Atom::Int) => "int",
        Some(Atom::Float) => "float",
        Some(Atom::String) => "string",
        _ => "array",
    };
    if kind.nullable {
        format!("?{name}")
    } else {
        name.to_owned()
    }
}
