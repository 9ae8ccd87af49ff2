//! Time zones by name, and local times of a zone as instants. The rules are the IANA database's, compiled in: what the machine has
//! installed does not matter.

use std::str::FromStr;

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};
use windows_timezones::WindowsTimezone;

use crate::base::clock::UtcInstant;

/// The zone of that IANA name (case does not matter, as in PHP) or Windows name (Unicode CLDR, *windowsZones*).
pub fn zone(name: &str) -> Option<Tz> {
    // As it is written there is the usual case, and a hash finds it.
    if let Ok(zone) = Tz::from_str(name) {
        return Some(zone);
    }
    let iana = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name));
    iana.copied()
        .or_else(|| WindowsTimezone::from_str(name).ok().map(|zone| renamed(zone.into())))
}

/// The name of today for a zone that CLDR, whose identifiers never change, still calls by its old one.
const fn renamed(zone: Tz) -> Tz {
    match zone {
        Tz::America__Buenos_Aires => Tz::America__Argentina__Buenos_Aires,
        Tz::America__Godthab => Tz::America__Nuuk,
        Tz::America__Indianapolis => Tz::America__Indiana__Indianapolis,
        Tz::Asia__Calcutta => Tz::Asia__Kolkata,
        Tz::Asia__Katmandu => Tz::Asia__Kathmandu,
        Tz::Asia__Rangoon => Tz::Asia__Yangon,
        Tz::Europe__Kiev => Tz::Europe__Kyiv,
        other => other,
    }
}

/// A local time as an instant: the earlier one where it exists twice, the instant of the jump where it does not exist.
pub fn to_utc(local: NaiveDateTime, zone: Tz) -> UtcInstant {
    let instant = match zone.from_local_datetime(&local).earliest() {
        Some(time) => time.timestamp(),
        None => jump(local, zone),
    };
    UtcInstant::from_epoch(instant)
}

/// The instant at which the clocks of `zone` jumped over `local`.
///
/// The local time that belongs to an instant lies before `local` until the jump and behind it from then on, so that the jump is found
/// by halving. It lies as far from `local` (read as UTC) as the zone's offset, which never exceeded 16 hours anywhere.
fn jump(local: NaiveDateTime, zone: Tz) -> i64 {
    const FARTHEST: i64 = 16 * 3600;
    let local = local.and_utc().timestamp();
    let (mut before, mut after) = (local - FARTHEST, local + FARTHEST);
    while after - before > 1 {
        let middle = i64::midpoint(before, after);
        if middle + offset(middle, zone) > local {
            after = middle;
        } else {
            before = middle;
        }
    }
    after
}

/// How far `zone` is ahead of UTC at an instant, in seconds.
fn offset(instant: i64, zone: Tz) -> i64 {
    let utc = DateTime::from_timestamp(instant, 0).unwrap_or(DateTime::UNIX_EPOCH);
    i64::from(zone.offset_from_utc_datetime(&utc.naive_utc()).fix().local_minus_utc())
}
