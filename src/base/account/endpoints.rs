//! Where an account's authority and Graph are. With custom endpoints off, nothing but Microsoft's hosts can come out of here.
//!
//! The hosts are those of "Microsoft Entra authentication and national clouds" and of the Graph page "National cloud deployments".
//! A root the administrator sets may have a path (a gateway), but no credentials, query or fragment: tokens and secrets travel there.

use url::{Host, Url};

use crate::base::account::{AccountSettings, Cloud};
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;

/// The two roots everything an account does is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// `{authority}/{tenant}`: below it stand `oauth2/v2.0/authorize`, `oauth2/v2.0/token`, `v2.0/adminconsent`.
    pub authority: Url,
    /// `{graph}/v1.0`.
    pub graph: Url,
}

impl Endpoints {
    /// The endpoints of an account; a custom one needs `custom_endpoints`, https unless on loopback, no query, no credentials.
    pub fn of(settings: &AccountSettings, custom_endpoints: bool, now: UtcInstant) -> Result<Self, Box<Problem>> {
        let (authority, graph) = match (&settings.authority_url, &settings.graph_url) {
            (None, None) => roots(settings.cloud),
            (Some(_), Some(_)) if !custom_endpoints => return Err(Problem::own("custom_endpoints_off", now).into()),
            (Some(authority), Some(graph)) => (authority.as_str(), graph.as_str()),
            (authority, _) => {
                let (given, missing) = match authority {
                    Some(_) => ("authority_url", "graph_url"),
                    None => ("graph_url", "authority_url"),
                };
                return Err(Problem::own("endpoint_pair", now)
                    .with_fact("key", given)
                    .with_fact("missing", missing)
                    .into());
            }
        };
        Ok(Self {
            authority: below(root("authority_url", authority, now)?, &settings.tenant_id, now)?,
            graph: below(root("graph_url", graph, now)?, "v1.0", now)?,
        })
    }
}

/// The authority's and Graph's root in one of Microsoft's clouds.
const fn roots(cloud: Cloud) -> (&'static str, &'static str) {
    match cloud {
        Cloud::Global => ("https://login.microsoftonline.com", "https://graph.microsoft.com"),
        Cloud::UsGov => ("https://login.microsoftonline.us", "https://graph.microsoft.us"),
        Cloud::UsGovDod => ("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        Cloud::China => (
            "https://login.partner.microsoftonline.cn",
            "https://microsoftgraph.chinacloudapi.cn",
        ),
    }
}

/// Reads a root: https, or http on loopback, without credentials, query and fragment. `key` is the setting it comes from.
pub fn root(key: &str, text: &str, now: UtcInstant) -> Result<Url, Box<Problem>> {
    let refuse = |code| Problem::own(code, now).with_fact("key", key);
    // Credentials may be in it, also where they can not be told apart from the rest; then the value is not named.
    let refuse_value = |code| {
        let problem = refuse(code);
        let hidden = text.contains('@');
        Err(if hidden {
            problem
        } else {
            problem.with_fact("value", text)
        }
        .into())
    };
    let Ok(url) = Url::parse(text) else {
        return refuse_value("endpoint_invalid");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("endpoint_credentials").into());
    }
    if url.query().is_some() || url.fragment().is_some() || !url.has_host() {
        return refuse_value("endpoint_invalid");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        "http" => refuse_value("endpoint_not_https"),
        _ => refuse_value("endpoint_invalid"),
    }
}

/// Whether a URL's host is this machine by definition: `localhost` (which is never looked up), `127.0.0.1` or `::1`.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address == std::net::Ipv4Addr::LOCALHOST,
        Some(Host::Ipv6(address)) => address == std::net::Ipv6Addr::LOCALHOST,
        None => false,
    }
}

/// The URL one encoded path segment below `root`.
fn below(mut root: Url, segment: &str, now: UtcInstant) -> Result<Url, Box<Problem>> {
    root.path_segments_mut()
        .map_err(|()| Problem::own("endpoint_invalid", now))?
        .pop_if_empty()
        .push(segment);
    Ok(root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::account::tests::settings;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_800_000_000);

    fn with(authority: Option<&str>, graph: Option<&str>) -> AccountSettings {
        AccountSettings {
            authority_url: authority.map(str::to_owned),
            graph_url: graph.map(str::to_owned),
            ..settings()
        }
    }

    #[test]
    fn each_cloud_has_its_own_hosts() {
        let cases = [
            (Cloud::Global, "login.microsoftonline.com", "graph.microsoft.com"),
            (Cloud::UsGov, "login.microsoftonline.us", "graph.microsoft.us"),
            (Cloud::UsGovDod, "login.microsoftonline.us", "dod-graph.microsoft.us"),
            (
                Cloud::China,
                "login.partner.microsoftonline.cn",
                "microsoftgraph.chinacloudapi.cn",
            ),
        ];
        for (cloud, login, graph) in cases {
            let settings = AccountSettings {
                cloud,
                tenant_id: "contoso.example".to_owned(),
                ..settings()
            };
            let endpoints = Endpoints::of(&settings, false, NOW).unwrap();
            assert_eq!(endpoints.authority.as_str(), format!("https://{login}/contoso.example"));
            assert_eq!(endpoints.graph.as_str(), format!("https://{graph}/v1.0"));
        }
    }

    #[test]
    fn custom_roots_keep_their_path_and_need_the_setting() {
        let settings = with(
            Some("http://localhost:8080/entra/"),
            Some("https://gateway.example/graph"),
        );
        let endpoints = Endpoints::of(&settings, true, NOW).unwrap();
        assert_eq!(
            endpoints.authority.as_str(),
            format!("http://localhost:8080/entra/{}", settings.tenant_id)
        );
        assert_eq!(endpoints.graph.as_str(), "https://gateway.example/graph/v1.0");
        assert_eq!(
            Endpoints::of(&settings, false, NOW).unwrap_err().code,
            "custom_endpoints_off"
        );
    }

    #[test]
    fn a_tenant_stays_one_path_segment() {
        let settings = AccountSettings {
            tenant_id: "a/b?c#d".to_owned(),
            ..settings()
        };
        let endpoints = Endpoints::of(&settings, false, NOW).unwrap();
        assert_eq!(
            endpoints.authority.as_str(),
            "https://login.microsoftonline.com/a%2Fb%3Fc%23d"
        );
    }

    #[test]
    fn roots_that_are_not_safe_or_not_roots_are_refused() {
        let good = "https://gateway.example";
        let cases = [
            (Some(good), None, "endpoint_pair"),
            (None, Some(good), "endpoint_pair"),
            (Some("http://gateway.example"), Some(good), "endpoint_not_https"),
            (Some(good), Some("http://127.0.0.2:1"), "endpoint_not_https"),
            (Some("http://localhost.example"), Some(good), "endpoint_not_https"),
            (
                Some("https://me:secret@gateway.example"),
                Some(good),
                "endpoint_credentials",
            ),
            (Some(good), Some("https://gateway.example/?a=b"), "endpoint_invalid"),
            (Some(good), Some("https://gateway.example/#a"), "endpoint_invalid"),
            (Some("file:///etc/passwd"), Some(good), "endpoint_invalid"),
            (Some("mailto:a@b.example"), Some(good), "endpoint_invalid"),
            (Some("gateway.example"), Some(good), "endpoint_invalid"),
        ];
        for (authority, graph, expected) in cases {
            let problem = Endpoints::of(&with(authority, graph), true, NOW).unwrap_err();
            assert_eq!(
                (problem.code.as_str(), problem.since),
                (expected, NOW),
                "{authority:?} {graph:?}"
            );
            assert!(!format!("{problem:?}").contains("secret"));
        }
        for loopback in ["http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"] {
            assert!(
                Endpoints::of(&with(Some(loopback), Some(loopback)), true, NOW).is_ok(),
                "{loopback}"
            );
        }
    }
}
