//! URLs below Graph's root: segments and queries encoded once, here, and never by hand.
//!
//! Ids are opaque, but not always safe: those from Exchange Web Services hold `/` and `+`, and Graph splits a path at `%2F` again
//! ("Resource not found for the segment"), so they are turned into the URL-safe alphabet that REST ids use. A user name may hold `#`
//! (guests) or begin with `$`, which needs OData's key form (Graph reference, "Known issues").

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

/// Whose mailbox a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mailbox {
    /// The signed-in user's: `/me`.
    Me,
    /// A shared one, or any for an application: `/users/{address or id}`.
    User(String),
}

/// Everything but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// In a query OData's own signs stay readable; `+` does not, because it would be a blank.
const QUERY: &AsciiSet = &SEGMENT
    .remove(b'$')
    .remove(b',')
    .remove(b'\'')
    .remove(b':')
    .remove(b'(')
    .remove(b')')
    .remove(b'/');

/// The path of a request relative to the root, with its query, as a batch wants it: `/me/messages/…?$select=…`. `None` if a segment is
/// empty or only dots: encoded or not, every URL parser would take it for "this folder" or "the one above", and the request would
/// be about something else.
pub fn relative(mailbox: &Mailbox, segments: &[&str], query: &[(&str, &str)]) -> Option<String> {
    if segments.iter().any(|segment| segment.bytes().all(|byte| byte == b'.')) {
        return None;
    }
    let mut path = match mailbox {
        Mailbox::Me => "/me".to_owned(),
        // In a key, a quote is doubled.
        Mailbox::User(name) if name.starts_with('$') => format!("/users('{}')", user(&name.replace('\'', "''"))),
        Mailbox::User(name) => format!("/users/{}", user(name)),
    };
    for segment in segments {
        path.push('/');
        path.push_str(&self::segment(segment));
    }
    for (index, (name, value)) in query.iter().enumerate() {
        path.push(if index == 0 { '?' } else { '&' });
        path.extend(utf8_percent_encode(name, QUERY));
        path.push('=');
        path.extend(utf8_percent_encode(value, QUERY));
    }
    Some(path)
}

/// The same below `root`, which may have a path of its own (`…/v1.0`).
pub fn absolute(root: &Url, relative: &str) -> Option<Url> {
    let base = root.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}{relative}")).ok()
}

/// Whether a link that Graph sent leads back to where requests may take the token: the same scheme, host and port, and no credentials.
pub fn same_origin(root: &Url, link: &Url) -> bool {
    root.scheme() == link.scheme()
        && root.host() == link.host()
        && root.port_or_known_default() == link.port_or_known_default()
        && link.username().is_empty()
        && link.password().is_none()
}

fn segment(text: &str) -> String {
    let safe: String = text
        .chars()
        .map(|character| match character {
            '/' => '-',
            '+' => '_',
            other => other,
        })
        .collect();
    utf8_percent_encode(&safe, SEGMENT).to_string()
}

fn user(name: &str) -> String {
    utf8_percent_encode(name, SEGMENT).to_string()
}

/// A text as an OData string literal, quotes doubled.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Mailbox, segments, query, and the path they make.
    type Case<'a> = (&'a Mailbox, &'a [&'a str], &'a [(&'a str, &'a str)], &'a str);

    #[test]
    fn segments_and_queries_are_encoded_once() {
        let me = Mailbox::Me;
        let user = |name: &str| Mailbox::User(name.to_owned());
        let cases: [Case<'_>; 7] = [
            (&me, &[], &[], "/me"),
            (&me, &["messages", "AAMk/a+b="], &[], "/me/messages/AAMk-a_b%3D"),
            (&me, &["messages", "a?b#c%d"], &[], "/me/messages/a%3Fb%23c%25d"),
            (
                &me,
                &["mailFolders", "inbox", "messages"],
                &[("$filter", "receivedDateTime ge 2024-01-01T00:00:00Z"), ("$top", "10")],
                "/me/mailFolders/inbox/messages?$filter=receivedDateTime%20ge%202024-01-01T00:00:00Z&$top=10",
            ),
            (
                &user("a.b+c@example.com"),
                &["messages"],
                &[],
                "/users/a.b%2Bc%40example.com/messages",
            ),
            (
                &user("guest#EXT#@example.com"),
                &[],
                &[],
                "/users/guest%23EXT%23%40example.com",
            ),
            (
                &user("$x'y@example.com"),
                &[],
                &[],
                "/users('%24x%27%27y%40example.com')",
            ),
        ];
        for (mailbox, segments, query, expected) in cases {
            assert_eq!(relative(mailbox, segments, query).as_deref(), Some(expected));
        }
        for segment in ["", ".", "..", "..."] {
            assert_eq!(
                relative(&me, &["mailFolders", segment, "messages"], &[]),
                None,
                "{segment}"
            );
        }
        assert_eq!(literal("O'Neil"), "'O''Neil'");
    }

    #[test]
    fn a_link_leads_back_only_to_the_very_same_origin() {
        let root = Url::parse("https://graph.microsoft.com/v1.0").unwrap();
        for (link, expected) in [
            ("https://graph.microsoft.com/v1.0/me/messages?$skip=10", true),
            ("https://graph.microsoft.com:443/v1.0/me", true),
            ("https://GRAPH.microsoft.com/v1.0/me", true),
            ("http://graph.microsoft.com/v1.0/me", false),
            ("https://graph.microsoft.com:8443/v1.0/me", false),
            ("https://graph.microsoft.com.example/v1.0/me", false),
            ("https://graph.microsoft.com@example.com/v1.0", false),
            ("https://user:pass@graph.microsoft.com/v1.0", false),
            ("https://graph.microsoft.us/v1.0/me", false),
        ] {
            assert_eq!(same_origin(&root, &Url::parse(link).unwrap()), expected, "{link}");
        }
    }
}
