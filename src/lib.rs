//! `squeeze_graph`: Microsoft 365 mailboxes for PHP.

pub mod base;
pub mod graph;
pub mod oauth;
#[cfg(feature = "extension")]
mod php;
pub mod service;
pub mod store;
pub mod transport;

/// The entry of the PHP module.
#[cfg(feature = "extension")]
mod entry {
    use ext_php_rs::prelude::*;

    #[php_module]
    pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
        crate::php::module(module)
    }
}
