//! Folders of `.eml` files as mailboxes: subfolders become mail folders below the inbox, files messages.

use std::path::{Path, PathBuf};

use super::{Mailbox, Source};

/// Loads every `.eml` file below `directory` into `folder`; returns how many. Files come in order of their names; a
/// message without a usable date arrives a minute after its predecessor.
pub fn load(mailbox: &mut Mailbox, folder: u64, directory: &Path, now: i64) -> std::io::Result<usize> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(directory)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    let mut loaded = 0;
    let mut last = now - 86_400;
    for path in entries {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        if path.is_dir() {
            let child = mailbox
                .children(folder)
                .iter()
                .find(|child| child.name == name)
                .map(|child| child.key);
            let child = child.unwrap_or_else(|| mailbox.add_folder(Some(folder), &name, None));
            loaded += load(mailbox, child, &path, now)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("eml"))
        {
            let source = Source::file(std::path::absolute(&path)?)?;
            let summary = source.summary();
            let received = summary.received.or(summary.sent).unwrap_or(last + 60);
            last = received;
            mailbox.add_message(folder, source, Some(received), now);
            loaded += 1;
        }
    }
    Ok(loaded)
}
