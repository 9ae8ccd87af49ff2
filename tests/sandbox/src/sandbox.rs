//! Everything one running sandbox knows, behind the locks its requests share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::clock::Clock;
use crate::faults::Faults;
use crate::gate::Gate;
use crate::journal::Journal;
use crate::settings::Settings;
use crate::world::World;

/// One running sandbox.
#[derive(Debug)]
pub struct Sandbox {
    /// `http://127.0.0.1:PORT`
    pub root: String,
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
    pub fn new(root: String, world: World, settings: Settings) -> Self {
        Self {
            root,
            clock: Clock::default(),
            faults: Faults::default(),
            journal: Journal::default(),
            gate: Arc::default(),
            world: Mutex::new(world),
            settings: Mutex::new(settings),
        }
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
