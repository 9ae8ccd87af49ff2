//! Mail folders and the names by which Graph knows some of them in any language.

use serde::{Deserialize, Serialize};

/// A folder.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Folder {
    /// Its number.
    pub key: u64,
    /// The folder it lies in; none for the root.
    pub parent: Option<u64>,
    /// The name people see, in the mailbox's language.
    pub name: String,
    /// The name Graph has for it.
    pub well_known: Option<WellKnown>,
    /// Left out of listings unless asked for.
    pub hidden: bool,
    /// A search folder, which holds no messages of its own.
    pub search: bool,
    /// The number of its latest change.
    pub changed: u64,
}

/// Well-known folder names, word for word Graph's (reference, resource `mailFolder`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WellKnown {
    Archive,
    Clutter,
    Conflicts,
    ConversationHistory,
    DeletedItems,
    Drafts,
    Inbox,
    JunkEmail,
    LocalFailures,
    MsgFolderRoot,
    Outbox,
    RecoverableItemsDeletions,
    Scheduled,
    SearchFolders,
    SentItems,
    ServerFailures,
    SyncIssues,
}

impl WellKnown {
    /// Reads a name; case does not matter.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(name.to_ascii_lowercase())).ok()
    }
}
