//! What an import works on: one mailbox and three folders, checked before anything is downloaded.

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Detail, Error, Failure, Result};
use crate::base::problem::Problem;
use crate::service::context::Context;
use crate::service::folders;
use crate::service::mailbox;
use crate::store::record::Destination;

/// The mailbox and the folders' ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The account that imports.
    pub account: AccountName,
    /// What receipts are kept by: the id of the mailbox's root folder, which is the same whichever account reads the mailbox and
    /// however its address is spelt.
    pub mailbox: String,
    /// Where mails are taken from.
    pub inbox: String,
    /// Where imported mails go.
    pub processed: String,
    /// Where rejected mails go.
    pub error: String,
}

impl Plan {
    /// Finds the account's folders.
    pub fn make(context: &Context, name: &AccountName) -> Result<Self> {
        let now = context.clock.now();
        let settings = mailbox::account(context, name)?.settings;
        let wanted = [
            ("folder_inbox", Some(settings.folder_inbox)),
            ("folder_processed", settings.folder_processed),
            ("folder_error", settings.folder_error),
        ];
        let mut named = Vec::with_capacity(wanted.len());
        for (setting, folder) in wanted {
            let Some(folder) = folder else {
                return Err(
                    Error::from(Problem::own("import_folder_missing", now).with_fact("setting", setting)).of(name),
                );
            };
            named.push((setting, folder));
        }
        let mut texts: Vec<&str> = named.iter().map(|(_, folder)| folder.as_str()).collect();
        texts.push("wellknown:msgfolderroot");
        let found =
            folders::resolve_all(context, name, &texts).map_err(|error| not_an_argument(error, now).of(name))?;
        let mut found = found.into_iter();
        let mut ids = Vec::with_capacity(named.len());
        for ((setting, folder), id) in named.iter().zip(found.by_ref()) {
            let id = id.map_err(|error| match *setting {
                // That there is no inbox is no matter of where mails go.
                "folder_inbox" => error,
                setting => unusable(error, setting, folder, now),
            })?;
            ids.push(id);
        }
        distinct(&named, &ids, now).map_err(|error| error.of(name))?;
        let [inbox, processed, error] = <[String; 3]>::try_from(ids).map_err(|_| {
            Error::from(Problem::own("import_folder_missing", now).with_fact("setting", "folder_inbox"))
        })?;
        // A delegate with rights on single folders only may not see the root; then the inbox stands for its mailbox.
        let root = found.next().and_then(Result::ok).unwrap_or_else(|| inbox.clone());
        Ok(Self {
            account: name.clone(),
            mailbox: root,
            inbox,
            processed,
            error,
        })
    }

    /// The lease of this inbox folder.
    pub fn lease(&self) -> String {
        format!("import:{}:{}", self.mailbox, self.inbox)
    }

    /// The id of the folder that a finished mail goes to.
    pub fn folder_of(&self, destination: Destination) -> &str {
        match destination {
            Destination::Processed => &self.processed,
            Destination::Error => &self.error,
        }
    }
}

/// Whether all ids differ: a mail that stays where it is would be imported for ever.
fn distinct(named: &[(&str, String)], ids: &[String], now: UtcInstant) -> Result<()> {
    let pairs: Vec<(&String, &(&str, String))> = ids.iter().zip(named).collect();
    for (position, (id, (second, folder))) in pairs.iter().enumerate() {
        if let Some((_, (first, _))) = pairs.iter().take(position).find(|(other, _)| other == id) {
            let problem = Problem::own("import_folders_same", now)
                .with_fact("first", first)
                .with_fact("second", second)
                .with_fact("folder", folder);
            return Err(problem.into());
        }
    }
    Ok(())
}

/// A setting that names no folder, or several, is the configuration's fault here, whatever else it would be.
fn unusable(error: Error, setting: &str, folder: &str, now: UtcInstant) -> Error {
    let Error::Failure(failure) = error else {
        return error;
    };
    if !matches!(failure.class, Class::FolderNotFound | Class::AmbiguousFolder) {
        return Error::Failure(failure);
    }
    let mut problem = Problem::own("import_folder_unusable", now)
        .with_fact("setting", setting)
        .with_fact("folder", folder);
    match &failure.detail {
        Detail::Candidates(paths) => problem = problem.with_fact("candidates", paths.join(", ")),
        Detail::Suggestions(paths) if !paths.is_empty() => {
            problem = problem.with_fact("suggestions", paths.join(", "));
        }
        _ => {}
    }
    let mut unusable = Failure::new(problem).with_detail(failure.detail);
    unusable.account = failure.account;
    unusable.into()
}

/// A stored setting that can not be read as a folder's name is no wrong argument of this call.
fn not_an_argument(error: Error, now: UtcInstant) -> Error {
    match error {
        Error::Argument { message, .. } => Problem::own("import_folder_unusable", now)
            .with_fact("setting", "folder_inbox, folder_processed, folder_error")
            .with_fact("folder", message)
            .into(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_settings_must_not_name_one_folder() {
        let named = [
            ("folder_inbox", "a".to_owned()),
            ("folder_processed", "b".to_owned()),
            ("folder_error", "c".to_owned()),
        ];
        let ids = |ids: [&str; 3]| ids.map(str::to_owned);
        let now = UtcInstant::from_epoch(0);
        assert!(distinct(&named, &ids(["1", "2", "3"]), now).is_ok());
        for (same, first, second) in [
            (["1", "1", "3"], "folder_inbox", "folder_processed"),
            (["1", "2", "1"], "folder_inbox", "folder_error"),
            (["1", "2", "2"], "folder_processed", "folder_error"),
        ] {
            let Err(Error::Failure(failure)) = distinct(&named, &ids(same), now) else {
                panic!("{same:?} passed");
            };
            assert_eq!(failure.class, Class::Configuration);
            assert_eq!(failure.problem.facts.get("first").map(String::as_str), Some(first));
            assert_eq!(failure.problem.facts.get("second").map(String::as_str), Some(second));
        }
    }
}
