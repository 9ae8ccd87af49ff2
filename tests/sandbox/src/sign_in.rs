//! A person without a browser: walks an authorization URL through the pages and returns where it led.
//!
//! It follows redirects only within the login host and fills in the forms it is shown, as a browser would.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use reqwest::blocking::{Client, Response};
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use url::Url;

use crate::running::Error;
use crate::world::default;

/// What the person does on the consent page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Accept.
    Accept,
    /// Cancel.
    Decline,
}

/// Who signs in, and how.
#[derive(Debug, Clone)]
pub struct Person {
    /// The address; empty keeps what the page suggests.
    pub user: String,
    /// The password.
    pub password: String,
    /// The second factor.
    pub mfa: String,
    /// The decision.
    pub decision: Decision,
}

impl Default for Person {
    fn default() -> Self {
        Self {
            user: default::USER.to_owned(),
            password: default::PASSWORD.to_owned(),
            mfa: default::MFA.to_owned(),
            decision: Decision::Accept,
        }
    }
}

/// A form of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Its fields with the values they have.
    pub fields: BTreeMap<String, String>,
}

/// Signs in and returns the URL the browser would be sent to: code and state, or an error, in its query. For
/// `response_mode=form_post` the posted fields are put into a query for it.
pub fn sign_in(authorize_url: &str, person: &Person) -> Result<String, Error> {
    walk(&browser(None)?, authorize_url, person)
}

/// A client that follows no redirect, uses no proxy, and trusts nobody but the certificate in the file `ca`.
pub fn browser(ca: Option<&Path>) -> Result<Client, Error> {
    let fail = |text: String| Error::SignIn(text);
    let mut roots = RootCertStore::empty();
    if let Some(ca) = ca {
        let certificate =
            CertificateDer::from_pem_file(ca).map_err(|error| fail(format!("{}: {error}", ca.display())))?;
        roots.add(certificate).map_err(|error| fail(error.to_string()))?;
    }
    // The provider is named here instead of installed for the process, which may be somebody else's.
    let tls = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| fail(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .tls_backend_preconfigured(tls);
    builder.build().map_err(|error| fail(error.to_string()))
}

/// As [`sign_in`], with a client that may hold cookies of earlier walks.
pub fn walk(client: &Client, authorize_url: &str, person: &Person) -> Result<String, Error> {
    let fail = |text: String| Error::SignIn(text);
    let mut at = Url::parse(authorize_url).map_err(|error| fail(error.to_string()))?;
    let home = at.origin();
    let mut response = send(client.get(at.clone()))?;
    for _ in 0..12 {
        if response.status().is_redirection() {
            let target = response
                .headers()
                .get("location")
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            let target = at.join(&target).map_err(|error| fail(error.to_string()))?;
            if target.origin() != home {
                return Ok(target.into());
            }
            at = target;
            response = send(client.get(at.clone()))?;
            continue;
        }
        let page = response.text().map_err(|error| fail(error.to_string()))?;
        if let Some(text) = alert(&page) {
            return Err(fail(text));
        }
        let form = forms(&page)
            .into_iter()
            .next()
            .ok_or_else(|| fail("the page has no form".to_owned()))?;
        let target = at.join(&form.action).map_err(|error| fail(error.to_string()))?;
        if target.origin() != home {
            let mut target = target;
            target.query_pairs_mut().extend_pairs(&form.fields);
            return Ok(target.into());
        }
        let filled = fill(form, person);
        at = target;
        response = send(client.post(at.clone()).form(&filled))?;
    }
    Err(fail("too many pages".to_owned()))
}

fn send(request: reqwest::blocking::RequestBuilder) -> Result<Response, Error> {
    request.send().map_err(|error| Error::SignIn(error.to_string()))
}

fn fill(form: Form, person: &Person) -> BTreeMap<String, String> {
    let mut fields = form.fields;
    for (name, value) in [
        ("loginfmt", &person.user),
        ("passwd", &person.password),
        ("otc", &person.mfa),
    ] {
        if let Some(field) = fields.get_mut(name).filter(|_| !value.is_empty()) {
            value.clone_into(field);
        }
    }
    if let Some(decision) = fields.get_mut("decision") {
        let word = if person.decision == Decision::Accept {
            "accept"
        } else {
            "decline"
        };
        word.clone_into(decision);
    }
    fields
}

/// The text of the page's complaint.
fn alert(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("role=\"alert\"")?;
    let (_, rest) = rest.split_once('>')?;
    let (text, _) = rest.split_once("</p>")?;
    let mut plain = String::new();
    let mut inside = false;
    for character in text.chars() {
        match character {
            '<' => inside = true,
            '>' => inside = false,
            other if !inside => plain.push(other),
            _ => {}
        }
    }
    Some(unescape(&plain))
}

/// The forms of a page, in order.
fn forms(page: &str) -> Vec<Form> {
    page.split("<form")
        .skip(1)
        .map(|part| {
            let part = part.split("</form>").next().unwrap_or_default();
            let head = part.split('>').next().unwrap_or_default();
            let mut form = Form {
                action: attribute(head, "action").unwrap_or_default(),
                fields: BTreeMap::new(),
            };
            for tag in part
                .split('<')
                .filter(|tag| tag.starts_with("input") || tag.starts_with("button"))
            {
                if let Some(name) = attribute(tag, "name") {
                    form.fields
                        .entry(name)
                        .or_insert_with(|| attribute(tag, "value").unwrap_or_default());
                }
            }
            form
        })
        .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split('"').next().map(unescape)
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}
