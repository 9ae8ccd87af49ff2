//! The scopes an account asks for: checked one by one, so that a typing error shows when it is saved and not as AADSTS70011 later.
//!
//! "Scopes and permissions in the Microsoft identity platform": scopes are separated by spaces on the wire, the OpenID Connect
//! scopes stand without a resource in front, and `.default` does not go together with single permissions.

use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;

/// What an account asks for unless told otherwise.
pub const DEFAULT: [&str; 5] = [
    "User.Read",
    "Mail.ReadWrite",
    "Mail.ReadWrite.Shared",
    "MailboxSettings.ReadWrite",
    "offline_access",
];

/// Scopes of OpenID Connect itself: they belong to no resource.
const OPEN_ID: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// How many scopes an account may have; a registration can not hold more permissions for one resource either.
const COUNT_LIMIT: usize = 100;

/// How many characters one scope may have: a resource URL and a permission.
const LIMIT: usize = 255;

/// Checks scopes. `openid` and `profile` are dropped, because they are always added; so is a scope that stands there twice.
pub fn check(scopes: &[String], now: UtcInstant) -> Result<Vec<String>, Box<Problem>> {
    let mut checked: Vec<String> = Vec::with_capacity(scopes.len().min(COUNT_LIMIT));
    for scope in scopes {
        check_one(scope, now)?;
        let always = ["openid", "profile"]
            .iter()
            .any(|name| scope.eq_ignore_ascii_case(name));
        let known = checked.iter().any(|other| other.eq_ignore_ascii_case(scope));
        if !always && !known {
            checked.push(scope.clone());
        }
    }
    if checked.is_empty() {
        return Err(Problem::own("scopes_empty", now).into());
    }
    if checked.len() > COUNT_LIMIT {
        return Err(Problem::own("scopes_too_many", now)
            .with_fact("limit", COUNT_LIMIT.to_string())
            .into());
    }
    let permissions = checked.iter().filter(|scope| !is_open_id(scope)).count();
    let whole_registration = checked.iter().any(|scope| permission(scope) == ".default");
    if whole_registration && permissions > 1 {
        return Err(Problem::own("scopes_mixed_with_default", now).into());
    }
    Ok(checked)
}

/// RFC 6749 section 3.3 allows printable ASCII without space, `"` and `\`; a comma is a list written into one scope.
fn check_one(scope: &str, now: UtcInstant) -> Result<(), Box<Problem>> {
    let printable = scope
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b','));
    if scope.is_empty() || scope.len() > LIMIT || !printable {
        return Err(Problem::own("scope_invalid", now).with_fact("value", scope).into());
    }
    if is_open_id(permission(scope)) && !is_open_id(scope) {
        return Err(Problem::own("scope_prefixed", now)
            .with_fact("value", scope)
            .with_fact("scope", permission(scope))
            .into());
    }
    Ok(())
}

fn is_open_id(scope: &str) -> bool {
    OPEN_ID.iter().any(|name| scope.eq_ignore_ascii_case(name))
}

/// The permission without its resource.
fn permission(scope: &str) -> &str {
    scope.rsplit_once('/').map_or(scope, |(_, permission)| permission)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(scopes: &[&str]) -> Result<Vec<String>, String> {
        let scopes: Vec<String> = scopes.iter().map(ToString::to_string).collect();
        check(&scopes, UtcInstant::from_epoch(0)).map_err(|problem| problem.code)
    }

    #[test]
    fn what_is_always_added_or_doubled_is_dropped() {
        assert_eq!(checked(&DEFAULT).unwrap(), DEFAULT);
        assert_eq!(
            checked(&["openid", "User.Read", "profile", "user.read", "offline_access"]).unwrap(),
            ["User.Read", "offline_access"]
        );
        let default = ["https://graph.microsoft.com/.default", "offline_access"];
        assert_eq!(checked(&default).unwrap(), default);
    }

    #[test]
    fn scopes_that_can_not_work_are_refused() {
        let long = "a".repeat(256);
        let cases: [(&[&str], &str); 10] = [
            (&[], "scopes_empty"),
            (&["openid"], "scopes_empty"),
            (&[""], "scope_invalid"),
            (&["User.Read Mail.Read"], "scope_invalid"),
            (&["User.Read,Mail.Read"], "scope_invalid"),
            (&["Mail.Read\0"], "scope_invalid"),
            (&["Mäil.Read"], "scope_invalid"),
            (&[&long], "scope_invalid"),
            (&["https://graph.microsoft.com/offline_access"], "scope_prefixed"),
            (
                &["https://graph.microsoft.com/.default", "Mail.Read"],
                "scopes_mixed_with_default",
            ),
        ];
        for (scopes, expected) in cases {
            assert_eq!(checked(scopes).unwrap_err(), expected, "{scopes:?}");
        }
        let many: Vec<String> = (0..101).map(|number| format!("Scope.{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert_eq!(checked(&many).unwrap_err(), "scopes_too_many");
    }
}
