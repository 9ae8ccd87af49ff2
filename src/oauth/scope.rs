//! Scopes: what to ask for, and whether what was granted is enough.
//!
//! Entra echoes scopes in any order and case, with or without their resource, sometimes URL-encoded; and it does not reliably echo
//! the `OpenID` Connect scopes at all. So they are compared case-insensitively by their short names, and `offline_access` is judged by
//! whether a refresh token came.

use percent_encoding::percent_decode_str;

/// Scopes without a resource: a prefixed one would be asked of the wrong party (no refresh token comes back).
const OPENID_CONNECT: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// A scope without its resource: `https://graph.microsoft.com/Mail.Read` is `Mail.Read`.
pub fn short_name(scope: &str) -> &str {
    scope.rsplit_once('/').map_or(scope, |(_, name)| name)
}

fn is_openid_connect(name: &str) -> bool {
    OPENID_CONNECT.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// What an authorization request asks for: the configured scopes and `openid profile`, each once.
pub fn requested(configured: &[String]) -> Vec<String> {
    let mut scopes: Vec<String> = Vec::with_capacity(configured.len() + 2);
    let always = ["openid", "profile"];
    for scope in always.into_iter().chain(configured.iter().map(String::as_str)) {
        let name = short_name(scope);
        let scope = if is_openid_connect(name) { name } else { scope };
        if !scopes.iter().any(|known| known.eq_ignore_ascii_case(scope)) {
            scopes.push(scope.to_owned());
        }
    }
    scopes
}

/// Whether it can be a scope's name (RFC 6749, section 3.3): printable, so that it can be shown.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

/// The short names of the scopes in a token answer's `scope`. What can be no scope is none.
pub fn granted(scope: &str) -> Vec<String> {
    let decoded = percent_decode_str(scope).decode_utf8_lossy();
    let mut names: Vec<String> = Vec::new();
    for scope in decoded.split_whitespace() {
        let name = short_name(scope);
        if is_name(name) && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The configured scopes that were not granted, as they are configured.
pub fn missing(configured: &[String], granted: &[String], has_refresh_token: bool) -> Vec<String> {
    let is_missing = |scope: &&String| {
        let name = short_name(scope);
        if name.eq_ignore_ascii_case("offline_access") {
            return !has_refresh_token;
        }
        // `.default` stands for whatever the registration has; what that is, only the answer says.
        if is_openid_connect(name) || name.eq_ignore_ascii_case(".default") {
            return false;
        }
        !granted.iter().any(|known| short_name(known).eq_ignore_ascii_case(name))
    };
    configured.iter().filter(is_missing).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(scopes: &str) -> Vec<String> {
        scopes.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn openid_and_profile_are_always_asked_for_and_never_with_a_resource() {
        let cases = [
            (
                "Mail.ReadWrite offline_access",
                "openid profile Mail.ReadWrite offline_access",
            ),
            ("profile OpenID Mail.Read", "openid profile Mail.Read"),
            (
                "https://graph.microsoft.com/offline_access https://graph.microsoft.com/Mail.Read",
                "openid profile offline_access https://graph.microsoft.com/Mail.Read",
            ),
            ("Mail.Read mail.read", "openid profile Mail.Read"),
        ];
        for (configured, expected) in cases {
            assert_eq!(requested(&list(configured)).join(" "), expected);
        }
    }

    #[test]
    fn granted_scopes_lose_resource_and_encoding() {
        let cases = [
            ("Mail.ReadWrite User.Read", "Mail.ReadWrite User.Read"),
            (
                "https://graph.microsoft.com/Mail.ReadWrite  openid\thttps://graph.microsoft.com/mail.readwrite",
                "Mail.ReadWrite openid",
            ),
            (
                "https%3A%2F%2Fgraph.microsoft.com%2Fmail.read%20profile",
                "mail.read profile",
            ),
            ("", ""),
            (
                "Mail.R\u{f}ad Mail.Read\u{202e} User.Read \"openid\" Türen %1b[31m",
                "User.Read",
            ),
        ];
        for (scope, expected) in cases {
            assert_eq!(granted(scope).join(" "), expected, "{scope}");
        }
    }

    #[test]
    fn missing_scopes_are_found_whatever_their_spelling() {
        let cases = [
            ("Mail.ReadWrite", "mail.readwrite", true, ""),
            ("https://graph.microsoft.com/Mail.ReadWrite", "Mail.ReadWrite", true, ""),
            (
                "Mail.ReadWrite Mail.ReadWrite.Shared",
                "Mail.ReadWrite",
                true,
                "Mail.ReadWrite.Shared",
            ),
            ("openid profile email Mail.Read", "Mail.Read", true, ""),
            (
                "offline_access Mail.Read",
                "Mail.Read offline_access",
                false,
                "offline_access",
            ),
            ("offline_access Mail.Read", "Mail.Read", true, ""),
            ("https://graph.microsoft.com/.default", "Mail.Read", true, ""),
        ];
        for (configured, granted, has_refresh_token, expected) in cases {
            let missing = missing(&list(configured), &list(granted), has_refresh_token);
            assert_eq!(missing.join(" "), expected, "{configured} / {granted}");
        }
    }
}
