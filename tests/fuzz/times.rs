//! Times as scripts and databases wrote them.

use squeeze_graph::base::clock::UtcInstant;
use squeeze_graph::base::zone::{TimeInput, iana_name, instant};

use crate::is_tame;
use crate::run::run;

/// 0001-01-02T00:00:00Z and 9999-12-31T00:00:00Z: between them every offset can be written.
const WRITABLE: std::ops::Range<i64> = -62_135_510_400..253_402_214_400;

/// No zone is farther from UTC, with a day for Samoa, which once left one out.
const FARTHEST: i64 = (16 + 24) * 3600;

#[test]
fn a_time_is_read_the_same_whoever_prints_it() {
    let words = [
        "2026-01-31",
        "T",
        "12:00:00",
        "23:59:60",
        "Z",
        "+02:00",
        "-0930",
        "+24:00",
        "UTC",
        "0000-00-00",
        ".123456789",
        "253402300799",
        "253402300800",
        "\nEurope/Berlin",
        "\nW. Europe Standard Time",
        "\nPacific/Apia",
        "\nUTC",
        "2011-12-30",
        "1847-12-01",
        "02:30",
    ];
    run("time", &words, 4, |input| {
        let text = String::from_utf8_lossy(input);
        let (time, zone) = text
            .split_once('\n')
            .map_or((&*text, None), |(time, zone)| (time, Some(zone)));
        if let Some(name) = zone.and_then(iana_name) {
            assert_eq!(iana_name(name), Some(name));
        }
        let read = |text: &str, zone| instant(&TimeInput::Text(text.to_owned()), zone, "time");
        let found = match read(time, zone) {
            Ok(found) => found,
            Err(error) => {
                assert!(
                    is_tame(&error.message) && error.message.chars().count() < 300,
                    "{error:?}"
                );
                assert!(["time", "timezone"].contains(&error.argument));
                return format!("wrong {}", error.argument);
            }
        };
        assert!(found.epoch().abs() <= 253_402_387_199, "{found:?}");
        if WRITABLE.contains(&found.epoch()) {
            let printed = found.to_rfc3339();
            assert_eq!(read(&printed, None), Ok(found), "{printed}");
            assert_eq!(UtcInstant::from_rfc3339(&printed), Some(found), "{printed}");
        }
        // Two readers, one answer; a leap second is told differently on purpose.
        if let Some(other) = UtcInstant::from_rfc3339(time.trim()).filter(|_| !time.contains(":60")) {
            assert_eq!(found, other, "{time:?}");
        }
        if let Ok(without) = read(time, None) {
            assert_eq!(found, without, "the zone changed a time that needs none");
            return "absolute".to_owned();
        }
        let utc = read(&format!("{}Z", time.trim()), None)
            .or_else(|_| read(&format!("{}T00:00Z", time.trim()), None))
            .unwrap();
        assert!(found.since(utc).abs() <= FARTHEST, "{time:?} in {zone:?} is {found:?}");
        "local".to_owned()
    });
}
