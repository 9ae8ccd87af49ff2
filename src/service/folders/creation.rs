//! Creating a folder and what is missing above it, one by one.
//!
//! A folder that is there already is returned, also if somebody else made it a moment ago or if our own request made it and its
//! answer was lost: a name is unique among siblings, so looking it up settles both.

use crate::base::failure::Result;
use crate::graph::folders::{self as rows, Created, FolderRow};
use crate::graph::value::Folder;
use crate::service::folders::name::{FolderName, escaped, exact, folded};
use crate::service::folders::snapshot::Snapshot;
use crate::service::folders::tree::Resolution;
use crate::service::folders::{Folders, shown};

/// The folder that `name` means, made if need be.
pub fn create(folders: &Folders<'_>, name: &FolderName, text: &str) -> Result<Folder> {
    let (mut base, parts): (FolderName, &[String]) = match name {
        FolderName::Id(_) | FolderName::UnknownWellKnown(_) => return folders.find(name, text),
        FolderName::WellKnown { base, below } => {
            let base = FolderName::WellKnown {
                base,
                below: Vec::new(),
            };
            (base, below)
        }
        FolderName::Path(parts) => (FolderName::Path(Vec::new()), parts),
        // A plain name is a path of one part: nobody creates a folder "anywhere".
        FolderName::Anywhere(part) => (FolderName::Path(Vec::new()), std::slice::from_ref(part)),
    };
    let kept = Snapshot::kept(folders.context, &folders.key)?;
    let tree = folders.current(kept.as_ref(), None, &[])?.tree;
    let (mut folder, mut found) = match tree.resolve(&base) {
        // It is hidden, or lies outside the root.
        Resolution::NotFound(_) => (folders.find(&base, text)?, Found::There),
        known => (folders.pick(known, text)?.clone(), Found::InTree),
    };
    for part in parts {
        base = below(&base, part);
        (folder, found) = match found {
            Found::InTree => match tree.resolve(&base) {
                Resolution::NotFound(_) => make(folders, &folder, part)?,
                known => (folders.pick(known, text)?.clone(), Found::InTree),
            },
            // The tree knows no children of it.
            Found::New | Found::There => make(folders, &folder, part)?,
        };
    }
    match found {
        Found::New => Ok(folder),
        Found::InTree => {
            let row = rows::get(&folders.client, &folder.id).map_err(|error| folders.missing(error, text))?;
            Ok(shown(&tree, &FolderName::Id(folder.id), &row))
        }
        Found::There if parts.is_empty() => Ok(folder),
        // The list of its siblings does not say whether it is a well-known one.
        Found::There => folders.find(&FolderName::Id(folder.id), text),
    }
}

/// Where a folder of the path came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// The tree shows it.
    InTree,
    /// It was made just now.
    New,
    /// The tree does not show it, and yet it was there: it is hidden, or our own request made it and its answer was lost.
    There,
}

/// The name one part further down.
fn below(base: &FolderName, part: &str) -> FolderName {
    let extended = |parts: &[String]| parts.iter().cloned().chain([part.to_owned()]).collect();
    match base {
        FolderName::WellKnown { base, below } => FolderName::WellKnown {
            base,
            below: extended(below),
        },
        FolderName::Path(parts) => FolderName::Path(extended(parts)),
        other => other.clone(),
    }
}

/// Makes one folder, or finds the one that has its name.
fn make(folders: &Folders<'_>, parent: &Folder, name: &str) -> Result<(Folder, Found)> {
    let path = format!("{}/{}", parent.path.trim_end_matches('/'), escaped(name));
    let at_root = parent.path == "/";
    let show = |row: &FolderRow, path: String| Folder {
        id: row.id.clone(),
        name: row.name.clone(),
        path,
        parent_id: (!at_root).then(|| parent.id.clone()),
        child_count: row.child_count,
        total_count: row.total_count,
        unread_count: row.unread_count,
        is_hidden: row.is_hidden,
        well_known_name: None,
    };
    let mut attempt = 1;
    loop {
        match rows::create(&folders.client, &parent.id, name, attempt)? {
            Created::New(row) => return Ok((show(&row, path), Found::New)),
            Created::Perhaps(error) => {
                // If the look-up fails, too, the first trouble tells more.
                let siblings = rows::children(&folders.client, &parent.id);
                let siblings = siblings.map_err(|second| if second.is_cancelled() { second } else { error.clone() })?;
                if let Some(row) = named(siblings, name) {
                    let path = format!("{}/{}", parent.path.trim_end_matches('/'), escaped(&row.name));
                    return Ok((show(&row, path), Found::There));
                }
                rows::pause(&folders.client, error, attempt)?;
                attempt += 1;
            }
        }
    }
}

/// The one of siblings that has this name, as Exchange compares names: without case.
fn named(siblings: Vec<FolderRow>, name: &str) -> Option<FolderRow> {
    let (same, alike): (Vec<FolderRow>, Vec<FolderRow>) = siblings
        .into_iter()
        .filter(|row| !row.is_search_folder() && folded(&row.name) == folded(name))
        .partition(|row| exact(&row.name) == exact(name));
    same.into_iter().chain(alike).next()
}
