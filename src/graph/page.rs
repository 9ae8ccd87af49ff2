//! Lists that come in pages: each page names the next (`@odata.nextLink`), which is followed verbatim and never parsed.
//!
//! A page may be empty and still have a next one. A chain of links that comes back to where it was is ended with an error instead of
//! being followed for ever.

use std::collections::HashSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::graph::client::Client;
use crate::graph::error::GraphError;

/// One page.
#[derive(Debug, Clone, Deserialize)]
pub struct Page<T> {
    /// The items. A page without them is none, not an empty one.
    pub value: Vec<T>,
    /// Where the next page is; `None` on the last.
    #[serde(rename = "@odata.nextLink", default)]
    pub next: Option<String>,
    /// Where a later round of changes begins; on the last page of a delta round.
    #[serde(rename = "@odata.deltaLink", default)]
    pub delta: Option<String>,
    /// All items there are, if `$count=true` was asked for. Can be wrong: `-1` was seen.
    #[serde(rename = "@odata.count", default)]
    pub count: Option<i64>,
}

/// The pages of a list, one request each.
#[derive(Debug)]
pub struct Pages<'a, T> {
    client: &'a Client,
    prefer: Vec<String>,
    state: State<T>,
    seen: HashSet<String>,
}

#[derive(Debug)]
enum State<T> {
    First(Result<Page<T>, GraphError>),
    Link(String),
    Ended,
}

impl Client {
    /// A list page by page; the first page is read at once.
    pub fn pages<T: DeserializeOwned>(&self, path: &[&str], query: &[(&str, &str)], prefer: &[&str]) -> Pages<'_, T> {
        Pages {
            client: self,
            prefer: prefer.iter().map(|&preference| preference.to_owned()).collect(),
            state: State::First(self.get(path, query, prefer)),
            seen: HashSet::new(),
        }
    }

    /// The same from a link (of a delta round) on.
    pub fn pages_from<T>(&self, link: String, prefer: &[&str]) -> Pages<'_, T> {
        Pages {
            client: self,
            prefer: prefer.iter().map(|&preference| preference.to_owned()).collect(),
            state: State::Link(link),
            seen: HashSet::new(),
        }
    }

    /// A whole list, all pages.
    pub fn all<T: DeserializeOwned>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        prefer: &[&str],
    ) -> Result<Vec<T>, GraphError> {
        let mut items = Vec::new();
        for page in self.pages(path, query, prefer) {
            items.extend(page?.value);
        }
        Ok(items)
    }
}

impl<T: DeserializeOwned> Iterator for Pages<'_, T> {
    type Item = Result<Page<T>, GraphError>;

    fn next(&mut self) -> Option<Self::Item> {
        let page = match std::mem::replace(&mut self.state, State::Ended) {
            State::First(page) => page,
            State::Link(link) => {
                let prefer: Vec<&str> = self.prefer.iter().map(String::as_str).collect();
                let page = self.client.next_with(&link, &prefer);
                if !self.seen.insert(link) {
                    let error =
                        GraphError::unreadable("the pages of a list lead in a circle", false, self.client.now());
                    return Some(Err(error));
                }
                page
            }
            State::Ended => return None,
        };
        if let Ok(page) = &page
            && let Some(link) = &page.next
        {
            self.state = State::Link(link.clone());
        }
        Some(page)
    }
}
