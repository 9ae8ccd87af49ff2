//! The one door from Rust into PHP code.
//!
//! PHP code that we call can throw, `exit`, die of a fatal error, suspend its fiber or fork. A fatal error leaves by
//! `longjmp`, which would jump over Rust frames and skip their destructors (seen: a mutex stayed locked for the next
//! request). So PHP runs behind a catch frame of its own, and what happened comes back as a value. Callers hold no
//! lock, no transaction and no borrow across it. Values are built behind such a frame, too: memory can run out with any of them.

use std::panic::AssertUnwindSafe;
use std::ptr;

use ext_php_rs::boxed::ZBox;
use ext_php_rs::ffi::{_call_user_function_impl, zend_call_known_function, zend_function, zend_object, zval};
use ext_php_rs::types::{ZendObject, Zval};
use ext_php_rs::zend::{CatchError, ExecutorGlobals, try_catch};

use super::raised::{Outcome, Raised};

unsafe extern "C" {
    fn zend_is_unwind_exit(exception: *const zend_object) -> bool;
    fn zend_is_graceful_exit(exception: *const zend_object) -> bool;
    fn zend_clear_exception();
}

/// How PHP code ended.
#[derive(Debug)]
pub enum Ended {
    /// It returned.
    Value(Zval),
    /// It threw; the exception is pending in the engine.
    Exception,
    /// It called `exit`, or its fiber is being destroyed; the unwinding is pending in the engine.
    Exit,
    /// A fatal error or time-out.
    Bailout,
}

/// What came back through the door.
#[derive(Debug)]
pub struct Returned {
    /// How the code ended.
    pub ended: Ended,
    /// This is a forked child now: the code called `pcntl_fork`, and helper threads stayed behind in the parent.
    pub forked: bool,
}

impl Returned {
    /// The value, or the reason to end as well.
    pub fn value(self) -> Outcome {
        match self.ended {
            Ended::Value(value) => Ok(value),
            Ended::Exception | Ended::Exit => Err(Raised::Pending),
            Ended::Bailout => Err(Raised::Bailout),
        }
    }

    /// The value for a caller that waits for a helper thread: a forked child has none, and its call ends here.
    pub fn value_beside_helper(self) -> Outcome {
        let forked = self.forked;
        let value = self.value()?;
        if forked { Err(super::forked_away()) } else { Ok(value) }
    }
}

/// Runs `inside`, which may run PHP code, behind a catch frame.
pub(super) fn guarded(inside: impl FnOnce() -> Zval) -> Returned {
    let before = std::process::id();
    let caught = try_catch(AssertUnwindSafe(inside));
    let ended = match caught {
        Err(CatchError::Bailout) => Ended::Bailout,
        // Our own code around the call; the hook has noted its place.
        Err(_) => {
            Raised::internal(super::last_panic()).raise();
            Ended::Exception
        }
        Ok(_) if ExecutorGlobals::has_exception() => {
            if is_exit() {
                Ended::Exit
            } else {
                Ended::Exception
            }
        }
        Ok(value) => Ended::Value(value),
    };
    Returned {
        ended,
        forked: std::process::id() != before,
    }
}

/// Builds PHP values behind a catch frame of its own. An allocation beyond `memory_limit` leaves by `longjmp`; so it jumps over the
/// building only, and what the values are made of, and whoever waits for a helper meanwhile, is dropped in order.
pub fn built<T>(inside: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    match try_catch(AssertUnwindSafe(inside)) {
        Ok(outcome) => outcome,
        Err(CatchError::Bailout) => Err(Raised::Bailout),
        Err(_) => Err(Raised::internal(super::last_panic())),
    }
}

/// Calls a PHP callable.
pub fn call(callable: &Zval, arguments: Vec<Zval>) -> Returned {
    // Our own reference, for the code may drop the last other one while it runs.
    let callable = callable.shallow_clone();
    let mut arguments = arguments.into_boxed_slice();
    let count = u32::try_from(arguments.len()).unwrap_or_default();
    let (target, first) = (ptr::from_ref(&callable).cast_mut(), arguments.as_mut_ptr());
    let returned = guarded(move || {
        let mut result = Zval::new();
        // SAFETY: the callable and the arguments outlive the call (they belong to the frame outside the catch frame);
        // the result is our local.
        unsafe {
            _call_user_function_impl(ptr::null_mut(), target, &raw mut result, count, first, ptr::null_mut());
        }
        result
    });
    drop(arguments);
    returned
}

/// Calls a method by its lower-case name, a constructor as well.
pub fn call_method(object: &ZendObject, name: &str, arguments: Vec<Zval>) -> Returned {
    let class = object.get_class_entry();
    let mut arguments = arguments.into_boxed_slice();
    let count = u32::try_from(arguments.len()).unwrap_or_default();
    let first = arguments.as_mut_ptr();
    // SAFETY: the class of a live object; its function table maps names to functions.
    let function: Option<*mut zend_function> =
        unsafe { super::class::table_pointer(&raw const class.function_table, name) };
    let returned = guarded(move || {
        let mut result = Zval::new();
        if let Some(function) = function {
            // SAFETY: the function was found in the object's own class; object and arguments outlive the call.
            unsafe {
                zend_call_known_function(
                    function,
                    ptr::from_ref(object).cast_mut(),
                    ptr::from_ref(class).cast_mut(),
                    &raw mut result,
                    count,
                    first.cast::<zval>(),
                    ptr::null_mut(),
                );
            }
        }
        result
    });
    drop(arguments);
    returned
}

/// Takes the pending exception out of the engine. None while `exit` unwinds: that is never ours to stop.
pub fn take_exception() -> Option<ZBox<ZendObject>> {
    if is_exit() {
        return None;
    }
    // SAFETY: the pending exception is a live object; our own reference keeps it when the engine drops its own.
    unsafe {
        let exception: *mut ZendObject = ExecutorGlobals::get().exception;
        let exception = exception.as_mut()?;
        exception.gc.refcount += 1;
        zend_clear_exception();
        Some(ZBox::from_raw(exception))
    }
}

fn is_exit() -> bool {
    // SAFETY: a null check and two reads of the pending exception's class.
    unsafe {
        let exception = ExecutorGlobals::get().exception;
        !exception.is_null() && (zend_is_unwind_exit(exception) || zend_is_graceful_exit(exception))
    }
}
