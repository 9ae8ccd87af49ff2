//! A sandbox with a client: what every test here begins with.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]
#![allow(dead_code, reason = "each test file uses its own part")]

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::blocking::{Client, RequestBuilder, Response};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};
use squeeze_graph_sandbox::{CLIENT, Options, Person, RunningSandbox, SECRET, TENANT, browser, start, walk};
use url::Url;

/// A verifier of the shortest length allowed.
pub const VERIFIER: &str = "0123456789abcdefghijklmnopqrstuvwxyz-._~ABC";
/// Where answers go.
pub const REDIRECT: &str = "http://localhost:8123/callback";
/// What is asked for.
pub const SCOPE: &str =
    "openid profile offline_access User.Read Mail.ReadWrite Mail.ReadWrite.Shared MailboxSettings.ReadWrite";

/// A sandbox and a client.
pub struct Stage {
    pub sandbox: RunningSandbox,
    pub client: Client,
}

/// Fields of a request, some replaced (or, with an empty value marked `-`, left out).
pub fn fields(base: &[(&str, String)], changes: &[(&str, &str)]) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = base
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect();
    for (name, value) in changes {
        all.retain(|(other, _)| other != name);
        if *value != "-" {
            all.push(((*name).to_owned(), (*value).to_owned()));
        }
    }
    all
}

pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
}

/// The decoded query of a URL.
pub fn query(url: &str) -> Vec<(String, String)> {
    Url::parse(url).expect("a URL").query_pairs().into_owned().collect()
}

pub fn value(pairs: &[(String, String)], name: &str) -> Option<String> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.clone())
}

impl Stage {
    pub fn new() -> Self {
        Self::with(Options::default())
    }

    pub fn with(options: Options) -> Self {
        Self {
            sandbox: start(options).expect("a sandbox"),
            client: browser(None).expect("a client"),
        }
    }

    pub fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        self.sandbox
            .control(method, path, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    pub fn authorize_url(&self, tenant: &str, changes: &[(&str, &str)]) -> String {
        let base = [
            ("client_id", CLIENT.to_owned()),
            ("response_type", "code".to_owned()),
            ("redirect_uri", REDIRECT.to_owned()),
            ("scope", SCOPE.to_owned()),
            ("state", "the state".to_owned()),
            ("nonce", "the nonce".to_owned()),
            ("code_challenge", challenge(VERIFIER)),
            ("code_challenge_method", "S256".to_owned()),
        ];
        let mut url = Url::parse(&format!("{}/{tenant}/oauth2/v2.0/authorize", self.sandbox.url())).expect("a URL");
        url.query_pairs_mut().extend_pairs(fields(&base, changes));
        url.into()
    }

    /// Signs in as the default person and returns the callback's query.
    pub fn callback(&self, tenant: &str, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        self.callback_as(tenant, changes, &Person::default())
    }

    pub fn callback_as(&self, tenant: &str, changes: &[(&str, &str)], person: &Person) -> Vec<(String, String)> {
        query(&walk(&self.client, &self.authorize_url(tenant, changes), person).expect("a callback"))
    }

    pub fn code(&self) -> String {
        value(&self.callback(TENANT, &[]), "code").expect("a code")
    }

    /// A token request; returns status and body.
    pub fn token(&self, tenant: &str, base: &[(&str, String)], changes: &[(&str, &str)]) -> (u16, Value) {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.sandbox.url());
        json_of(self.client.post(url).form(&fields(base, changes)))
    }

    pub fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> (u16, Value) {
        self.token(TENANT, &code_fields(code), changes)
    }

    pub fn refresh(&self, token: &str, changes: &[(&str, &str)]) -> (u16, Value) {
        self.token(TENANT, &refresh_fields(token), changes)
    }

    /// An access token without a sign-in.
    pub fn access(&self, body: &Value) -> String {
        self.control("POST", "tokens", body)["access_token"]
            .as_str()
            .expect("a token")
            .to_owned()
    }

    /// A client of Graph for the default user.
    pub fn graph(&self) -> Graph<'_> {
        Graph {
            stage: self,
            token: self.access(&json!({})),
        }
    }
}

pub fn code_fields(code: &str) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", CLIENT.to_owned()),
        ("client_secret", SECRET.to_owned()),
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", REDIRECT.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ]
}

pub fn refresh_fields(token: &str) -> Vec<(&'static str, String)> {
    vec![
        ("client_id", CLIENT.to_owned()),
        ("client_secret", SECRET.to_owned()),
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", token.to_owned()),
    ]
}

pub fn basic(id: &str, secret: &str) -> String {
    let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{}", encode(id), encode(secret)))
    )
}

pub fn json_of(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().expect("an answer");
    let status = response.status().as_u16();
    (
        status,
        serde_json::from_slice(&response.bytes().expect("a body")).unwrap_or(Value::Null),
    )
}

/// Graph with a token.
pub struct Graph<'s> {
    pub stage: &'s Stage,
    pub token: String,
}

impl Graph<'_> {
    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}/v1.0/{path}", self.stage.sandbox.graph_url())
        };
        self.stage
            .client
            .request(method.parse().expect("a method"), url)
            .bearer_auth(&self.token)
    }

    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        let request = self.request(method, path);
        let request = match body {
            Some(body) => request
                .header("content-type", "application/json")
                .body(body.to_string()),
            None => request,
        };
        request.send().expect("an answer")
    }

    pub fn get(&self, path: &str) -> Value {
        let (status, body) = json_of(self.request("GET", path));
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// Status and error code (or null).
    pub fn outcome(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, String) {
        let response = self.send(method, path, body);
        let status = response.status().as_u16();
        let body: Value = serde_json::from_slice(&response.bytes().expect("a body")).unwrap_or_default();
        (status, body["error"]["code"].as_str().unwrap_or_default().to_owned())
    }

    /// Every page's `value`.
    pub fn all(&self, path: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut at = Some(path.to_owned());
        while let Some(path) = at {
            let page = self.get(&path);
            all.extend(page["value"].as_array().expect("a page").clone());
            at = page["@odata.nextLink"].as_str().map(str::to_owned);
        }
        all
    }

    pub fn folder(&self, name: &str) -> Value {
        let found = self.all(&format!("me/mailFolders?$filter=displayName eq '{name}'"));
        found.into_iter().next().unwrap_or_else(|| panic!("no folder {name}"))
    }

    /// Ids of the inbox's messages, newest first.
    pub fn inbox(&self) -> Vec<String> {
        let all = self.all("me/mailFolders/inbox/messages?$select=id&$top=100");
        all.iter()
            .map(|message| message["id"].as_str().expect("an id").to_owned())
            .collect()
    }
}
