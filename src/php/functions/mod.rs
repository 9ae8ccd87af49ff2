//! The functions, a file per concern.

mod accounts;
mod folders;
mod import;
mod messages;
mod settings;
mod sign_in;
mod times;
mod tokens;

use ext_php_rs::builders::ModuleBuilder;

use super::register::Function;
use super::signature::NAMESPACE;
use super::zend;

fn functions() -> impl Iterator<Item = Function> {
    [
        settings::functions,
        accounts::functions,
        sign_in::functions,
        tokens::functions,
        times::functions,
        folders::functions,
        messages::functions,
        import::functions,
    ]
    .into_iter()
    .flat_map(|functions| functions())
}

/// Adds the functions to the module. One whose signature cannot be read is reported when the module starts.
pub fn add(module: ModuleBuilder<'_>) -> ModuleBuilder<'_> {
    functions().fold(module, |module, function| {
        let Ok(signature) = function.signature() else {
            return module;
        };
        match function.builder(&format!("{NAMESPACE}\\{}", signature.name)) {
            Ok(builder) => module.function(builder),
            Err(_) => module,
        }
    })
}

/// Completes the registered functions. Called while the module starts.
pub fn complete() -> Result<(), String> {
    for function in functions() {
        let signature = function
            .signature()
            .map_err(|error| format!("unreadable: {}", error.0))?;
        zend::complete(None, &format!("{NAMESPACE}\\{}", signature.name), signature);
    }
    Ok(())
}
