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

#[cfg(feature = "extension")]
fn php() -> Result<(), Box<dyn std::error::Error>> {
    use ext_php_rs_build::{PHPInfo, emit_check_cfg, emit_php_cfg_flags, find_php};
    for variable in ["PHP", "PHP_CONFIG", "PATH"] {
        println!("cargo:rerun-if-env-changed={variable}");
    }
    let info = PHPInfo::get(&find_php()?)?;
    emit_check_cfg();
    emit_php_cfg_flags(info.zend_version()?.try_into()?);
    // PHP unloads the module at its end while a helper thread may still run and fork handlers are still registered:
    // the code stays mapped until the process is gone.
    if std::env::var("CARGO_CFG_TARGET_OS").is_ok_and(|os| os == "linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
    Ok(())
}
