//! Value objects: final classes with typed, read-only properties that the engine owns.
//!
//! A family of values is a table of property declarations in PHP's words. From the one table come the registered
//! class, `jsonSerialize()`, its inverse `fromArray()`, and the check that Rust fills what was declared. No value holds
//! a secret, so none can leak one.

mod account;
mod build;
mod connection;
mod enums;
mod from_array;
mod import;
mod json;
mod message;
mod token;

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

use ext_php_rs::builders::{ClassBuilder, EnumBuilder};
use ext_php_rs::enum_::{Discriminant, EnumCase};
use ext_php_rs::flags::{ClassFlags, MethodFlags};
use ext_php_rs::types::Zval;
use ext_php_rs::zend::{ClassEntry, ce};

use super::register::{self, Function, function};
use super::signature::{NAMESPACE, Type, Unreadable, variables};
use super::zend::{self, Arguments, Outcome, Visibility};

pub use account::account;
pub use build::{Value, case, case_of, count, list, optional, optional_time, texts, time};
pub use connection::connection_report;
pub use import::{import_report, import_result, incoming_message};
pub use json::timestamp;
pub use message::{attachment, folder, mailbox_settings, message, move_result};
pub use token::{problem, refresh_report, refresh_result, token_status};

/// A value class.
pub struct Shape {
    /// Name without namespace.
    pub name: &'static str,
    /// Properties in PHP's words, in the order of JSON.
    pub properties: &'static str,
    /// Public methods beside the common ones.
    pub methods: fn() -> Vec<Function>,
}

/// A string-backed enum.
pub struct Enumeration {
    /// Name without namespace.
    pub name: &'static str,
    /// Case name and value.
    pub cases: &'static [(&'static str, &'static str)],
}

/// Properties of a class, in order.
type Fields = Vec<(Type, String)>;

fn shapes() -> impl Iterator<Item = &'static Shape> {
    [
        token::SHAPES,
        account::SHAPES,
        message::SHAPES,
        connection::SHAPES,
        import::SHAPES,
    ]
    .into_iter()
    .flatten()
}

/// Properties by full class name.
static FIELDS: LazyLock<HashMap<String, Fields>> = LazyLock::new(|| {
    shapes()
        .filter_map(|shape| {
            Some((
                format!("{NAMESPACE}\\{}", shape.name),
                variables(shape.properties).ok()?,
            ))
        })
        .collect()
});

fn fields(class: &ClassEntry) -> Option<&'static Fields> {
    FIELDS.get(class.name()?)
}

/// The class of a value or enum, by its name without namespace.
pub fn own_class(name: &str) -> Outcome<&'static ClassEntry> {
    thread_local! {
        /// A list of messages needs thousands of them. Classes of an extension live as long as its module.
        static KNOWN: RefCell<HashMap<String, &'static ClassEntry>> = RefCell::default();
    }
    if let Some(class) = KNOWN.with_borrow(|known| known.get(name).copied()) {
        return Ok(class);
    }
    let class = zend::class(&format!("{NAMESPACE}\\{name}"))?;
    KNOWN.with_borrow_mut(|known| known.insert(name.to_owned(), class));
    Ok(class)
}

/// Registers every enum and value class. Called while the module starts.
pub fn register() -> Result<(), String> {
    for (enumeration, cases) in enums::ENUMS.iter().zip(&*CASES) {
        register_enum(enumeration, cases).map_err(|error| format!("{}: {error}", enumeration.name))?;
    }
    for shape in shapes() {
        register_shape(shape).map_err(|error| format!("{}: {error}", shape.name))?;
    }
    Ok(())
}

/// The cases as the engine's builder wants them, for the life of the process.
static CASES: LazyLock<Vec<Vec<EnumCase>>> = LazyLock::new(|| {
    let case = |(name, value): &(&'static str, &'static str)| EnumCase {
        name,
        discriminant: Some(Discriminant::String(value)),
        docs: &[],
    };
    let cases = |enumeration: &Enumeration| enumeration.cases.iter().map(case).collect();
    enums::ENUMS.iter().map(cases).collect()
});

fn register_enum(enumeration: &Enumeration, cases: &'static [EnumCase]) -> Result<(), String> {
    let builder = EnumBuilder::new(format!("{NAMESPACE}\\{}", enumeration.name));
    let builder = cases.iter().fold(builder, EnumBuilder::case);
    builder
        .registration(|class, tables| {
            // Nobody can extend an enum; PHP 8.2 says so for those written in PHP only.
            class.ce_flags |= ClassFlags::Final.bits();
            register::keep(class, tables);
        })
        .register()
        .map_err(|error| error.to_string())
}

fn register_shape(shape: &Shape) -> Result<(), String> {
    let unreadable = |Unreadable(text): &Unreadable| format!("unreadable: {text}");
    let name = format!("{NAMESPACE}\\{}", shape.name);
    let mut methods = vec![
        function!("private __construct()", refuse),
        function!("static fromArray(array $data): static", from_array::from_array),
        function!("jsonSerialize(): array", json::json_serialize),
    ];
    methods.extend((shape.methods)());
    let mut builder = ClassBuilder::new(name.as_str())
        .flags(ClassFlags::Final.union(ClassFlags::NoDynamicProperties))
        .implements((zend::json_serializable, "\\JsonSerializable"))
        .registration(register::keep);
    for method in &methods {
        let signature = method.signature().map_err(unreadable)?;
        let mut flags = if signature.is_private {
            MethodFlags::Private
        } else {
            MethodFlags::Public
        };
        if signature.is_static {
            flags |= MethodFlags::Static;
        }
        builder = builder.method(method.builder(&signature.name).map_err(unreadable)?, flags);
    }
    builder.register().map_err(|error| error.to_string())?;
    for method in &methods {
        let signature = method.signature().map_err(unreadable)?;
        register::complete_method(&name, signature)?;
    }
    for (kind, property) in variables(shape.properties).map_err(|error| unreadable(&error))? {
        register::with_class(&name, |class| {
            zend::declare_property(class, &property, &kind, Visibility::ReadOnly, &Zval::new());
        })?;
    }
    Ok(())
}

/// Body of the private constructor, which only Reflection could reach.
fn refuse(_: &Arguments) -> Outcome {
    Err(zend::Raised::Error(ce::error(), "Use fromArray()".to_owned()))
}
