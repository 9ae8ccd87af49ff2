//! Random identifiers: GUIDs and opaque strings from the operating system's source.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// `N` random bytes. Without a random source nothing here would be unpredictable, but nothing here guards a secret:
/// zeros are then good enough for a test server.
pub fn bytes<const N: usize>() -> [u8; N] {
    let mut buffer = [0; N];
    let _ = getrandom::fill(&mut buffer);
    buffer
}

/// A random GUID.
pub fn guid() -> String {
    guid_from(bytes())
}

/// A GUID (version 4) from 16 bytes.
pub fn guid_from(mut raw: [u8; 16]) -> String {
    raw[6] = (raw[6] & 0x0f) | 0x40;
    raw[8] = (raw[8] & 0x3f) | 0x80;
    let digits = hex(&raw);
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    [part(0..8), part(8..12), part(12..16), part(16..20), part(20..32)].join("-")
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        for half in [byte >> 4, byte & 0x0f] {
            out.push(char::from_digit(u32::from(half), 16).unwrap_or('0'));
        }
    }
    out
}

/// An opaque string that begins with `prefix` and carries `N` random bytes.
pub fn opaque<const N: usize>(prefix: &str) -> String {
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes::<N>()))
}

/// A number from `low` to `high`, both included.
pub fn between(low: i64, high: i64) -> i64 {
    let span = high.saturating_sub(low).saturating_add(1).max(1);
    low + (u64::from_le_bytes(bytes()) % span.unsigned_abs()).cast_signed()
}
