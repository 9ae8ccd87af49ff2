//! Folders: listing, finding, creating.

use crate::php::operation::{Operation, account_name};
use crate::php::register::{Function, function};
use crate::php::values::{folder, list};
use crate::php::zend::{self, Arguments, Outcome};
use crate::service::folders;

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![
        function!(
            "list_folders(string $account, ?string $parent = null, bool $recursive = true, \
                bool $hidden = false): array",
            list_folders
        ),
        function!("find_folder(string $account, string $folder): Folder", find_folder),
        function!("create_folder(string $account, string $path): Folder", create_folder),
    ]
}

fn list_folders(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let parent = arguments.optional_name(1)?.map(str::to_owned);
    let (recursive, hidden) = (arguments.bool(2)?, arguments.bool(3)?);
    let folders = Operation::begin()?.run(Some(arguments), move |context| {
        folders::list_folders(context, &name, parent.as_deref(), recursive, hidden)
    })?;
    zend::built(|| list(folders.iter().map(folder)))
}

fn find_folder(arguments: &Arguments) -> Outcome {
    let (name, wanted) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let found = Operation::begin()?.run(Some(arguments), move |context| {
        folders::find_folder(context, &name, &wanted)
    })?;
    zend::built(|| folder(&found))
}

fn create_folder(arguments: &Arguments) -> Outcome {
    let (name, path) = (account_name(arguments, 0)?, arguments.name(1)?.to_owned());
    let made = Operation::begin()?.run(Some(arguments), move |context| {
        folders::create_folder(context, &name, &path)
    })?;
    zend::built(|| folder(&made))
}
