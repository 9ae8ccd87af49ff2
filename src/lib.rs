//! `squeeze_graph`: Microsoft 365 mailboxes for PHP.

pub mod base;
pub mod graph;
pub mod oauth;
#[cfg(feature = "extension")]
mod php;
pub mod service;
pub mod store;
pub mod transport;

#[cfg(feature = "extension")]
use ext_php_rs::prelude::*;

/// What PHP asks for when it loads the extension.
#[cfg(feature = "extension")]
#[php_module]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    php::module(module)
}
