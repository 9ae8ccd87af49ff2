//! Arrays that functions take, looked at entry by entry: lists of strings and maps by name.
//!
//! The iterators of ext-php-rs die of a key that is not UTF-8, which every visitor of a callback page can put into `$_GET`; these
//! give every key a form in which it can be compared and shown.

use std::fmt;

use ext_php_rs::types::array::Iter;
use ext_php_rs::types::{ZendHashTable, Zval};

use super::zend::{self, Arguments, Outcome};

/// A key of an array.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// An integer.
    Index(i64),
    /// A text. What is not UTF-8 in it is U+FFFD: no name that anybody knows.
    Name(String),
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => index.fmt(formatter),
            Self::Name(name) => formatter.write_str(name),
        }
    }
}

/// The entries of an array, in order; references are followed.
pub fn entries(table: &ZendHashTable) -> impl Iterator<Item = (Key, &Zval)> {
    let mut entries = Iter::new(table);
    std::iter::from_fn(move || {
        let (key, value) = entries.next_zval()?;
        let key = match (key.long(), key.zend_str()) {
            (None, Some(name)) => Key::Name(String::from_utf8_lossy(name.as_bytes()).into_owned()),
            (index, _) => Key::Index(index.unwrap_or_default()),
        };
        Some((key, value.dereference()))
    })
}

/// The values of an array that is a list (as `array_is_list()` says), else `None`.
pub fn list(table: &ZendHashTable) -> Option<Vec<&Zval>> {
    (0..)
        .zip(entries(table))
        .map(|(place, (key, value))| (key == Key::Index(place)).then_some(value))
        .collect()
}

/// `?array` of valid UTF-8 strings. Its keys mean nothing: what `array_filter()` left is not numbered from 0 any more.
pub fn texts(arguments: &Arguments, index: usize) -> Outcome<Option<Vec<String>>> {
    let Some(table) = arguments.optional_array(index)? else {
        return Ok(None);
    };
    let texts: Outcome<_> = entries(table).map(|(_, item)| text(arguments, index, item)).collect();
    texts.map(Some)
}

/// The same for names that may have been keys of an array, which PHP turns into integers where they are digits only.
pub fn names(arguments: &Arguments, index: usize) -> Outcome<Option<Vec<String>>> {
    let Some(table) = arguments.optional_array(index)? else {
        return Ok(None);
    };
    let names: Outcome<_> = entries(table)
        .map(|(_, item)| match item.long() {
            Some(number) => Ok(number.to_string()),
            None => text(arguments, index, item),
        })
        .collect();
    names.map(Some)
}

fn text(arguments: &Arguments, index: usize, item: &Zval) -> Outcome<String> {
    let Some(bytes) = item.zend_str() else {
        let given = zend::type_name(item);
        return Err(arguments.type_error(index, &format!("must contain only strings, {given} given")));
    };
    match bytes.as_str() {
        Ok(text) if !text.contains('\0') => Ok(text.to_owned()),
        Ok(_) => Err(arguments.value_error(index, "must not contain any null bytes")),
        Err(_) => Err(arguments.value_error(index, "must contain only valid UTF-8")),
    }
}
