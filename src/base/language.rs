//! The two languages in which explanations, remedies and labels are written.

/// The reader's language (`squeeze_graph.language`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// From `en` or `de`; `None` for anything else.
    pub fn from_tag(tag: &str) -> Option<Self> {
        match tag {
            "en" => Some(Self::English),
            "de" => Some(Self::German),
            _ => None,
        }
    }
}
