//! Folders and imports, end to end: the services over the real transport and the real store, against the sandbox.

mod folders;
mod import;
mod support;
