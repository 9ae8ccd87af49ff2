//! The exception hierarchy.
//!
//! The classes are engine objects below `\RuntimeException` and `\Exception`, so file, line, trace and previous are
//! real, PHP code can build them with `new` in its own tests, and may extend those that are not final.

use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::convert::IntoZval;
use ext_php_rs::flags::{ClassFlags, MethodFlags};
use ext_php_rs::types::{ZendObject, ZendStr, Zval};
use ext_php_rs::zend::{ClassEntry, ce};

use super::register::{self, Function, function};
use super::signature::{NAMESPACE, Unreadable, variable};
use super::values::own_class;
use super::zend::{self, Arguments, Outcome, Raised, Visibility};
use crate::base::account::AccountName;
use crate::base::clock::{Clock, SystemClock};
use crate::base::failure::{Class, Detail, Failure};
use crate::base::language::Language;

/// One exception class.
struct Exception {
    name: &'static str,
    parent: Parent,
    flags: &'static [ClassFlags],
    /// Private properties with their getters' data: declaration in PHP's words.
    properties: &'static [&'static str],
    methods: fn() -> Vec<Function>,
}

enum Parent {
    /// A class of PHP.
    Global(fn() -> &'static ClassEntry, &'static str),
    /// A class of ours, registered before.
    Own(fn() -> &'static ClassEntry, &'static str),
}

const GRAPH: Parent = Parent::Own(graph_exception, "GraphException");
const CONFIGURATION: Parent = Parent::Own(configuration_exception, "ConfigurationException");
const PLAIN: Parent = Parent::Global(ce::exception, "\\Exception");

/// Parents before children.
const EXCEPTIONS: &[Exception] = &[
    Exception {
        name: "GraphException",
        parent: Parent::Global(runtime_exception, "\\RuntimeException"),
        flags: &[ClassFlags::Abstract],
        properties: &["?Problem $problem", "?string $account"],
        methods: || {
            vec![
                function!(
                    "__construct(Problem $problem, ?string $account = null, ?\\Throwable $previous = null)",
                    construct
                ),
                function!("getProblem(): Problem", get_problem),
                function!("getAccount(): ?string", get_account),
            ]
        },
    },
    Exception {
        name: "ConfigurationException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "AccountNotFoundException",
        parent: CONFIGURATION,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "ActionRequiredException",
        parent: CONFIGURATION,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "SignInRequiredException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "SignInFailedException",
        parent: GRAPH,
        flags: &[],
        properties: &["?string $reason"],
        methods: || {
            vec![
                function!(
                    "__construct(Problem $problem, ?string $account = null, ?\\Throwable $previous = null, \
                        string $reason = 'refused')",
                    construct_sign_in_failed
                ),
                function!("getReason(): string", get_reason),
            ]
        },
    },
    Exception {
        name: "AccessDeniedException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "FolderNotFoundException",
        parent: GRAPH,
        flags: &[],
        properties: &["?array $suggestions"],
        methods: || {
            vec![
                function!(
                    "__construct(Problem $problem, ?string $account = null, ?\\Throwable $previous = null, \
                        array $suggestions = [])",
                    construct_folder_not_found
                ),
                function!("getSuggestions(): array", get_suggestions),
            ]
        },
    },
    Exception {
        name: "AmbiguousFolderException",
        parent: GRAPH,
        flags: &[],
        properties: &["?array $candidates"],
        methods: || {
            vec![
                function!(
                    "__construct(Problem $problem, ?string $account = null, ?\\Throwable $previous = null, \
                        array $candidates = [])",
                    construct_ambiguous_folder
                ),
                function!("getCandidates(): array", get_candidates),
            ]
        },
    },
    Exception {
        name: "MessageNotFoundException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "AttachmentNotFoundException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "ThrottledException",
        parent: GRAPH,
        flags: &[],
        properties: &["?int $retryAfter"],
        methods: || {
            vec![
                function!(
                    "__construct(Problem $problem, ?string $account = null, ?\\Throwable $previous = null, \
                        ?int $retry_after = null)",
                    construct_throttled
                ),
                function!("getRetryAfter(): ?int", get_retry_after),
            ]
        },
    },
    Exception {
        name: "ConnectionException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "ServiceException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "StoreException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "ImportRunningException",
        parent: GRAPH,
        flags: &[],
        properties: &[],
        methods: Vec::new,
    },
    Exception {
        name: "RejectMessage",
        parent: PLAIN,
        flags: &[ClassFlags::Final],
        properties: &[],
        methods: || vec![function!("__construct(string $reason)", construct_reject)],
    },
    Exception {
        name: "LeaveInInbox",
        parent: PLAIN,
        flags: &[ClassFlags::Final],
        properties: &["?\\DateTimeImmutable $notBefore"],
        methods: || {
            vec![
                function!(
                    "__construct(string $reason = '', ?\\DateTimeInterface $not_before = null)",
                    construct_leave
                ),
                function!("getNotBefore(): ?\\DateTimeImmutable", get_not_before),
            ]
        },
    },
    Exception {
        name: "StopImport",
        parent: PLAIN,
        flags: &[ClassFlags::Final],
        properties: &[],
        methods: Vec::new,
    },
];

fn runtime_exception() -> &'static ClassEntry {
    zend::known_class("RuntimeException").unwrap_or_else(ce::exception)
}

fn graph_exception() -> &'static ClassEntry {
    zend::known_class("Squeeze\\Graph\\GraphException").unwrap_or_else(ce::exception)
}

fn configuration_exception() -> &'static ClassEntry {
    zend::known_class("Squeeze\\Graph\\ConfigurationException").unwrap_or_else(ce::exception)
}

/// Registers the hierarchy. Called while the module starts, after the values.
pub fn register() -> Result<(), String> {
    EXCEPTIONS
        .iter()
        .try_for_each(|exception| register_exception(exception).map_err(|error| format!("{}: {error}", exception.name)))
}

fn register_exception(exception: &Exception) -> Result<(), String> {
    let unreadable = |Unreadable(text): &Unreadable| format!("unreadable: {text}");
    let name = format!("{NAMESPACE}\\{}", exception.name);
    let (Parent::Global(parent, parent_name) | Parent::Own(parent, parent_name)) = exception.parent;
    let flags = exception
        .flags
        .iter()
        .fold(ClassFlags::empty(), |flags, flag| flags.union(*flag));
    let methods = (exception.methods)();
    let mut builder = ClassBuilder::new(name.as_str())
        .flags(flags)
        .extends((parent, parent_name))
        .registration(register::keep);
    for method in &methods {
        let signature = method.signature().map_err(unreadable)?;
        let method = method.builder(&signature.name).map_err(unreadable)?;
        builder = builder.method(method, MethodFlags::Public);
    }
    builder.register().map_err(|error| error.to_string())?;
    for method in &methods {
        register::complete_method(&name, method.signature().map_err(unreadable)?)?;
    }
    for property in exception.properties {
        let (kind, property) = variable(property).map_err(|error| unreadable(&error))?;
        register::with_class(&name, |class| {
            zend::declare_property(class, &property, &kind, Visibility::Private, &Zval::null());
        })?;
    }
    Ok(())
}

/// Sets message and previous, which `\Exception` declares.
fn set_basics(object: &mut ZendObject, problem: &Zval, previous: Option<&Zval>) -> Outcome<()> {
    let message = problem.object().map(message_of).transpose()?.unwrap_or_default();
    zend::set_property(ce::exception(), object, "message", message.into_zval(false)?)?;
    if let Some(previous) = previous {
        zend::set_property(ce::exception(), object, "previous", previous.shallow_clone())?;
    }
    Ok(())
}

/// What the exception says: explanation and remedy, as the problem holds them.
fn message_of(problem: &ZendObject) -> Outcome<String> {
    let class = own_class("Problem")?;
    let part = |name| zend::property(class, problem, name).string().unwrap_or_default();
    Ok([part("explanation"), part("remedy")]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" "))
}

fn construct(arguments: &Arguments) -> Outcome {
    let problem = arguments.instance(0, own_class("Problem")?)?;
    let account = arguments.optional_text(1)?;
    let previous = arguments.optional_instance(2, ce::throwable())?;
    let this = arguments.this()?;
    set_basics(this, problem, previous)?;
    let class = own_class("GraphException")?;
    zend::set_property(class, this, "problem", problem.shallow_clone())?;
    zend::set_property(class, this, "account", account.into_zval(false)?)?;
    Ok(Zval::null())
}

/// Runs the common constructor and sets the one further property of a class.
fn construct_with(arguments: &Arguments, class: &str, property: &str, value: Zval) -> Outcome {
    construct(arguments)?;
    zend::set_property(own_class(class)?, arguments.this()?, property, value)?;
    Ok(Zval::null())
}

fn construct_sign_in_failed(arguments: &Arguments) -> Outcome {
    let reason = arguments.text(3)?.into_zval(false)?;
    construct_with(arguments, "SignInFailedException", "reason", reason)
}

fn construct_folder_not_found(arguments: &Arguments) -> Outcome {
    let suggestions = list_of_texts(arguments, 3)?;
    construct_with(arguments, "FolderNotFoundException", "suggestions", suggestions)
}

fn construct_ambiguous_folder(arguments: &Arguments) -> Outcome {
    let candidates = list_of_texts(arguments, 3)?;
    construct_with(arguments, "AmbiguousFolderException", "candidates", candidates)
}

fn construct_throttled(arguments: &Arguments) -> Outcome {
    let seconds = arguments.optional_int_from(3, 0)?.into_zval(false)?;
    construct_with(arguments, "ThrottledException", "retryAfter", seconds)
}

fn list_of_texts(arguments: &Arguments, index: usize) -> Outcome {
    super::values::texts(super::arrays::texts(arguments, index)?.unwrap_or_default())
}

fn construct_reject(arguments: &Arguments) -> Outcome {
    set_reason(arguments)?;
    Ok(Zval::null())
}

/// The reason as it came, as with any exception of PHP: often it quotes a mail, which may be in any encoding.
fn set_reason(arguments: &Arguments) -> Outcome<()> {
    let mut reason = Zval::new();
    reason.set_zend_string(ZendStr::new(arguments.optional_bytes(0)?.unwrap_or_default(), false));
    zend::set_property(ce::exception(), arguments.this()?, "message", reason)
}

fn construct_leave(arguments: &Arguments) -> Outcome {
    let not_before = arguments.optional_object(1, zend::date_time_interface()?)?;
    set_reason(arguments)?;
    let this = arguments.this()?;
    if let Some(not_before) = not_before {
        let instant = super::values::time(super::values::timestamp(not_before)?)?;
        zend::set_property(own_class("LeaveInInbox")?, this, "notBefore", instant)?;
    }
    Ok(Zval::null())
}

fn get(arguments: &Arguments, class: &str, property: &str) -> Outcome {
    Ok(zend::property(own_class(class)?, arguments.this()?, property))
}

fn get_problem(arguments: &Arguments) -> Outcome {
    let problem = get(arguments, "GraphException", "problem")?;
    if problem.is_object() {
        Ok(problem)
    } else {
        Err(Raised::Error(
            ce::error(),
            "The exception was built without calling its parent constructor".to_owned(),
        ))
    }
}

fn get_account(arguments: &Arguments) -> Outcome {
    get(arguments, "GraphException", "account")
}

fn get_reason(arguments: &Arguments) -> Outcome {
    let reason = get(arguments, "SignInFailedException", "reason")?;
    if reason.is_string() {
        Ok(reason)
    } else {
        Ok("refused".into_zval(false)?)
    }
}

fn get_suggestions(arguments: &Arguments) -> Outcome {
    or_empty(get(arguments, "FolderNotFoundException", "suggestions")?)
}

fn get_candidates(arguments: &Arguments) -> Outcome {
    or_empty(get(arguments, "AmbiguousFolderException", "candidates")?)
}

#[expect(clippy::unnecessary_wraps, reason = "the result of a method body")]
fn or_empty(value: Zval) -> Outcome {
    if value.is_array() {
        Ok(value)
    } else {
        Ok(Zval::new_array())
    }
}

fn get_retry_after(arguments: &Arguments) -> Outcome {
    get(arguments, "ThrottledException", "retryAfter")
}

fn get_not_before(arguments: &Arguments) -> Outcome {
    get(arguments, "LeaveInInbox", "notBefore")
}

/// The exception for a failure of the core, thrown from where PHP code stands now.
pub fn raised(failure: &Failure, language: Language) -> Raised {
    zend::built(|| built(failure, language)).unwrap_or_else(|raised| raised)
}

fn built(failure: &Failure, language: Language) -> Outcome<Raised> {
    let name = class_name(failure.class);
    let class = own_class(name)?;
    let problem = super::values::problem(&failure.problem, language)?;
    let mut object = zend::instantiate(class);
    let base = own_class("GraphException")?;
    set_basics(&mut object, &problem, None)?;
    zend::set_property(base, &mut object, "problem", problem)?;
    let account = failure.account.as_ref().map(AccountName::as_str);
    zend::set_property(base, &mut object, "account", account.into_zval(false)?)?;
    let mut set = |property, value| zend::set_property(class, &mut object, property, value);
    match (&failure.detail, failure.class) {
        (Detail::Reason(reason), Class::SignInFailed) => set("reason", reason.name().into_zval(false)?)?,
        (Detail::Candidates(paths), Class::AmbiguousFolder) => set("candidates", super::values::texts(paths)?)?,
        (Detail::Suggestions(paths), Class::FolderNotFound) => set("suggestions", super::values::texts(paths)?)?,
        (Detail::RetryAt(at), Class::Throttled) => {
            let seconds = at.since(SystemClock.now()).max(0);
            set("retryAfter", seconds.into_zval(false)?)?;
        }
        _ => {}
    }
    Ok(Raised::Thrown(zend::object_value(object)))
}

const fn class_name(class: Class) -> &'static str {
    match class {
        Class::Configuration => "ConfigurationException",
        Class::AccountNotFound => "AccountNotFoundException",
        Class::ActionRequired => "ActionRequiredException",
        Class::SignInRequired => "SignInRequiredException",
        Class::SignInFailed => "SignInFailedException",
        Class::AccessDenied => "AccessDeniedException",
        Class::FolderNotFound => "FolderNotFoundException",
        Class::AmbiguousFolder => "AmbiguousFolderException",
        Class::MessageNotFound => "MessageNotFoundException",
        Class::AttachmentNotFound => "AttachmentNotFoundException",
        Class::Throttled => "ThrottledException",
        Class::Connection => "ConnectionException",
        Class::Service => "ServiceException",
        Class::Store => "StoreException",
        Class::ImportRunning => "ImportRunningException",
    }
}
