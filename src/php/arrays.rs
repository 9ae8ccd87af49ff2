//! Arrays that functions take: lists of strings and maps by name, checked element by element.

use ext_php_rs::types::{ZendHashTable, Zval};

use super::zend::{self, Arguments, Outcome};

/// `?array` that is a list of valid UTF-8 strings.
pub fn texts(arguments: &Arguments, index: usize) -> Outcome<Option<Vec<String>>> {
    let Some(table) = arguments.optional_array(index)? else {
        return Ok(None);
    };
    list(arguments, index, table).map(Some)
}

fn list(arguments: &Arguments, index: usize, table: &ZendHashTable) -> Outcome<Vec<String>> {
    if !table.is_empty() && !table.has_sequential_keys() {
        return Err(arguments.value_error(index, "must be a list"));
    }
    table.values().map(|item| text(arguments, index, item)).collect()
}

fn text(arguments: &Arguments, index: usize, item: &Zval) -> Outcome<String> {
    let item = item.dereference();
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
