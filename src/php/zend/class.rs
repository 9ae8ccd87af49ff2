//! Classes, properties and enum cases of the engine, beyond what ext-php-rs registers.
//!
//! Value objects and exceptions are plain engine objects with typed, read-only properties: `var_dump`, `==`, `clone`,
//! `serialize` and Reflection see them as they see a class written in PHP. ext-php-rs' own classes would hide a Rust
//! object behind them, lose file, line and trace of exceptions, and leave properties untyped.

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::{Mutex, PoisonError};

use ext_php_rs::args::ArgInfoTables;
use ext_php_rs::boxed::ZBox;
use ext_php_rs::ffi::{
    HashTable, ZEND_ACC_PRIVATE, ZEND_ACC_PUBLIC, zend_class_entry, zend_function, zend_internal_arg_info, zend_object,
    zend_property_info, zend_string, zend_type, zval,
};
use ext_php_rs::types::{ZendObject, ZendStr, Zval};
use ext_php_rs::zend::ClassEntry;

use super::raised::{Outcome, Raised};
use crate::php::signature::{Atom, NAMESPACE, Signature, Type};

unsafe extern "C" {
    fn zend_declare_typed_property(
        ce: *mut zend_class_entry,
        name: *mut zend_string,
        property: *mut zval,
        access_type: c_int,
        doc_comment: *mut zend_string,
        kind: zend_type,
    ) -> *mut zend_property_info;
    fn zend_update_property_ex(
        scope: *mut zend_class_entry,
        object: *mut zend_object,
        name: *mut zend_string,
        value: *mut zval,
    );
    fn zend_read_property(
        scope: *mut zend_class_entry,
        object: *mut zend_object,
        name: *const c_char,
        name_length: usize,
        silent: bool,
        rv: *mut zval,
    ) -> *mut zval;
    fn zend_add_attribute(
        attributes: *mut *mut HashTable,
        name: *mut zend_string,
        argc: u32,
        flags: u32,
        offset: u32,
        lineno: u32,
    ) -> *mut c_void;
    fn zend_hash_str_find(table: *const HashTable, key: *const c_char, length: usize) -> *mut zval;
    fn php_date_initialize(
        object: *mut c_void,
        text: *const c_char,
        length: usize,
        format: *const c_char,
        timezone: *mut zval,
        flags: c_int,
    ) -> bool;
    fn zend_enum_get_case_cstr(ce: *mut zend_class_entry, name: *const c_char) -> *mut zend_object;
    fn php_date_get_immutable_ce() -> *mut zend_class_entry;
    fn php_date_get_interface_ce() -> *mut zend_class_entry;
    static php_json_serializable_ce: *mut zend_class_entry;
}

// Masks of Zend/zend_type_info.h and zend_types.h that the bindings leave out.
const NULL: u32 = 1 << 1;
const BOOL: u32 = 1 << 2 | 1 << 3;
const INT: u32 = 1 << 4;
const FLOAT: u32 = 1 << 5;
const STRING: u32 = 1 << 6;
const ARRAY: u32 = 1 << 7;
const OBJECT: u32 = 1 << 8;
const RESOURCE: u32 = 1 << 9;
const CALLABLE: u32 = 1 << 12;
const VOID: u32 = 1 << 14;
const STATIC: u32 = 1 << 15;
const NAME: u32 = 1 << 24;
const READONLY: u32 = 1 << 7;
const PERSISTENT_ATTRIBUTE: u32 = 1;

fn mask(kind: &Type) -> u32 {
    let null = if kind.nullable { NULL } else { 0 };
    kind.alternatives.iter().fold(null, |mask, atom| {
        mask | match atom {
            Atom::Bool => BOOL,
            Atom::Int => INT,
            Atom::Float => FLOAT,
            Atom::String => STRING,
            Atom::Array | Atom::List(_) => ARRAY,
            Atom::Callable => CALLABLE,
            Atom::Mixed => NULL | BOOL | INT | FLOAT | STRING | ARRAY | OBJECT | RESOURCE,
            Atom::Void => VOID,
            Atom::Static => STATIC,
            Atom::Class(_) => 0,
        }
    })
}

/// Who may see a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visibility {
    /// Everyone may read it, no one may write it again.
    ReadOnly,
    /// Our own methods only.
    Private,
}

/// Declares a typed property. A read-only one is uninitialised until it is set once, a private one starts as `default`.
pub fn declare_property(class: &mut ClassEntry, name: &str, kind: &Type, visibility: Visibility, default: &Zval) {
    let class_type = match kind.class() {
        Some(class) => zend_type {
            ptr: ZendStr::new_interned(class, true).into_raw().cast(),
            type_mask: mask(kind) | NAME,
        },
        None => zend_type {
            ptr: ptr::null_mut(),
            type_mask: mask(kind),
        },
    };
    let (access, mut value) = match visibility {
        Visibility::ReadOnly => (ZEND_ACC_PUBLIC | READONLY, undefined()),
        Visibility::Private => (ZEND_ACC_PRIVATE, default.shallow_clone()),
    };
    // SAFETY: runs while the module starts, on a class just registered; name and type are interned for the life of the
    // process; the default is a scalar, null or the engine's immutable empty array, so no reference count is shared.
    unsafe {
        zend_declare_typed_property(
            class,
            ZendStr::new_interned(name, true).into_raw(),
            &raw mut value,
            access.cast_signed(),
            ptr::null_mut(),
            class_type,
        );
    }
    std::mem::forget(value);
}

fn undefined() -> Zval {
    let mut value = Zval::new();
    value.u1.type_info = 0;
    value
}

/// A property of `object`, declared by `class`, whatever its visibility. Null when it was never set.
pub fn property(class: &ClassEntry, object: &ZendObject, name: &str) -> Zval {
    let mut scratch = Zval::new();
    // SAFETY: class and object are live; the engine returns a pointer into the object, to our scratch value or to its
    // shared null, and it is copied before anything else runs.
    unsafe {
        let value = zend_read_property(
            ptr::from_ref(class).cast_mut(),
            ptr::from_ref(object).cast_mut(),
            name.as_ptr().cast(),
            name.len(),
            true,
            &raw mut scratch,
        );
        value
            .as_ref()
            .map_or_else(Zval::null, |value| value.dereference().shallow_clone())
    }
}

/// Sets a property of `object`, declared by `class`, whatever its visibility. The engine checks the type.
pub fn set_property(class: &ClassEntry, object: &mut ZendObject, name: &str, mut value: Zval) -> Outcome<()> {
    // SAFETY: class and object are live, the name lives until the call returns (the engine's own is the class's, and of a public property
    // it is the plain name), and the engine takes its own reference to the value. The executor's globals are valid while a request runs.
    unsafe {
        let info: Option<*mut zend_property_info> = table_pointer(&raw const class.properties_info, name);
        let known = info.and_then(|info| info.as_ref());
        let mut made = None;
        let name = match known.filter(|info| info.flags & ZEND_ACC_PUBLIC != 0) {
            Some(info) => info.name,
            None => made.insert(ZendStr::new(name, false)).as_mut_ptr(),
        };
        zend_update_property_ex(ptr::from_ref(class).cast_mut(), object, name, &raw mut value);
        if (*ext_php_rs::ffi::ext_php_rs_executor_globals()).exception.is_null() {
            Ok(())
        } else {
            Err(Raised::Pending)
        }
    }
}

/// A class of ours by its full name.
pub fn class(name: &str) -> Outcome<&'static ClassEntry> {
    ClassEntry::try_find(name).ok_or_else(|| Raised::internal(format!("class {name} is missing")))
}

/// A fresh object whose constructor has not run.
pub fn instantiate(class: &ClassEntry) -> ZBox<ZendObject> {
    class.new()
}

/// A value that holds `object`.
pub fn object_value(object: ZBox<ZendObject>) -> Zval {
    let mut object = object;
    let mut value = Zval::new();
    // Takes a reference of its own; the box gives up its one when it is dropped here.
    value.set_object(&mut object);
    value
}

/// The object of an enum case.
pub fn enum_case(class: &'static ClassEntry, name: &str) -> Outcome {
    let text = CString::new(name).map_err(|_| Raised::internal("enum case with a null byte"))?;
    // The engine asserts that the case exists.
    // SAFETY: the class is a live enum of ours and its constants table holds the case by that name.
    unsafe {
        if zend_hash_str_find(&raw const class.constants_table, text.as_ptr(), name.len()).is_null() {
            return Err(Raised::internal(format!("enum case {name} is missing")));
        }
        let case = zend_enum_get_case_cstr(ptr::from_ref(class).cast_mut(), text.as_ptr());
        let mut value = Zval::new();
        value.set_object(
            case.as_mut()
                .ok_or_else(|| Raised::internal("enum case without an object"))?,
        );
        Ok(value)
    }
}

/// `\DateTimeImmutable`.
fn date_time_immutable() -> Outcome<&'static ClassEntry> {
    // SAFETY: the engine's date extension is always there and its classes live as long as the process.
    unsafe { php_date_get_immutable_ce().as_ref() }.ok_or_else(|| Raised::internal("no DateTimeImmutable"))
}

/// A `\DateTimeImmutable` of the time that `text` says, as its constructor would make it.
pub fn date_time(text: &str) -> Outcome {
    let class = date_time_immutable()?;
    let mut object = instantiate(class);
    // SAFETY: the object is a fresh one of that class, whose handlers tell how far into the engine's own structure it stands; the text is
    // read up to its length, no format and no zone are given, and nothing of PHP code runs.
    let is_set = unsafe {
        let start = ptr::from_mut(&mut *object).cast::<c_char>();
        let offset = usize::try_from((*object.handlers).offset).unwrap_or_default();
        php_date_initialize(
            start.sub(offset).cast(),
            text.as_ptr().cast(),
            text.len(),
            ptr::null(),
            ptr::null_mut(),
            0,
        )
    };
    if is_set {
        Ok(object_value(object))
    } else {
        Err(Raised::internal(format!("no time: {text}")))
    }
}

/// `\DateTimeInterface`.
pub fn date_time_interface() -> Outcome<&'static ClassEntry> {
    // SAFETY: as above.
    unsafe { php_date_get_interface_ce().as_ref() }.ok_or_else(|| Raised::internal("no DateTimeInterface"))
}

/// `\JsonSerializable`. Called while the module starts, after the built-in extensions.
///
/// # Panics
/// Never: PHP 8 always has its json extension.
pub fn json_serializable() -> &'static ClassEntry {
    // SAFETY: set when the json extension started, which is before any shared extension.
    unsafe { php_json_serializable_ce.as_ref() }.unwrap_or_else(ext_php_rs::zend::ce::traversable)
}

/// The pointer stored under a lower-case name in one of the engine's tables.
///
/// # Safety
/// The table is live and its values are pointers to `T`.
pub(super) unsafe fn table_pointer<T>(table: *const HashTable, name: &str) -> Option<*mut T> {
    // SAFETY: as the caller promises; a function table's values are pointers.
    unsafe {
        let value = zend_hash_str_find(table, name.as_ptr().cast(), name.len());
        value.as_ref().map(|value| value.value.ptr.cast())
    }
}

/// Completes a registered function or method: unions, `static` and sensitive parameters, which ext-php-rs cannot say.
pub fn complete(class: Option<&ClassEntry>, name: &str, signature: &Signature) {
    let table = match class {
        Some(class) => &raw const class.function_table,
        // SAFETY: the compiler's globals are valid while the module starts.
        None => unsafe {
            (*ext_php_rs::ffi::ext_php_rs_compiler_globals())
                .function_table
                .cast_const()
        },
    };
    // SAFETY: the function was registered a moment ago by this module; its argument table holds the return type at
    // index -1 and one entry per parameter, and is ours alone while the module starts.
    unsafe {
        let Some(function) = table_pointer::<zend_function>(table, &name.to_lowercase()) else {
            return;
        };
        let infos: *mut zend_internal_arg_info = (*function).internal_function.arg_info;
        if let Some(kind) = &signature.returns
            && kind.alternatives.contains(&Atom::Static)
        {
            (*infos.sub(1)).type_.type_mask = mask(kind);
        }
        for (index, parameter) in signature.parameters.iter().enumerate() {
            if parameter.kind.alternatives.len() > 1 {
                (*infos.add(index)).type_.type_mask |= mask(&parameter.kind);
            }
            if parameter.sensitive {
                zend_add_attribute(
                    &raw mut (*function).common.attributes,
                    ZendStr::new_interned("SensitiveParameter", true).into_raw(),
                    0,
                    PERSISTENT_ATTRIBUTE,
                    u32::try_from(index).unwrap_or_default() + 1,
                    0,
                );
            }
        }
    }
}

/// A class registered a moment ago by this module, to be completed. Only for classes of ours.
pub fn registered_class(name: &str) -> Option<&'static mut ClassEntry> {
    // SAFETY: the compiler's globals are valid while the module starts, which is single-threaded; the class is ours, as its
    // namespace says, and no other reference to it is held.
    unsafe { name.starts_with(NAMESPACE).then(|| found(name)).flatten()?.as_mut() }
}

/// A class to extend, of ours or of PHP. Called while the module starts, after the built-in extensions.
pub fn known_class(name: &str) -> Option<&'static ClassEntry> {
    // SAFETY: the class lives as long as the process, and nothing writes to it while this reference is used: the module starts in
    // one thread, which completes a class of ours before it registers the next.
    unsafe { found(name)?.as_ref() }
}

/// The class of that name in the compiler's table.
///
/// # Safety
/// Only while the module starts, when the compiler's globals are valid and no other thread runs.
unsafe fn found(name: &str) -> Option<*mut ClassEntry> {
    // SAFETY: as the caller promises; the values of the class table are pointers to classes.
    unsafe {
        let table = (*ext_php_rs::ffi::ext_php_rs_compiler_globals()).class_table;
        table_pointer::<ClassEntry>(table, &name.to_lowercase())
    }
}

/// Argument tables that the engine points into for the life of the process.
struct Parked(#[expect(dead_code, reason = "only kept")] ArgInfoTables);

// SAFETY: the tables are written before they are parked and only read by the engine after that.
unsafe impl Send for Parked {}

static PARKED: Mutex<Vec<Parked>> = Mutex::new(Vec::new());

/// Keeps argument tables where a leak checker finds them.
pub fn park(tables: ArgInfoTables) {
    PARKED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Parked(tables));
}
