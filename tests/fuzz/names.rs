//! Names that somebody else chose: folders, files, and texts that end in a log.

use std::path::{Component, Path};

use squeeze_graph::base::problem::{MESSAGE_LIMIT, tame};
use squeeze_graph::graph::value::{Attachment, AttachmentKind};
use squeeze_graph::service::folders::name::{FolderName, escaped, exact, folded};
use squeeze_graph::service::import::file_name;

use crate::run::run;
use crate::{is_tame, label};

/// A name as it is written in a path.
fn printed(name: &FolderName) -> String {
    let joined = |parts: &[String]| {
        parts
            .iter()
            .fold(String::new(), |path, part| path + "/" + &escaped(part))
    };
    match name {
        FolderName::Id(id) => format!("id:{id}"),
        FolderName::WellKnown { base, below } => format!("wellknown:{base}{}", joined(below)),
        FolderName::UnknownWellKnown(name) => format!("wellknown:{}", escaped(name)),
        FolderName::Path(parts) if parts.is_empty() => "/".to_owned(),
        FolderName::Path(parts) => joined(parts),
        FolderName::Anywhere(name) => escaped(name),
    }
}

#[test]
fn a_folder_name_is_read_back_as_it_is_printed() {
    let words = [
        "id:",
        "wellknown:",
        "inbox",
        "Posteingang",
        "/",
        "\\/",
        "\\\\",
        "\\",
        "Rechnungen",
        "ς",
        "ẞ",
    ];
    run("folder_name", &words, 5, |input| {
        let text = String::from_utf8_lossy(input);
        let name = match FolderName::parse(&text) {
            Ok(name) => name,
            Err(message) => {
                assert!(message.starts_with("must "), "{message}");
                return "refused".to_owned();
            }
        };
        let again = printed(&name);
        // Escaping may make it longer than a name may be.
        if again.len() <= 16 * 1024 {
            assert_eq!(FolderName::parse(&again).as_ref(), Ok(&name), "{again:?}");
        }
        if let FolderName::Path(parts) = &name {
            assert!(parts.iter().all(|part| !part.is_empty() && !part.contains('\0')));
        }
        assert_eq!(exact(&exact(&text)), exact(&text));
        assert_eq!(folded(&exact(&text)), folded(&text));
        label(&name)
    });
}

/// What every file name must be, said once more and not as the code under test says it.
pub fn is_one_safe_component(name: &str) {
    let mut components = Path::new(name).components();
    assert!(
        matches!(components.next(), Some(Component::Normal(only)) if only == name),
        "{name:?}"
    );
    assert_eq!(components.next(), None, "{name:?}");
    assert!((1..=120).contains(&name.len()), "{} bytes: {name:?}", name.len());
    assert!(is_tame(name), "{name:?}");
    let forbidden = |character: char| "/\\:*?\"<>|".contains(character);
    assert!(!name.contains(forbidden), "{name:?}");
    // Unicode's property Bidi_Control, and what is not seen at all.
    let deceives = |character: char| {
        matches!(
            character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'
        )
    };
    assert!(!name.contains(deceives), "{name:?}");
    assert!(
        !name.starts_with(['.', '-', ' ', '~']) && !name.ends_with(['.', ' ']),
        "{name:?}"
    );
    let stem = name.split('.').next().unwrap().trim_end().to_ascii_uppercase();
    let devices = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"];
    let numbered = stem.strip_prefix("COM").or(stem.strip_prefix("LPT"));
    assert!(
        !devices.contains(&stem.as_str()) && numbered.is_none_or(|number| number.chars().count() != 1),
        "{name:?}"
    );
}

#[test]
fn an_attachment_never_leaves_its_folder_and_never_deceives() {
    let words = [
        "../",
        "..\\",
        "CON",
        "nul.txt",
        "COM1",
        ".htaccess",
        "-rf",
        ".pdf",
        ".tar.gz",
        "\u{202e}fdp.exe",
        "\u{200b}",
        "\u{2066}",
        "C:",
        "~",
    ];
    run("file_name", &words, 3, |input| {
        let kinds = [AttachmentKind::File, AttachmentKind::Item, AttachmentKind::Reference];
        let kind = kinds[input.len() % kinds.len()];
        let attachment = Attachment {
            id: "a".to_owned(),
            name: String::from_utf8_lossy(input).into_owned(),
            content_type: None,
            size: 0,
            is_inline: false,
            content_id: None,
            kind,
            source_url: None,
        };
        let position = 1 + input.iter().map(|byte| usize::from(*byte)).sum::<usize>() % 2000;
        let name = file_name::attachment(position, &attachment);
        is_one_safe_component(&name);
        assert!(name.starts_with(&format!("{position:03}-")));
        assert!(
            kind != AttachmentKind::Item || name.to_ascii_lowercase().ends_with(".eml"),
            "{name:?}"
        );
        format!("{kind:?}, shortened: {}", name.len() > 110)
    });
}

#[test]
fn a_foreign_text_is_tame_before_it_stands_in_a_log() {
    run(
        "foreign_text",
        &["\u{7f}", "\u{9b}31m", "\u{1b}[2J", "\r", "\n"],
        2,
        |input| {
            let text = String::from_utf8_lossy(input);
            let tamed = tame(&text);
            assert!(is_tame(&tamed), "{tamed:?}");
            assert!(tamed.chars().count() <= 10 * MESSAGE_LIMIT);
            format!("changed: {}", tamed != text)
        },
    );
}
