//! A run of one target: every corpus entry as it is, then inputs made from them.
//!
//! By default a fixed number with a fixed seed, which is what `cargo test` does. [`SECONDS`] makes it a run of that length, [`SEED`]
//! another one. There is no coverage to steer by on a stable compiler; instead a target says in a word what it made of an input, and the
//! first inputs of each word join the pool, so that rare outcomes are looked at from close by.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::mutator::{Numbers, mutated};

const SECONDS: &str = "SQUEEZE_GRAPH_FUZZ_SECONDS";
const SEED: &str = "SQUEEZE_GRAPH_FUZZ_SEED";
/// Of all targets only this one; unset or empty: all of them.
const TARGET: &str = "SQUEEZE_GRAPH_FUZZ_TARGET";

/// How many inputs a target gets in the short run.
const INPUTS: u64 = 2000;

/// How many inputs of one outcome join the pool.
const KEPT: u64 = 8;

/// An input that takes longer is a finding, too. Far more than any needs, because the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(10);

/// After this an input is taken to hang: nobody waits for it any more, and the program ends.
const HANGS: Duration = Duration::from_mins(2);

fn folder(target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fuzz/corpus")
        .join(target)
}

/// One entry of a target's corpus.
pub fn entry(target: &str, name: &str) -> Vec<u8> {
    fs::read(folder(target).join(name)).unwrap()
}

/// All of them, by file name.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder(target)).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} must be a whole number, {text:?} given")),
    )
}

/// Gives `check` input after input. It panics where a property does not hold, and else says what kind of input it was. At least
/// `outcomes` kinds must occur: a target whose inputs all end the same way tests nothing.
pub fn run(target: &str, words: &[&str], outcomes: usize, check: impl Fn(&[u8]) -> String) {
    run_some(target, words, outcomes, INPUTS, check);
}

/// The same with fewer or more inputs in the short run, for a target whose inputs take long.
pub fn run_some(target: &str, words: &[&str], outcomes: usize, inputs: u64, check: impl Fn(&[u8]) -> String) {
    if std::env::var(TARGET).is_ok_and(|only| !only.is_empty() && only != target) {
        return;
    }
    let seed = number(SEED).unwrap_or(1);
    let end = number(SECONDS).map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let began = Instant::now();
    // Each target walks its own way, also with the same seed.
    let own: [u8; 8] = Sha256::digest(target)[..8].try_into().unwrap();
    let mut numbers = Numbers::new(seed ^ u64::from_le_bytes(own));
    let mut pool = corpus(target);
    let entries = pool.clone();
    let mut outcomes_seen: BTreeMap<String, u64> = BTreeMap::new();
    let mut made = 0;
    let mut waiting = entries.into_iter();
    let watch = Watch::new(target, seed);
    loop {
        let input = match waiting.next() {
            Some(entry) => entry,
            None if end.map_or(made < inputs, |end| Instant::now() < end) => {
                made += 1;
                mutated(&mut numbers, &pool, words)
            }
            None => break,
        };
        let outcome = looked_at(target, seed, &input, &watch, &check);
        let count = outcomes_seen.entry(outcome).or_default();
        *count += 1;
        if *count <= KEPT && made > 0 {
            pool.push(input);
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = made as f64 / seconds.max(0.001);
    println!("fuzz {target}: seed {seed}, {made} inputs in {seconds:.1} s, {rate:.0} inputs/s");
    for (outcome, count) in &outcomes_seen {
        println!("fuzz {target}: {count:>8} {outcome}");
    }
    assert!(
        outcomes_seen.len() >= outcomes,
        "only these outcomes occurred: {outcomes_seen:?}"
    );
}

/// Looks on while inputs are checked. The input in hand stands in a file, for one that ends the whole program (a stack that overflows)
/// could not be written any more; one that hangs ends it, with a word.
struct Watch {
    file: PathBuf,
    /// Since when the input in the file is being checked.
    since: Arc<Mutex<Option<Instant>>>,
}

impl Watch {
    fn new(target: &str, seed: u64) -> Self {
        let folder = findings(target);
        fs::create_dir_all(&folder).unwrap();
        let watch = Self {
            file: folder.join(format!("in-hand-{}", std::process::id())),
            since: Arc::default(),
        };
        let (since, file, target) = (Arc::downgrade(&watch.since), watch.file.clone(), target.to_owned());
        thread::spawn(move || {
            while let Some(since) = since.upgrade() {
                if since.lock().unwrap().is_some_and(|since| since.elapsed() > HANGS) {
                    eprintln!("fuzz {target}: seed {seed}: this input hangs: {}", file.display());
                    std::process::exit(101);
                }
                drop(since);
                thread::sleep(Duration::from_millis(500));
            }
        });
        watch
    }

    fn begin(&self, input: &[u8]) {
        fs::write(&self.file, input).unwrap();
        *self.since.lock().unwrap() = Some(Instant::now());
    }

    fn end(&self) {
        *self.since.lock().unwrap() = None;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.file);
    }
}

/// One input. If it is a finding, it is written to a file first.
fn looked_at(target: &str, seed: u64, input: &[u8], watch: &Watch, check: &impl Fn(&[u8]) -> String) -> String {
    watch.begin(input);
    let began = Instant::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let outcome = check(input);
        assert!(began.elapsed() < PATIENCE, "it took {:?}", began.elapsed());
        outcome
    }));
    watch.end();
    outcome.unwrap_or_else(|panic| {
        let file = keep(target, input);
        eprintln!(
            "fuzz {target}: seed {seed}: this input fails: {}\nOnce mended, keep it: cp {} tests/fuzz/corpus/{target}/",
            input.escape_ascii(),
            file.display()
        );
        resume_unwind(panic)
    })
}

fn findings(target: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("fuzz").join(target)
}

fn keep(target: &str, input: &[u8]) -> PathBuf {
    let folder = findings(target);
    fs::create_dir_all(&folder).unwrap();
    let start: [u8; 8] = Sha256::digest(input)[..8].try_into().unwrap();
    let name = format!("{:016x}", u64::from_be_bytes(start));
    let file = folder.join(name);
    fs::write(&file, input).unwrap();
    file
}
