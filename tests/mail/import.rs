//! Importing: what becomes of each mail, and what is left when something breaks at the worst moment.

mod kills;
mod outcomes;
mod receipts;
mod troubles;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use squeeze_graph::base::failure::Result;
use squeeze_graph::graph::value::Message;
use squeeze_graph::service::import::{
    Disposition, Handled, ImportHost, ImportOptions, ImportOutcome, ImportReport, ImportResult, IncomingMessage,
    import_messages,
};

use crate::support::World;

type Handler<'a> = Box<dyn FnMut(&IncomingMessage) -> Handled + 'a>;
type Accept<'a> = Box<dyn FnMut(&Message) -> Option<Disposition> + 'a>;
type Progress<'a> = Box<dyn FnMut(u64, u64, &ImportResult) -> bool + 'a>;

/// A host made of closures, which notes what it was given.
pub struct Host<'a> {
    handler: Handler<'a>,
    accept: Accept<'a>,
    progress: Progress<'a>,
    /// What the handler was given, in order.
    pub mails: Vec<IncomingMessage>,
}

impl<'a> Host<'a> {
    pub fn new(handler: impl FnMut(&IncomingMessage) -> Handled + 'a) -> Self {
        Self {
            handler: Box::new(handler),
            accept: Box::new(|_| Some(Disposition::Import)),
            progress: Box::new(|_, _, _| true),
            mails: Vec::new(),
        }
    }

    /// One that takes every mail.
    pub fn taking() -> Self {
        Self::new(|_| Handled::Imported)
    }

    pub fn accepting(mut self, accept: impl FnMut(&Message) -> Option<Disposition> + 'a) -> Self {
        self.accept = Box::new(accept);
        self
    }

    pub fn told(mut self, progress: impl FnMut(u64, u64, &ImportResult) -> bool + 'a) -> Self {
        self.progress = Box::new(progress);
        self
    }

    /// Subjects and attempts, in order.
    pub fn handed(&self) -> Vec<(String, u32)> {
        let subject = |mail: &IncomingMessage| mail.message.subject.clone().unwrap_or_default();
        self.mails.iter().map(|mail| (subject(mail), mail.attempt)).collect()
    }
}

impl ImportHost for Host<'_> {
    fn accept(&mut self, message: &Message) -> Option<Disposition> {
        (self.accept)(message)
    }

    fn handle(&mut self, mail: &IncomingMessage) -> Handled {
        self.mails.push(mail.clone());
        (self.handler)(mail)
    }

    fn progress(&mut self, done: u64, known: u64, result: &ImportResult) -> bool {
        (self.progress)(done, known, result)
    }
}

pub fn options() -> ImportOptions {
    ImportOptions {
        directory: None,
        limit: None,
        require_attachments: true,
        body: None,
        max_bytes: None,
        max_failures: 5,
    }
}

/// An import of the usual account, as a process of its own would run it.
pub fn import(world: &World, options: &ImportOptions, host: &mut Host<'_>) -> Result<ImportReport> {
    import_messages(&world.context(), &world.name(), options, host)
}

/// A mail with one PDF, received that many minutes after the first.
pub fn mail(world: &World, subject: &str, minute: i64) {
    let mime = format!(
        "From: Erika Sommer <erika@kunde.example>\r\nTo: anna.gruber@contoso.example\r\nSubject: {subject}\r\n\
         Message-ID: <{minute}@kunde.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n\
         --x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nGuten Tag\r\n\
         --x\r\nContent-Type: application/pdf; name=\"{subject}.pdf\"\r\n\
         Content-Disposition: attachment; filename=\"{subject}.pdf\"\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjc=\r\n--x--\r\n"
    );
    let received = 1_772_434_800 + minute * 60;
    world.control("POST", "mails", &json!({ "mime": mime, "received": received }));
}

/// The subjects of what lies in a folder, oldest first.
pub fn lying_in(world: &World, folder: &str) -> Vec<String> {
    let listed = world.control("GET", "messages", &json!({ "folder": folder }));
    let subject = |message: &Value| message["subject"].as_str().unwrap_or_default().to_owned();
    listed["messages"].as_array().unwrap().iter().map(subject).collect()
}

/// Where everything lies: inbox, processed, error.
pub fn folders(world: &World) -> [Vec<String>; 3] {
    ["/Posteingang", "/Verarbeitet", "/Fehler"].map(|folder| lying_in(world, folder))
}

/// The same, from short words.
pub fn expected(folders: [&[&str]; 3]) -> [Vec<String>; 3] {
    folders.map(|subjects| subjects.iter().map(|&subject| subject.to_owned()).collect())
}

/// The outcomes of a report, in order.
pub fn outcomes(report: &ImportReport) -> Vec<ImportOutcome> {
    report.results.iter().map(|result| result.outcome).collect()
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// A file's permissions.
pub fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
