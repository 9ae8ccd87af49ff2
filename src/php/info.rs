//! The table in `phpinfo()` and `php --ri squeeze_graph`.

use std::path::PathBuf;

use ext_php_rs::zend::ModuleEntry;
use ext_php_rs::{info_table_end, info_table_row, info_table_start};

use super::operation::absolute;
use super::{ini, zend};
use crate::base::clock::{Clock, SystemClock};
use crate::base::zone;
use crate::store::place::{self, Place};

/// Prints the table.
pub extern "C" fn print(module: *mut ModuleEntry) {
    // A panic must not leave an `extern "C"` function.
    let _ = std::panic::catch_unwind(|| {
        info_table_start!();
        info_table_row!("squeeze_graph support", "enabled");
        info_table_row!("Version", env!("CARGO_PKG_VERSION"));
        info_table_row!("Time zones", format!("IANA {}", zone::release()).as_str());
        info_table_row!("Store", place::shown(&ini::value("store")).as_str());
        info_table_row!("Store key", key_source().as_str());
        info_table_row!("TLS", tls().as_str());
        info_table_row!("Requests in flight per mailbox", ini::value("concurrency").as_str());
        info_table_end!();
    });
    zend::ini::display(module);
}

fn tls() -> String {
    let trust = match ini::value("ca_file") {
        file if file.is_empty() => "certificates of the system".to_owned(),
        file => format!("certificates of the system and {file}"),
    };
    format!("rustls, always verified; {trust}")
}

/// Where the key comes from, by the rule of `squeeze_graph.key_file`. Only looks whether files exist.
fn key_source() -> String {
    let file = ini::value("key_file");
    if !file.is_empty() {
        return file;
    }
    let beside = beside(&ini::value("store"));
    let from_environment = std::env::var_os("SQUEEZE_GRAPH_KEY").is_some();
    match beside {
        Some(file) if file.exists() => file.display().to_string(),
        _ if from_environment => "SQUEEZE_GRAPH_KEY".to_owned(),
        Some(file) => format!("{} (made together with a new store)", file.display()),
        None => "none".to_owned(),
    }
}

/// The key file beside a store: of a link beside what it leads to, as the store looks for it. `None` where the store is no file.
fn beside(store: &str) -> Option<PathBuf> {
    let path = absolute(store);
    match Place::parse(&path.to_string_lossy(), SystemClock.now()) {
        Ok(place) => Some(place.beside(".key")),
        Err(_) if place::shown(store) == store => Some(PathBuf::from(format!("{}.key", path.display()))),
        Err(_) => None,
    }
}
