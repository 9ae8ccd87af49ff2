//! Everything one running sandbox knows, behind the locks its requests share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::gate::Gate;
use crate::journal::Journal;
use crate::mailbox::{WellKnown, eml};
use crate::settings::Settings;
use crate::world::{World, default};

/// One running sandbox.
#[derive(Debug)]
pub struct Sandbox {
    /// `http://127.0.0.1:PORT`
    pub root: String,
    /// Folders of `.eml` files the default user's inbox begins with.
    pub mailboxes: Vec<PathBuf>,
    /// The sandbox's time.
    pub clock: Clock,
    /// Misbehaviour asked for.
    pub faults: Faults,
    /// Requests seen.
    pub journal: Journal,
    /// Requests in flight per mailbox.
    pub gate: Arc<Gate>,
    world: Mutex<World>,
    settings: Mutex<Settings>,
}

impl Sandbox {
    /// A sandbox over a world, reached at `root`.
    pub fn new(root: String, world: World, mailboxes: Vec<PathBuf>) -> Self {
        Self {
            root,
            mailboxes,
            clock: Clock::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            gate: Arc::default(),
            world: Mutex::new(world),
            settings: Mutex::default(),
        }
    }

    /// Loads the folders of `.eml` files; the error names the folder.
    pub fn load_mailboxes(&self) -> Result<(), (PathBuf, std::io::Error)> {
        let now = self.clock.now();
        let mut world = self.world();
        for directory in &self.mailboxes {
            let fail = |error| (directory.clone(), error);
            let missing = || fail(std::io::Error::other("the default user has no inbox"));
            let mailbox = world.mailbox_of(default::USER).ok_or_else(missing)?;
            let inbox = mailbox.well_known(WellKnown::Inbox).ok_or_else(missing)?;
            eml::load(mailbox, inbox, directory, now).map_err(fail)?;
        }
        Ok(())
    }

    /// The world, locked. A request holds it for its whole run, as one transaction.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A copy of the settings.
    pub fn settings(&self) -> Settings {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Replaces the settings.
    pub fn set(&self, settings: Settings) {
        *self.settings.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// The root of Graph: `{root}/graph`.
    pub fn graph_url(&self) -> String {
        format!("{}/graph", self.root)
    }
}
