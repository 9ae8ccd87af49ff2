//! Everything of the engine that ext-php-rs has no safe call for: the only place with `unsafe`.
//!
//! Split by noun: `arguments` reads the arguments of a call, `call` is the one door into PHP code, `class` declares and
//! fills objects, `ini` handles settings, `process` is the process around a call, `raised` is how a call ends early.

#![expect(unsafe_code, reason = "the engine's C interface; every block says why it is sound")]

mod arguments;
mod call;
mod class;
pub mod ini;
mod process;
mod raised;

use std::panic::{AssertUnwindSafe, catch_unwind};

use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ExecuteData, run_handler};

pub use arguments::{Arguments, Instant, type_name};
pub use call::{Ended, built, call, call_method, take_exception};
pub use class::{
    Visibility, class, complete, date_time, date_time_interface, declare_property, enum_case, instantiate,
    json_serializable, known_class, object_value, park, property, registered_class, set_property,
};
pub use process::{
    ForkSteps, current_directory, error_log, forked_away, last_panic, memory_headroom, note_panics, on_fork,
    open_basedir_allows, panics, run_interrupts,
};
pub use raised::{Outcome, Raised};

use super::signature::Signature;

/// Body of a function or method.
pub type Body = fn(&Arguments) -> Outcome;

/// Runs a body for the engine: arguments counted, panics and failures turned into what PHP can catch.
pub fn enter(frame: &mut ExecuteData, result: &mut Zval, signature: &'static Signature, body: Body) {
    run_handler(AssertUnwindSafe(|| {
        let ended = caught(|| {
            let arguments = Arguments::new(frame, signature)?;
            body(&arguments)
        });
        match ended {
            Ok(value) => *result = value,
            Err(raised) => process::interrupted_by(raised).raise(),
        }
    }));
}

/// Runs a body; a panic in it is a failure that names its place.
pub fn caught<T>(body: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|_| Err(Raised::internal(last_panic())))
}
