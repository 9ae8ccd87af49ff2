//! Accounts: saving, showing, deleting.

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, Zval};

use crate::base::account::patch::{Patch, Value};
use crate::php::arrays;
use crate::php::operation::{Operation, absolute, account_name};
use crate::php::register::{Function, function};
use crate::php::values::{account, list, timestamp};
use crate::php::zend::{self, Arguments, Outcome};
use crate::service::accounts;

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![
        function!(
            "save_account(string $account, #[\\SensitiveParameter] array $settings): bool",
            save_account
        ),
        function!("get_account(string $account): Account", get_account),
        function!("has_account(string $account): bool", has_account),
        function!("list_accounts(): array", list_accounts),
        function!("delete_account(string $account): bool", delete_account),
    ]
}

fn save_account(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let patch = patch(arguments.array(1)?)?;
    let operation = Operation::begin()?;
    let sign_in = operation.run(Some(arguments), move |context| {
        accounts::save_account(context, &name, &patch)
    })?;
    Ok(sign_in.into_zval(false)?)
}

fn patch(settings: &ZendHashTable) -> Outcome<Patch> {
    arrays::entries(settings)
        .map(|(key, value)| {
            let key = key.to_string();
            let value = match patch_value(value)? {
                Value::Text(path) if matches!(key.as_str(), "client_certificate" | "client_key") => {
                    Value::Text(whole_path(&path))
                }
                value => value,
            };
            Ok((key, value))
        })
        .collect()
}

/// A relative path as it is meant now: who reads the file later has another current directory.
fn whole_path(path: &str) -> String {
    match path.trim() {
        "" => String::new(),
        // A stream wrapper, which the core refuses by name.
        wrapper if wrapper.contains(':') => wrapper.to_owned(),
        path => absolute(path).to_string_lossy().into_owned(),
    }
}

fn patch_value(value: &Zval) -> Outcome<Value> {
    let other = || Value::Other(zend::type_name(value));
    if value.is_null() {
        return Ok(Value::Null);
    }
    if let Some(flag) = value.bool() {
        return Ok(Value::Bool(flag));
    }
    if let Some(number) = value.long() {
        return Ok(Value::Int(number));
    }
    if value.is_string() {
        return Ok(value
            .string()
            .map_or_else(|| Value::Other("string that is not UTF-8".to_owned()), Value::Text));
    }
    if let Some(table) = value.array() {
        let texts: Option<Vec<String>> = arrays::entries(table)
            .map(|(_, item)| item.zend_str().and(item.string()))
            .collect();
        return Ok(texts.map_or_else(other, Value::Texts));
    }
    match value.object() {
        Some(object) if object.instance_of(zend::date_time_interface()?) => Ok(Value::Instant(timestamp(object)?)),
        _ => Ok(other()),
    }
}

fn get_account(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let operation = Operation::begin()?;
    let view = operation.look(arguments, move |context| accounts::get_account(context, &name))?;
    zend::built(|| account(&view, operation.language()))
}

fn has_account(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let found = Operation::begin()?.look(arguments, move |context| accounts::has_account(context, &name))?;
    Ok(found.into_zval(false)?)
}

fn list_accounts(arguments: &Arguments) -> Outcome {
    let operation = Operation::begin()?;
    let views = operation.look(arguments, accounts::list_accounts)?;
    zend::built(|| list(views.iter().map(|view| account(view, operation.language()))))
}

fn delete_account(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let operation = Operation::begin()?;
    let deleted = operation.run(Some(arguments), move |context| accounts::delete_account(context, &name))?;
    Ok(deleted.into_zval(false)?)
}
