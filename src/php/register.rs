//! Turns declarations in PHP's own words into what the engine registers.

use ext_php_rs::args::{Arg, ArgInfoTables};
use ext_php_rs::builders::FunctionBuilder;
use ext_php_rs::flags::DataType;

use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ClassEntry, ExecuteData};

use super::signature::{Atom, Signature, Type, Unreadable};
use super::zend;

/// What the engine calls. Windows has a calling convention of its own, which `zend_fastcall!` chooses.
#[cfg(not(windows))]
pub type FunctionHandler = extern "C" fn(&mut ExecuteData, &mut Zval);
#[cfg(windows)]
pub type FunctionHandler = extern "vectorcall" fn(&mut ExecuteData, &mut Zval);

/// A function or method: its PHP signature and what the engine calls.
pub struct Function {
    /// The signature, read on first use.
    pub signature: &'static std::sync::LazyLock<Result<Signature, Unreadable>>,
    /// Entry for the engine.
    pub handler: FunctionHandler,
}

/// Declares a function or method: `function!("has_account(string $account): bool", has_account)`.
macro_rules! function {
    ($signature:expr, $body:path) => {{
        static SIGNATURE: std::sync::LazyLock<
            Result<$crate::php::signature::Signature, $crate::php::signature::Unreadable>,
        > = std::sync::LazyLock::new(|| $signature.parse());
        ext_php_rs::zend_fastcall! {
            extern fn handler(frame: &mut ext_php_rs::zend::ExecuteData, result: &mut ext_php_rs::types::Zval) {
                // An unreadable signature is never registered.
                if let Ok(signature) = &*SIGNATURE {
                    $crate::php::zend::enter(frame, result, signature, $body);
                }
            }
        }
        $crate::php::register::Function {
            signature: &SIGNATURE,
            handler,
        }
    }};
}
pub(super) use function;

impl Function {
    /// The signature, or the developer's mistake in it.
    pub fn signature(&self) -> Result<&'static Signature, &'static Unreadable> {
        self.signature.as_ref()
    }

    /// What ext-php-rs registers, under `name`.
    pub fn builder(&self, name: &str) -> Result<FunctionBuilder<'static>, &'static Unreadable> {
        let signature = self.signature()?;
        let required = signature
            .parameters
            .iter()
            .filter(|parameter| parameter.default.is_none())
            .count();
        let mut builder = FunctionBuilder::new(name, self.handler);
        for parameter in &signature.parameters {
            let mut arg = Arg::new(parameter.name.as_str(), data_type(&parameter.kind));
            if parameter.kind.nullable {
                arg = arg.allow_null();
            }
            if let Some((_, text)) = &parameter.default {
                arg = arg.default(text.as_str());
            }
            builder = builder.arg(arg);
        }
        builder = builder.required_args(required);
        if let Some(kind) = &signature.returns {
            builder = builder.returns(data_type(kind), false, kind.nullable);
        }
        Ok(builder)
    }
}

/// The nearest type that ext-php-rs can say; unions and `static` are completed after registration.
fn data_type(kind: &Type) -> DataType {
    if let Some(class) = kind.class() {
        return DataType::object(class);
    }
    match kind.alternatives.first() {
        Some(Atom::Bool) => DataType::Bool,
        Some(Atom::Int) => DataType::Long,
        Some(Atom::Float) => DataType::Double,
        Some(Atom::String) => DataType::String,
        Some(Atom::Array | Atom::List(_)) => DataType::Array,
        Some(Atom::Callable) => DataType::Callable,
        Some(Atom::Void) => DataType::Void,
        Some(Atom::Mixed | Atom::Static | Atom::Class(_)) | None => DataType::Mixed,
    }
}

/// Completes a registered method, see [`zend::complete`].
pub fn complete_method(class: &str, signature: &Signature) -> Result<(), String> {
    with_class(class, |class| zend::complete(Some(class), &signature.name, signature))
}

/// Runs `change` on a class registered a moment ago.
pub fn with_class(name: &str, change: impl FnOnce(&mut ClassEntry)) -> Result<(), String> {
    let class = zend::registered_class(name).ok_or_else(|| format!("class {name} is missing"))?;
    change(class);
    Ok(())
}

/// Keeps the argument tables of a class for the life of the process, as the engine does.
pub fn keep(_class: &'static mut ClassEntry, tables: ArgInfoTables) {
    zend::park(tables);
}
