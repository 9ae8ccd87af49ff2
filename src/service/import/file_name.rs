//! The file name an attachment gets. What a mail calls its attachment is hostile until proven otherwise: it may climb out of the
//! folder, be empty, 400 characters long, repeat, or mean a device on Windows.
//!
//! `NNN-<name>`: the number keeps repeated names apart (also where case does not count), keeps a name from beginning with a dot or a
//! dash, and keeps it from being a Windows device. What is left of the name is readable, its extension whole.

use unicode_normalization::UnicodeNormalization;

use crate::graph::value::{Attachment, AttachmentKind};

/// Longest file name, bytes. File systems take 255; this leaves room for what a host appends.
pub const LIMIT: usize = 120;

/// Longest extension that is kept when a name is cut, bytes, without its dot.
const EXTENSION: usize = 16;

/// The name of the mail's own source.
pub const MIME: &str = "message.eml";

/// The file name of the attachment at `position`, counted from 1.
pub fn attachment(position: usize, attachment: &Attachment) -> String {
    let mut name = tame(&attachment.name);
    if name.is_empty() {
        "attachment".clone_into(&mut name);
    }
    if attachment.kind == AttachmentKind::Item && !has_extension(&name, "eml") {
        // A nested mail is called like its subject.
        name.push_str(".eml");
    }
    let number = format!("{position:03}-");
    let room = LIMIT.saturating_sub(number.len());
    number + &shortened(&name, room)
}

/// The name in NFC without what a file system, a shell or a reader's eye stumbles over.
fn tame(name: &str) -> String {
    let replaced: String = name
        .nfc()
        .map(|character| if is_unsafe(character) { '_' } else { character })
        .collect();
    replaced
        .trim_matches(|character: char| character == '.' || character.is_whitespace())
        .to_owned()
}

/// Separators and wildcards of any system, control characters, and characters that make a name look like another one.
fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
        // Zero width and direction marks, line separators, byte order mark, noncharacters.
        || matches!(
            character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}'
        )
}

/// Whether the name ends in that extension, whatever its case.
fn has_extension(name: &str, extension: &str) -> bool {
    name.rsplit_once('.')
        .is_some_and(|(_, own)| own.eq_ignore_ascii_case(extension))
}

/// At most `room` bytes of the name, cut before its extension.
fn shortened(name: &str, room: usize) -> String {
    if name.len() <= room {
        return name.to_owned();
    }
    let (stem, extension) = match name.rsplit_once('.') {
        Some((stem, extension)) if !extension.is_empty() && extension.len() <= EXTENSION => (stem, Some(extension)),
        _ => (name, None),
    };
    let room = room.saturating_sub(extension.map_or(0, |extension| extension.len() + 1));
    let mut cut = String::new();
    for character in stem.chars() {
        if cut.len() + character.len_utf8() > room {
            break;
        }
        cut.push(character);
    }
    let cut = cut.trim_end_matches(|character: char| character == '.' || character.is_whitespace());
    extension.map_or_else(|| cut.to_owned(), |extension| format!("{cut}.{extension}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn file(name: &str) -> Attachment {
        Attachment {
            id: "a".to_owned(),
            name: name.to_owned(),
            content_type: None,
            size: 0,
            is_inline: false,
            content_id: None,
            kind: AttachmentKind::File,
            source_url: None,
        }
    }

    #[test]
    fn a_name_stays_readable_and_becomes_harmless() {
        let cases = [
            ("Rechnung 4711.pdf", "001-Rechnung 4711.pdf"),
            ("../../etc/passwd", "001-_.._etc_passwd"),
            ("..\\..\\windows\\system32", "001-_.._windows_system32"),
            ("/etc/passwd", "001-_etc_passwd"),
            ("", "001-attachment"),
            ("...", "001-attachment"),
            (" .htaccess", "001-htaccess"),
            ("CON", "001-CON"),
            ("a.pdf. . ", "001-a.pdf"),
            ("C:\\temp\\x.pdf", "001-C__temp_x.pdf"),
            ("Mu\u{308}ller.pdf", "001-Müller.pdf"),
            ("line\r\nbreak\0.pdf", "001-line__break_.pdf"),
            ("invoice\u{202e}fdp.exe", "001-invoice_fdp.exe"),
            ("invoice\u{61c}fdp.exe", "001-invoice_fdp.exe"),
            ("-rf", "001--rf"),
            ("a?b*c|d<e>f\"g", "001-a_b_c_d_e_f_g"),
            ("📎 Anhang.xml", "001-📎 Anhang.xml"),
        ];
        for (name, expected) in cases {
            assert_eq!(attachment(1, &file(name)), expected, "{name:?}");
        }
        assert_eq!(attachment(1234, &file("a")), "1234-a");
    }

    #[test]
    fn a_long_name_is_cut_before_its_extension() {
        let cases = [
            (format!("{}.pdf", "x".repeat(400)), ".pdf"),
            (format!("{}.tar.gz", "ä".repeat(400)), ".gz"),
            ("x".repeat(400), "x"),
            (format!("a.{}", "e".repeat(400)), "e"),
            (format!("{} .pdf", " y".repeat(200)), "y.pdf"),
        ];
        for (name, end) in cases {
            let name = attachment(7, &file(&name));
            assert!(name.len() <= LIMIT && name.len() > LIMIT - 8, "{name}");
            assert!(name.starts_with("007-") && name.ends_with(end), "{name}");
        }
    }

    #[test]
    fn a_nested_mail_gets_its_extension_once() {
        let item = |name: &str| Attachment {
            kind: AttachmentKind::Item,
            ..file(name)
        };
        assert_eq!(attachment(2, &item("AW: Angebot v1.2")), "002-AW_ Angebot v1.2.eml");
        assert_eq!(attachment(2, &item("Angebot.EML")), "002-Angebot.EML");
        assert_eq!(attachment(2, &item("")), "002-attachment.eml");
        let long = attachment(2, &item(&"x".repeat(400)));
        assert!(long.len() == LIMIT && has_extension(&long, "eml"), "{long}");
    }

    proptest! {
        #[test]
        fn no_name_is_unsafe(name in any::<String>(), position in 1_usize..2000) {
            let made = attachment(position, &file(&name));
            prop_assert!(made.len() <= LIMIT);
            prop_assert!(!made.chars().any(is_unsafe));
            prop_assert!(made.starts_with(|first: char| first.is_ascii_digit()));
            prop_assert!(!made.ends_with(['.', ' ']));
            prop_assert_eq!(made.nfc().collect::<String>(), made);
        }
    }
}
