//! GUIDs, the form in which Microsoft writes the ids of tenants, applications, users and secrets.

/// Whether `text` is a GUID in its usual form, `8-4-4-4-12` hexadecimal digits without braces.
pub fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_usual_form_is_a_guid() {
        let cases = [
            ("9188040d-6c67-4c5b-b112-36a304b66dad", true),
            ("9188040D-6C67-4C5B-B112-36A304B66DAD", true),
            ("{9188040d-6c67-4c5b-b112-36a304b66dad}", false),
            ("9188040d6c674c5bb11236a304b66dad", false),
            ("9188040d-6c67-4c5b-b112-36a304b66dag", false),
            ("9188040d-6c67-4c5b-b112-36a304b66da", false),
            ("9188040-d6c67-4c5b-b112-36a304b66dad", false),
            ("", false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_guid(text), expected, "{text}");
        }
    }
}
