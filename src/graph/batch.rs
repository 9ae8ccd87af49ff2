//! Several requests in one: `POST /$batch`, at most twenty a piece (Graph reference, "JSON batching").
//!
//! The outer answer is 200 even if items were throttled, and answers come in any order. Items are repeated one by one, after the
//! longest wait that any of them asks for and the retry budget allows. Preferences count per item: the outer header does not reach them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use http::header::DATE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::base::secret::Secret;
use crate::graph::client::{Call, Client, prefer, rejects_token};
use crate::graph::error::{Executed, GraphError, Refusal};
use crate::graph::retry::{self, Repeat};
use crate::graph::tokens::Renewals;

/// Items in one request.
pub const LARGEST: usize = 20;

/// How many items of one batch Exchange works on at a time (Graph's throttling limits, Outlook service).
const SIDE_BY_SIDE: usize = 4;

/// One item.
#[derive(Debug, Clone)]
pub struct BatchRequest {
    /// The method.
    pub method: Method,
    /// Segments below the mailbox.
    pub path: Vec<String>,
    /// The query.
    pub query: Vec<(String, String)>,
    /// Instead of both: what a link of an earlier answer leads to, verbatim, below the root.
    link: Option<String>,
    /// A JSON body.
    pub body: Option<Value>,
    /// Preferences beside the one for immutable ids.
    pub prefer: Vec<String>,
    /// Whether it may be repeated although it may have been executed.
    pub repeat: Repeat,
}

/// What an item answered: its JSON body (`null` for none), or why not.
pub type BatchResponse = Result<Value, GraphError>;

impl BatchRequest {
    /// A read.
    pub fn get(path: &[&str], query: &[(&str, &str)]) -> Self {
        Self {
            query: query
                .iter()
                .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            ..Self::new(Method::GET, path, Repeat::Freely)
        }
    }

    /// A read of what an `@odata.nextLink` or `deltaLink` leads to; `None` if that is not below the root.
    pub fn link(client: &Client, link: &str, preferences: &[&str]) -> Option<Self> {
        Some(Self {
            link: Some(client.relative_link(link)?),
            prefer: preferences.iter().map(|&preference| preference.to_owned()).collect(),
            ..Self::new(Method::GET, &[], Repeat::Freely)
        })
    }

    /// A change that must not happen twice.
    pub fn post(path: &[&str], body: Value) -> Self {
        Self {
            body: Some(body),
            ..Self::new(Method::POST, path, Repeat::IfNotExecuted)
        }
    }

    fn new(method: Method, path: &[&str], repeat: Repeat) -> Self {
        Self {
            method,
            path: path.iter().map(|&segment| segment.to_owned()).collect(),
            query: Vec::new(),
            link: None,
            body: None,
            prefer: Vec::new(),
            repeat,
        }
    }
}

#[derive(Deserialize)]
struct Answers {
    #[serde(default)]
    responses: Vec<Answer>,
}

#[derive(Deserialize)]
struct Answer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Value,
}

impl Client {
    /// Makes any number of requests, twenty at a time; one answer each, in order. Throttled items (and reads that failed in passing)
    /// are repeated within the retry budget.
    pub fn batch(&self, requests: &[BatchRequest]) -> Vec<BatchResponse> {
        self.batch_after(0, requests)
    }

    /// The same where all of it was tried `before` times already: what that takes, the retry budget bounds.
    pub(super) fn batch_after(&self, before: u32, requests: &[BatchRequest]) -> Vec<BatchResponse> {
        requests
            .chunks(self.batch_size())
            .flat_map(|chunk| self.batch_of(chunk, before))
            .collect()
    }

    /// How many items a batch may have: where fewer requests may be in flight than Exchange makes of a batch, no more than these.
    fn batch_size(&self) -> usize {
        match self.concurrency() {
            few if few < SIDE_BY_SIDE => few,
            _ => LARGEST,
        }
    }

    fn batch_of(&self, requests: &[BatchRequest], mut before: u32) -> Vec<BatchResponse> {
        let mut items: Vec<Item<'_>> = requests.iter().map(Item::new).collect();
        for item in &mut items {
            item.outcome = self.item_url(item.request).err().map(Err);
        }
        let mut renewals = Renewals::default();
        while items.iter().any(Item::is_open) {
            let began = Instant::now();
            let attempt = before.saturating_add(1);
            let mut asked = match self.ask(&items, before) {
                Ok(asked) => asked,
                // The outer request was already repeated as often as it may be.
                Err(error) => {
                    settle_open(&mut items, &error);
                    break;
                }
            };
            let mut rejected: Option<Vec<String>> = None;
            let mut waiting: Vec<(usize, Duration, GraphError)> = Vec::new();
            for (index, item) in items.iter_mut().enumerate().filter(|(_, item)| item.is_open()) {
                let answer = asked.answers.remove(&index.to_string());
                let error = match self.outcome(answer, asked.date.as_ref()) {
                    Ok(value) => {
                        item.outcome = Some(Ok(value));
                        continue;
                    }
                    Err(error) => item.merge(error),
                };
                if let Some(refusal) = error
                    .refusal()
                    .filter(|refusal| renewals.allow_another() && rejects_token(refusal))
                {
                    rejected = Some(refusal.challenges.clone());
                } else if let Some(wait) = retry::wait(&error, item.request.repeat, attempt, self.jitter()) {
                    waiting.push((index, wait, error));
                } else {
                    item.outcome = Some(Err(error));
                }
            }
            if before > 0 && items.iter().any(Item::is_open) {
                self.spend(began);
            }
            if !waiting.is_empty() {
                before = attempt;
            }
            waiting.sort_by_key(|(_, wait, _)| *wait);
            while let Some((index, longest, cause)) = waiting.pop() {
                match self.rest(longest, &cause, attempt) {
                    // The others have waited along with it.
                    Ok(true) => break,
                    Ok(false) => {
                        if let Some(item) = items.get_mut(index) {
                            item.outcome = Some(Err(cause));
                        }
                    }
                    Err(cancelled) => {
                        settle_open(&mut items, &cancelled);
                        break;
                    }
                }
            }
            if let Some(challenges) = rejected
                && let Err(error) = self.renew(&asked.token, &challenges, &mut renewals)
            {
                settle_open(&mut items, &error);
            }
        }
        items.into_iter().filter_map(|item| item.outcome).collect()
    }

    /// One outer request for all open items.
    fn ask(&self, items: &[Item<'_>], before: u32) -> Result<Asked, GraphError> {
        let open = || items.iter().enumerate().filter(|(_, item)| item.is_open());
        let requests: Vec<Value> = open().map(|(index, item)| self.item(index, item.request)).collect();
        let repeat = if open().all(|(_, item)| item.request.repeat == Repeat::Freely) {
            Repeat::Freely
        } else {
            Repeat::IfNotExecuted
        };
        let call = Call {
            body: Some(self.encode(&json!({ "requests": requests }))?),
            places: requests.len().min(SIDE_BY_SIDE),
            before,
            ..Call::new(Method::POST, self.below_root("/$batch")?, repeat)
        };
        let ((answers, date), token) = self.answer_and_token(&call, &mut |response| {
            let date = response.headers.get(DATE).cloned();
            Ok((self.json::<Answers>(response)?, date))
        })?;
        let by_id = |answer: Answer| (answer.id.clone(), answer);
        Ok(Asked {
            answers: answers.responses.into_iter().map(by_id).collect(),
            date,
            token,
        })
    }

    fn item_url(&self, request: &BatchRequest) -> Result<String, GraphError> {
        if let Some(link) = &request.link {
            return Ok(link.clone());
        }
        let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
        let query: Vec<(&str, &str)> = request
            .query
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        self.relative(&path, &query)
    }

    fn item(&self, index: usize, request: &BatchRequest) -> Value {
        let preferences: Vec<&str> = request.prefer.iter().map(String::as_str).collect();
        let mut item = json!({
            "id": index.to_string(),
            "method": request.method.as_str(),
            "url": self.item_url(request).unwrap_or_default(),
            "headers": { "Prefer": prefer(&preferences) },
        });
        if let (Some(body), Some(fields)) = (&request.body, item.as_object_mut()) {
            fields.insert("body".to_owned(), body.clone());
            if let Some(headers) = fields.get_mut("headers").and_then(Value::as_object_mut) {
                headers.insert("Content-Type".to_owned(), "application/json".into());
            }
        }
        item
    }

    /// What an item answered. It has no `Date` of its own, so a date to come back at is read against the outer answer's.
    fn outcome(&self, answer: Option<Answer>, date: Option<&HeaderValue>) -> BatchResponse {
        let now = self.now();
        let Some(answer) = answer else {
            return Err(GraphError::unreadable("the batch has no answer for an item", true, now));
        };
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
        if status.is_success() {
            return Ok(answer.body);
        }
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers.unwrap_or_default() {
            // A header's value may come as a number.
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(text)) {
                headers.append(name, value);
            }
        }
        if let (false, Some(date)) = (headers.contains_key(DATE), date) {
            headers.insert(DATE, date.clone());
        }
        let refusal = Refusal::new(status).with_headers(&headers, now).with_json(&answer.body);
        Err(GraphError::refused(refusal, now))
    }
}

/// What one outer request brought.
struct Asked {
    /// The items' answers by id.
    answers: HashMap<String, Answer>,
    /// When the server answered, by its own clock.
    date: Option<HeaderValue>,
    /// The token that all items were asked with.
    token: Secret,
}

/// An item on its way to its outcome.
struct Item<'a> {
    request: &'a BatchRequest,
    executed: Executed,
    outcome: Option<BatchResponse>,
}

impl<'a> Item<'a> {
    const fn new(request: &'a BatchRequest) -> Self {
        Self {
            request,
            executed: Executed::No,
            outcome: None,
        }
    }

    const fn is_open(&self) -> bool {
        self.outcome.is_none()
    }

    /// The error of this attempt, which also knows of the earlier ones.
    fn merge(&mut self, mut error: GraphError) -> GraphError {
        if error.executed == Executed::Maybe {
            self.executed = Executed::Maybe;
        }
        error.executed = self.executed;
        error
    }
}

fn settle_open(items: &mut [Item<'_>], error: &GraphError) {
    for item in items.iter_mut().filter(|item| item.is_open()) {
        let error = item.merge(error.clone());
        item.outcome = Some(Err(error));
    }
}

#[cfg(test)]
mod tests;
