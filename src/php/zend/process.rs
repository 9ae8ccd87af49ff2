//! The process around a call: interrupts, forks, memory, panics, paths.

use std::cell::RefCell;
use std::ffi::{CString, c_char, c_int};

use ext_php_rs::ffi::{ext_php_rs_executor_globals, ext_php_rs_process_globals, zend_interrupt_function};
use ext_php_rs::types::Zval;

use super::call::guarded;
use super::raised::{Outcome, Raised};

unsafe extern "C" {
    fn zend_timeout() -> !;
    fn zend_memory_usage(real: bool) -> usize;
    fn php_check_open_basedir_ex(path: *const c_char, warn: c_int) -> c_int;
    fn pthread_atfork(
        prepare: Option<unsafe extern "C" fn()>,
        parent: Option<unsafe extern "C" fn()>,
        child: Option<unsafe extern "C" fn()>,
    ) -> c_int;
}

/// What a fork has to do, see [`on_fork`].
#[derive(Clone, Copy)]
pub struct ForkSteps {
    /// Before, in the parent.
    pub prepare: fn(),
    /// After, in the parent.
    pub parent: fn(),
    /// After, in the child.
    pub child: fn(),
}

static FORK_STEPS: std::sync::OnceLock<ForkSteps> = std::sync::OnceLock::new();

/// Registers what happens around every `fork` of this process, once. The library stays mapped (it is linked with
/// `nodelete`), so the steps stay callable after PHP unloaded the module.
pub fn on_fork(steps: ForkSteps) {
    unsafe extern "C" fn prepare() {
        quietly(FORK_STEPS.get().map(|steps| steps.prepare));
    }
    unsafe extern "C" fn parent() {
        quietly(FORK_STEPS.get().map(|steps| steps.parent));
    }
    unsafe extern "C" fn child() {
        quietly(FORK_STEPS.get().map(|steps| steps.child));
    }
    if FORK_STEPS.set(steps).is_ok() {
        // SAFETY: the three functions are static and catch every panic.
        unsafe { pthread_atfork(Some(prepare), Some(parent), Some(child)) };
    }
}

fn quietly(step: Option<fn()>) {
    if let Some(step) = step {
        // A panic must not cross the C frame of `fork`; the hook has noted its place.
        let _ = std::panic::catch_unwind(step);
    }
}

/// Runs what the engine has pending: signal handlers, time-outs. Called between two slices of waiting.
///
/// `Err`: stop waiting. A handler threw or called `exit`, or the script's time is over.
pub fn run_interrupts() -> Outcome<()> {
    // SAFETY: the executor's globals are valid in a running request; both flags are single bytes, read and written
    // as the VM itself does between two opcodes of this thread. The handler runs behind the guarded door.
    unsafe {
        let globals = ext_php_rs_executor_globals();
        if !std::ptr::read_volatile(&raw const (*globals).vm_interrupt.value) {
            return Ok(());
        }
        if std::ptr::read_volatile(&raw const (*globals).timed_out.value) {
            return guarded(|| zend_timeout()).value().map(drop);
        }
        std::ptr::write_volatile(&raw mut (*globals).vm_interrupt.value, false);
        if let Some(handler) = zend_interrupt_function {
            let frame = (*globals).current_execute_data;
            let returned = guarded(|| {
                handler(frame);
                Zval::new()
            });
            returned.value_beside_helper()?;
        }
    }
    Ok(())
}

/// The reason to end a call in a child that was forked in the middle of it.
pub fn forked_away() -> Raised {
    Raised::internal(
        "squeeze_graph: this process was forked while a call was running; the call goes on in the parent only",
    )
}

/// Bytes that may still be allocated before `memory_limit` ends the script. None: no limit.
pub fn memory_headroom() -> Option<u64> {
    // SAFETY: reads two numbers of this thread's globals.
    let (limit, used) = unsafe { ((*ext_php_rs_process_globals()).memory_limit, zend_memory_usage(true)) };
    let limit = u64::try_from(limit).ok()?;
    Some(limit.saturating_sub(used as u64))
}

/// Whether `open_basedir` allows a path.
pub fn open_basedir_allows(path: &str) -> bool {
    let Ok(path) = CString::new(path) else { return false };
    // SAFETY: the path is NUL-terminated and only read; 0 asks for no warning.
    unsafe { php_check_open_basedir_ex(path.as_ptr(), 0) == 0 }
}

thread_local! {
    /// Place and text of the last panic of this thread.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics off standard error: each becomes an `\Error` that names its place. This affects our own copy of the
/// Rust runtime only, not that of another extension.
pub fn note_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let text = panic
            .payload()
            .downcast_ref::<&str>()
            .map(|text| (*text).to_owned())
            .or_else(|| panic.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        LAST_PANIC.with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = Some(format!("{place}: {text}"));
            }
        });
    }));
}

/// Text of the last panic of this thread, for the error that reports it.
pub fn last_panic() -> String {
    let noted = LAST_PANIC.with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take()));
    format!(
        "squeeze_graph: internal error at {}",
        noted.unwrap_or_else(|| "an unknown place".to_owned())
    )
}
