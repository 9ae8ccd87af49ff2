//! How a list of messages is walked so that moving and deleting meanwhile skips none.
//!
//! Graph's own next links count rows (`$skip`): whoever moves the ten messages of the first page away and then follows the link misses
//! ten others. So each page is a query of its own that begins at the last instant seen, and what was seen at that very instant is left
//! out. Memory stays flat: only the ids of that one instant are kept.
//!
//! Two things need care. More messages of one second than a page holds: the page grows to what Graph allows, and beyond that the links
//! are followed to the end of that second before anything is given out, so that nobody can move anything in between. And messages
//! without an instant (drafts): a first page without a filter contains them, and a walk that took more than one page asks for them by
//! themselves at its end.
//!
//! This module only decides; it makes no request.

use std::cmp::Ordering;
use std::collections::HashSet;

use crate::base::clock::UtcInstant;
use crate::graph::messages::LARGEST_PAGE;
use crate::graph::page::Page;
use crate::graph::value::Message;
use crate::service::messages::MessageQuery;

/// Before any mail: where a filter begins that has to be there only because Exchange wants one.
const BEFORE_ALL: &str = "1900-01-01T00:00:00Z";

/// The next request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::service) enum Ask {
    /// A query of the folder's messages.
    Query {
        /// `$filter`.
        filter: Option<String>,
        /// `$orderby`.
        order: Option<&'static str>,
        /// `$top`.
        top: usize,
    },
    /// A link of the page before.
    Link(String),
}

/// How far a walk came.
#[derive(Debug)]
pub(in crate::service) struct Walk {
    newest_first: bool,
    unread_only: bool,
    since: Option<UtcInstant>,
    left: Option<u64>,
    page: usize,
    phase: Phase,
    queries: u32,
    /// The last instant seen, and which messages were seen at it.
    anchor: Option<UtcInstant>,
    at_anchor: HashSet<String>,
    /// Where the anchor was when the current query was made.
    asked_at: Option<UtcInstant>,
    undated: HashSet<String>,
    grown: usize,
    link: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Dated,
    Undated,
    Ended,
}

impl Walk {
    pub(in crate::service) fn new(query: &MessageQuery) -> Self {
        Self {
            newest_first: query.newest_first,
            unread_only: query.unread_only,
            since: query.since,
            left: query.limit,
            page: LARGEST_PAGE,
            phase: if query.limit == Some(0) {
                Phase::Ended
            } else {
                Phase::Dated
            },
            queries: 0,
            anchor: None,
            at_anchor: HashSet::new(),
            asked_at: None,
            undated: HashSet::new(),
            grown: 0,
            link: None,
        }
    }

    /// No page holds more than `page` messages, unless one second does.
    pub(in crate::service) fn set_page(&mut self, page: usize) {
        self.page = page.clamp(1, LARGEST_PAGE);
    }

    /// Whether pages must be taken together: what came so far is given out only after the next page.
    pub(in crate::service) const fn is_inside(&self) -> bool {
        self.link.is_some()
    }

    /// Whether there is nothing more to ask for.
    pub(in crate::service) fn has_ended(&self) -> bool {
        self.phase == Phase::Ended
    }

    /// The next request; `None` at the end.
    pub(in crate::service) fn ask(&mut self) -> Option<Ask> {
        if self.phase == Phase::Ended {
            return None;
        }
        if let Some(link) = self.link.take() {
            return Some(Ask::Link(link));
        }
        self.queries += 1;
        self.asked_at = self.anchor;
        Some(match self.phase {
            Phase::Dated => Ask::Query {
                filter: self.filter(),
                order: Some(if self.newest_first {
                    "receivedDateTime desc"
                } else {
                    "receivedDateTime"
                }),
                top: self.top(),
            },
            _ => Ask::Query {
                filter: Some(self.with_unread("isDraft eq true".to_owned())),
                order: None,
                top: LARGEST_PAGE,
            },
        })
    }

    /// The messages of a page that were not there before, in order. They stay where they are: a page is the most that a list holds in
    /// memory, and a second one beside it would double that.
    pub(in crate::service) fn take(&mut self, page: Page<Message>) -> Vec<Message> {
        let empty = page.value.is_empty();
        let mut new = page.value;
        new.retain(|message| {
            let taken = self.left != Some(0) && self.is_new(message);
            if taken {
                self.left = self.left.map(|left| left - 1);
            }
            taken
        });
        if self.left == Some(0) {
            self.phase = Phase::Ended;
            return new;
        }
        match (page.next, self.phase) {
            (None, Phase::Dated) if self.wants_undated() => self.phase = Phase::Undated,
            (None, _) => self.phase = Phase::Ended,
            (Some(link), Phase::Undated) => self.link = Some(link),
            // An empty page with a link says nothing about where the walk is.
            (Some(link), _) if empty || self.anchor.is_none() => self.link = Some(link),
            (Some(_), _) if self.anchor != self.asked_at => self.grown = 0,
            // All of it is one second.
            (Some(link), _) if self.top() >= LARGEST_PAGE => self.link = Some(link),
            (Some(_), _) => self.grown = self.top().saturating_mul(4),
        }
        new
    }

    fn is_new(&mut self, message: &Message) -> bool {
        let Some(at) = message.received_at else {
            return self.since.is_none() && self.undated.insert(message.id.clone());
        };
        if self.phase == Phase::Undated {
            return false;
        }
        let order = match self.anchor {
            None => Ordering::Greater,
            Some(anchor) if self.newest_first => anchor.cmp(&at),
            Some(anchor) => at.cmp(&anchor),
        };
        match order {
            Ordering::Less => false,
            Ordering::Equal => self.at_anchor.insert(message.id.clone()),
            Ordering::Greater => {
                self.anchor = Some(at);
                self.at_anchor.clear();
                self.at_anchor.insert(message.id.clone())
            }
        }
    }

    /// A page that held everything held those without an instant, too, unless its filter kept them away.
    const fn wants_undated(&self) -> bool {
        self.since.is_none() && (self.queries > 1 || self.unread_only)
    }

    fn top(&self) -> usize {
        let wanted = self.left.map_or(self.page, |left| {
            usize::try_from(left).unwrap_or(self.page).min(self.page)
        });
        // What was seen at the anchor comes again and takes its room.
        let room = wanted.saturating_add(self.at_anchor.len());
        room.max(self.grown).clamp(1, LARGEST_PAGE)
    }

    fn filter(&self) -> Option<String> {
        let from = self.since.map(UtcInstant::to_rfc3339);
        let dated = match (self.anchor, self.newest_first) {
            // Exchange keeps fractions of a second that it does not show: the whole second is asked for again.
            (Some(anchor), true) => {
                let below = format!("receivedDateTime lt {}", anchor.plus(1).to_rfc3339());
                match from {
                    Some(from) => format!("receivedDateTime ge {from} and {below}"),
                    None => below,
                }
            }
            (Some(anchor), false) => format!("receivedDateTime ge {}", anchor.to_rfc3339()),
            (None, _) => match from {
                Some(from) => format!("receivedDateTime ge {from}"),
                None if self.unread_only => format!("receivedDateTime ge {BEFORE_ALL}"),
                None => return None,
            },
        };
        Some(self.with_unread(dated))
    }

    fn with_unread(&self, filter: String) -> String {
        if self.unread_only {
            filter + " and isRead eq false"
        } else {
            filter
        }
    }
}

/// The filter that counts what a query lists; nothing is ordered, so nothing needs to be first.
pub(in crate::service) fn count_filter(query: &MessageQuery) -> Option<String> {
    let since = query
        .since
        .map(|since| format!("receivedDateTime ge {}", since.to_rfc3339()));
    match (since, query.unread_only) {
        (Some(since), true) => Some(since + " and isRead eq false"),
        (Some(since), false) => Some(since),
        (None, true) => Some("isRead eq false".to_owned()),
        (None, false) => None,
    }
}

#[cfg(test)]
mod tests;
