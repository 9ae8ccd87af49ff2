//! Fuzzing: whatever comes from outside, bent in thousands of ways, and what must hold all the same.
//!
//! `cargo test` gives each target a few thousand inputs, always the same; `tools/fuzz` runs for as long as one likes. The corpora in
//! `tests/fuzz/corpus` are real shapes with made-up content; an input that failed once stays there.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

mod batch;
mod entra;
mod graph;
mod mutator;
mod names;
mod redemption;
mod run;
mod scripted;
mod store;
mod store_file;
mod times;

/// Whether a text could disturb a log line.
fn is_tame(text: &str) -> bool {
    !text.contains(char::is_control)
}

/// A label for an outcome: the first word of its debug form.
fn label(value: &impl std::fmt::Debug) -> String {
    let shown = format!("{value:?}");
    shown
        .split(|character: char| !character.is_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}
