//! Folders: naming, finding, creating, and ids that are remembered (contract, section 5).

pub mod name;
pub mod tree;

use crate::base::account::AccountName;
use crate::base::failure::Result;
use crate::graph::value::Folder;
use crate::service::context::Context;

/// The folders below `parent` (all below the root, without one).
pub fn list_folders(
    _context: &Context,
    _name: &AccountName,
    _parent: Option<&str>,
    _recursive: bool,
    _hidden: bool,
) -> Result<Vec<Folder>> {
    unimplemented!()
}

/// The one folder that `folder` names.
pub fn find_folder(_context: &Context, _name: &AccountName, _folder: &str) -> Result<Folder> {
    unimplemented!()
}

/// The folder at `path`, made with what is missing above it.
pub fn create_folder(_context: &Context, _name: &AccountName, _path: &str) -> Result<Folder> {
    unimplemented!()
}

/// The id of the one folder that `folder` names, remembered and verified: for everything that only needs the id.
pub fn resolve(_context: &Context, _name: &AccountName, _folder: &str) -> Result<String> {
    unimplemented!()
}
