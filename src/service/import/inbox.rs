//! The inbox folder, a page at a time, oldest first: the first mail is handled after one page, and however many there are, only those
//! of a page are in memory.
//!
//! What is moved away meanwhile makes no later page skip a mail ([`Walk`]). A mail that comes in while the import runs is the newest, and
//! is taken, too, if there are further pages by then.

use std::collections::VecDeque;

use crate::base::failure::Result;
use crate::graph::client::Client;
use crate::graph::folders;
use crate::graph::messages::{self, LARGEST_PAGE};
use crate::graph::value::Message;
use crate::service::messages::MessageQuery;
use crate::service::messages::walk::{Ask, Walk};

/// The smallest page of an import that is to hand over only some mails: others may be left alone before them.
const SMALLEST_PAGE: usize = 100;

/// A walk through the inbox folder.
pub struct Inbox {
    client: Client,
    folder: String,
    walk: Walk,
    queue: VecDeque<Message>,
    total: u64,
    ended: bool,
}

impl Inbox {
    /// Reads the first page of `folder`. `limit`: how many mails shall be handed over at most.
    pub fn open(client: Client, folder: String, limit: Option<u64>) -> Result<Self> {
        let mut walk = Walk::new(&MessageQuery::default());
        if let Some(limit) = limit.and_then(|limit| usize::try_from(limit).ok()) {
            walk.set_page(limit.saturating_mul(2).clamp(SMALLEST_PAGE, LARGEST_PAGE));
        }
        let mut inbox = Self {
            client,
            folder,
            walk,
            queue: VecDeque::new(),
            total: 0,
            ended: false,
        };
        inbox.read()?;
        inbox.total = u64::try_from(inbox.queue.len()).unwrap_or(u64::MAX);
        // Only whoever is shown the progress wants to know.
        if !inbox.ended
            && let Ok(row) = folders::get(&inbox.client, &inbox.folder)
        {
            inbox.total = inbox.total.max(u64::try_from(row.total_count).unwrap_or(0));
        }
        Ok(inbox)
    }

    /// How many mails lay in the folder when the walk began.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// The mails that are read and not taken yet: all there are if [`ended`](Self::ended).
    pub const fn read_ahead(&self) -> &VecDeque<Message> {
        &self.queue
    }

    /// Whether the last page was read.
    pub const fn ended(&self) -> bool {
        self.ended
    }

    /// The next mail; `None` at the end.
    pub fn take(&mut self) -> Result<Option<Message>> {
        if self.queue.is_empty() && !self.ended {
            self.read()?;
        }
        Ok(self.queue.pop_front())
    }

    /// Reads until there is something to take.
    fn read(&mut self) -> Result<()> {
        loop {
            let page = match self.walk.ask() {
                None => {
                    self.ended = true;
                    return Ok(());
                }
                Some(Ask::Query { filter, order, top }) => {
                    messages::page(&self.client, &self.folder, filter.as_deref(), order, top)?
                }
                Some(Ask::Link(link)) => messages::next_page(&self.client, &link)?,
            };
            self.queue.extend(self.walk.take(page));
            self.ended = self.walk.has_ended();
            if self.ended || (!self.queue.is_empty() && !self.walk.is_inside()) {
                return Ok(());
            }
        }
    }
}
