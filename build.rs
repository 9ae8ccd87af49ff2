//! Tells rustc which PHP it builds for, so that the macros of ext-php-rs choose the right code.

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
    Ok(())
}
