//! php.ini entries: registering with a check, reading without copying the whole table, and changing for a time.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use ext_php_rs::ffi::{zend_ini_entry, zend_ini_entry_def, zend_module_entry, zend_register_ini_entries, zend_string};
use ext_php_rs::types::ZendStr;

unsafe extern "C" {
    fn zend_ini_string_ex(name: *const c_char, length: usize, orig: c_int, exists: *mut bool) -> *mut c_char;
    fn zend_alter_ini_entry_ex(
        name: *mut zend_string,
        value: *mut zend_string,
        modify_type: c_int,
        stage: c_int,
        force: bool,
    ) -> c_int;
    fn display_ini_entries(module: *mut zend_module_entry);
}

const USER: c_int = 1;
const SYSTEM: c_int = 4;
const STAGE_STARTUP: c_int = 1 << 0;
const STAGE_RUNTIME: c_int = 1 << 4;
const FAILURE: c_int = -1;

/// One setting.
pub struct Setting {
    /// Full name.
    pub name: &'static str,
    /// Default as text.
    pub default: &'static str,
    /// Whether `ini_set` may change it. `php.ini` and `php_admin_value` always may, `.user.ini` never.
    pub by_script: bool,
    /// Whether a value is acceptable.
    pub accepts: fn(&str) -> bool,
    /// Which values are, in signs that read alike in every language.
    pub takes: &'static str,
}

/// Registers the settings. Called while the module starts.
pub fn register(settings: &'static [Setting], module: i32) {
    let mut entries: Vec<zend_ini_entry_def> = settings
        .iter()
        .map(|setting| zend_ini_entry_def {
            name: setting.name.as_ptr().cast(),
            on_modify: Some(check),
            mh_arg1: ptr::from_ref(setting).cast_mut().cast::<c_void>(),
            mh_arg2: ptr::null_mut(),
            mh_arg3: ptr::null_mut(),
            value: setting.default.as_ptr().cast(),
            displayer: None,
            value_length: u32::try_from(setting.default.len()).unwrap_or_default(),
            name_length: u16::try_from(setting.name.len()).unwrap_or_default(),
            modifiable: u8::try_from(if setting.by_script { SYSTEM | USER } else { SYSTEM }).unwrap_or_default(),
        })
        .collect();
    entries.push(zend_ini_entry_def::end());
    // SAFETY: the engine copies name and value of each entry and keeps the pointers to our settings, which are static.
    unsafe { zend_register_ini_entries(entries.as_ptr(), module) };
}

unsafe extern "C" fn check(
    _entry: *mut zend_ini_entry,
    value: *mut zend_string,
    setting: *mut c_void,
    _: *mut c_void,
    _: *mut c_void,
    stage: c_int,
) -> c_int {
    // SAFETY: the engine passes back the static setting that was registered, and a live string or null.
    let (setting, value) = unsafe { (setting.cast::<Setting>().as_ref(), value.as_ref()) };
    let Some(setting) = setting else { return 0 };
    let text = value.map_or(Ok(""), ZendStr::as_str);
    if text
        .as_ref()
        .is_ok_and(|text| !text.contains('\0') && (setting.accepts)(text))
    {
        return 0;
    }
    if stage == STAGE_STARTUP {
        // php.ini or -d: the engine goes on with the default, and without a word nobody would know.
        let Setting {
            name, default, takes, ..
        } = setting;
        let value = text.unwrap_or("…").escape_debug();
        ext_php_rs::error::php_error(
            &ext_php_rs::flags::ErrorType::CoreWarning,
            &format!("{name} can not be \"{value}\", \"{default}\" is used; it takes: {takes}"),
        );
    }
    FAILURE
}

/// The value now.
pub fn value(name: &str) -> String {
    let mut exists = false;
    // SAFETY: the engine returns its own NUL-terminated value or null; it is copied at once.
    unsafe {
        let value = zend_ini_string_ex(name.as_ptr().cast(), name.len(), 0, &raw mut exists);
        if value.is_null() {
            String::new()
        } else {
            std::ffi::CStr::from_ptr(value).to_string_lossy().into_owned()
        }
    }
}

/// Changes a setting as `ini_set` does. False: it may not be changed, or the value is refused.
pub fn set(name: &str, value: &str) -> bool {
    let (mut name, mut value) = (ZendStr::new(name, false), ZendStr::new(value, false));
    // SAFETY: both strings live until the call returns; the engine copies what it keeps.
    unsafe { zend_alter_ini_entry_ex(name.as_mut_ptr(), value.as_mut_ptr(), USER, STAGE_RUNTIME, false) == 0 }
}

/// Prints the directives of a module in `phpinfo()`.
pub fn display(module: *mut zend_module_entry) {
    // SAFETY: the engine passes its own module entry to the info function.
    unsafe { display_ini_entries(module) };
}

/// Whether `ini_set` may change a setting now: an administrator's `php_admin_value` can not be overruled.
pub fn changeable(name: &str) -> bool {
    // SAFETY: looks up an entry of the engine's own table by name and reads one byte of it.
    unsafe {
        let table = (*ext_php_rs::ffi::ext_php_rs_executor_globals()).ini_directives;
        super::class::table_pointer::<zend_ini_entry>(table, name)
            .and_then(|entry| entry.as_ref())
            .is_some_and(|entry| c_int::from(entry.modifiable) & USER != 0)
    }
}
