//! The world in a folder, so that a restarted sandbox goes on where it was: tokens stay good, mails where they lay.
//!
//! It is written twice a second when something changed, and on the way out; a sandbox that is killed may lose that much.

use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::clock::Setting;
use crate::running::Error;
use crate::sandbox::Sandbox;
use crate::world::World;

#[derive(Serialize)]
struct Saved<'a> {
    world: &'a World,
    clock: Setting,
}

#[derive(Deserialize)]
struct Loaded {
    world: World,
    clock: Setting,
}

/// A folder with a world.
#[derive(Debug)]
pub struct State {
    directory: PathBuf,
    last: Mutex<Vec<u8>>,
}

impl State {
    /// The state in `directory`.
    pub fn new(directory: PathBuf) -> Self {
        Self {
            directory,
            last: Mutex::default(),
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.join("world.json")
    }

    /// What was kept, if anything was.
    pub fn load(&self) -> Result<Option<(World, Setting)>, Error> {
        let io = |error| Error::Io(self.directory.display().to_string(), error);
        std::fs::create_dir_all(&self.directory).map_err(io)?;
        let bytes = match std::fs::read(self.path()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(io(error)),
        };
        let loaded: Loaded = serde_json::from_slice(&bytes).map_err(|error| Error::State(self.path(), error))?;
        Ok(Some((loaded.world, loaded.clock)))
    }

    /// Writes the world unless it is as it was; a reader never sees half of it.
    pub fn save(&self, sandbox: &Sandbox) -> Result<(), Error> {
        let bytes = {
            let world = sandbox.world();
            serde_json::to_vec(&Saved {
                world: &world,
                clock: sandbox.clock.setting(),
            })
            .map_err(|error| Error::State(self.path(), error))?
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == bytes {
            return Ok(());
        }
        let fresh = self.directory.join("world.json.new");
        let write = || {
            let mut file = std::fs::File::create(&fresh)?;
            file.write_all(&bytes)?;
            std::fs::rename(&fresh, self.path())
        };
        write().map_err(|error| Error::Io(self.path().display().to_string(), error))?;
        *last = bytes;
        Ok(())
    }

    /// Saves for ever.
    pub async fn keep(self: Arc<Self>, sandbox: Arc<Sandbox>) {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            if let Err(error) = self.save(&sandbox) {
                eprintln!("squeeze-graph-sandbox: {error}");
            }
        }
    }
}
