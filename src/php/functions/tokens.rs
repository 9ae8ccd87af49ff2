//! Tokens: using, renewing, forgetting, adopting and exporting them.

use std::ops::ControlFlow;

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, Zval};

use crate::base::clock::UtcInstant;
use crate::base::secret::Secret;
use crate::base::zone::{self, TimeInput};
use crate::php::arrays;
use crate::php::engine::Reply;
use crate::php::operation::{Operation, account_name};
use crate::php::register::{Function, function};
use crate::php::values::{count, refresh_report, refresh_result, timestamp, token_status};
use crate::php::zend::{self, Arguments, Outcome};
use crate::service::refresh_job::{self, RefreshResult};
use crate::service::tokens::{self, AdoptedToken};

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![
        function!(
            "access_token(string $account, int $min_validity = 300, ?string $challenge = null): string",
            access_token
        ),
        function!("token_status(string $account): TokenStatus", status),
        function!(
            "is_token_expired(string $account, int $leeway = 300): bool",
            is_token_expired
        ),
        function!("refresh_token(string $account): TokenStatus", refresh_token),
        function!(
            "refresh_tokens(int $horizon = 3900, ?array $accounts = null, ?callable $progress = null): RefreshReport",
            refresh_tokens
        ),
        function!("revoke_tokens(string $account): void", revoke_tokens),
        function!(
            "adopt_token(string $account, #[\\SensitiveParameter] array $token, ?string $timezone = null, \
                bool $only_if_absent = false): TokenStatus",
            adopt_token
        ),
        function!("export_token(string $account): array", export_token),
    ]
}

fn access_token(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let min_validity = arguments.int_from(1, 0)?;
    let challenge = arguments.optional_name(2)?.map(str::to_owned);
    let operation = Operation::begin()?;
    if challenge.is_none() {
        // The usual case: the store has a good one, and no thread is started for it.
        let name = name.clone();
        let fresh = operation.look(arguments, move |context| {
            tokens::fresh_access_token(context, &name, min_validity)
        })?;
        if let Some(token) = fresh {
            return Ok(token.expose().into_zval(false)?);
        }
    }
    let token = operation.run(Some(arguments), move |context| {
        tokens::access_token(context, &name, min_validity, challenge.as_deref())
    })?;
    zend::built(|| Ok(token.expose().into_zval(false)?))
}

fn status(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let operation = Operation::begin()?;
    let status = operation.look(arguments, move |context| tokens::token_status(context, &name))?;
    zend::built(|| token_status(&status, operation.language()))
}

fn is_token_expired(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let leeway = arguments.int_from(1, 0)?;
    let expired = Operation::begin()?.look(arguments, move |context| {
        tokens::is_token_expired(context, &name, leeway)
    })?;
    Ok(expired.into_zval(false)?)
}

fn refresh_token(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let operation = Operation::begin()?;
    let status = operation.run(Some(arguments), move |context| tokens::refresh_token(context, &name))?;
    zend::built(|| token_status(&status, operation.language()))
}

fn refresh_tokens(arguments: &Arguments) -> Outcome {
    let horizon = arguments.int_from(0, 0)?;
    let accounts = arrays::names(arguments, 1)?;
    let progress = arguments.optional_callable(2)?;
    let operation = Operation::begin()?;
    let language = operation.language();
    let asks = progress.is_some();
    let report = operation.run_asking(
        Some(arguments),
        move |context, asker| {
            let mut tell = |done: usize, total: usize, result: &RefreshResult| {
                if asks && asker.ask((done, total, result.clone())).is_none() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            };
            refresh_job::refresh_tokens(context, horizon, accounts.as_deref(), &mut tell)
        },
        |(done, total, result): (usize, usize, RefreshResult)| {
            let told = progress.map_or(Ok(()), |progress| {
                let done = count(done).into_zval(false)?;
                let total = count(total).into_zval(false)?;
                let arguments = vec![done, total, zend::built(|| refresh_result(&result, language))?];
                zend::call(progress, arguments).value().map(drop)
            });
            match told {
                Ok(()) => Reply::Go(()),
                Err(reason) => Reply::Stop(reason),
            }
        },
    )?;
    zend::built(|| refresh_report(&report, language))
}

fn revoke_tokens(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let operation = Operation::begin()?;
    operation.run(Some(arguments), move |context| tokens::revoke_tokens(context, &name))?;
    Ok(Zval::null())
}

fn adopt_token(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let timezone = arguments.optional_name(2)?;
    let token = adopted(arguments, arguments.array(1)?, timezone)?;
    let only_if_absent = arguments.bool(3)?;
    let operation = Operation::begin()?;
    let status = operation.run(Some(arguments), move |context| {
        tokens::adopt_token(context, &name, &token, only_if_absent)
    })?;
    zend::built(|| token_status(&status, operation.language()))
}

/// Reads what older scripts kept. Unknown keys are theirs and are left alone.
fn adopted(arguments: &Arguments, token: &ZendHashTable, timezone: Option<&str>) -> Outcome<AdoptedToken> {
    let text = |key: &str| match token.get(key).map(Zval::dereference).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => match value.zend_str().and_then(|_| value.string()) {
            Some(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            None => Err(arguments.value_error(1, &format!("must have a string for \"{key}\""))),
        },
    };
    let (issued_at, expires_at) = life(arguments, token, timezone)?;
    Ok(AdoptedToken {
        access_token: text("access_token")?.map(Secret::new),
        refresh_token: text("refresh_token")?.map(Secret::new),
        issued_at,
        expires_at,
        scope: text("scope")?,
        id_token: text("id_token")?.map(Secret::new),
    })
}

/// When the adopted access token was issued, where that is said, and when it ends. None: nothing says so, which counts as ended.
fn life(
    arguments: &Arguments,
    token: &ZendHashTable,
    timezone: Option<&str>,
) -> Outcome<(Option<UtcInstant>, Option<UtcInstant>)> {
    for key in ["expires_at", "expires", "expires_on"] {
        if let Some(instant) = instant(arguments, token, key, timezone)? {
            return Ok((beginning(token, timezone)?, Some(instant)));
        }
    }
    let issued_at = instant(arguments, token, "issued_at", timezone)?;
    let Some(lifetime) = token
        .get("expires_in")
        .map(Zval::dereference)
        .filter(|value| !value.is_null())
    else {
        return Ok((issued_at, None));
    };
    let Some(seconds) = lifetime
        .long()
        .or_else(|| lifetime.str().and_then(|text| text.parse().ok()))
    else {
        return Err(arguments.value_error(1, "must have a number of seconds for \"expires_in\""));
    };
    // A life time without its beginning says nothing about now.
    Ok((issued_at, issued_at.map(|issued| issued.plus(seconds))))
}

/// When a token was issued whose end is said by itself: kept if it can be read, and no reason to refuse the token if not.
fn beginning(token: &ZendHashTable, timezone: Option<&str>) -> Outcome<Option<UtcInstant>> {
    let Some(value) = token.get("issued_at").map(Zval::dereference) else {
        return Ok(None);
    };
    let input = input(value)?.filter(is_readable);
    Ok(input.and_then(|input| zone::instant(&input, timezone, "token").ok()))
}

/// A value as a time; `None` if it is of another type.
fn input(value: &Zval) -> Outcome<Option<TimeInput>> {
    Ok(match (value.long(), value.str(), value.object()) {
        (Some(seconds), ..) => Some(TimeInput::Epoch(seconds)),
        (None, Some(text), _) => Some(TimeInput::Text(text.to_owned())),
        (None, None, Some(object)) if object.instance_of(zend::date_time_interface()?) => {
            Some(TimeInput::Instant(timestamp(object)?))
        }
        _ => None,
    })
}

fn is_readable(input: &TimeInput) -> bool {
    !matches!(input, TimeInput::Text(text) if !zone::is_written_as_time(text))
}

fn instant(
    arguments: &Arguments,
    token: &ZendHashTable,
    key: &str,
    timezone: Option<&str>,
) -> Outcome<Option<UtcInstant>> {
    let Some(value) = token.get(key).map(Zval::dereference).filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let Some(input) = input(value)? else {
        return Err(arguments.value_error(1, &format!("must have a time for \"{key}\"")));
    };
    if !is_readable(&input) {
        return Err(arguments.value_error(
            1,
            &format!("must have epoch seconds or a time such as \"2026-01-31T12:00:00Z\" for \"{key}\""),
        ));
    }
    match zone::instant(&input, timezone, "token") {
        Ok(instant) => Ok(Some(instant)),
        Err(error) if error.argument == "token" => {
            Err(arguments.value_error(1, &format!("has a \"{key}\" that {}", error.message)))
        }
        Err(error) => Err(arguments.value_error_of(error.argument, &error.message)),
    }
}

fn export_token(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let token = Operation::begin()?.look(arguments, move |context| tokens::export_token(context, &name))?;
    zend::built(|| {
        let mut table = ZendHashTable::new();
        table.insert("access_token", token.access_token.as_ref().map(Secret::expose))?;
        table.insert("refresh_token", token.refresh_token.as_ref().map(Secret::expose))?;
        table.insert("expires_at", token.expires_at.map(UtcInstant::epoch))?;
        table.insert("scope", token.scope.as_str())?;
        let mut value = Zval::new();
        value.set_hashtable(table);
        Ok(value)
    })
}
