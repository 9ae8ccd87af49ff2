//! File names that RFC 2231 spreads over several parameters.
//!
//! mail-parser applies the character set to the first piece only, so that a name in ISO-8859-1 breaks at its second
//! umlaut. Outlook gets these right, so they are put together here from the raw header field.

use std::collections::BTreeMap;

/// The `filename*0*`, `filename*1*`, … (or `name*0*`, …) of a raw header field, put together.
pub fn continued(field: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(field);
    let mut pieces: BTreeMap<u32, (String, bool)> = BTreeMap::new();
    for parameter in text.split(';').skip(1) {
        let Some((name, value)) = parameter.split_once('=') else {
            continue;
        };
        let name = name.trim().to_ascii_lowercase();
        let Some(rest) = name.strip_prefix("filename*").or_else(|| name.strip_prefix("name*")) else {
            continue;
        };
        let encoded = rest.ends_with('*');
        let Ok(position) = rest.trim_end_matches('*').parse() else {
            continue;
        };
        pieces.insert(position, (value.trim().trim_matches('"').to_owned(), encoded));
    }
    let (first, _) = pieces.get(&0)?;
    let (charset, _) = first.split_once('\'')?;
    let charset = charset.to_ascii_lowercase();
    let mut bytes = Vec::new();
    for (position, (piece, encoded)) in &pieces {
        let piece = if *position == 0 {
            piece.splitn(3, '\'').nth(2)?
        } else {
            piece.as_str()
        };
        match encoded {
            true => bytes.extend(percent_encoding::percent_decode_str(piece)),
            false => bytes.extend_from_slice(piece.as_bytes()),
        }
    }
    match charset.as_str() {
        "iso-8859-1" | "iso-8859-15" | "windows-1252" => Some(bytes.into_iter().map(char::from).collect()),
        _ => String::from_utf8(bytes).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_joined_before_their_bytes_are_read() {
        for (field, name) in [
            (
                "attachment; filename*0*=iso-8859-1'de'Aufma%DF-; filename*1*=Stra%DFe-7; filename*2=.pdf",
                Some("Aufmaß-Straße-7.pdf"),
            ),
            (
                "attachment; filename*0*=utf-8''M%C3; filename*1*=%BCller.pdf",
                Some("Müller.pdf"),
            ),
            ("attachment; filename=\"plain.pdf\"", None),
            ("attachment; filename*=utf-8''whole.pdf", None),
        ] {
            assert_eq!(continued(field.as_bytes()).as_deref(), name, "{field}");
        }
    }
}
