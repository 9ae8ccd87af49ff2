//! Mail folders as Graph lists, reads and creates them.
//!
//! Source: protocol facts of the Graph reference pages `user-list-mailfolders`, `mailfolder-list-childfolders`, `mailfolder-delta`,
//! `user-post-mailfolders`.

use serde::{Deserialize, Deserializer, Serialize};

/// A folder as a list or a delta round shows it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FolderRow {
    /// Graph's id; constant.
    pub id: String,
    /// Its display name.
    #[serde(rename = "displayName", default, deserialize_with = "or_default")]
    pub name: String,
    /// The parent's id, the root's included.
    #[serde(rename = "parentFolderId", default, deserialize_with = "or_default")]
    pub parent_id: String,
    /// Direct children.
    #[serde(rename = "childFolderCount", default, deserialize_with = "or_default")]
    pub child_count: i64,
    /// Items of all kinds.
    #[serde(rename = "totalItemCount", default, deserialize_with = "or_default")]
    pub total_count: i64,
    /// Unread items.
    #[serde(rename = "unreadItemCount", default, deserialize_with = "or_default")]
    pub unread_count: i64,
    /// Hidden from mail clients.
    #[serde(rename = "isHidden", default, deserialize_with = "or_default")]
    pub is_hidden: bool,
    /// The derived type, where it is one.
    #[serde(rename = "@odata.type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

impl FolderRow {
    /// Whether it only shows what lies elsewhere: nothing can be moved into it.
    pub fn is_search_folder(&self) -> bool {
        self.kind
            .as_deref()
            .is_some_and(|kind| kind.ends_with("microsoft.graph.mailSearchFolder"))
    }
}

/// Graph sends `null` for what a user may not see.
fn or_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
