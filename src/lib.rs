//! `squeeze_graph`: Microsoft 365 mailboxes for PHP.
#[cfg(feature = "extension")]
use ext_php_rs::prelude::*;

#[cfg(feature = "extension")]
#[php_module]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    module
}
