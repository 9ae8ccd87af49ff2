//! The table in `phpinfo()` and `php --ri squeeze_graph`.

use ext_php_rs::zend::ModuleEntry;
use ext_php_rs::{info_table_end, info_table_row, info_table_start};

use super::operation::absolute;
use super::{ini, zend};
use crate::base::zone;

/// Prints the table.
pub extern "C" fn print(module: *mut ModuleEntry) {
    // A panic must not leave an `extern "C"` function.
    let _ = std::panic::catch_unwind(|| {
        info_table_start!();
        info_table_row!("squeeze_graph support", "enabled");
        info_table_row!("Version", env!("CARGO_PKG_VERSION"));
        info_table_row!("Time zones", format!("IANA {}", zone::release()).as_str());
        info_table_row!("Store", ini::value("store").as_str());
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
    let beside = format!("{}.key", ini::value("store"));
    if absolute(&beside).exists() {
        beside
    } else if std::env::var_os("SQUEEZE_GRAPH_KEY").is_some() {
        "SQUEEZE_GRAPH_KEY".to_owned()
    } else {
        format!("{beside} (made together with a new store)")
    }
}
