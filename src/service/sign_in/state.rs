//! The state: 256 random bits, and behind a dot the host's route, so that a callback can be sent to the right place before any store
//! is chosen. The store knows only the hash of the whole, so a changed route makes an unknown state.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Result};
use crate::base::problem::Problem;
use crate::base::random::Random;
use crate::base::secret::Secret;
use crate::service::sign_in::callback::{Callback, text};
use crate::store::record::StateHash;

/// How many bytes a route may have: with everything else it must fit the URLs of all browsers and servers on the way.
const ROUTE_LIMIT: usize = 512;

/// No state of ours is longer.
const STATE_LIMIT: usize = 43 + 1 + ROUTE_LIMIT.div_ceil(3) * 4;

/// A fresh state that carries `route`.
pub(super) fn fresh(random: &dyn Random, route: Option<&str>, now: UtcInstant) -> Result<Secret> {
    let value = random
        .value()
        .map_err(|_| Error::from(Problem::own("random_unavailable", now)))?;
    match route {
        None => Ok(value),
        Some(route) if route.len() > ROUTE_LIMIT => Err(Error::argument(
            "route",
            format!("must be at most {ROUTE_LIMIT} bytes long"),
        )),
        Some(route) => Ok(Secret::new(format!(
            "{}.{}",
            value.expose(),
            URL_SAFE_NO_PAD.encode(route)
        ))),
    }
}

/// What the store knows a state by; `None` for what can be no state of ours.
pub(super) fn hash(state: &str) -> Option<StateHash> {
    (43..=STATE_LIMIT)
        .contains(&state.len())
        .then(|| Sha256::digest(state.as_bytes()).into())
}

/// The route inside a callback's state, if any. Needs no store; the state is only proven by
/// [`exchange_code`](super::exchange_code).
pub fn callback_route(callback: &Callback) -> Option<String> {
    let state = text(callback, "state").ok()??;
    hash(state)?;
    let (_, route) = state.split_once('.')?;
    String::from_utf8(URL_SAFE_NO_PAD.decode(route).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::random::OsRandom;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

    fn callback(state: &str) -> Callback {
        vec![("state".to_owned(), Some(state.to_owned()))]
    }

    #[test]
    fn a_route_travels_inside_the_state_and_back() {
        for route in ["", "tenant-7", "Mandant ä/ü?&=#.x", &"x".repeat(ROUTE_LIMIT)] {
            let state = fresh(&OsRandom, Some(route), NOW).unwrap();
            assert!(
                state
                    .expose()
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            );
            assert_eq!(callback_route(&callback(state.expose())).as_deref(), Some(route));
            assert!(hash(state.expose()).is_some());
        }
        let state = fresh(&OsRandom, None, NOW).unwrap();
        assert_eq!(state.expose().len(), 43);
        assert_eq!(callback_route(&callback(state.expose())), None);
        assert!(fresh(&OsRandom, Some(&"x".repeat(ROUTE_LIMIT + 1)), NOW).is_err());
    }

    #[test]
    fn what_is_no_state_has_no_route() {
        let long = format!("{}.{}", "a".repeat(43), "A".repeat(100_000));
        let not_utf8 = format!("{}.{}", "a".repeat(43), URL_SAFE_NO_PAD.encode([0xff, 0xfe]));
        for state in [
            "",
            "nonsense",
            ".",
            "a.b",
            &format!("{}.!", "a".repeat(43)),
            &long,
            &not_utf8,
        ] {
            assert_eq!(callback_route(&callback(state)), None, "{state:.60}");
        }
        assert_eq!(callback_route(&Vec::new()), None);
        assert_eq!(callback_route(&vec![("state".to_owned(), None)]), None);
    }
}
