//! The redirect URI: where Microsoft sends the browser back to.
//!
//! The rules are those of "Redirect URI (reply URL) best practices and limitations". They are checked when the account is saved,
//! because Microsoft shows a wrong one on a page of its own and the callback never comes. The text is kept exactly as it was given:
//! authorization request, token request and registration must agree character by character.

use std::net::Ipv4Addr;

use url::{Host, Url};

use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;

/// How many characters Microsoft lets a redirect URI have.
const LIMIT: usize = 256;

/// Checks a redirect URI; the problem tells which rule it breaks.
pub fn check(uri: &str, now: UtcInstant) -> Result<(), Box<Problem>> {
    let refuse = |code| Err(Problem::own(code, now).with_fact("value", uri).into());
    if uri.chars().nth(LIMIT).is_some() {
        return refuse("redirect_uri_too_long");
    }
    let Ok(url) = Url::parse(uri) else {
        return refuse("redirect_uri_invalid");
    };
    if uri.contains(char::is_whitespace) || !url.has_host() || !url.username().is_empty() || url.password().is_some() {
        return refuse("redirect_uri_invalid");
    }
    if url.fragment().is_some() {
        return refuse("redirect_uri_fragment");
    }
    if uri.contains(['!', '$', '\'', '(', ')', ',', ';', '*']) {
        return refuse("redirect_uri_characters");
    }
    let local = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) if address.is_loopback() => return refuse("redirect_uri_ipv6_loopback"),
        _ => false,
    };
    match url.scheme() {
        "https" => Ok(()),
        "http" if local => Ok(()),
        "http" => refuse("redirect_uri_not_https"),
        _ => refuse("redirect_uri_invalid"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_follows_microsofts_rules() {
        let long = format!("https://mandant.example/{}", "a".repeat(240));
        let cases = [
            ("https://test.mandant.example/oauth/callback", None),
            ("https://test.mandant.example/callback?tenant=1", None),
            ("https://mandant.example:8443/Callback", None),
            ("https://mandant.example", None),
            ("http://localhost/callback", None),
            ("http://localhost:8080/callback", None),
            ("http://127.0.0.1:8080/callback", None),
            ("http://[::1]:8080/callback", Some("redirect_uri_ipv6_loopback")),
            ("https://[::1]/callback", Some("redirect_uri_ipv6_loopback")),
            ("http://mandant.example/callback", Some("redirect_uri_not_https")),
            ("http://localhost.mandant.example/", Some("redirect_uri_not_https")),
            ("https://mandant.example/#done", Some("redirect_uri_fragment")),
            ("https://*.mandant.example/", Some("redirect_uri_characters")),
            ("https://mandant.example/*", Some("redirect_uri_characters")),
            ("https://mandant.example/a,b", Some("redirect_uri_characters")),
            ("https://mandant.example/(a)", Some("redirect_uri_characters")),
            ("https://user:pw@mandant.example/", Some("redirect_uri_invalid")),
            ("https://mandant.example/a b", Some("redirect_uri_invalid")),
            ("urn:ietf:wg:oauth:2.0:oob", Some("redirect_uri_invalid")),
            ("myapp://callback", Some("redirect_uri_invalid")),
            ("mandant.example/callback", Some("redirect_uri_invalid")),
            ("", Some("redirect_uri_invalid")),
            (long.as_str(), Some("redirect_uri_too_long")),
        ];
        for (uri, expected) in cases {
            let code = check(uri, UtcInstant::from_epoch(0)).err().map(|problem| problem.code);
            assert_eq!(code.as_deref(), expected, "{uri}");
        }
    }
}
