//! The PHP binding: everything between PHP code and the core.
//!
//! It maps: arguments in, one service call, values or one exception out. Decisions about mailboxes, tokens and retries
//! are the core's; coercion, errors and objects are the engine's.

mod arrays;
mod engine;
mod exceptions;
mod functions;
mod info;
mod ini;
mod log;
mod message_list;
mod operation;
mod register;
mod signature;
mod values;
mod zend;

use std::ffi::c_int;

use ext_php_rs::builders::ModuleBuilder;

/// Adds everything to the module.
pub fn module(module: ModuleBuilder<'_>) -> ModuleBuilder<'_> {
    functions::add(
        module
            .name("squeeze_graph")
            .class::<message_list::MessageList>()
            .class::<message_list::MessageIterator>()
            .startup_function(start)
            .shutdown_function(stop)
            .request_shutdown_function(end_request)
            .info_function(info::print),
    )
}

/// Module start: settings, enums, values, exceptions. No thread, no client and no file is touched here, for FPM runs
/// this in its master process.
extern "C" fn start(_kind: c_int, module: c_int) -> c_int {
    zend::note_panics();
    let started = std::panic::catch_unwind(|| {
        ini::register(module);
        values::register()?;
        exceptions::register()?;
        functions::complete()
    });
    match started {
        Ok(Ok(())) => 0,
        Ok(Err(error)) => refuse(&error),
        Err(_) => refuse(&zend::last_panic()),
    }
}

fn refuse(error: &str) -> c_int {
    ext_php_rs::error::php_error(
        &ext_php_rs::flags::ErrorType::CoreWarning,
        &format!("squeeze_graph: {error}"),
    );
    -1
}

/// Request end: what the log keeps for a request goes with it, and so does what still waits for PHP code.
extern "C" fn end_request(_kind: c_int, _module: c_int) -> c_int {
    let _ = std::panic::catch_unwind(engine::end_request);
    let _ = std::panic::catch_unwind(log::end_request);
    0
}

/// Module end: answers that helpers still wait for must reach the store.
extern "C" fn stop(_kind: c_int, _module: c_int) -> c_int {
    let _ = std::panic::catch_unwind(engine::farewell);
    0
}
