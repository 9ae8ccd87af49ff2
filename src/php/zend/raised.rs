//! What stops a function before it has a result, and how it is handed to the engine at the very end.
//!
//! Nothing is thrown where a problem is found: a function returns [`Raised`], drops everything it holds on the way out,
//! and the one entry wrapper hands it to the engine. So no destructor is ever skipped by the engine's `longjmp`.

use ext_php_rs::exception::PhpException;
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ClassEntry, bailout, ce};

/// Why a function ends without a result.
#[derive(Debug)]
pub enum Raised {
    /// The engine already holds the reason: an exception, or the unwinding of `exit`.
    Pending,
    /// A fatal error or time-out jumped out of PHP code that we had called; it goes on as soon as we dropped everything.
    Bailout,
    /// An exception object of ours that is to be thrown.
    Thrown(Zval),
    /// One of PHP's own errors.
    Error(&'static ClassEntry, String),
}

/// Result of everything that may end early.
pub type Outcome<T = Zval> = Result<T, Raised>;

impl Raised {
    /// A `\ValueError`.
    pub fn value_error(message: impl Into<String>) -> Self {
        Self::Error(ce::value_error(), message.into())
    }

    /// A `\TypeError`.
    pub fn type_error(message: impl Into<String>) -> Self {
        Self::Error(ce::type_error(), message.into())
    }

    /// A plain `\Error`: a bug in the extension, never a fault of the caller.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::Error(ce::error(), message.into())
    }

    /// Hands the reason to the engine. Does not return for [`Raised::Bailout`].
    pub(super) fn raise(self) {
        PhpException::from(self).throw();
    }
}

/// How a reason leaves Rust. ext-php-rs makes this conversion when it stores a result, after the function's own frame is
/// gone; throwing is left out by itself where the engine already holds an exception.
impl From<Raised> for PhpException {
    fn from(raised: Raised) -> Self {
        match raised {
            Raised::Pending => Self::new(String::new(), 0, ce::error()),
            // SAFETY: inside the `try_catch` of the entry wrapper and after everything of the function was dropped, so
            // nothing that needs a destructor stands between here and the catch.
            Raised::Bailout => unsafe { bailout() },
            Raised::Thrown(object) => Self::new(String::new(), 0, ce::error()).with_object(object),
            // The engine's own format of a message is a C string.
            Raised::Error(class, message) => Self::new(message.replace('\0', "\\0"), 0, class),
        }
    }
}

impl From<ext_php_rs::error::Error> for Raised {
    fn from(error: ext_php_rs::error::Error) -> Self {
        Self::internal(error.to_string())
    }
}
