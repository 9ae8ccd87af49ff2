//! PHP signatures as PHP writes them.
//!
//! Every function, method and property of the extension is declared by its PHP text (`int $limit = 100`), which is
//! read once when the module starts. So the declaration, the names and defaults that Reflection shows, and the values
//! that the engine fills in come from one place, and the stub can be compared with it word by word.
//!
//! The grammar is the part of PHP that the contract uses: named types, `?T`, unions, scalar and `null`/`[]` defaults,
//! `#[\SensitiveParameter]`. Two spellings are documentation beyond PHP's own types and are an `array` to the engine:
//! `list<T>` and `map`. A name without a leading backslash that is not a built-in type is a class of this extension.

use std::collections::BTreeSet;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// Namespace of everything this extension defines.
pub const NAMESPACE: &str = "Squeeze\\Graph";

/// One alternative of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Atom {
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `float`
    Float,
    /// `string`
    String,
    /// `array`, also written `map` when its keys are names
    Array,
    /// `list<T>`: an `array` to the engine
    List(Box<Type>),
    /// `callable`
    Callable,
    /// `mixed`
    Mixed,
    /// `void`
    Void,
    /// `static`
    Static,
    /// A class, interface or enum, by its full name without leading backslash.
    Class(&'static str),
}

/// A PHP type: one or more alternatives, or null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Type {
    /// Whether null is accepted.
    pub nullable: bool,
    /// At least one.
    pub alternatives: Vec<Atom>,
}

impl Type {
    /// The class among the alternatives, if there is one.
    pub fn class(&self) -> Option<&'static str> {
        self.alternatives.iter().find_map(|atom| match atom {
            Atom::Class(name) => Some(*name),
            _ => None,
        })
    }

    /// The only alternative, or None for a union.
    pub fn single(&self) -> Option<&Atom> {
        match self.alternatives.as_slice() {
            [atom] => Some(atom),
            _ => None,
        }
    }
}

/// What a parameter is when the caller leaves it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Default {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A string in single quotes.
    String(String),
    /// `[]`
    EmptyArray,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Name without the dollar sign.
    pub name: String,
    /// Its type.
    pub kind: Type,
    /// Default and its PHP text.
    pub default: Option<(Default, String)>,
    /// Hidden in stack traces.
    pub sensitive: bool,
}

/// A function or method.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name as written.
    pub name: String,
    /// In order.
    pub parameters: Vec<Parameter>,
    /// None for a constructor.
    pub returns: Option<Type>,
    /// A static method.
    pub is_static: bool,
    /// A private method.
    pub is_private: bool,
}

/// The text is not a signature. It names the part that could not be read; seen only by developers of the extension.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable(pub String);

impl FromStr for Type {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let text = text.trim();
        let (mut nullable, text) = match text.strip_prefix('?') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut alternatives = Vec::new();
        for part in text.split('|').map(str::trim) {
            if part == "null" {
                nullable = true;
            } else {
                alternatives.push(atom(part)?);
            }
        }
        if alternatives.is_empty() {
            return Err(Unreadable(text.to_owned()));
        }
        Ok(Self { nullable, alternatives })
    }
}

fn atom(text: &str) -> Result<Atom, Unreadable> {
    if let Some(inner) = text.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>')) {
        return Ok(Atom::List(Box::new(inner.parse()?)));
    }
    Ok(match text {
        "bool" => Atom::Bool,
        "int" => Atom::Int,
        "float" => Atom::Float,
        "string" => Atom::String,
        "array" | "map" => Atom::Array,
        "callable" => Atom::Callable,
        "mixed" => Atom::Mixed,
        "void" => Atom::Void,
        "static" => Atom::Static,
        "" => return Err(Unreadable(text.to_owned())),
        class => Atom::Class(class_name(class)),
    })
}

/// Class names that types mention. They live as long as the process, as the engine's tables do.
static CLASS_NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Full class name of `\Global` or `OwnClass`.
fn class_name(text: &str) -> &'static str {
    let full = match text.strip_prefix('\\') {
        Some(global) => global.to_owned(),
        None => format!("{NAMESPACE}\\{text}"),
    };
    let mut names = CLASS_NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(full.as_str()) {
        return known;
    }
    let name: &'static str = Box::leak(full.into_boxed_str());
    names.insert(name);
    name
}

/// `?string $subject`
pub fn variable(text: &str) -> Result<(Type, String), Unreadable> {
    let unreadable = || Unreadable(text.to_owned());
    let (kind, name) = text.rsplit_once('$').ok_or_else(unreadable)?;
    Ok((kind.parse()?, name.trim().to_owned()))
}

/// `?string $a, list<Address> $b`: the properties of a value.
pub fn variables(text: &str) -> Result<Vec<(Type, String)>, Unreadable> {
    parts(text).into_iter().map(variable).collect()
}

impl FromStr for Signature {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let unreadable = || Unreadable(text.to_owned());
        let (head, rest) = text.split_once('(').ok_or_else(unreadable)?;
        let (parameters, returns) = rest.rsplit_once(')').ok_or_else(unreadable)?;
        let mut words = head.split_whitespace().rev();
        let name = words.next().ok_or_else(unreadable)?.to_owned();
        let modifiers: Vec<&str> = words.collect();
        let returns = match returns.trim().strip_prefix(':') {
            Some(kind) => Some(kind.parse()?),
            None => None,
        };
        Ok(Self {
            name,
            parameters: parts(parameters)
                .into_iter()
                .map(str::parse)
                .collect::<Result<_, _>>()?,
            returns,
            is_static: modifiers.contains(&"static"),
            is_private: modifiers.contains(&"private"),
        })
    }
}

impl FromStr for Parameter {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        const SENSITIVE: &str = "#[\\SensitiveParameter]";
        let (sensitive, text) = match text.trim().strip_prefix(SENSITIVE) {
            Some(rest) => (true, rest),
            None => (false, text.trim()),
        };
        let (declaration, default) = match text.split_once('=') {
            Some((declaration, default)) => (declaration, Some(literal(default.trim())?)),
            None => (text, None),
        };
        let (kind, name) = variable(declaration)?;
        Ok(Self {
            name,
            kind,
            default,
            sensitive,
        })
    }
}

fn literal(text: &str) -> Result<(Default, String), Unreadable> {
    let value = match text {
        "null" => Default::Null,
        "true" => Default::Bool(true),
        "false" => Default::Bool(false),
        "[]" => Default::EmptyArray,
        _ => match text.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')) {
            Some(string) => Default::String(string.to_owned()),
            None => Default::Int(text.parse().map_err(|_| Unreadable(text.to_owned()))?),
        },
    };
    Ok((value, text.to_owned()))
}

/// Splits at commas. No default and no type of ours holds a comma of its own.
fn parts(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect()
}
