//! Who holds a lease: one process of one boot of one machine, so that another process can see whether it still lives.
//!
//! Written as text into the lease: machine, boot, process space, process id and its start time. The start time tells a process from a
//! later one with the same id. The process space (pid namespace) tells containers of one machine apart: the process 17 of another
//! container cannot be seen from here. Where a system has no `/proc` the unknown parts stay empty and only what is known counts.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use sha2::{Digest, Sha256};

/// A process that can hold leases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// A hash of the machine's id and host name; empty if it has no id.
    pub machine: String,
    /// The id of this boot; empty if unknown.
    pub boot: String,
    /// The process space.
    pub space: String,
    /// The process id within it.
    pub pid: u32,
    /// When it started, in the kernel's ticks since boot; 0 if unknown.
    pub started: u64,
}

/// What can be said of a holder from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It runs.
    Alive,
    /// It is gone, or another process has its id.
    Dead,
    /// It can not be seen from here.
    Unknown,
}

impl Holder {
    /// This process. Read once a process; a forked child is another holder.
    ///
    /// Only to be asked inside the gate (see [`crate::store::gate`]): a fork must not find what is kept here locked by another thread.
    pub fn current() -> Self {
        static CURRENT: Mutex<Option<Holder>> = Mutex::new(None);
        let pid = std::process::id();
        let mut current = CURRENT.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(holder) if holder.pid == pid => holder.clone(),
            _ => current.insert(Self::read(pid)).clone(),
        }
    }

    fn read(pid: u32) -> Self {
        let line = |path: &str| {
            fs::read_to_string(path)
                .map(|text| text.trim().to_owned())
                .unwrap_or_default()
        };
        let id = line("/etc/machine-id");
        let host = line("/proc/sys/kernel/hostname");
        Self {
            // The host name with it, because images of containers and virtual machines carry their machine id along.
            machine: if id.is_empty() {
                id
            } else {
                hash(&format!("{id}\n{host}"))
            },
            boot: line("/proc/sys/kernel/random/boot_id"),
            space: fs::read_link("/proc/self/ns/pid")
                .map(|link| link.to_string_lossy().into_owned())
                .unwrap_or_default(),
            pid,
            started: start_time(Path::new("/proc/self/stat")).map_or(0, |(_, started)| started),
        }
    }

    /// As it is written into a lease.
    pub fn to_text(&self) -> String {
        format!(
            "{} {} {} {} {}",
            self.pid, self.started, self.boot, self.space, self.machine
        )
    }

    /// Reads what [`Holder::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let holder = Self {
            pid: parts.next()?.parse().ok()?,
            started: parts.next()?.parse().ok()?,
            boot: parts.next()?.to_owned(),
            space: parts.next()?.to_owned(),
            machine: parts.next()?.to_owned(),
        };
        parts.next().is_none().then_some(holder)
    }

    /// Whether it runs on the same boot of the same machine as `other`: then both read one `CLOCK_BOOTTIME`.
    pub fn same_boot(&self, other: &Self) -> bool {
        !self.boot.is_empty() && self.boot == other.boot
    }

    /// Whether it ran on this machine before it booted anew.
    pub fn before_reboot(&self, now: &Self) -> bool {
        !self.machine.is_empty()
            && self.machine == now.machine
            && !self.boot.is_empty()
            && !now.boot.is_empty()
            && self.boot != now.boot
    }

    /// Whether it lives, as far as process `from` can tell.
    pub fn life(&self, from: &Self) -> Life {
        let visible = self.space == from.space
            && (self.same_boot(from) || (self.boot.is_empty() && from.boot.is_empty() && self.machine == from.machine));
        if !visible {
            return Life::Unknown;
        }
        let Ok(number) = i32::try_from(self.pid) else {
            return Life::Dead;
        };
        if kill(Pid::from_raw(number), None) == Err(Errno::ESRCH) {
            return Life::Dead;
        }
        match start_time(Path::new(&format!("/proc/{number}/stat"))) {
            // Killed, but its parent has not looked yet.
            Some(('Z' | 'X', _)) => Life::Dead,
            Some((_, started)) if self.started != 0 && started != self.started => Life::Dead,
            // Processes of other users may be hidden (`hidepid`): then it has the id, and that must do.
            _ => Life::Alive,
        }
    }
}

/// State and start time of a process (proc(5): fields 3 and 22; the name in field 2 may hold anything).
fn start_time(stat: &Path) -> Option<(char, u64)> {
    let text = fs::read(stat).ok()?;
    let text = String::from_utf8_lossy(&text);
    let (_, fields) = text.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?.chars().next()?;
    Some((state, fields.nth(18)?.parse().ok()?))
}

fn hash(text: &str) -> String {
    use std::fmt::Write;
    let mut hex = String::new();
    for byte in Sha256::digest(text.as_bytes()).iter().take(8) {
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use super::*;

    fn holder_of(pid: u32) -> Holder {
        Holder {
            pid,
            started: start_time(Path::new(&format!("/proc/{pid}/stat"))).unwrap().1,
            ..Holder::current()
        }
    }

    #[test]
    fn a_holder_survives_being_written() {
        let me = Holder::current();
        assert_eq!(Holder::from_text(&me.to_text()), Some(me));
        let unknown = Holder {
            machine: String::new(),
            boot: String::new(),
            space: String::new(),
            pid: 7,
            started: 0,
        };
        assert_eq!(Holder::from_text(&unknown.to_text()), Some(unknown));
        for text in ["", "x", "1 2 3", "1 2 a b c d"] {
            assert_eq!(Holder::from_text(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_process_is_alive_until_it_is_killed_even_as_a_zombie() {
        let me = Holder::current();
        assert_eq!(me.life(&me), Life::Alive);
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let holder = holder_of(child.id());
        assert_eq!(holder.life(&me), Life::Alive);
        let reused = Holder {
            started: holder.started + 1,
            ..holder.clone()
        };
        assert_eq!(reused.life(&me), Life::Dead, "another process with the same id");
        child.kill().unwrap();
        let dead = (0..200).any(|_| {
            std::thread::sleep(std::time::Duration::from_millis(5));
            holder.life(&me) == Life::Dead
        });
        assert!(dead, "a killed process that nobody waited for counts as alive");
        child.wait().unwrap();
        assert_eq!(holder.life(&me), Life::Dead);
    }

    #[test]
    fn what_is_in_another_container_or_on_another_machine_can_not_be_seen() {
        let me = Holder::current();
        let elsewhere = [
            Holder {
                space: "pid:[1]".to_owned(),
                ..me.clone()
            },
            Holder {
                boot: "another".to_owned(),
                ..me.clone()
            },
        ];
        for holder in elsewhere {
            assert_eq!(holder.life(&me), Life::Unknown);
        }
    }

    #[test]
    fn a_name_with_brackets_and_spaces_does_not_shift_the_fields() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(b"17 (a) b (c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 4242 20 21\n")
            .unwrap();
        assert_eq!(start_time(file.path()), Some(('S', 4242)));
    }
}
