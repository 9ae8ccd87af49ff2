//! The way through a proxy: `squeeze_graph.proxy` with `squeeze_graph.proxy_auth_file`, else the usual environment variables.
//!
//! Loopback is never reached through a proxy. `NO_PROXY` counts for an explicit proxy, too.

use std::path::Path;

use reqwest::{NoProxy, Proxy};
use url::Url;

use crate::base::secret::Secret;

/// The explicit proxy, if one is set. The error says what is wrong, without a password.
pub(super) fn explicit(address: Option<&str>, auth_file: Option<&Path>) -> Result<Option<Proxy>, String> {
    let Some(address) = address else {
        return Ok(None);
    };
    let url = parse(address)?;
    let proxy = Proxy::all(url).map_err(|_| "squeeze_graph.proxy can not be used".to_owned())?;
    let proxy = match auth_file.map(credentials).transpose()? {
        Some((user, password)) => proxy.basic_auth(&user, password.expose()),
        None => proxy,
    };
    Ok(Some(proxy.no_proxy(NoProxy::from_env())))
}

fn parse(address: &str) -> Result<Url, String> {
    let wrong = || "squeeze_graph.proxy must be http://host:port (or https://host:port)".to_owned();
    let url = if address.contains("://") {
        Url::parse(address)
    } else {
        Url::parse(&format!("http://{address}"))
    };
    let url = url.map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong());
    }
    Ok(url)
}

fn credentials(path: &Path) -> Result<(String, Secret), String> {
    let name = "squeeze_graph.proxy_auth_file";
    let content = std::fs::read_to_string(path)
        .map(Secret::new)
        .map_err(|error| format!("{name} {}: {error}", path.display()))?;
    let line = content.expose().lines().next().unwrap_or_default().trim_end();
    match line.split_once(':') {
        Some((user, password)) if !user.is_empty() => Ok((user.to_owned(), Secret::new(password))),
        _ => Err(format!("{name} {}: must hold user:password", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_with_a_port_and_http_is_understood() {
        let cases = [
            ("proxy.example:3128", Some("http://proxy.example:3128/")),
            ("http://proxy.example:3128", Some("http://proxy.example:3128/")),
            ("https://proxy.example", Some("https://proxy.example/")),
            ("socks5://proxy.example", None),
            ("http://", None),
            ("://", None),
            ("", None),
        ];
        for (address, expected) in cases {
            assert_eq!(parse(address).ok().map(String::from).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn credentials_are_the_first_line_and_may_hold_colons() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth");
        for (content, expected) in [
            ("user:pass:word\r\n", Some(("user", "pass:word"))),
            ("user:\n", Some(("user", ""))),
            (":password\n", None),
            ("nothing", None),
            ("", None),
        ] {
            std::fs::write(&path, content).unwrap();
            let read = credentials(&path).ok();
            let read = read.as_ref().map(|(user, password)| (user.as_str(), password.expose()));
            assert_eq!(read, expected, "{content:?}");
        }
        let missing = explicit(Some("proxy:1"), Some(&folder.path().join("none"))).unwrap_err();
        assert!(missing.contains("proxy_auth_file"), "{missing}");
    }
}
