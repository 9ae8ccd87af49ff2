//! The way through a proxy: `squeeze_graph.proxy` with `squeeze_graph.proxy_auth_file`, else the usual environment variables.
//!
//! Loopback is never reached through a proxy. `NO_PROXY` counts for an explicit proxy, too.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use reqwest::{NoProxy, Proxy};
use url::Url;

use crate::base::secret::Secret;
use crate::base::settings::Settings;
use crate::transport::named_file;

/// The proxies to go through, the first that fits a request: the explicit one, else those of the environment. The error says what is
/// wrong, without a password.
pub(super) fn chosen(settings: &Settings) -> Result<Vec<Proxy>, String> {
    let surroundings = &settings.surroundings;
    let directly = || surroundings.no_proxy.as_deref().and_then(NoProxy::from_string);
    if let Some(explicit) = explicit(settings.proxy.as_deref(), settings.proxy_auth_file.as_deref())? {
        return Ok(vec![explicit.no_proxy(directly())]);
    }
    let https = surroundings.https_proxy.as_deref().and_then(usable);
    let http = surroundings.http_proxy.as_deref().and_then(usable);
    let all = || surroundings.all_proxy.as_deref().and_then(usable);
    let proxies = [https.or_else(all).map(Proxy::https), http.or_else(all).map(Proxy::http)];
    Ok(proxies
        .into_iter()
        .flatten()
        .flatten()
        .map(|proxy| proxy.no_proxy(directly()))
        .collect())
}

/// A proxy of the environment. One that can not be used does not count: the variables are for every program of the machine, and
/// another may understand it.
fn usable(address: &str) -> Option<Url> {
    parse(address).ok()
}

fn explicit(address: Option<&str>, auth_file: Option<&Path>) -> Result<Option<Proxy>, String> {
    let Some(address) = address else {
        return Ok(None);
    };
    let url = parse(address)?;
    let proxy = Proxy::all(url).map_err(|_| "squeeze_graph.proxy can not be used".to_owned())?;
    Ok(Some(match auth_file.map(credentials).transpose()? {
        Some((user, password)) => proxy.basic_auth(&user, password.expose()),
        None => proxy,
    }))
}

/// A proxy's address for people to see: without user and password.
pub fn shown(address: &str) -> String {
    // The last one: a password may hold such a sign, and a slash, unescaped.
    let Some((_, host)) = address.rsplit_once('@') else {
        return address.to_owned();
    };
    match address.split_once("://") {
        Some((scheme, _)) if scheme.bytes().all(|letter| letter.is_ascii_alphanumeric()) => {
            format!("{scheme}://…@{host}")
        }
        _ => format!("…@{host}"),
    }
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
    let unusable = |why: &str| format!("{name} {}: {why}", path.display());
    let (content, metadata) = named_file::read(path).map_err(|error| unusable(&error.to_string()))?;
    if metadata.permissions().mode() & 0o007 != 0 {
        return Err(unusable("others on this machine can read it (chmod 600)"));
    }
    let content = std::str::from_utf8(&content).map_err(|_| unusable("must hold user:password"))?;
    let line = content.lines().next().unwrap_or_default().trim_end();
    match line.split_once(':') {
        Some((user, password)) if !user.is_empty() => Ok((user.to_owned(), Secret::new(password))),
        _ => Err(unusable("must hold user:password")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::settings::Surroundings;

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
    fn the_environment_counts_as_it_was_taken_and_only_without_an_explicit_proxy() {
        let taken = Surroundings {
            https_proxy: Some("https-proxy.example:1".to_owned()),
            all_proxy: Some("http://all.example:2".to_owned()),
            no_proxy: Some("inside.example".to_owned()),
            ..Surroundings::default()
        };
        let with = |proxy: Option<&str>, surroundings: &Surroundings| {
            let settings = Settings {
                proxy: proxy.map(str::to_owned),
                surroundings: surroundings.clone(),
                ..Settings::default()
            };
            chosen(&settings).map(|proxies| format!("{proxies:?}"))
        };
        let told = with(None, &taken).unwrap();
        assert!(
            told.contains("https-proxy.example") && told.contains("all.example"),
            "{told}"
        );
        assert!(told.contains("inside.example"), "{told}");
        let told = with(Some("explicit.example:3"), &taken).unwrap();
        assert!(
            told.contains("explicit.example") && told.contains("inside.example"),
            "{told}"
        );
        assert!(!told.contains("all.example"), "{told}");
        let useless = Surroundings {
            https_proxy: Some("socks5://elsewhere.example".to_owned()),
            ..Surroundings::default()
        };
        assert_eq!(with(None, &useless).unwrap(), "[]");
        assert_eq!(with(None, &Surroundings::default()).unwrap(), "[]");
    }

    #[test]
    fn who_asks_a_proxy_is_not_shown() {
        let cases = [
            ("", ""),
            ("proxy.example:3128", "proxy.example:3128"),
            ("http://proxy.example:3128/", "http://proxy.example:3128/"),
            ("http://user:secret@proxy.example:1", "http://…@proxy.example:1"),
            ("user:secret@proxy.example:1", "…@proxy.example:1"),
            ("http://secret@proxy.example", "http://…@proxy.example"),
            (
                "http://user:secret@secret/secret@proxy.example",
                "http://…@proxy.example",
            ),
            ("user:secret://secret@proxy.example", "…@proxy.example"),
        ];
        for (address, expected) in cases {
            assert_eq!(shown(address), expected, "{address}");
        }
    }

    #[test]
    fn credentials_are_the_first_line_and_may_hold_colons() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("auth");
        let own = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        for (content, expected) in [
            ("user:pass:word\r\n", Some(("user", "pass:word"))),
            ("user:\n", Some(("user", ""))),
            (":password\n", None),
            ("nothing", None),
            ("", None),
        ] {
            std::fs::write(&path, content).unwrap();
            own(0o640);
            let read = credentials(&path).ok();
            let read = read.as_ref().map(|(user, password)| (user.as_str(), password.expose()));
            assert_eq!(read, expected, "{content:?}");
        }
        let missing = explicit(Some("proxy:1"), Some(&folder.path().join("none"))).unwrap_err();
        assert!(missing.contains("proxy_auth_file"), "{missing}");
        std::fs::write(&path, "user:password").unwrap();
        own(0o604);
        assert!(credentials(&path).unwrap_err().contains("others"));
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(credentials(&pipe).unwrap_err().contains("no regular file"));
    }
}
