//! The functions, a file per concern.

use ext_php_rs::builders::ModuleBuilder;

use super::register::Function;
use super::signature::NAMESPACE;
use super::zend;

fn functions() -> Vec<Function> {
    Vec::new()
}

/// Adds the functions to the module.
pub fn add(module: ModuleBuilder<'_>) -> ModuleBuilder<'_> {
    functions().iter().fold(module, |module, function| {
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
