//! A mailbox's folder tree, and which of its folders a name means. Pure: reading the tree is [`graph::folders`](crate::graph::folders)'s
//! work.
//!
//! A name that fits two folders is never decided here: taking the one at the top level would be a guess, and the mail would be gone
//! into the wrong folder.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::graph::folders::FolderRow;
use crate::graph::value::Folder;
use crate::service::folders::name::{FolderName, ROOT, escaped, exact, folded, trimmed};

/// How many suggestions a name that fits nothing gets.
const SUGGESTIONS: usize = 5;

/// How alike (0 to 1) a suggestion must be.
const LIKENESS: f64 = 0.6;

/// Names longer than this are not compared for likeness, characters: no folder is called so, and the comparison is quadratic.
const COMPARED: usize = 512;

/// All folders of a mailbox below its root, parents before children, siblings by name; search folders and what the service shows
/// outside the root are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    root: Folder,
    folders: Vec<Folder>,
}

/// Which folder a name means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution<'a> {
    /// This one.
    Found(&'a Folder),
    /// Any of these, as full paths, in the tree's order.
    Ambiguous(Vec<String>),
    /// None; the closest, best first.
    NotFound(Vec<String>),
}

impl Tree {
    /// The tree of `rows`, in whatever order they came. `root` is the root's id, `well_known` gives names to ids. Without `hidden`,
    /// hidden folders and all below them are left out.
    pub fn new(root: &FolderRow, rows: Vec<FolderRow>, well_known: &BTreeMap<String, String>, hidden: bool) -> Self {
        let names: HashMap<&str, &str> = well_known
            .iter()
            .map(|(name, id)| (id.as_str(), name.as_str()))
            .collect();
        let mut children: HashMap<String, Vec<FolderRow>> = HashMap::new();
        let mut seen = HashSet::new();
        for row in rows {
            if !row.is_search_folder() && (hidden || !row.is_hidden) && row.id != root.id && seen.insert(row.id.clone())
            {
                children.entry(row.parent_id.clone()).or_default().push(row);
            }
        }
        for siblings in children.values_mut() {
            // Sorted so that the last one is taken off the stack first.
            siblings.sort_by_cached_key(|row| std::cmp::Reverse((folded(&row.name), row.name.clone(), row.id.clone())));
        }
        let mut tree = Self {
            root: folder(root, "/".to_owned(), None, Some(ROOT)),
            folders: Vec::new(),
        };
        // Each id is taken out of `children` once, so that a cycle of parents can not be walked for ever.
        let mut stack = vec![(String::new(), children.remove(&root.id).unwrap_or_default())];
        while let Some((path, siblings)) = stack.last_mut() {
            let Some(row) = siblings.pop() else {
                stack.pop();
                continue;
            };
            let own_path = format!("{path}/{}", escaped(&row.name));
            let parent = (row.parent_id != root.id).then(|| row.parent_id.clone());
            tree.folders.push(folder(
                &row,
                own_path.clone(),
                parent,
                names.get(row.id.as_str()).copied(),
            ));
            if let Some(below) = children.remove(&row.id) {
                stack.push((own_path, below));
            }
        }
        tree
    }

    /// The root.
    pub const fn root(&self) -> &Folder {
        &self.root
    }

    /// All folders below the root, parents before children.
    pub fn folders(&self) -> &[Folder] {
        &self.folders
    }

    /// The folder of that id.
    pub fn by_id(&self, id: &str) -> Option<&Folder> {
        std::iter::once(&self.root)
            .chain(&self.folders)
            .find(|folder| folder.id == id)
    }

    /// The folders below `parent`: its children, or all of them if `recursive`.
    pub fn below(&self, parent: &Folder, recursive: bool) -> Vec<&Folder> {
        let direct = |folder: &Folder| self.parent_of(folder) == parent.id;
        let prefix = if parent.id == self.root.id {
            "/".to_owned()
        } else {
            format!("{}/", parent.path)
        };
        self.folders
            .iter()
            .filter(|folder| {
                if recursive {
                    folder.path.starts_with(&prefix)
                } else {
                    direct(folder)
                }
            })
            .collect()
    }

    /// Which folder `name` means.
    pub fn resolve(&self, name: &FolderName) -> Resolution<'_> {
        match name {
            FolderName::Id(id) => self
                .by_id(id)
                .map_or(Resolution::NotFound(Vec::new()), Resolution::Found),
            FolderName::WellKnown { base, below } => match self.by_well_known(base) {
                Some(base) => self.resolve_below(base, below, name),
                None => Resolution::NotFound(Vec::new()),
            },
            FolderName::UnknownWellKnown(_) => Resolution::NotFound(self.suggestions(name)),
            FolderName::Path(parts) => match self.resolve_below(&self.root, parts, name) {
                // `Inbox/Rechnungen` in a German mailbox: the inbox is called `Posteingang` there.
                Resolution::NotFound(suggestions) => parts
                    .split_first()
                    .and_then(|(first, rest)| Some((self.by_well_known(first)?, rest)))
                    .map_or(Resolution::NotFound(suggestions), |(base, rest)| {
                        self.resolve_below(base, rest, name)
                    }),
                other => other,
            },
            FolderName::Anywhere(text) => {
                // A well-known name has no case of its own (Graph takes any), so it fits as well as an exact name does.
                let well_known = self.by_well_known(text.trim()).map(|folder| folder.id.as_str());
                self.pick(name, |folder, form| {
                    Some(folder.id.as_str()) == well_known || form(&folder.name) == form(text)
                })
            }
        }
    }

    /// The folder that has this well-known name.
    fn by_well_known(&self, name: &str) -> Option<&Folder> {
        std::iter::once(&self.root).chain(&self.folders).find(|folder| {
            folder
                .well_known_name
                .as_deref()
                .is_some_and(|own| own.eq_ignore_ascii_case(name))
        })
    }

    /// The folder at `parts` below `base`.
    fn resolve_below<'a>(&'a self, base: &'a Folder, parts: &[String], name: &FolderName) -> Resolution<'a> {
        if parts.is_empty() {
            return Resolution::Found(base);
        }
        let prefix = base.path.strip_suffix('/').unwrap_or(&base.path);
        let path = parts
            .iter()
            .fold(String::new(), |path, part| path + "/" + &escaped(part));
        self.pick(name, |folder, form| {
            folder
                .path
                .strip_prefix(prefix)
                .is_some_and(|below| below.starts_with('/') && form(below) == form(&path))
        })
    }

    /// The one folder that `fits` in exact form, or else the one that does in folded form, or else without the blanks around names.
    fn pick(&self, name: &FolderName, fits: impl Fn(&Folder, fn(&str) -> String) -> bool) -> Resolution<'_> {
        let forms: [fn(&str) -> String; 3] = [exact, folded, trimmed];
        for form in forms {
            let found: Vec<&Folder> = self.folders.iter().filter(|folder| fits(folder, form)).collect();
            match found.as_slice() {
                [] => {}
                [one] => return Resolution::Found(one),
                many => return Resolution::Ambiguous(many.iter().map(|folder| folder.path.clone()).collect()),
            }
        }
        Resolution::NotFound(self.suggestions(name))
    }

    /// The paths of the folders whose name or path is closest to what was asked for.
    fn suggestions(&self, name: &FolderName) -> Vec<String> {
        let (asked_name, asked_path) = match name {
            FolderName::Id(_) => return Vec::new(),
            FolderName::Anywhere(name) | FolderName::UnknownWellKnown(name) => (name.clone(), name.clone()),
            FolderName::Path(parts) | FolderName::WellKnown { below: parts, .. } => {
                (parts.last().cloned().unwrap_or_default(), parts.join("/"))
            }
        };
        let (asked_name, asked_path) = (folded(&asked_name), folded(&asked_path));
        if asked_path.chars().nth(COMPARED).is_some() {
            return Vec::new();
        }
        let mut scored: Vec<(f64, &Folder)> = self
            .folders
            .iter()
            .map(|folder| {
                let own = folded(&folder.name);
                let mut score = alike(&asked_name, &own).max(alike(&asked_path, &own));
                score = score.max(alike(&asked_path, folded(&folder.path).trim_start_matches('/')));
                if let Some(well_known) = &folder.well_known_name {
                    score = score.max(alike(&asked_name, well_known));
                }
                (score, folder)
            })
            .filter(|(score, _)| *score >= LIKENESS)
            .collect();
        // A stable sort: equally close ones stay in the tree's order.
        scored.sort_by(|(left, _), (right, _)| right.total_cmp(left));
        scored.truncate(SUGGESTIONS);
        scored.into_iter().map(|(_, folder)| folder.path.clone()).collect()
    }

    /// The id of the folder's parent, the root's included.
    fn parent_of<'a>(&'a self, folder: &'a Folder) -> &'a str {
        folder.parent_id.as_deref().unwrap_or(&self.root.id)
    }
}

/// How alike two names are, 0 to 1; a name that begins with the other is a likely abbreviation.
fn alike(asked: &str, own: &str) -> f64 {
    let likeness = strsim::normalized_damerau_levenshtein(asked, own);
    if asked.chars().count() >= 3 && own.starts_with(asked) {
        likeness.max(0.75)
    } else {
        likeness
    }
}

/// The folder a row shows.
fn folder(row: &FolderRow, path: String, parent_id: Option<String>, well_known_name: Option<&str>) -> Folder {
    Folder {
        id: row.id.clone(),
        name: row.name.clone(),
        path,
        parent_id,
        child_count: row.child_count,
        total_count: row.total_count,
        unread_count: row.unread_count,
        is_hidden: row.is_hidden,
        well_known_name: well_known_name.map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of a German mailbox: id, parent, name.
    const ROWS: [(&str, &str, &str); 19] = [
        ("inbox", "root", "Posteingang"),
        ("sent", "root", "Gesendete Elemente"),
        ("trash", "root", "Gelöschte Elemente"),
        ("done", "root", "Verarbeitet"),
        ("bills", "inbox", "Rechnungen"),
        ("bills2", "done", "Rechnungen"),
        ("bills3", "bills2", "Rechnungen"),
        ("error", "inbox", "Fehler"),
        ("slash", "root", "Ein/Aus"),
        ("in", "root", "Ein"),
        ("out", "in", "Aus"),
        ("quotes", "root", "O'Brien \"GmbH\""),
        ("emoji", "root", "📁 Ablage"),
        ("mac", "root", "Mu\u{308}ller"),
        ("backslash", "root", "C:\\Mails"),
        ("low", "in", "archiv alt"),
        ("cap", "done", "Archiv Alt"),
        ("projects", "root", "Projekte"),
        ("mine", "projects", "Inbox"),
    ];

    fn row(id: &str, parent: &str, name: &str) -> FolderRow {
        FolderRow {
            id: id.to_owned(),
            name: name.to_owned(),
            parent_id: parent.to_owned(),
            ..FolderRow::default()
        }
    }

    fn tree() -> Tree {
        let mut rows: Vec<FolderRow> = ROWS.iter().map(|(id, parent, name)| row(id, parent, name)).collect();
        rows.push(FolderRow {
            is_hidden: true,
            ..row("hidden", "root", "Dateien")
        });
        rows.push(row("below", "hidden", "Unter Dateien"));
        rows.push(FolderRow {
            kind: Some("#microsoft.graph.mailSearchFolder".to_owned()),
            ..row("search", "root", "Ungelesene")
        });
        rows.push(row("stray", "elsewhere", "Streuner"));
        rows.push(row("cycle1", "cycle2", "Kreis"));
        rows.push(row("cycle2", "cycle1", "Kreis"));
        Tree::new(&row("root", "", "Oberste Ebene"), rows, &known(), false)
    }

    fn known() -> BTreeMap<String, String> {
        [
            ("inbox", "inbox"),
            ("sentitems", "sent"),
            ("deleteditems", "trash"),
            (ROOT, "root"),
        ]
        .into_iter()
        .map(|(name, id)| (name.to_owned(), id.to_owned()))
        .collect()
    }

    fn resolve<'a>(tree: &'a Tree, text: &str) -> Resolution<'a> {
        tree.resolve(&FolderName::parse(text).unwrap())
    }

    #[test]
    fn a_name_means_the_one_folder_it_fits() {
        let cases = [
            ("Verarbeitet", "done"),
            ("verarbeitet", "done"),
            ("/Verarbeitet", "done"),
            ("/VERARBEITET", "done"),
            ("Posteingang/Rechnungen", "bills"),
            ("/Verarbeitet/Rechnungen/Rechnungen", "bills3"),
            ("Fehler", "error"),
            ("Posteingang", "inbox"),
            ("wellknown:inbox", "inbox"),
            ("inbox", "inbox"),
            ("wellknown:Inbox/Rechnungen", "bills"),
            ("wellknown:inbox/rechnungen", "bills"),
            ("sentitems", "sent"),
            ("SentItems", "sent"),
            ("Inbox/Rechnungen", "bills"),
            ("Projekte/Inbox", "mine"),
            ("Ein\\/Aus", "slash"),
            ("/Ein\\/Aus", "slash"),
            ("Ein/Aus", "out"),
            ("O'Brien \"GmbH\"", "quotes"),
            ("📁 Ablage", "emoji"),
            ("Müller", "mac"),
            ("mu\u{308}ller", "mac"),
            ("C:\\Mails", "backslash"),
            ("/C:\\\\Mails", "backslash"),
            ("archiv alt", "low"),
            ("Archiv Alt", "cap"),
            ("id:bills2", "bills2"),
            ("/", "root"),
            ("wellknown:msgfolderroot", "root"),
            ("wellknown:msgfolderroot/Verarbeitet", "done"),
            // Copied into a form, with what stood around it.
            (" Verarbeitet", "done"),
            ("verarbeitet\u{a0}", "done"),
            (" /Verarbeitet ", "done"),
            (" Posteingang / Rechnungen", "bills"),
            (" wellknown:inbox ", "inbox"),
            (" wellknown:inbox /Rechnungen", "bills"),
            ("inbox ", "inbox"),
        ];
        let tree = tree();
        for (text, id) in cases {
            match resolve(&tree, text) {
                Resolution::Found(folder) => assert_eq!(folder.id, id, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_name_that_fits_several_is_never_decided() {
        let cases: [(&str, &[&str]); 4] = [
            (
                "Rechnungen",
                &[
                    "/Posteingang/Rechnungen",
                    "/Verarbeitet/Rechnungen",
                    "/Verarbeitet/Rechnungen/Rechnungen",
                ],
            ),
            // One is called so, the other is Graph's inbox.
            ("Inbox", &["/Posteingang", "/Projekte/Inbox"]),
            ("ARCHIV ALT", &["/Ein/archiv alt", "/Verarbeitet/Archiv Alt"]),
            ("archiv alt ", &["/Ein/archiv alt", "/Verarbeitet/Archiv Alt"]),
        ];
        let tree = tree();
        for (text, paths) in cases {
            let paths = paths.iter().map(|&path| path.to_owned()).collect();
            assert_eq!(resolve(&tree, text), Resolution::Ambiguous(paths), "{text}");
        }
    }

    #[test]
    fn a_name_that_fits_none_gets_the_closest() {
        let cases: [(&str, &[&str]); 9] = [
            ("Verarbeitete", &["/Verarbeitet"]),
            (
                "Rechnung",
                &[
                    "/Posteingang/Rechnungen",
                    "/Verarbeitet/Rechnungen",
                    "/Verarbeitet/Rechnungen/Rechnungen",
                ],
            ),
            ("/Fehler", &["/Posteingang/Fehler"]),
            ("Posteingang/Fehlr", &["/Posteingang/Fehler"]),
            ("wellknown:sentitem", &["/Gesendete Elemente"]),
            ("Ungelesene", &[]),
            ("Dateien", &[]),
            ("Streuner", &[]),
            ("id:gone", &[]),
        ];
        let tree = tree();
        for (text, expected) in cases {
            match resolve(&tree, text) {
                Resolution::NotFound(suggestions) => {
                    let begin: Vec<&str> = suggestions.iter().map(String::as_str).take(expected.len()).collect();
                    assert_eq!(begin, expected, "{text}: {suggestions:?}");
                    if expected.is_empty() {
                        assert!(suggestions.is_empty(), "{text}: {suggestions:?}");
                    }
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_path_can_be_passed_back() {
        let tree = tree();
        for folder in tree.folders() {
            assert_eq!(
                resolve(&tree, &folder.path),
                Resolution::Found(folder),
                "{}",
                folder.path
            );
        }
        assert_eq!(tree.folders().len(), ROWS.len());
    }

    #[test]
    fn the_order_of_rows_does_not_matter() {
        let mut rows: Vec<FolderRow> = ROWS.iter().map(|(id, parent, name)| row(id, parent, name)).collect();
        let root = row("root", "", "Oberste Ebene");
        let forward = Tree::new(&root, rows.clone(), &known(), false);
        rows.reverse();
        assert_eq!(Tree::new(&root, rows, &known(), false), forward);
    }

    #[test]
    fn hidden_folders_and_their_children_come_only_when_asked_for() {
        let rows = || {
            vec![
                FolderRow {
                    is_hidden: true,
                    ..row("hidden", "root", "Dateien")
                },
                row("below", "hidden", "Unter Dateien"),
            ]
        };
        let root = row("root", "", "");
        assert!(Tree::new(&root, rows(), &known(), false).folders().is_empty());
        let all = Tree::new(&root, rows(), &known(), true);
        assert_eq!(
            all.folders()
                .iter()
                .map(|folder| folder.path.as_str())
                .collect::<Vec<_>>(),
            ["/Dateien", "/Dateien/Unter Dateien"]
        );
    }

    #[test]
    fn the_folders_below_one_are_its_children_or_all_of_them() {
        let tree = tree();
        let paths = |parent: &str, recursive| -> Vec<&str> {
            let parent = tree.by_id(parent).unwrap();
            tree.below(parent, recursive)
                .into_iter()
                .map(|folder| folder.path.as_str())
                .collect()
        };
        assert_eq!(paths("bills2", true), ["/Verarbeitet/Rechnungen/Rechnungen"]);
        assert_eq!(
            paths("done", false),
            ["/Verarbeitet/Archiv Alt", "/Verarbeitet/Rechnungen"]
        );
        assert_eq!(paths("done", true).len(), 3);
        // `Ein/Aus` at the top is not below `Ein`.
        assert_eq!(paths("in", true), ["/Ein/archiv alt", "/Ein/Aus"]);
        assert_eq!(paths("root", true).len(), ROWS.len());
    }

    #[test]
    fn two_siblings_that_differ_only_in_composition_are_ambiguous() {
        let rows = vec![row("a", "root", "Müll"), row("b", "root", "Mu\u{308}ll")];
        let tree = Tree::new(&row("root", "", ""), rows, &known(), false);
        assert!(matches!(resolve(&tree, "/Müll"), Resolution::Ambiguous(paths) if paths.len() == 2));
    }

    #[test]
    fn an_absurdly_long_name_is_simply_not_found() {
        assert_eq!(resolve(&tree(), &"ä".repeat(8000)), Resolution::NotFound(Vec::new()));
    }
}
