//! The house rules that a compiler does not know: who may name PHP's engine, and where unsafe code stands.

#![expect(
    clippy::unwrap_used,
    reason = "a source file that can not be read fails the test, as it should"
)]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

/// The code of a file: everything but comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

#[test]
fn only_the_binding_names_the_engine() {
    let (root, mut seen) = (source(), 0);
    for (path, text) in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap();
        if inside.starts_with("php") || inside == Path::new("lib.rs") {
            seen += usize::from(text.contains("ext_php_rs"));
            continue;
        }
        for (number, line) in code(&text) {
            assert!(
                !line.contains("ext_php_rs") && !line.contains("crate::php"),
                "{}:{number}: {line}",
                path.display()
            );
        }
    }
    assert!(seen > 5, "the binding is where it was");
}

#[test]
fn unsafe_code_stands_in_one_folder_and_says_why_it_is_sound() {
    // Where it stands is the compiler's to see; the rest is that nobody allows it anew, and that each block gives its reason.
    let manifest = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    assert!(manifest.contains("unsafe_code = \"deny\""), "the lint is on");
    let (root, mut blocks, mut allowed) = (source(), 0, Vec::new());
    for (path, text) in sources(&root) {
        let inside = path.strip_prefix(&root).unwrap().to_path_buf();
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in code(&text) {
            if line.contains("unsafe_code") {
                allowed.push(inside.clone());
            }
            if line.contains("unsafe {") || line.contains("unsafe impl") {
                blocks += 1;
                let above = &lines[number.saturating_sub(9)..number];
                assert!(
                    above.iter().any(|line| line.contains("SAFETY:")),
                    "{}:{number}: no SAFETY line above: {line}",
                    path.display()
                );
            }
        }
    }
    assert_eq!(allowed, [Path::new("php/zend/mod.rs")]);
    assert!(blocks > 10, "the unsafe code is where it was");
}
