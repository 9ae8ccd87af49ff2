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

/// Set to the path of a file into which the linker writes where every function lies (`tools/orderfile`).
#[cfg(feature = "extension")]
const LINK_MAP: &str = "SQUEEZE_GRAPH_LINK_MAP";

#[cfg(feature = "extension")]
fn php() -> Result<(), Box<dyn std::error::Error>> {
    use ext_php_rs_build::{PHPInfo, emit_check_cfg, emit_php_cfg_flags, find_php};
    for variable in ["PHP", "PHP_CONFIG", "PATH", PORTABLE, LINK_MAP] {
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
        if let Some(path) = std::env::var_os(LINK_MAP) {
            println!("cargo:rustc-cdylib-link-arg=-Wl,-Map={}", path.display());
        }
        order_functions()?;
    }
    Ok(())
}

/// Has the functions that are commonly used laid side by side, in a release. The kernel reads code in pieces of 64 KB, so that otherwise
/// nearly all of it is in memory for the quarter of it that runs. A name that is not found (another compiler, a library of another version)
/// is left out, and costs only that.
#[cfg(feature = "extension")]
fn order_functions() -> Result<(), Box<dyn std::error::Error>> {
    const FILE: &str = "src/orderfile.txt";
    println!("cargo:rerun-if-changed={FILE}");
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    if variable("PROFILE") != "release" {
        return Ok(());
    }
    let order = std::path::Path::new(&variable("CARGO_MANIFEST_DIR")).join(FILE);
    let arguments = [
        "-Wl,--no-warn-symbol-ordering".to_owned(),
        format!("-Wl,--symbol-ordering-file={}", order.display()),
    ];
    if links(&arguments)? {
        for argument in arguments {
            println!("cargo:rustc-cdylib-link-arg={argument}");
        }
    }
    Ok(())
}

/// Whether the linker understands the arguments: it is lld where rustc brings it, and may be any other.
#[cfg(feature = "extension")]
fn links(arguments: &[String]) -> Result<bool, Box<dyn std::error::Error>> {
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let folder = std::path::PathBuf::from(variable("OUT_DIR"));
    let source = folder.join("links.rs");
    std::fs::write(&source, "")?;
    let mut rustc = std::process::Command::new(variable("RUSTC"));
    rustc.args([
        "--crate-type=cdylib",
        "--crate-name=links",
        "--target",
        &variable("TARGET"),
        "-o",
    ]);
    rustc.arg(folder.join("links.so")).arg(&source);
    if let Some(linker) = std::env::var_os("RUSTC_LINKER") {
        rustc.arg(format!("-Clinker={}", linker.display()));
    }
    let flags = variable("CARGO_ENCODED_RUSTFLAGS");
    rustc.args(flags.split('\u{1f}').filter(|flag| !flag.is_empty()));
    rustc.args(arguments.iter().map(|argument| format!("-Clink-arg={argument}")));
    Ok(rustc.output()?.status.success())
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
