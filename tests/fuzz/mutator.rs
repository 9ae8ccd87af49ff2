//! Inputs made from a corpus: real shapes, bent a little or a lot.
//!
//! A small generator with a seed, so that a run can be repeated. JSON is also bent as JSON (a value replaced, a field dropped), because
//! flipped bytes alone would hardly ever get past the parser.

use serde_json::{Value, json};

/// No input is longer, bytes.
const LONGEST: usize = 48 * 1024;

/// Pseudo-random numbers (Steele, Lea, Flood 2014, `SplitMix64`): reproducible, and good enough to pick places and values.
pub struct Numbers(u64);

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 if that is 0.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() >> 1).unwrap() % end.max(1)
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// What trips parsers in general; each target adds words of its own.
const WORDS: [&str; 40] = [
    "\0",
    "\r\n",
    "\n",
    "\t",
    " ",
    "\"",
    "'",
    "\\",
    "/",
    "//",
    "..",
    "../",
    ".",
    ":",
    "://",
    ";",
    ",",
    "=",
    "&",
    "%00",
    "%",
    "+",
    "-",
    "-1",
    "0",
    "00",
    "18446744073709551616",
    "-9223372036854775808",
    "1e309",
    "NaN",
    "\u{feff}",
    "\u{202e}",
    "\u{61c}",
    "\u{85}",
    "\u{2028}",
    "u\u{308}",
    "ß",
    "İ",
    "📎",
    "𝕏",
];

/// Changes one input in one to eight places.
pub fn mutated(numbers: &mut Numbers, pool: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut input = numbers.pick(pool).clone();
    for _ in 0..=numbers.below(8).min(numbers.below(8)) {
        // Mostly: one byte more or less ends what is JSON, and no later change of this input would reach what lies behind the parser.
        if numbers.below(4) != 0
            && let Ok(mut value) = serde_json::from_slice::<Value>(&input)
        {
            bend(numbers, &mut value, words);
            input = value.to_string().into_bytes();
        } else {
            change(numbers, &mut input, pool, words);
        }
    }
    input.truncate(LONGEST);
    input
}

fn word<'a>(numbers: &mut Numbers, words: &[&'a str]) -> &'a str {
    if words.is_empty() || numbers.below(2) == 0 {
        WORDS[numbers.below(WORDS.len())]
    } else {
        words[numbers.below(words.len())]
    }
}

fn change(numbers: &mut Numbers, input: &mut Vec<u8>, pool: &[Vec<u8>], words: &[&str]) {
    let at = numbers.below(input.len() + 1);
    let end = (at + numbers.below(16)).min(input.len());
    match numbers.below(10) {
        0 if at < input.len() => input[at] ^= 1 << numbers.below(8),
        1 if at < input.len() => input[at] = u8::try_from(numbers.below(256)).unwrap(),
        2 => drop(input.drain(at..end)),
        3 => input.truncate(at),
        4 => {
            let piece = input[at..end].to_vec();
            input.splice(at..at, piece);
        }
        5 => {
            let other = numbers.pick(pool);
            let from = numbers.below(other.len() + 1);
            input.truncate(at);
            input.extend_from_slice(&other[from..]);
        }
        6 => {
            let word = word(numbers, words);
            input.splice(at..end, word.bytes());
        }
        7 => {
            let long = word(numbers, words).repeat(1 << numbers.below(10));
            input.splice(at..at, long.into_bytes());
        }
        _ => {
            let word = word(numbers, words);
            input.splice(at..at, word.bytes());
        }
    }
}

/// Replaces one value somewhere inside, drops it, or puts it in twice.
fn bend(numbers: &mut Numbers, value: &mut Value, words: &[&str]) {
    let deeper = numbers.below(5) != 0;
    match value {
        Value::Object(fields) if deeper && !fields.is_empty() => {
            let name = fields.keys().nth(numbers.below(fields.len())).unwrap().clone();
            match numbers.below(8) {
                0 => drop(fields.remove(&name)),
                1 => {
                    let moved = fields[&name].clone();
                    fields.insert(word(numbers, words).to_owned(), moved);
                }
                _ => bend(numbers, &mut fields[&name], words),
            }
        }
        Value::Array(items) if deeper && !items.is_empty() => {
            let at = numbers.below(items.len());
            match numbers.below(8) {
                0 => drop(items.remove(at)),
                1 => items.push(items[at].clone()),
                _ => bend(numbers, &mut items[at], words),
            }
        }
        Value::String(text) if deeper => {
            let mut bytes = std::mem::take(text).into_bytes();
            let pool = [bytes.clone()];
            change(numbers, &mut bytes, &pool, words);
            *text = String::from_utf8_lossy(&bytes).into_owned();
        }
        other => *other = senseless(numbers, other, words),
    }
}

/// A value of another type, or one at the edge of its own.
fn senseless(numbers: &mut Numbers, was: &Value, words: &[&str]) -> Value {
    match numbers.below(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(0),
        3 => json!(-1),
        4 => json!(i64::MIN),
        5 => json!(u64::MAX),
        6 => json!(1.5),
        7 => json!(1e300),
        8 => json!([]),
        9 => json!({}),
        10 => json!([was]),
        11 => json!({ "value": was }),
        12 => json!(was.to_string()),
        _ => json!(word(numbers, words)),
    }
}
