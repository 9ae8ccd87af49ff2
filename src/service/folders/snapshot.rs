//! The folder tree as it was last read: kept in the store, and brought up to date before anybody relies on it.
//!
//! Keeping only the id that a name once meant would miss a new folder of the same name, and the mail would go on into the old one
//! without anybody being asked. So the whole tree is kept with the link to its later changes: one small request tells what is new. A
//! mailbox that refuses such links is read whole each time.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::base::clock::UtcInstant;
use crate::base::failure::Result;
use crate::graph::client::Client;
use crate::graph::error::GraphError;
use crate::graph::folders::{self, FolderChange, FolderRow};
use crate::service::context::Context;
use crate::service::folders::name::{ROOT, WELL_KNOWN};
use crate::service::folders::tree::Tree;

/// The cache's kind in the store.
const KIND: &str = "folders";

/// Grows with every change of what is kept.
const VERSION: u32 = 1;

/// For how long a link is kept when nothing has changed since it was given, seconds: to begin from it again tells the same, and saves
/// writing the tree at every look.
const SAME_LINK: i64 = 6 * 3600;

/// For how long a refused delta query is not asked again, seconds.
const REFUSED: i64 = 24 * 3600;

/// What is kept of a mailbox's folders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    version: u32,
    root: FolderRow,
    rows: Vec<FolderRow>,
    /// Ids by well-known name.
    well_known: BTreeMap<String, String>,
    /// The link to later changes; `None` where delta queries are refused.
    link: Option<String>,
    /// When it was given.
    #[serde(default)]
    link_at: Option<UtcInstant>,
    /// When they were refused.
    refused_at: Option<UtcInstant>,
}

impl Snapshot {
    /// The snapshot kept under `key`, if there is one that can still be read.
    pub fn kept(context: &Context, key: &str) -> Result<Option<Self>> {
        let kept = context.store.cached(KIND, key)?;
        Ok(kept
            .and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok())
            .filter(|snapshot| snapshot.version == VERSION))
    }

    /// Keeps it.
    pub fn keep(&self, context: &Context, key: &str) -> Result<()> {
        if let Ok(bytes) = serde_json::to_vec(self) {
            context.store.cache(KIND, key, Some(&bytes))?;
        }
        Ok(())
    }

    /// Reads the whole tree. `earlier` remembers whether delta queries are refused here.
    pub fn read(client: &Client, earlier: Option<&Self>, now: UtcInstant) -> Result<Self, GraphError> {
        let refused_at = earlier
            .and_then(|earlier| earlier.refused_at)
            .filter(|at| (0..REFUSED).contains(&now.since(*at)));
        let (known, everything) = if refused_at.is_some() {
            (folders::well_known(client, &WELL_KNOWN)?, None)
        } else {
            let (known, everything) = folders::everything(client, &WELL_KNOWN)?;
            (known, Some(everything))
        };
        let mut snapshot = Self {
            version: VERSION,
            root: root(client, &known)?,
            rows: Vec::new(),
            well_known: ids(&known),
            link: None,
            link_at: None,
            refused_at,
        };
        if let Some(everything) = everything {
            match everything {
                Ok((changes, link)) => {
                    folders::apply(&mut snapshot.rows, changes);
                    snapshot.link = Some(link);
                    snapshot.link_at = Some(now);
                    return Ok(snapshot);
                }
                Err(error) if folders::refuses_delta(&error) => snapshot.refused_at = Some(now),
                Err(error) => return Err(error),
            }
        }
        snapshot.rows = folders::descend(client, false)?;
        Ok(snapshot)
    }

    /// The whole tree with hidden folders; it is not kept.
    pub fn read_with_hidden(client: &Client) -> Result<Tree, GraphError> {
        let known = folders::well_known(client, &WELL_KNOWN)?;
        let rows = folders::descend(client, true)?;
        Ok(Tree::new(&root(client, &known)?, rows, &ids(&known), true))
    }

    /// The row of a folder, by its id or well-known name; `None` for one that may be elsewhere.
    pub fn row(&self, target: &str) -> Option<&FolderRow> {
        let id = self.well_known.get(target).map_or(target, String::as_str);
        std::iter::once(&self.root).chain(&self.rows).find(|row| row.id == id)
    }

    /// The link to later changes.
    pub fn link(&self) -> Option<&str> {
        self.link.as_deref()
    }

    /// Whether it has to be kept anew although nothing changed: a link does not live for ever.
    pub fn has_aged(&self, now: UtcInstant) -> bool {
        self.link_at
            .is_none_or(|given| !(0..SAME_LINK).contains(&now.since(given)))
    }

    /// Takes in what changed; whether it has to be kept anew.
    pub fn update(
        &mut self,
        client: &Client,
        changes: Vec<FolderChange>,
        link: String,
        now: UtcInstant,
    ) -> Result<bool, GraphError> {
        let aged = self.has_aged(now);
        let before = self.rows.clone();
        folders::apply(&mut self.rows, changes);
        let known: HashSet<&str> = before.iter().map(|row| row.id.as_str()).collect();
        if self.rows.iter().any(|row| !known.contains(row.id.as_str())) {
            // A new folder may be a well-known one: Exchange makes some of them on first use.
            self.well_known = ids(&folders::well_known(client, &WELL_KNOWN)?);
        }
        let is_new = aged || self.rows != before;
        if is_new {
            self.link = Some(link);
            self.link_at = Some(now);
        }
        Ok(is_new)
    }

    /// The tree that it shows, without hidden folders.
    pub fn tree(&self) -> Tree {
        Tree::new(&self.root, self.rows.clone(), &self.well_known, false)
    }
}

/// The root, which a delegate with rights on single folders only may not see: then it is known from below.
fn root(client: &Client, known: &BTreeMap<String, FolderRow>) -> Result<FolderRow, GraphError> {
    if let Some(root) = known.get(ROOT) {
        return Ok(root.clone());
    }
    if let Some(inbox) = known.get("inbox") {
        return Ok(FolderRow {
            id: inbox.parent_id.clone(),
            ..FolderRow::default()
        });
    }
    folders::get(client, ROOT)
}

fn ids(known: &BTreeMap<String, FolderRow>) -> BTreeMap<String, String> {
    known.iter().map(|(name, row)| (name.clone(), row.id.clone())).collect()
}
