//! How trouble with the store is told: its code with the facts that every such message names — path, owner and current user.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};

use crate::base::clock::UtcInstant;
use crate::base::failure::Failure;
use crate::base::problem::Problem;
use crate::store::StoreError;

/// The problem `code` about the file or folder at `path`.
pub fn about(code: &'static str, path: &Path, now: UtcInstant) -> Problem {
    let owner = path
        .ancestors()
        .find_map(|existing| fs::symlink_metadata(existing).ok())
        .map_or_else(String::new, |metadata| user_name(Uid::from_raw(metadata.uid())));
    let folder = path.parent().unwrap_or(path);
    Problem::own(code, now)
        .with_fact("path", path.to_string_lossy())
        .with_fact("folder", folder.to_string_lossy())
        .with_fact("owner", owner)
        .with_fact("user", user_name(geteuid()))
}

/// The error that is this problem.
pub fn error(problem: Problem) -> StoreError {
    StoreError(Box::new(Failure::new(problem)))
}

/// A user's name, or the number where it has none (in a container, for example).
fn user_name(uid: Uid) -> String {
    User::from_uid(uid)
        .ok()
        .flatten()
        .map_or_else(|| format!("uid {uid}"), |user| user.name)
}
