//! Signing in: both legs of the authorization code flow.

use ext_php_rs::convert::IntoZval;
use ext_php_rs::types::{ZendHashTable, Zval};

use crate::php::operation::{Operation, account_name, refused};
use crate::php::register::{Function, function};
use crate::php::values::token_status;
use crate::php::zend::{self, Arguments, Outcome};
use crate::php::{arrays, ini};
use crate::service::sign_in::{self, AuthorizationOptions, Callback};

/// Functions of this concern.
pub fn functions() -> Vec<Function> {
    vec![
        function!(
            "authorization_url(string $account, #[\\SensitiveParameter] ?string $session = null, \
                ?string $prompt = null, ?string $login_hint = null, ?string $route = null, \
                ?string $redirect_uri = null): string",
            authorization_url
        ),
        function!(
            "exchange_code(#[\\SensitiveParameter] array $query, \
                #[\\SensitiveParameter] ?string $session = null): TokenStatus",
            exchange_code
        ),
        function!(
            "callback_route(#[\\SensitiveParameter] array $query): ?string",
            callback_route
        ),
        function!(
            "admin_consent_url(string $account, #[\\SensitiveParameter] ?string $session = null, \
                ?string $redirect_uri = null): string",
            admin_consent_url
        ),
    ]
}

/// Stands for the one person at a terminal, where there is no browser session to tie the two legs to.
const COMMAND_LINE: &[u8] = b"command line";

/// `?string $session`: what was given, any bytes, else the active PHP session's id.
fn session(arguments: &Arguments, index: usize) -> Outcome<Vec<u8>> {
    match arguments.optional_bytes(index)? {
        Some([]) => return Err(arguments.value_error(index, "must not be empty")),
        Some(session) => return Ok(session.to_vec()),
        None => {}
    }
    let id = Zval::try_from("session_id").ok().filter(Zval::is_callable);
    let id = match id {
        Some(function) => zend::call(&function, Vec::new()).value()?.string().unwrap_or_default(),
        None => String::new(),
    };
    match id {
        id if !id.is_empty() => Ok(id.into_bytes()),
        _ if ini::on_command_line() => Ok(COMMAND_LINE.to_vec()),
        _ => Err(refused("session_required", &[])),
    }
}

fn authorization_url(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let options = AuthorizationOptions {
        prompt: arguments.optional_name(2)?.map(str::to_owned),
        login_hint: arguments.optional_name(3)?.map(str::to_owned),
        route: arguments.optional_name(4)?.map(str::to_owned),
        redirect_uri: arguments.optional_name(5)?.map(str::to_owned),
    };
    let operation = Operation::begin()?;
    let session = session(arguments, 1)?;
    let url = operation.run(Some(arguments), move |context| {
        sign_in::authorization_url(context, &name, &session, &options)
    })?;
    zend::built(|| Ok(url.into_zval(false)?))
}

fn exchange_code(arguments: &Arguments) -> Outcome {
    let callback = callback(arguments.array(0)?);
    let operation = Operation::begin()?;
    let session = session(arguments, 1)?;
    let status = operation.run(Some(arguments), move |context| {
        sign_in::exchange_code(context, &callback, &session)
    })?;
    zend::built(|| token_status(&status, operation.language()))
}

fn callback_route(arguments: &Arguments) -> Outcome {
    Ok(sign_in::callback_route(&callback(arguments.array(0)?)).into_zval(false)?)
}

fn admin_consent_url(arguments: &Arguments) -> Outcome {
    let name = account_name(arguments, 0)?;
    let redirect_uri = arguments.optional_name(2)?.map(str::to_owned);
    let operation = Operation::begin()?;
    let session = session(arguments, 1)?;
    let url = operation.run(Some(arguments), move |context| {
        sign_in::admin_consent_url(context, &name, &session, redirect_uri.as_deref())
    })?;
    zend::built(|| Ok(url.into_zval(false)?))
}

/// The callback's parameters; what is not text stays without a value, for the core to refuse.
fn callback(query: &ZendHashTable) -> Callback {
    arrays::entries(query)
        .map(|(key, value)| (key.to_string(), value.zend_str().and_then(|_| value.string())))
        .collect()
}
