//! Tells rustc which PHP it builds for, so that the macros of ext-php-rs choose the right code.

#[cfg_attr(
    not(feature = "extension"),
    expect(clippy::unnecessary_wraps, reason = "only the binding's part can fail")
)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-changed=build.rs");
    #[cfg(feature = "extension")]
    php()?;
    Ok(())
}

/// Set to build a library for other machines than this one: it must load with an older C library, too.
#[cfg(feature = "extension")]
const PORTABLE: &str = "SQUEEZE_GRAPH_PORTABLE";

#[cfg(feature = "extension")]
fn php() -> Result<(), Box<dyn std::error::Error>> {
    use ext_php_rs_build::{PHPInfo, emit_check_cfg, emit_php_cfg_flags, find_php};
    for variable in ["PHP", "PHP_CONFIG", "PATH", PORTABLE] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let info = PHPInfo::get(&find_php()?)?;
    emit_check_cfg();
    emit_php_cfg_flags(info.zend_version()?.try_into()?);
    // PHP unloads the module at its end while a helper thread may still run and fork handlers are still registered:
    // the code stays mapped until the process is gone.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
        if relocations_may_be_packed() {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-z,pack-relative-relocs");
        }
    }
    Ok(())
}

/// Whether the C library here understands packed relocations (`DT_RELR`, glibc 2.36): they save a megabyte that is read at each load.
/// The tables of all time zones are full of addresses. An older C library refuses to load such a file, so a portable one has none.
#[cfg(feature = "extension")]
fn relocations_may_be_packed() -> bool {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if !variable(PORTABLE).is_empty()
        || variable("HOST") != variable("TARGET")
        || variable("CARGO_CFG_TARGET_ENV") != "gnu"
    {
        return false;
    }
    let told = std::process::Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let told = told.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let version = told.unwrap_or_default();
    let mut numbers = version
        .trim()
        .trim_start_matches("glibc ")
        .split('.')
        .map(str::parse::<u32>);
    matches!((numbers.next(), numbers.next()), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= (2, 36))
}
