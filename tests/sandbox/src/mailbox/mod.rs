//! A mailbox: a tree of folders, the messages in them, and the log of changes that delta queries read.
//!
//! Everything is addressed by small numbers; the long ids of Graph are made from them in `graph::ids`.

pub mod eml;
pub mod file_name;
pub mod folder;
pub mod generated;
pub mod message;
pub mod mime;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use folder::{Folder, WellKnown};
pub use message::{Flag, Message, Reference, Source};

/// Something that left a place: a message its folder, a folder the tree.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tombstone {
    /// When in the order of changes.
    pub change: u64,
    /// The folder a message left; none for a removed folder.
    pub folder: Option<u64>,
    /// The message or folder.
    pub key: u64,
    /// The message's generation while it was there.
    pub generation: u32,
}

/// A mailbox of a user, or a shared one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mailbox {
    /// A GUID; part of every id in here.
    pub id: String,
    /// Folders by key; the root is [`Mailbox::ROOT`].
    pub folders: BTreeMap<u64, Folder>,
    /// Messages by key.
    pub messages: BTreeMap<u64, Message>,
    /// What left, for delta.
    pub tombstones: Vec<Tombstone>,
    /// The number of the latest change.
    pub change: u64,
    /// Delta tokens of an older epoch are stale (410).
    pub epoch: u32,
    /// `mailboxSettings` as Graph shows them.
    pub settings: Value,
    next: u64,
}

/// How many items a folder holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    /// All of them.
    pub total: u64,
    /// Those not read.
    pub unread: u64,
}

impl Mailbox {
    /// The key of `msgfolderroot`.
    pub const ROOT: u64 = 1;

    /// An empty mailbox with its root folder.
    pub fn new(id: String, settings: Value) -> Self {
        let mut mailbox = Self {
            id,
            folders: BTreeMap::new(),
            messages: BTreeMap::new(),
            tombstones: Vec::new(),
            change: 0,
            epoch: 1,
            settings,
            next: Self::ROOT,
        };
        mailbox.add_folder(
            None,
            "Oberste Ebene des Informationsspeichers",
            Some(WellKnown::MsgFolderRoot),
        );
        mailbox
    }

    /// Takes the place of `older`: its delta tokens are stale from now on, and no id of a message in it is given out again. A request for
    /// one that is worked on late, after its client gave up, must find nothing in here.
    pub fn go_on_after(&mut self, older: &Self) {
        self.epoch = older.epoch + 1;
        self.next = self.next.max(older.next);
    }

    fn take_key(&mut self) -> u64 {
        let key = self.next;
        self.next += 1;
        key
    }

    /// Counts a change and returns its number.
    pub fn touch(&mut self) -> u64 {
        self.change += 1;
        self.change
    }

    /// Adds a folder; names are not checked here.
    pub fn add_folder(&mut self, parent: Option<u64>, name: &str, well_known: Option<WellKnown>) -> u64 {
        let key = self.take_key();
        let changed = self.touch();
        self.folders.insert(
            key,
            Folder {
                key,
                parent,
                name: name.to_owned(),
                well_known,
                hidden: false,
                search: false,
                changed,
            },
        );
        key
    }

    /// The key of a well-known folder.
    pub fn well_known(&self, name: WellKnown) -> Option<u64> {
        self.folders
            .values()
            .find(|folder| folder.well_known == Some(name))
            .map(|folder| folder.key)
    }

    /// The children of a folder by name, as Graph lists them.
    pub fn children(&self, parent: u64) -> Vec<&Folder> {
        let mut children: Vec<&Folder> = self
            .folders
            .values()
            .filter(|folder| folder.parent == Some(parent))
            .collect();
        children.sort_by_key(|folder| (folder.name.to_lowercase(), folder.key));
        children
    }

    /// The path of a folder below the root, parts joined by `/` (escaped as `\/` inside names).
    pub fn path(&self, key: u64) -> String {
        let mut parts = Vec::new();
        let mut at = self.folders.get(&key);
        while let Some(folder) = at {
            let Some(parent) = folder.parent else { break };
            parts.push(folder.name.replace('\\', "\\\\").replace('/', "\\/"));
            at = self.folders.get(&parent);
        }
        parts.reverse();
        format!("/{}", parts.join("/"))
    }

    /// The folder at a path as [`Mailbox::path`] writes it (or a well-known name), if there is one.
    pub fn at_path(&self, path: &str) -> Option<u64> {
        if let Some(key) = WellKnown::parse(path).and_then(|name| self.well_known(name)) {
            return Some(key);
        }
        let wanted = format!("/{}", path.trim_matches('/'));
        self.folders.keys().copied().find(|key| self.path(*key) == wanted)
    }

    /// As [`Mailbox::at_path`], with missing folders made. Names with `/` are written `\/`.
    pub fn make_path(&mut self, path: &str) -> u64 {
        if let Some(key) = self.at_path(path) {
            return key;
        }
        let mut at = Self::ROOT;
        for (position, part) in split_path(path).iter().enumerate() {
            let known = (position == 0)
                .then(|| WellKnown::parse(part).and_then(|name| self.well_known(name)))
                .flatten();
            let found = known.or_else(|| {
                self.children(at)
                    .iter()
                    .find(|folder| folder.name == *part)
                    .map(|folder| folder.key)
            });
            at = found.unwrap_or_else(|| self.add_folder(Some(at), part, None));
        }
        at
    }

    /// Whether `key` is `ancestor` or lies below it.
    pub fn is_within(&self, key: u64, ancestor: u64) -> bool {
        let mut at = Some(key);
        while let Some(current) = at {
            if current == ancestor {
                return true;
            }
            at = self.folders.get(&current).and_then(|folder| folder.parent);
        }
        false
    }

    /// Items per folder, counted in one pass.
    pub fn counts(&self) -> BTreeMap<u64, Count> {
        let mut counts: BTreeMap<u64, Count> = BTreeMap::new();
        for message in self.messages.values() {
            let count = counts.entry(message.folder).or_default();
            count.total += 1;
            count.unread += u64::from(!message.is_read);
        }
        counts
    }

    /// Puts a message into a folder.
    pub fn add_message(&mut self, folder: u64, source: Source, received: Option<i64>, now: i64) -> u64 {
        let key = self.take_key();
        let changed = self.touch();
        let message = Message::new(key, folder, source, received, now, changed);
        self.messages.insert(key, message);
        self.touch_folder(folder);
        key
    }

    fn touch_folder(&mut self, key: u64) {
        let changed = self.touch();
        if let Some(folder) = self.folders.get_mut(&key) {
            folder.changed = changed;
        }
    }

    /// Moves a message; its mutable id is another one afterwards, even within the same folder.
    pub fn move_message(&mut self, key: u64, folder: u64, now: i64) -> bool {
        let Some(message) = self.messages.get(&key) else {
            return false;
        };
        let (from, generation) = (message.folder, message.generation);
        let gone = self.touch();
        self.tombstones.push(Tombstone {
            change: gone,
            folder: Some(from),
            key,
            generation,
        });
        let changed = self.touch();
        if let Some(message) = self.messages.get_mut(&key) {
            message.folder = folder;
            message.generation += 1;
            message.changed = changed;
            message.modified = now;
        }
        self.touch_folder(from);
        self.touch_folder(folder);
        true
    }

    /// Copies a message and returns the copy's key.
    pub fn copy_message(&mut self, key: u64, folder: u64, now: i64) -> Option<u64> {
        let mut copy = self.messages.get(&key)?.clone();
        copy.key = self.take_key();
        copy.changed = self.touch();
        copy.folder = folder;
        copy.generation = 0;
        copy.created = now;
        copy.modified = now;
        let key = copy.key;
        self.messages.insert(key, copy);
        self.touch_folder(folder);
        Some(key)
    }

    /// Removes a message for good.
    pub fn purge_message(&mut self, key: u64) -> bool {
        let Some(message) = self.messages.remove(&key) else {
            return false;
        };
        let change = self.touch();
        self.tombstones.push(Tombstone {
            change,
            folder: Some(message.folder),
            key,
            generation: message.generation,
        });
        self.touch_folder(message.folder);
        true
    }

    /// Changes a message and notes that it changed.
    pub fn edit_message(&mut self, key: u64, now: i64, edit: impl FnOnce(&mut Message)) {
        let changed = self.touch();
        let Some(message) = self.messages.get_mut(&key) else {
            return;
        };
        let read = message.is_read;
        edit(message);
        message.changed = changed;
        message.modified = now;
        let (folder, read_changed) = (message.folder, read != message.is_read);
        if read_changed {
            self.touch_folder(folder);
        }
    }

    /// Moves a folder below another parent.
    pub fn move_folder(&mut self, key: u64, parent: u64) {
        let changed = self.touch();
        if let Some(folder) = self.folders.get_mut(&key) {
            folder.parent = Some(parent);
            folder.changed = changed;
        }
    }

    /// Renames a folder.
    pub fn rename_folder(&mut self, key: u64, name: &str) {
        let changed = self.touch();
        if let Some(folder) = self.folders.get_mut(&key) {
            name.clone_into(&mut folder.name);
            folder.changed = changed;
        }
    }

    /// Removes a folder with everything in it.
    pub fn purge_folder(&mut self, key: u64) {
        let doomed: Vec<u64> = self
            .folders
            .keys()
            .copied()
            .filter(|other| self.is_within(*other, key))
            .collect();
        for folder in doomed {
            let messages: Vec<u64> = self
                .messages
                .values()
                .filter(|message| message.folder == folder)
                .map(|message| message.key)
                .collect();
            for message in messages {
                self.purge_message(message);
            }
            self.folders.remove(&folder);
            let change = self.touch();
            self.tombstones.push(Tombstone {
                change,
                folder: None,
                key: folder,
                generation: 0,
            });
        }
    }

    /// Copies a folder with everything in it and returns the copy's key.
    pub fn copy_folder(&mut self, key: u64, parent: u64, now: i64) -> Option<u64> {
        let original = self.folders.get(&key)?.clone();
        let children: Vec<u64> = self.children(key).iter().map(|folder| folder.key).collect();
        let messages: Vec<u64> = self
            .messages
            .values()
            .filter(|message| message.folder == key)
            .map(|message| message.key)
            .collect();
        let copy = self.add_folder(Some(parent), &original.name, None);
        if let Some(folder) = self.folders.get_mut(&copy) {
            folder.hidden = original.hidden;
        }
        for message in messages {
            self.copy_message(message, copy, now);
        }
        for child in children {
            self.copy_folder(child, copy, now);
        }
        Some(copy)
    }
}

/// The names in a path; `\/` is a slash inside a name.
pub fn split_path(path: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for character in path.chars() {
        match character {
            '\\' if !escaped => {
                escaped = true;
                continue;
            }
            '/' if !escaped => parts.push(String::new()),
            _ => {
                if let Some(last) = parts.last_mut() {
                    last.push(character);
                }
            }
        }
        escaped = false;
    }
    parts.retain(|part| !part.is_empty());
    parts
}
