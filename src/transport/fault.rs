//! What an error of the HTTP stack means: which stage broke, and whether the server may have seen the request.
//!
//! The stack's own message names only the outermost layer, so the chain of causes is walked. Causes are kept as text without the
//! URL, which can hold ids and addresses.

use std::error::Error;
use std::io;

use crate::transport::{Stage, TransportError};

/// The error of a request that got no answer.
pub(super) fn of_request(error: reqwest::Error, host: &str) -> TransportError {
    let error = error.without_url();
    let stage = stage(&error, error.is_connect());
    TransportError {
        stage,
        // Only what broke while connecting (which includes the TLS handshake and the proxy's tunnel) has certainly sent nothing.
        sent: !(error.is_connect() || error.is_builder() || stage == Stage::Dns),
        host: host.to_owned(),
        reason: reason(&error),
    }
}

/// What a failed read of a body means.
pub(super) fn of_read(error: &io::Error) -> (Stage, String) {
    let stage = if error.kind() == io::ErrorKind::TimedOut {
        Stage::Timeout
    } else {
        stage(error, false)
    };
    (stage, reason(error))
}

fn stage(error: &(dyn Error + 'static), connecting: bool) -> Stage {
    let chain: Vec<&(dyn Error + 'static)> = causes(error).collect();
    // The tunnel's error type is private to the stack; its text is fixed and a test holds on to it.
    if chain.iter().any(|cause| cause.to_string().starts_with("tunnel error")) {
        return Stage::Proxy;
    }
    let reqwest_error = |test: fn(&reqwest::Error) -> bool| {
        chain
            .iter()
            .any(|cause| cause.downcast_ref::<reqwest::Error>().is_some_and(test))
    };
    if reqwest_error(reqwest::Error::is_dns) {
        Stage::Dns
    } else if chain.iter().any(|cause| cause.is::<rustls::Error>()) {
        Stage::Tls
    } else if reqwest_error(reqwest::Error::is_timeout) {
        Stage::Timeout
    } else if connecting {
        Stage::Connect
    } else if reqwest_error(reqwest::Error::is_builder) {
        Stage::Configuration
    } else {
        Stage::Broken
    }
}

/// The error and all behind it; an [`io::Error`] hides what it was made from, so it is asked for.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |cause| behind(*cause))
}

fn behind<'a>(cause: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

/// The causes in words, outermost first, each once.
fn reason(error: &(dyn Error + 'static)) -> String {
    let mut words: Vec<String> = Vec::new();
    for cause in causes(error) {
        let text = cause.to_string();
        if !words.iter().any(|said| said.contains(&text)) {
            words.push(text);
        }
    }
    words.join(": ")
}
