//! Microsoft Graph v1.0, its mail part.
//!
//! A request is first prepared (token, owner of the mailbox, query options) and then run. Between the two the server
//! takes the mailbox's place in flight and spends the latency, as the real service holds a place while it works.

pub mod attachments;
pub mod batch;
pub mod bearer;
pub mod delta;
pub mod error;
pub mod filter;
pub mod folders;
pub mod ids;
pub mod messages;
pub mod query;
pub mod users;
pub mod view;

use axum::http::{Method, StatusCode};
use serde_json::Value;

use crate::exchange::{Answer, Request};
use crate::mailbox::Mailbox;
use crate::sandbox::Sandbox;
use crate::world::{AccessToken, World};
use bearer::Need;
use error::GraphError;
use query::{Prefer, Query};

/// The media type of Graph's JSON.
pub const JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// A request that passed the door.
#[derive(Debug)]
pub struct Call<'a> {
    /// The sandbox.
    pub sandbox: &'a Sandbox,
    /// The request.
    pub request: &'a Request,
    /// Segments below the owner.
    pub path: Vec<String>,
    /// `{graph_url}/v1.0/me` or `…/users/{name}`.
    pub base: String,
    /// The token.
    pub token: AccessToken,
    /// Whose mailbox: a user's object id.
    pub owner: String,
    /// Query options.
    pub query: Query,
    /// Preferences.
    pub prefer: Prefer,
    /// The UTC second.
    pub now: i64,
}

/// Checks token, owner, rights and query options.
pub fn prepare<'a>(sandbox: &'a Sandbox, request: &'a Request) -> Result<Call<'a>, GraphError> {
    let now = sandbox.clock.now();
    let world = sandbox.world();
    let mut segments = request
        .segments()
        .into_iter()
        .skip(1)
        .map(|segment| plain(&segment))
        .collect::<Vec<_>>()
        .into_iter();
    let version = segments.next().unwrap_or_default();
    if version != "v1.0" {
        return Err(GraphError::bad_request(format!("Invalid version: {version}")));
    }
    let token = bearer::token(&world, request, now)?;
    let first = segments.next().unwrap_or_default();
    let name = match first.as_str() {
        "me" => None,
        "users" => Some(segments.next().ok_or_else(GraphError::denied)?),
        other => return Err(GraphError::no_segment(other)),
    };
    let path: Vec<String> = segments.collect();
    let owner = bearer::subject(&world, &token, name.as_deref())?;
    bearer::allow(&world, &token, owner, need(&request.method, &path)?)?;
    let tail = name.map_or_else(
        || "me".to_owned(),
        |name| {
            format!(
                "users/{}",
                percent_encoding::utf8_percent_encode(&name, percent_encoding::NON_ALPHANUMERIC)
            )
        },
    );
    Ok(Call {
        sandbox,
        request,
        path,
        base: format!("{}/graph/v1.0/{tail}", root(sandbox, request)),
        owner: owner.id.clone(),
        token,
        query: Query::read(request)?,
        prefer: Prefer::read(request),
        now,
    })
}

/// Where the client found this server, so that links lead back there: beyond a distance it has other addresses than its own.
fn root(sandbox: &Sandbox, request: &Request) -> String {
    let own = sandbox.root.rsplit_once(':');
    let asked = request.header("host").and_then(|host| host.rsplit_once(':'));
    match (own, asked) {
        (Some((_, port)), Some((host, asked))) if port == asked && crate::tls::DISTANT.contains(&host) => {
            let scheme = sandbox.root.split_once("://").map_or("https", |(scheme, _)| scheme);
            format!("{scheme}://{host}:{port}")
        }
        _ => sandbox.root.clone(),
    }
}

/// `microsoft.graph.delta()` and `delta()` are `delta`.
fn plain(segment: &str) -> String {
    let name = segment.strip_suffix("()").unwrap_or(segment);
    name.strip_prefix("microsoft.graph.").unwrap_or(name).to_owned()
}

/// What a request needs to be allowed.
fn need(method: &Method, path: &[String]) -> Result<Need, GraphError> {
    match path.first().map(String::as_str) {
        None => Ok(Need::User),
        Some("mailboxSettings") if method == Method::GET => Ok(Need::Settings),
        Some("mailboxSettings") => Ok(Need::WriteSettings),
        Some("mailFolders" | "messages") if method == Method::GET => Ok(Need::Read),
        Some("mailFolders" | "messages") => Ok(Need::Write),
        Some(other) => Err(GraphError::no_segment(other)),
    }
}

/// Runs a prepared request against the world.
pub fn run(call: &Call<'_>) -> Result<Answer, GraphError> {
    let mut world = call.sandbox.world();
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    let method = call.request.method.as_str();
    if !["GET", "POST", "PATCH", "DELETE"].contains(&method) {
        return Err(GraphError::method());
    }
    let answer = match path.as_slice() {
        [] => users::get(call, &world)?,
        ["mailboxSettings", rest @ ..] => users::mailbox_settings(call, &mut world, rest)?,
        _ => {
            let mailbox = mailbox(&mut world, &call.owner)?;
            match path.as_slice() {
                ["mailFolders", "delta"] => delta::folders(call, mailbox)?,
                ["mailFolders", rest @ ..] => folders::route(call, mailbox, rest)?,
                ["messages", rest @ ..] => messages::route(call, mailbox, None, rest)?,
                _ => return Err(GraphError::no_segment(path.first().unwrap_or(&""))),
            }
        }
    };
    Ok(match call.prefer.applied() {
        Some(applied) => answer.with("preference-applied", &applied),
        None => answer,
    })
}

fn mailbox<'w>(world: &'w mut World, owner: &str) -> Result<&'w mut Mailbox, GraphError> {
    world
        .mailboxes
        .get_mut(owner)
        .ok_or_else(|| GraphError::new(404, "ResourceNotFound", "Resource could not be discovered."))
}

impl Call<'_> {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: &Value) -> Answer {
        Answer::new(status, JSON, crate::exchange::text(body))
    }

    /// `@odata.context` of something of this owner.
    pub fn context(&self, what: &str) -> String {
        format!(
            "{}/v1.0/$metadata#users('{}')/{what}",
            self.sandbox.graph_url(),
            self.owner
        )
    }

    /// The address of this request without its options, for links.
    pub fn here(&self) -> String {
        format!("{}{}", root(self.sandbox, self.request), self.request.path)
    }

    /// The body as a JSON object.
    pub fn body(&self) -> Result<serde_json::Map<String, Value>, GraphError> {
        if self.request.body.is_empty() {
            return Err(GraphError::bad_request("Empty Payload. JSON content expected."));
        }
        if !self
            .request
            .header("content-type")
            .is_some_and(|kind| kind.to_ascii_lowercase().starts_with("application/json"))
        {
            return Err(GraphError::new(
                415,
                "RequestBodyRead",
                "A supported MIME type could not be found that matches the content type of the response. None of the supported type(s) \
                 'application/json' matches the content type.",
            ));
        }
        match serde_json::from_slice(&self.request.body) {
            Ok(Value::Object(body)) => Ok(body),
            _ => Err(GraphError::bad_request(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
            )),
        }
    }

    /// A text member of the body; names are compared without case, as the service does.
    pub fn text(body: &serde_json::Map<String, Value>, name: &str) -> Option<String> {
        body.iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .and_then(|(_, value)| value.as_str())
            .map(str::to_owned)
    }
}
