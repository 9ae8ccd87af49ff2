//! Times that older scripts keep: `is_expired()` and `to_utc()`.

use ext_php_rs::convert::IntoZval;

use crate::base::clock::{Clock, SystemClock};
use crate::base::zone::{self, TimeInput};
use crate::php::register::{Function, function};
use crate::php::values::{time, timestamp};
use crate::php::zend::{self, Arguments, Instant, Outcome};

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![
        function!(
            "is_expired(int|string|\\DateTimeInterface $expires_at, ?string $timezone = null, \
                int $leeway = 300): bool",
            is_expired
        ),
        function!(
            "to_utc(string $local_time, string $timezone): \\DateTimeImmutable",
            to_utc
        ),
    ]
}

fn is_expired(arguments: &Arguments) -> Outcome {
    let input = match arguments.instant(0, zend::date_time_interface()?)? {
        Instant::Int(seconds) => TimeInput::Epoch(seconds),
        Instant::Text(text) => TimeInput::Text(text.to_owned()),
        Instant::Object(object) => TimeInput::Instant(timestamp(object)?),
    };
    let timezone = arguments.optional_name(1)?;
    let leeway = arguments.int_from(2, 0)?;
    let expires_at = zone::instant(&input, timezone, "expires_at")
        .map_err(|error| arguments.value_error_of(error.argument, &error.message))?;
    Ok((expires_at <= SystemClock.now().plus(leeway)).into_zval(false)?)
}

fn to_utc(arguments: &Arguments) -> Outcome {
    let (local_time, timezone) = (arguments.text(0)?, arguments.text(1)?);
    let instant =
        zone::to_utc(local_time, timezone).map_err(|error| arguments.value_error_of(error.argument, &error.message))?;
    time(instant)
}
