//! What stands on the disk and in the settings: the store's location, its keys, its sealed rows.

use squeeze_graph::base::random::OsRandom;
use squeeze_graph::store::StoreError;
use squeeze_graph::store::key::{Key, KeyRing};
use squeeze_graph::store::place::Place;
use squeeze_graph::store::seal::{Identity, Part, seal, sealed_with, unseal};

use crate::label;
use crate::run::{entry, run};
use crate::scripted::NOW;

#[test]
fn a_store_location_is_a_file_in_a_folder_or_shows_no_password() {
    let words = [
        "mysql:",
        "pgsql:",
        "sqlite:",
        "://",
        "user:canary@",
        "/tmp",
        "/tmp/",
        "/dev/null/",
        "..",
        "store.sqlite",
        "php://",
        "data:",
        "file://",
    ];
    run("store_location", &words, 4, |input| {
        let text = String::from_utf8_lossy(input);
        match Place::parse(&text, NOW) {
            Ok(place) => {
                assert!(
                    place.path().is_absolute() && place.path().file_name().is_some(),
                    "{place:?}"
                );
                assert!(place.path().parent().is_some_and(std::path::Path::is_dir), "{place:?}");
                let key = place.beside(".key");
                assert_eq!(key.parent(), place.path().parent());
                "a place".to_owned()
            }
            Err(StoreError(failure)) => {
                let shown = format!("{failure:?}");
                let password = text
                    .find("://")
                    .is_some_and(|at| text[at..].contains("canary") && !text[..at].contains("canary"));
                let elsewhere =
                    ["store_dsn_unsupported", "store_path_invalid"].contains(&failure.problem.code.as_str());
                assert!(!(password && elsewhere && shown.contains("canary")), "{shown}");
                failure.problem.code
            }
        }
    });
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"))
}

#[test]
fn a_key_file_is_keys_or_a_line_number_and_never_shows_a_key() {
    let words = [
        "#",
        "\n",
        "\r\n",
        "=",
        "4242424242424242424242424242424242424242424242424242424242424242",
        "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=",
    ];
    run("key_file", &words, 3, |input| {
        let ring = match KeyRing::parse(input) {
            Ok(ring) => ring,
            Err(malformed) => {
                assert!(malformed.line <= input.split(|byte| *byte == b'\n').count());
                return format!("no key at all: {}", malformed.line == 0);
            }
        };
        let first = ring.first();
        assert_eq!(ring.find(first.id()).map(Key::bytes), Some(first.bytes()));
        let digits = hex(first.bytes());
        let shown = format!("{ring:?}");
        assert!(
            !shown.contains(&digits) && !shown.contains(&format!("{:?}", first.bytes())),
            "{shown}"
        );
        // Written in the other way it is the same key.
        let again = KeyRing::parse(format!("# a comment\n\n {digits} \r\n").as_bytes()).unwrap();
        assert_eq!(again.first().id(), first.id());
        assert_eq!(again.first().bytes(), first.bytes());
        "keys".to_owned()
    });
}

#[test]
fn a_sealed_row_that_was_changed_or_moved_never_opens() {
    let ring = KeyRing::parse(&[b"4".repeat(64), b"2".repeat(64)].join(&b'\n')).unwrap();
    let home = Identity::new("accounts.sealed", &[Part::Text("a"), Part::Integer(1)]);
    let elsewhere = [
        Identity::new("accounts.sealed", &[Part::Text("b"), Part::Integer(1)]),
        Identity::new("accounts.sealed", &[Part::Text("a"), Part::Integer(2)]),
        Identity::new("accounts.sealed", &[Part::Text("a"), Part::Text("1")]),
        Identity::new("tokens.sealed", &[Part::Text("a"), Part::Integer(1)]),
    ];
    // By name: a forged row that opened once and was kept is still none of these.
    let genuine = ["empty", "older-key", "settings"].map(|name| entry("sealed_row", name));
    run("sealed_row", &[], 3, |input| {
        // Any plaintext comes back as it was, from where it was put.
        let sealed = seal(ring.first(), &OsRandom, &home, input).unwrap();
        assert_eq!(unseal(&ring, &home, &sealed).unwrap().as_slice(), input);
        assert_eq!(sealed_with(&sealed).unwrap(), ring.first().id());
        let mut changed = sealed;
        let at = input.iter().map(|byte| usize::from(*byte)).sum::<usize>() % changed.len();
        changed[at] ^= 1 << (input.len() % 8);
        assert!(unseal(&ring, &home, &changed).is_err(), "byte {at} does not count");
        for identity in &elsewhere {
            assert!(unseal(&ring, identity, input).is_err(), "it opened in another row");
        }
        match unseal(&ring, &home, input) {
            Ok(_) => {
                assert!(genuine.iter().any(|row| row == input), "a forged row opened");
                "genuine".to_owned()
            }
            Err(error) => label(&error),
        }
    });
}
