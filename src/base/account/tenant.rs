//! The tenant an account signs in at: a GUID, a verified domain, `organizations` or `common`.
//!
//! It becomes one path segment of the authority's URLs ("OpenID Connect on the Microsoft identity platform", *Find your app's
//! OpenID configuration document URI*), so nothing else may come through. `consumers` is left out on purpose: personal accounts
//! have neither shared mailboxes nor application permissions.

use crate::base::account::Protocol;
use crate::base::account::guid::is_guid;
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;

/// Checks a tenant; `common` and `organizations` have nobody to act for without a user, so an application needs a tenant of its own
/// (AADSTS9001023).
pub fn check(tenant: &str, protocol: Protocol, now: UtcInstant) -> Result<(), Box<Problem>> {
    let shared = ["common", "organizations"]
        .iter()
        .any(|name| tenant.eq_ignore_ascii_case(name));
    if shared && protocol == Protocol::Application {
        return Err(Problem::own("tenant_not_for_application", now)
            .with_fact("value", tenant)
            .into());
    }
    if shared || is_guid(tenant) || is_domain(tenant) {
        return Ok(());
    }
    Err(Problem::own("tenant_invalid", now).with_fact("value", tenant).into())
}

/// Whether `text` is a domain name of at least two labels, in ASCII, and not an IP address.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253
        && text.split('.').all(label)
        && text
            .rsplit_once('.')
            .is_some_and(|(_, last)| last.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_is_a_guid_a_domain_or_one_of_two_words() {
        let now = UtcInstant::from_epoch(0);
        let cases = [
            ("9188040d-6c67-4c5b-b112-36a304b66dad", None, None),
            ("contoso.onmicrosoft.com", None, None),
            ("xn--mller-kva.example", None, None),
            ("common", None, Some("tenant_not_for_application")),
            ("Organizations", None, Some("tenant_not_for_application")),
            ("consumers", Some("tenant_invalid"), Some("tenant_invalid")),
            ("contoso", Some("tenant_invalid"), Some("tenant_invalid")),
            ("contoso.com/../common", Some("tenant_invalid"), Some("tenant_invalid")),
            ("..", Some("tenant_invalid"), Some("tenant_invalid")),
            ("10.0.0.1", Some("tenant_invalid"), Some("tenant_invalid")),
            ("-a.example", Some("tenant_invalid"), Some("tenant_invalid")),
            ("a..example", Some("tenant_invalid"), Some("tenant_invalid")),
            ("müller.example", Some("tenant_invalid"), Some("tenant_invalid")),
            ("a b.example", Some("tenant_invalid"), Some("tenant_invalid")),
        ];
        for (tenant, delegated, application) in cases {
            for (protocol, expected) in [(Protocol::Delegated, delegated), (Protocol::Application, application)] {
                let code = check(tenant, protocol, now).err().map(|problem| problem.code);
                assert_eq!(code.as_deref(), expected, "{tenant} {protocol:?}");
            }
        }
    }
}
