//! Arguments of a call, read by the engine's own rules.
//!
//! ext-php-rs converts without coercion and with one error text for everything. Here the engine's parameter parser
//! decides: weak and strict mode, deprecations, the texts of `TypeError` and `ValueError`, and the parameter's name are
//! those of every function of PHP. Defaults come from the signature that Reflection shows.

use std::ffi::{CString, c_char, c_int};
use std::ptr;

use ext_php_rs::ffi::{
    _zend_expected_type, _zend_expected_type_Z_EXPECTED_ARRAY, _zend_expected_type_Z_EXPECTED_BOOL,
    _zend_expected_type_Z_EXPECTED_LONG, _zend_expected_type_Z_EXPECTED_STRING, zend_is_callable_ex, zend_string, zval,
};
use ext_php_rs::types::{ZendHashTable, ZendObject, Zval};
use ext_php_rs::zend::{ClassEntry, ExecuteData};

use super::raised::{Outcome, Raised};
use crate::php::signature::{Default, Signature};

unsafe extern "C" {
    fn zend_parse_arg_bool_slow(arg: *mut zval, dest: *mut bool, arg_num: u32) -> bool;
    fn zend_parse_arg_long_slow(arg: *mut zval, dest: *mut i64, arg_num: u32) -> bool;
    fn zend_parse_arg_str_slow(arg: *mut zval, dest: *mut *mut zend_string, arg_num: u32) -> bool;
    fn zend_parse_arg_str_or_long_slow(
        arg: *mut zval,
        dest_str: *mut *mut zend_string,
        dest_long: *mut i64,
        arg_num: u32,
    ) -> bool;
    fn zend_wrong_parameter_error(
        error_code: c_int,
        num: u32,
        name: *mut c_char,
        expected_type: _zend_expected_type,
        arg: *mut zval,
    );
    fn zend_wrong_parameters_count_error(min: u32, max: u32);
    fn zend_argument_value_error(arg_num: u32, format: *const c_char, ...);
    fn zend_argument_type_error(arg_num: u32, format: *const c_char, ...);
    fn zend_zval_type_name(arg: *const zval) -> *const c_char;
}

// `ZPP_ERROR_*` of Zend/zend_API.h.
const WRONG_CALLBACK: c_int = 2;
const WRONG_CLASS: c_int = 3;
const WRONG_CLASS_OR_NULL: c_int = 4;
const WRONG_ARG: c_int = 9;
const WRONG_CALLBACK_OR_NULL: c_int = 12;

/// `int|string|\DateTimeInterface`: an instant as PHP code holds it.
#[derive(Debug)]
pub enum Instant<'a> {
    /// Seconds since the epoch.
    Int(i64),
    /// Text to be read.
    Text(&'a str),
    /// A date object.
    Object(&'a ZendObject),
}

/// The arguments of the call that runs now.
pub struct Arguments<'a> {
    frame: &'a ExecuteData,
    signature: &'static Signature,
    given: usize,
}

impl<'a> Arguments<'a> {
    /// Checks the number of arguments. `Err`: the engine has thrown its `ArgumentCountError`.
    pub fn new(frame: &'a ExecuteData, signature: &'static Signature) -> Outcome<Self> {
        // SAFETY: `This.u2.num_args` of a running internal function is the number of arguments passed.
        let given = unsafe { frame.This.u2.num_args };
        let most = count(signature.parameters.len());
        let least = count(
            signature
                .parameters
                .iter()
                .filter(|parameter| parameter.default.is_none())
                .count(),
        );
        if given < least || given > most {
            // SAFETY: reads the current frame, which is ours, and throws.
            unsafe { zend_wrong_parameters_count_error(least, most) };
            return Err(Raised::Pending);
        }
        Ok(Self {
            frame,
            signature,
            given: given as usize,
        })
    }

    /// `$this` of a method.
    pub fn this(&self) -> Outcome<&'a mut ZendObject> {
        // SAFETY: `This` of a running method holds its object for as long as the frame lives; the engine hands it out
        // as a mutable handle to every function alike.
        unsafe {
            let this = ptr::from_ref(&self.frame.This).cast_mut();
            (*this).object_mut()
        }
        .ok_or_else(|| Raised::internal("method called without an object"))
    }

    /// The class whose method runs.
    pub fn scope(&self) -> Outcome<&'static ClassEntry> {
        // SAFETY: the function of a running frame is live; classes live as long as the process.
        unsafe {
            self.frame
                .func
                .as_ref()
                .and_then(|function| function.common.scope.as_ref())
        }
        .ok_or_else(|| Raised::internal("function called as a method"))
    }

    /// The passed value, or None where the default stands in.
    fn slot(&self, index: usize) -> Option<&'a mut Zval> {
        if index >= self.given {
            return None;
        }
        // SAFETY: `index` is below the number of passed arguments, whose slots follow the frame; each call of ours
        // borrows one slot at a time, and the engine itself converts arguments in place.
        let slot = unsafe { self.frame.zend_call_arg(index) }?.dereference_mut();
        // A parameter skipped by named arguments: the engine has put the default there, or left it undefined.
        if slot.get_type() == ext_php_rs::flags::DataType::Undef {
            None
        } else {
            Some(slot)
        }
    }

    fn default(&self, index: usize) -> &'static Default {
        self.signature
            .parameters
            .get(index)
            .and_then(|parameter| parameter.default.as_ref())
            .map_or(&Default::Null, |(value, _)| value)
    }

    fn nullable(&self, index: usize) -> bool {
        self.signature
            .parameters
            .get(index)
            .is_some_and(|parameter| parameter.kind.nullable)
    }

    /// Whether the caller gave this argument and it is not null.
    fn present(&self, index: usize) -> Option<&'a mut Zval> {
        self.slot(index)
            .filter(|slot| !(self.nullable(index) && slot.is_null()))
    }

    fn wrong_type(&self, index: usize, expected: _zend_expected_type, arg: &mut Zval) -> Raised {
        // The nullable form of each expected type follows it in the engine's list.
        let expected = if self.nullable(index) { expected + 1 } else { expected };
        // SAFETY: throws for the current frame; no name is read for this error code.
        unsafe { zend_wrong_parameter_error(WRONG_ARG, position(index), ptr::null_mut(), expected, arg) };
        Raised::Pending
    }

    /// `?string`, any bytes.
    pub fn optional_bytes(&self, index: usize) -> Outcome<Option<&'a [u8]>> {
        let Some(slot) = self.present(index) else {
            return Ok(match self.default(index) {
                Default::String(text) => Some(text.as_bytes()),
                _ => None,
            });
        };
        if !slot.is_string() {
            let mut converted = ptr::null_mut();
            // SAFETY: the slot is a live argument; the engine converts it in place, so the string lives in the slot.
            if !unsafe { zend_parse_arg_str_slow(slot, &raw mut converted, position(index)) } {
                return Err(self.wrong_type(index, _zend_expected_type_Z_EXPECTED_STRING, slot));
            }
        }
        pending()?;
        Ok(slot.zend_str().map(ext_php_rs::types::ZendStr::as_bytes))
    }

    /// `?string` that is valid UTF-8 without NUL.
    pub fn optional_text(&self, index: usize) -> Outcome<Option<&'a str>> {
        let Some(bytes) = self.optional_bytes(index)? else {
            return Ok(None);
        };
        let Ok(text) = std::str::from_utf8(bytes) else {
            return Err(self.value_error(index, "must be valid UTF-8"));
        };
        if text.contains('\0') {
            return Err(self.value_error(index, "must not contain any null bytes"));
        }
        Ok(Some(text))
    }

    /// `string` that is valid UTF-8 without NUL.
    pub fn text(&self, index: usize) -> Outcome<&'a str> {
        Ok(self.optional_text(index)?.unwrap_or_default())
    }

    /// `string` that is valid UTF-8 without NUL and not empty.
    pub fn name(&self, index: usize) -> Outcome<&'a str> {
        match self.text(index)? {
            "" => Err(self.value_error(index, "must not be empty")),
            text => Ok(text),
        }
    }

    /// `?string` as [`Self::name`].
    pub fn optional_name(&self, index: usize) -> Outcome<Option<&'a str>> {
        match self.optional_text(index)? {
            Some("") => Err(self.value_error(index, "must not be empty")),
            text => Ok(text),
        }
    }

    /// `?int`.
    pub fn optional_int(&self, index: usize) -> Outcome<Option<i64>> {
        let Some(slot) = self.present(index) else {
            return Ok(match self.default(index) {
                Default::Int(number) => Some(*number),
                _ => None,
            });
        };
        if let Some(number) = slot.long() {
            return Ok(Some(number));
        }
        let mut number = 0;
        // SAFETY: the slot is a live argument; the number is written to our local.
        if !unsafe { zend_parse_arg_long_slow(slot, &raw mut number, position(index)) } {
            return Err(self.wrong_type(index, _zend_expected_type_Z_EXPECTED_LONG, slot));
        }
        pending()?;
        Ok(Some(number))
    }

    /// `?int` that is at least `least`.
    pub fn optional_int_from(&self, index: usize, least: i64) -> Outcome<Option<i64>> {
        match self.optional_int(index)? {
            Some(number) if number < least => {
                Err(self.value_error(index, &format!("must be greater than or equal to {least}")))
            }
            number => Ok(number),
        }
    }

    /// `int` that is at least `least`.
    pub fn int_from(&self, index: usize, least: i64) -> Outcome<i64> {
        Ok(self.optional_int_from(index, least)?.unwrap_or_default())
    }

    /// `?bool`.
    pub fn optional_bool(&self, index: usize) -> Outcome<Option<bool>> {
        let Some(slot) = self.present(index) else {
            return Ok(match self.default(index) {
                Default::Bool(flag) => Some(*flag),
                _ => None,
            });
        };
        if let Some(flag) = slot.bool() {
            return Ok(Some(flag));
        }
        let mut flag = false;
        // SAFETY: the slot is a live argument; the flag is written to our local.
        if !unsafe { zend_parse_arg_bool_slow(slot, &raw mut flag, position(index)) } {
            return Err(self.wrong_type(index, _zend_expected_type_Z_EXPECTED_BOOL, slot));
        }
        pending()?;
        Ok(Some(flag))
    }

    /// `bool`.
    pub fn bool(&self, index: usize) -> Outcome<bool> {
        Ok(self.optional_bool(index)?.unwrap_or_default())
    }

    /// `?array`.
    pub fn optional_array(&self, index: usize) -> Outcome<Option<&'a ZendHashTable>> {
        let Some(slot) = self.present(index) else {
            return Ok(None);
        };
        if !slot.is_array() {
            return Err(self.wrong_type(index, _zend_expected_type_Z_EXPECTED_ARRAY, slot));
        }
        Ok(slot.array())
    }

    /// `array`.
    pub fn array(&self, index: usize) -> Outcome<&'a ZendHashTable> {
        self.optional_array(index)?
            .ok_or_else(|| Raised::internal("array argument without a value"))
    }

    /// `?callable`.
    pub fn optional_callable(&self, index: usize) -> Outcome<Option<&'a Zval>> {
        let Some(slot) = self.present(index) else {
            return Ok(None);
        };
        let mut error: *mut c_char = ptr::null_mut();
        // SAFETY: all pointers are to live locals or null, where null means not wanted; `error` is set to an
        // engine-owned message on failure, which the error function below frees.
        unsafe {
            let unwanted = ptr::null_mut();
            if !zend_is_callable_ex(slot, ptr::null_mut(), 0, unwanted, ptr::null_mut(), &raw mut error) {
                let code = if self.nullable(index) {
                    WRONG_CALLBACK_OR_NULL
                } else {
                    WRONG_CALLBACK
                };
                zend_wrong_parameter_error(code, position(index), error, 0, slot);
                return Err(Raised::Pending);
            }
        }
        pending()?;
        Ok(Some(slot))
    }

    /// `callable`.
    pub fn callable(&self, index: usize) -> Outcome<&'a Zval> {
        self.optional_callable(index)?
            .ok_or_else(|| Raised::internal("callable argument without a value"))
    }

    /// `?Class`, to look at. To keep it take [`Self::optional_instance`]: counting a reference means writing to the object, and
    /// what is written through a shared borrow an optimised build leaves out.
    pub fn optional_object(&self, index: usize, class: &ClassEntry) -> Outcome<Option<&'a ZendObject>> {
        Ok(self.optional_instance(index, class)?.and_then(Zval::object))
    }

    /// `?Class`, as the value that holds the object.
    pub fn optional_instance(&self, index: usize, class: &ClassEntry) -> Outcome<Option<&'a Zval>> {
        let Some(slot) = self.present(index) else {
            return Ok(None);
        };
        if !slot.object().is_some_and(|object| object.instance_of(class)) {
            let name = CString::new(class.name().unwrap_or_default()).unwrap_or_default();
            let code = if self.nullable(index) {
                WRONG_CLASS_OR_NULL
            } else {
                WRONG_CLASS
            };
            // SAFETY: throws for the current frame; the name is only read.
            unsafe { zend_wrong_parameter_error(code, position(index), name.as_ptr().cast_mut(), 0, slot) };
            return Err(Raised::Pending);
        }
        Ok(Some(slot))
    }

    /// `Class`, as the value that holds the object.
    pub fn instance(&self, index: usize, class: &ClassEntry) -> Outcome<&'a Zval> {
        self.optional_instance(index, class)?
            .ok_or_else(|| Raised::internal("object argument without a value"))
    }

    /// `int|string|\DateTimeInterface`.
    pub fn instant(&self, index: usize, class: &ClassEntry) -> Outcome<Instant<'a>> {
        let Some(slot) = self.slot(index) else {
            return Err(Raised::internal("instant argument without a value"));
        };
        if slot.object().is_some_and(|object| object.instance_of(class)) {
            return slot.object().map(Instant::Object).ok_or(Raised::Pending);
        }
        let (mut text, mut number) = (ptr::null_mut(), 0);
        if !slot.is_string() && !slot.is_long() {
            // SAFETY: the slot is a live argument, converted in place; a refusal without an exception is ours to throw.
            unsafe {
                if !zend_parse_arg_str_or_long_slow(slot, &raw mut text, &raw mut number, position(index)) {
                    pending()?;
                    zend_argument_type_error(
                        position(index),
                        c"must be of type DateTimeInterface|string|int, %s given".as_ptr(),
                        zend_zval_type_name(slot),
                    );
                    return Err(Raised::Pending);
                }
            }
            pending()?;
            if text.is_null() {
                return Ok(Instant::Int(number));
            }
        }
        if let Some(number) = slot.long() {
            return Ok(Instant::Int(number));
        }
        let bytes = slot
            .zend_str()
            .map(ext_php_rs::types::ZendStr::as_bytes)
            .unwrap_or_default();
        std::str::from_utf8(bytes)
            .map(Instant::Text)
            .map_err(|_| self.value_error(index, "must be valid UTF-8"))
    }

    /// Throws `f(): Argument #n ($name) …` as a `\ValueError`.
    #[expect(clippy::unused_self, reason = "only a call that runs can throw about its arguments")]
    pub fn value_error(&self, index: usize, reason: &str) -> Raised {
        let reason = CString::new(reason.replace('\0', "\\0")).unwrap_or_default();
        // SAFETY: throws for the current frame; the reason is passed as data, not as a format.
        unsafe { zend_argument_value_error(position(index), c"%s".as_ptr(), reason.as_ptr()) };
        Raised::Pending
    }

    /// The same by the parameter's name.
    pub fn value_error_of(&self, name: &str, reason: &str) -> Raised {
        match self
            .signature
            .parameters
            .iter()
            .position(|parameter| parameter.name == name)
        {
            Some(index) => self.value_error(index, reason),
            None => Raised::value_error(format!("{}(): {name} {reason}", self.signature.name)),
        }
    }

    /// Throws `f(): Argument #n ($name) …` as a `\TypeError`.
    #[expect(clippy::unused_self, reason = "only a call that runs can throw about its arguments")]
    pub fn type_error(&self, index: usize, reason: &str) -> Raised {
        let reason = CString::new(reason.replace('\0', "\\0")).unwrap_or_default();
        // SAFETY: throws for the current frame; the reason is passed as data, not as a format.
        unsafe { zend_argument_type_error(position(index), c"%s".as_ptr(), reason.as_ptr()) };
        Raised::Pending
    }
}

/// A deprecation turned into an exception by a user's error handler ends the call as any exception does.
fn pending() -> Outcome<()> {
    if ext_php_rs::zend::ExecutorGlobals::has_exception() {
        Err(Raised::Pending)
    } else {
        Ok(())
    }
}

/// Positions in messages count from one.
fn position(index: usize) -> u32 {
    count(index).saturating_add(1)
}

fn count(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Type of a value as PHP's error texts name it.
pub fn type_name(value: &Zval) -> String {
    // SAFETY: the engine returns a static or class-owned NUL-terminated name, copied at once.
    unsafe {
        let name = zend_zval_type_name(value);
        if name.is_null() {
            String::new()
        } else {
            std::ffi::CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }
}
