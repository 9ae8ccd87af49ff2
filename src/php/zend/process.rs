//! The process around a call: interrupts, forks, memory, panics, paths.

use std::cell::RefCell;
use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use ext_php_rs::ffi::{ext_php_rs_executor_globals, ext_php_rs_process_globals, zend_interrupt_function};
use ext_php_rs::types::Zval;

use super::call::{Returned, guarded};
use super::raised::{Outcome, Raised};

unsafe extern "C" {
    fn zend_timeout() -> !;
    fn zend_memory_usage(real: bool) -> usize;
    fn expand_filepath(path: *const c_char, expanded: *mut c_char) -> *mut c_char;
    fn php_check_open_basedir_ex(path: *const c_char, warn: c_int) -> c_int;
    fn php_log_err_with_severity(message: *const c_char, severity: c_int);
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
    interrupted().map_or(Ok(()), |returned| returned.value_beside_helper().map(drop))
}

/// The same before a call ends with `raised`: where an exception is in the air the engine takes signals up and calls no handler for them,
/// so they would be lost (seen in 8.2, with PDO, too). What a handler throws comes first, as if the signal had been a moment earlier.
pub(super) fn interrupted_by(raised: Raised) -> Raised {
    if matches!(raised, Raised::Pending | Raised::Bailout) {
        return raised;
    }
    match interrupted().map(Returned::value) {
        Some(Err(other)) => other,
        None | Some(Ok(_)) => raised,
    }
}

/// What became of what was pending, if anything was.
fn interrupted() -> Option<Returned> {
    // SAFETY: the executor's globals are valid in a running request; both flags are single bytes, read and written
    // as the VM itself does between two opcodes of this thread. The handler runs behind the guarded door.
    unsafe {
        let globals = ext_php_rs_executor_globals();
        if !std::ptr::read_volatile(&raw const (*globals).vm_interrupt.value) {
            return None;
        }
        if std::ptr::read_volatile(&raw const (*globals).timed_out.value) {
            return Some(guarded(|| zend_timeout()));
        }
        std::ptr::write_volatile(&raw mut (*globals).vm_interrupt.value, false);
        let handler = zend_interrupt_function?;
        let frame = (*globals).current_execute_data;
        Some(guarded(|| {
            handler(frame);
            Zval::new()
        }))
    }
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

/// The current directory of this PHP. The threads of a thread-safe one have each their own, and none is that of the process.
pub fn current_directory() -> Option<PathBuf> {
    /// `MAXPATHLEN`, which the engine writes at most.
    const LONGEST: usize = 4096;
    let mut expanded = [0_u8; LONGEST];
    // SAFETY: the path is NUL-terminated and only read; the buffer has the size that the engine expects.
    let found = unsafe { expand_filepath(c".".as_ptr(), expanded.as_mut_ptr().cast()) };
    if found.is_null() {
        return None;
    }
    let path = CStr::from_bytes_until_nul(&expanded).ok()?;
    Some(PathBuf::from(OsStr::from_bytes(path.to_bytes())))
}

/// Writes a line to PHP's error log (`error_log`, else the SAPI's own). Runs no PHP code and raises nothing.
pub fn error_log(line: &str) {
    /// `LOG_WARNING` of syslog.h.
    const WARNING: c_int = 4;
    let Ok(line) = CString::new(line) else { return };
    // SAFETY: the line is NUL-terminated and only read; we are on PHP's thread, in a request.
    unsafe { php_log_err_with_severity(line.as_ptr(), WARNING) };
}

thread_local! {
    /// Place and text of the last panic of this thread.
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The same of the last panic anywhere: a panic goes on from a thread of the core in the one that waits for it.
static LAST_ELSEWHERE: Mutex<Option<String>> = Mutex::new(None);

/// How many panics there were in this process.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// Keeps panics off standard error: each becomes an `\Error` that names its place. This affects our own copy of the
/// Rust runtime only, not that of another extension.
///
/// Only a text that stands in the source is shown with it: one that was made at run time may quote what was worked on
/// (cutting a string in the middle of a character quotes the string), and that may be a token.
pub fn note_panics() {
    std::panic::set_hook(Box::new(|panic| {
        PANICS.fetch_add(1, Ordering::SeqCst);
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let noted = match panic.payload().downcast_ref::<&'static str>() {
            Some(text) => format!("{place}: {text}"),
            None => place,
        };
        // Not waited for: a panic must not end in a deadlock.
        if let Ok(mut last) = LAST_ELSEWHERE.try_lock() {
            *last = Some(noted.clone());
        }
        LAST_PANIC.with(|last| {
            if let Ok(mut last) = last.try_borrow_mut() {
                *last = Some(noted);
            }
        });
    }));
}

/// How many panics there were in this process: a thread that others rely on may have died of one.
pub fn panics() -> usize {
    PANICS.load(Ordering::SeqCst)
}

/// Text of the last panic, for the error that reports it.
pub fn last_panic() -> String {
    let here = LAST_PANIC.with(|last| last.try_borrow_mut().ok().and_then(|mut last| last.take()));
    let elsewhere = LAST_ELSEWHERE.try_lock().ok().and_then(|mut last| last.take());
    format!(
        "squeeze_graph: internal error at {}",
        here.or(elsewhere).unwrap_or_else(|| "an unknown place".to_owned())
    )
}
