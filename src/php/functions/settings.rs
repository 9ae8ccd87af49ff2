//! `with_settings()`, `reseal_store()`, `set_logger()`.

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::Zval;

use crate::php::arrays::{self, Key};
use crate::php::operation::{Operation, refused};
use crate::php::register::{Function, function};
use crate::php::values::count;
use crate::php::zend::{self, Arguments, Outcome};
use crate::php::{ini, log};

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![
        function!(
            "with_settings(#[\\SensitiveParameter] array $settings, callable $run): mixed",
            with_settings
        ),
        function!("reseal_store(): int", reseal_store),
        function!("set_logger(?callable $logger): void", set_logger),
    ]
}

/// Settings as they were, put back when this is dropped: on return, exception, `exit` and fatal error alike, so that
/// shutdown functions do not run under the settings of one tenant.
struct Restored(Vec<(&'static str, String)>);

impl Drop for Restored {
    fn drop(&mut self) {
        for (name, value) in self.0.iter().rev() {
            zend::ini::set(name, value);
        }
    }
}

fn with_settings(arguments: &Arguments) -> Outcome {
    let wanted = arguments.array(0)?;
    let run = arguments.callable(1)?;
    let mut changes = Vec::new();
    for (key, value) in arrays::entries(wanted) {
        let key = match key {
            Key::Index(_) => return Err(arguments.value_error(0, "must have the names of settings as keys")),
            Key::Name(name) => name,
        };
        let full = if key.starts_with(ini::PREFIX) {
            key.clone()
        } else {
            format!("{}{key}", ini::PREFIX)
        };
        let Some(name) = ini::names().find(|name| *name == full) else {
            let known = ini::names().collect::<Vec<_>>().join(", ");
            return Err(refused(
                "configuration_unknown",
                &[("setting", &key), ("known", &known)],
            ));
        };
        changes.push((name, setting_text(arguments, name, value)?));
    }
    let mut restored = Restored(Vec::new());
    for (name, value) in changes {
        let before = zend::ini::value(name);
        let is_set = before == value || zend::ini::set(name, &value);
        // What has the value already is put back as well: `$run` may change it.
        restored.0.push((name, before));
        if !is_set {
            // The refusal speaks the caller's language, not one that was being set.
            drop(restored);
            return Err(if zend::ini::changeable(name) {
                refused(
                    "configuration_value",
                    &[("setting", name), ("value", &value), ("known", ini::takes(name))],
                )
            } else {
                refused("configuration_not_changeable", &[("setting", name)])
            });
        }
    }
    let returned = zend::call(run, Vec::new());
    drop(restored);
    returned.value()
}

/// A setting as php.ini would hold it.
fn setting_text(arguments: &Arguments, name: &str, value: &Zval) -> Outcome<String> {
    let text = match value.bool() {
        Some(flag) => Some(String::from(if flag { "1" } else { "0" })),
        None if value.is_null() => Some(String::new()),
        None if value.is_string() && value.str().is_none() => {
            return Err(arguments.value_error(0, &format!("must have valid UTF-8 for \"{name}\"")));
        }
        None => value.long().map(|number| number.to_string()).or_else(|| value.string()),
    };
    text.ok_or_else(|| {
        let given = zend::type_name(value);
        arguments.type_error(
            0,
            &format!("must have a string, int, bool or null for \"{name}\", {given} given"),
        )
    })
}

fn reseal_store(arguments: &Arguments) -> Outcome {
    let operation = Operation::begin()?;
    let rows = operation.run(Some(arguments), |context| Ok(context.store.reseal()?))?;
    Ok(count(rows).into_zval(false)?)
}

fn set_logger(arguments: &Arguments) -> Outcome {
    log::set_logger(arguments.optional_callable(0)?);
    Ok(Zval::null())
}
