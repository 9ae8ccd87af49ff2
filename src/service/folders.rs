//! Folders: naming, finding, creating, and ids that are remembered (contract, section 5).
//!
//! What a name means is decided on the whole tree ([`tree`]); the tree is kept in the store and brought up to date before it is
//! relied on ([`snapshot`]). An id or a well-known name is asked for by itself.

mod creation;
pub mod name;
pub mod snapshot;
pub mod tree;

use crate::base::account::AccountName;
use crate::base::clock::UtcInstant;
use crate::base::failure::{Class, Detail, Error, Failure, Result};
use crate::base::problem::Problem;
use crate::graph::batch::BatchRequest;
use crate::graph::client::Client;
use crate::graph::error::GraphError;
use crate::graph::folders::{self as rows, FolderRow};
use crate::graph::page::Page;
use crate::graph::value::Folder;
use crate::service::context::Context;
use crate::service::folders::name::{FolderName, ROOT};
use crate::service::folders::snapshot::Snapshot;
use crate::service::folders::tree::{Resolution, Tree};
use crate::service::mailbox;

/// The folders below `parent` (all below the root, without one): the direct ones, or those at any depth if `recursive`.
pub fn list_folders(
    context: &Context,
    name: &AccountName,
    parent: Option<&str>,
    recursive: bool,
    hidden: bool,
) -> Result<Vec<Folder>> {
    let parent = parent
        .map(|text| parse("parent", text).map(|name| (name, text)))
        .transpose()?;
    let folders = Folders::open(context, name)?;
    let list = || -> Result<Vec<Folder>> {
        let mut tree = if hidden {
            Snapshot::read_with_hidden(&folders.client)?
        } else {
            folders.read()?
        };
        let Some((name, text)) = &parent else {
            return Ok(tree.below(tree.root(), recursive).into_iter().cloned().collect());
        };
        // Hidden folders are left out of the list, not out of what may be asked for.
        if !hidden && reaches_hidden(name) && matches!(tree.resolve(name), Resolution::NotFound(_)) {
            let whole = Snapshot::read_with_hidden(&folders.client)?;
            if matches!(whole.resolve(name), Resolution::Found(_)) {
                tree = whole;
            }
        }
        let parent = folders.pick(tree.resolve(name), text)?;
        let below = tree.below(parent, recursive);
        let left_out: Vec<String> = below
            .iter()
            .filter(|folder| folder.is_hidden && !hidden)
            .map(|folder| format!("{}/", folder.path))
            .collect();
        let shown = |folder: &&Folder| {
            let path = format!("{}/", folder.path);
            !left_out.iter().any(|hidden| path.starts_with(hidden))
        };
        Ok(below.into_iter().filter(shown).cloned().collect())
    };
    list().map_err(|error| error.of(name))
}

/// The one folder that `folder` names, as it is now.
pub fn find_folder(context: &Context, name: &AccountName, folder: &str) -> Result<Folder> {
    let parsed = parse("folder", folder)?;
    let folders = Folders::open(context, name)?;
    folders.find(&parsed, folder).map_err(|error| error.of(name))
}

/// The folder at `path`, made with what is missing above it.
pub fn create_folder(context: &Context, name: &AccountName, path: &str) -> Result<Folder> {
    let parsed = parse("path", path)?;
    let folders = Folders::open(context, name)?;
    creation::create(&folders, &parsed, path).map_err(|error| error.of(name))
}

/// The id of the one folder that `folder` names, remembered and verified: for everything that only needs the id.
pub fn resolve(context: &Context, name: &AccountName, folder: &str) -> Result<String> {
    let parsed = parse("folder", folder)?;
    let folders = Folders::open(context, name)?;
    let resolved = folders.ids(&[(&parsed, folder)]).map_err(|error| error.of(name))?;
    let missing = || folders.not_found(folder, Vec::new());
    resolved
        .into_iter()
        .next()
        .unwrap_or_else(|| Err(missing()))
        .map_err(|error| error.of(name))
}

/// The same for several names, verified together; an answer each, in order. The error is one that concerns them all.
pub fn resolve_all(context: &Context, name: &AccountName, folders: &[&str]) -> Result<Vec<Result<String>>> {
    let parsed: Vec<(FolderName, &str)> = folders
        .iter()
        .map(|text| parse("folder", text).map(|name| (name, *text)))
        .collect::<Result<_>>()?;
    let borrowed: Vec<(&FolderName, &str)> = parsed.iter().map(|(name, text)| (name, *text)).collect();
    let resolved = Folders::open(context, name)?
        .ids(&borrowed)
        .map_err(|error| error.of(name))?;
    Ok(resolved
        .into_iter()
        .map(|id| id.map_err(|error| error.of(name)))
        .collect())
}

/// Reads a folder's name; a wrong one is the argument's fault.
fn parse(argument: &'static str, text: &str) -> Result<FolderName> {
    FolderName::parse(text).map_err(|must| Error::argument(argument, must))
}

/// A folder that was asked for by itself, or why it did not come.
type Answer = Result<FolderRow, GraphError>;

/// The tree as it is now.
struct Current {
    tree: Tree,
    /// The folders that were asked for, in order.
    answers: Vec<Answer>,
    /// Whether all of it was read this moment, the numbers of items included; else the tree only knows where folders are.
    read_now: bool,
}

/// The folders of one account's mailbox, for the length of one call.
struct Folders<'a> {
    context: &'a Context,
    client: Client,
    /// Whose folders they are, in the store's cache.
    key: String,
}

impl<'a> Folders<'a> {
    fn open(context: &'a Context, name: &AccountName) -> Result<Self> {
        let client = mailbox::client(context, name)?;
        let record = context.store.account(name)?;
        let (mailbox, generation) = record.map_or((String::new(), 0), |record| {
            (
                record.settings.mailbox.unwrap_or_default().to_lowercase(),
                record.identity_generation,
            )
        });
        Ok(Self {
            context,
            client,
            key: format!("{name}\n{generation}\n{mailbox}"),
        })
    }

    fn now(&self) -> UtcInstant {
        self.context.clock.now()
    }

    /// The tree, read anew.
    fn read(&self) -> Result<Tree> {
        let earlier = Snapshot::kept(self.context, &self.key)?;
        Ok(self.read_after(earlier.as_ref())?.tree())
    }

    fn read_after(&self, earlier: Option<&Snapshot>) -> Result<Snapshot> {
        let snapshot = Snapshot::read(&self.client, earlier, self.now())?;
        snapshot.keep(self.context, &self.key)?;
        Ok(snapshot)
    }

    /// The same with the folders of `targets`. What was read this moment need not be asked for once more.
    fn anew(&self, earlier: Option<&Snapshot>, targets: &[&str]) -> Result<Current> {
        let snapshot = self.read_after(earlier)?;
        let mut answers: Vec<Option<Answer>> = targets
            .iter()
            .map(|target| snapshot.row(target).cloned().map(Ok))
            .collect();
        let open = targets.iter().zip(&answers).filter(|(_, answer)| answer.is_none());
        let asked: Vec<&str> = open.map(|(target, _)| *target).collect();
        let requests: Vec<BatchRequest> = asked.iter().map(|target| rows::get_in_batch(target)).collect();
        let open = answers.iter_mut().filter(|answer| answer.is_none());
        for (answer, came) in open.zip(self.get(&requests, &asked)) {
            *answer = Some(came);
        }
        Ok(Current {
            tree: snapshot.tree(),
            answers: answers.into_iter().flatten().collect(),
            read_now: true,
        })
    }

    /// The tree as it is now, and with it the folders of `targets` (ids or well-known names), each as it is now: in one request where
    /// the tree is known already. `tree` is `snapshot`'s, if somebody made it already.
    fn current(&self, snapshot: Option<&Snapshot>, tree: Option<Tree>, targets: &[&str]) -> Result<Current> {
        let mut requests: Vec<BatchRequest> = targets.iter().map(|target| rows::get_in_batch(target)).collect();
        let (Some(kept), Some(link)) = (snapshot, snapshot.and_then(Snapshot::link)) else {
            return self.anew(snapshot, targets);
        };
        let (changes, answers) = match rows::changes_in_batch(&self.client, link).filter(|_| !targets.is_empty()) {
            Some(request) => {
                requests.push(request);
                let mut answers = self.client.batch(&requests);
                let first = answers.pop().map(|answer| rows::item::<Page<_>>(&self.client, answer));
                let answers = answers
                    .into_iter()
                    .map(|answer| rows::item(&self.client, answer))
                    .collect();
                (
                    first
                        .transpose()
                        .and_then(|first| rows::changes_after(&self.client, first, link)),
                    answers,
                )
            }
            None => (
                rows::changes_after(&self.client, None, link),
                self.get(&requests, targets),
            ),
        };
        let tree = match changes {
            Ok((changes, _)) if changes.is_empty() && !kept.has_aged(self.now()) => tree.unwrap_or_else(|| kept.tree()),
            Ok((changes, link)) => {
                let mut snapshot = kept.clone();
                if snapshot.update(&self.client, changes, link, self.now())? {
                    snapshot.keep(self.context, &self.key)?;
                }
                snapshot.tree()
            }
            // The service has forgotten what it told, or would rather not tell: all over again.
            Err(error) if rows::wants_restart(&error) => return self.anew(snapshot, targets),
            Err(error) => return Err(error.into()),
        };
        Ok(Current {
            tree,
            answers,
            read_now: false,
        })
    }

    /// Folders one by one if it is one, in a batch otherwise.
    fn get(&self, requests: &[BatchRequest], targets: &[&str]) -> Vec<Answer> {
        match targets {
            [] => Vec::new(),
            [target] => vec![rows::get(&self.client, target)],
            _ => self
                .client
                .batch(requests)
                .into_iter()
                .map(|answer| rows::item(&self.client, answer))
                .collect(),
        }
    }

    /// The one folder that a name means, as it is now.
    fn find(&self, name: &FolderName, text: &str) -> Result<Folder> {
        let snapshot = Snapshot::kept(self.context, &self.key)?;
        // What it meant the last time is asked for together with the changes.
        let known = snapshot
            .as_ref()
            .filter(|snapshot| snapshot.link().is_some() && alone(name).is_none())
            .map(Snapshot::tree);
        let guess = alone(name)
            .map(str::to_owned)
            .or_else(|| match known.as_ref()?.resolve(name) {
                Resolution::Found(folder) => Some(folder.id.clone()),
                _ => None,
            });
        let targets: Vec<&str> = guess.as_deref().into_iter().collect();
        let Current {
            tree,
            mut answers,
            read_now,
        } = match self.current(snapshot.as_ref(), known, &targets) {
            // A delegate with rights on this folder only, who may not read the tree.
            Err(Error::Failure(failure)) if failure.class == Class::AccessDenied => {
                let target = alone(name).ok_or(Error::Failure(failure))?;
                let row = rows::get(&self.client, target).map_err(|error| self.missing(error, text))?;
                return Ok(outside(name, &row));
            }
            other => other?,
        };
        let row = answers.pop();
        if alone(name).is_some() {
            let row = row.unwrap_or_else(|| rows::get(&self.client, guess.as_deref().unwrap_or(ROOT)));
            let row = row.map_err(|error| self.missing(error, text))?;
            if row.is_search_folder() {
                return Err(self.not_found(text, Vec::new()));
            }
            // It is hidden, or below a hidden one: only the whole tree knows its path.
            if tree.by_id(&row.id).is_none() {
                let whole = Snapshot::read_with_hidden(&self.client)?;
                return Ok(shown(&whole, name, &row));
            }
            return Ok(shown(&tree, name, &row));
        }
        let found = match tree.resolve(name) {
            Resolution::NotFound(suggestions) => return self.find_hidden(name, text, suggestions),
            other => self.pick(other, text)?,
        };
        let row = match row {
            Some(Ok(row)) if row.id == found.id => row,
            _ if read_now => return Ok(found.clone()),
            // Only the changes of this moment brought it up.
            _ => rows::get(&self.client, &found.id).map_err(|error| self.missing(error, text))?,
        };
        Ok(with_counts(found, &row))
    }

    /// A path may lead to a hidden folder, as a list with hidden folders shows it; a plain name never does.
    fn find_hidden(&self, name: &FolderName, text: &str, suggestions: Vec<String>) -> Result<Folder> {
        if reaches_hidden(name) {
            let tree = Snapshot::read_with_hidden(&self.client)?;
            match tree.resolve(name) {
                Resolution::NotFound(_) => {}
                other => return self.pick(other, text).cloned(),
            }
        }
        Err(self.not_found(text, suggestions))
    }

    /// The ids that names mean, each verified.
    fn ids(&self, names: &[(&FolderName, &str)]) -> Result<Vec<Result<String>>> {
        let targets: Vec<&str> = names.iter().filter_map(|(name, _)| alone(name)).collect();
        let (tree, answers) = if targets.len() == names.len() {
            let requests: Vec<BatchRequest> = targets.iter().map(|target| rows::get_in_batch(target)).collect();
            (None, self.get(&requests, &targets))
        } else {
            let kept = Snapshot::kept(self.context, &self.key)?;
            let current = self.current(kept.as_ref(), None, &targets)?;
            (Some(current.tree), current.answers)
        };
        let mut answers = answers.into_iter();
        let mut ids = Vec::with_capacity(names.len());
        for (name, text) in names {
            ids.push(match (alone(name), &tree) {
                (Some(_), _) | (None, None) => match answers.next() {
                    Some(Ok(row)) if row.is_search_folder() => Err(self.not_found(text, Vec::new())),
                    Some(Ok(row)) => Ok(row.id),
                    Some(Err(error)) => Err(self.missing(error, text)),
                    None => Err(self.not_found(text, Vec::new())),
                },
                (None, Some(tree)) => match tree.resolve(name) {
                    Resolution::NotFound(suggestions) => {
                        self.find_hidden(name, text, suggestions).map(|folder| folder.id)
                    }
                    other => self.pick(other, text).map(|folder| folder.id.clone()),
                },
            });
        }
        Ok(ids)
    }

    /// The folder, or why there is not one.
    fn pick<'t>(&self, resolution: Resolution<'t>, text: &str) -> Result<&'t Folder> {
        match resolution {
            Resolution::Found(folder) => Ok(folder),
            Resolution::Ambiguous(candidates) => {
                let problem = Problem::own("folder_ambiguous", self.now())
                    .with_fact("folder", text)
                    .with_fact("candidates", candidates.join(", "));
                Err(Failure::new(problem).with_detail(Detail::Candidates(candidates)).into())
            }
            Resolution::NotFound(suggestions) => Err(self.not_found(text, suggestions)),
        }
    }

    fn not_found(&self, text: &str, suggestions: Vec<String>) -> Error {
        let mut problem = Problem::own("folder_not_found", self.now()).with_fact("folder", text);
        if !suggestions.is_empty() {
            problem = problem.with_fact("suggestions", suggestions.join(", "));
        }
        Failure::new(problem)
            .with_detail(Detail::Suggestions(suggestions))
            .into()
    }

    /// Why a folder that was asked for by its id did not come.
    fn missing(&self, error: GraphError, text: &str) -> Error {
        if error.is_not_found() || error.says("ErrorInvalidIdMalformed") || error.says("ErrorFolderNotFound") {
            return self.not_found(text, Vec::new());
        }
        match Error::from(error) {
            Error::Failure(failure) if failure.class == Class::MessageNotFound => self.not_found(text, Vec::new()),
            other => other,
        }
    }
}

/// What Graph can be asked for directly: an id, or a well-known name with nothing below it.
fn alone(name: &FolderName) -> Option<&str> {
    match name {
        FolderName::Id(id) => Some(id),
        FolderName::WellKnown { base, below } if below.is_empty() => Some(base),
        _ => None,
    }
}

/// Whether a name may lead to a hidden folder: all but a plain name do.
const fn reaches_hidden(name: &FolderName) -> bool {
    matches!(
        name,
        FolderName::Id(_) | FolderName::WellKnown { .. } | FolderName::Path(_)
    )
}

/// The folder as the tree shows it, with what was read just now.
fn with_counts(folder: &Folder, row: &FolderRow) -> Folder {
    Folder {
        child_count: row.child_count,
        total_count: row.total_count,
        unread_count: row.unread_count,
        ..folder.clone()
    }
}

/// A folder that was asked for by its id.
fn shown(tree: &Tree, name: &FolderName, row: &FolderRow) -> Folder {
    tree.by_id(&row.id)
        .map_or_else(|| outside(name, row), |folder| with_counts(folder, row))
}

/// A folder that the tree does not show (outside the root, or of a tree that may not be read): it has no path from the root, so its path
/// is the name that can be passed back.
fn outside(name: &FolderName, row: &FolderRow) -> Folder {
    let well_known = match name {
        FolderName::WellKnown { base, .. } => Some((*base).to_owned()),
        _ => None,
    };
    Folder {
        id: row.id.clone(),
        name: row.name.clone(),
        path: well_known
            .as_ref()
            .map_or_else(|| format!("id:{}", row.id), |base| format!("wellknown:{base}")),
        parent_id: Some(row.parent_id.clone()).filter(|parent| !parent.is_empty()),
        child_count: row.child_count,
        total_count: row.total_count,
        unread_count: row.unread_count,
        is_hidden: row.is_hidden,
        well_known_name: well_known,
    }
}
