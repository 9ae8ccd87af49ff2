//! A far away host on this machine: a network device behind which every packet travels for half a round trip and comes back.
//!
//! A client that connects to an address behind the device finds this very machine's servers there. Each packet is turned round: who it
//! was for becomes who it is from. So a server that listens on 127.0.0.1 is also at 127.0.0.2, as far away as wanted, and TCP, TLS
//! and HTTP take the journeys they take over a network, made by the system itself. Sums over a packet need no correction, for both
//! addresses are in them, in whatever order.
//!
//! Meant for a network namespace of its own: `tools/bench` makes one, with the routes.

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use tun_rs::{DeviceBuilder, SyncDevice};

/// Bytes of the largest packet.
const LARGEST: u16 = 9_000;

/// An address of IPv4, of the sender and then of the receiver: RFC 791, section 3.1.
const SENDER: std::ops::Range<usize> = 12..16;
const RECEIVER: std::ops::Range<usize> = 16..20;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [name, milliseconds] = arguments.as_slice() else {
        eprintln!("usage: squeeze-graph-distance DEVICE MILLISECONDS\nMILLISECONDS is how long a round trip takes.");
        return ExitCode::from(64);
    };
    let Ok(milliseconds) = milliseconds.parse::<u64>() else {
        eprintln!("squeeze-graph-distance: no number of milliseconds: {milliseconds}");
        return ExitCode::from(64);
    };
    match run(name, Duration::from_millis(milliseconds) / 2) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("squeeze-graph-distance: {name}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the device, says so, and carries packets until the program is ended.
fn run(name: &str, journey: Duration) -> io::Result<()> {
    let device = DeviceBuilder::new().name(name).mtu(LARGEST).build_sync()?;
    println!("ready");
    io::stdout().flush()?;
    let (sender, under_way) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::scope(|scope| {
        let arriving = scope.spawn(|| -> io::Result<()> {
            for (due, packet) in under_way {
                thread::sleep(due.saturating_duration_since(Instant::now()));
                device.send(&packet)?;
            }
            Ok(())
        });
        let departed = depart(&device, journey, &sender);
        drop(sender);
        departed?;
        arriving.join().unwrap_or(Ok(()))
    })
}

fn depart(device: &SyncDevice, journey: Duration, sender: &mpsc::Sender<(Instant, Vec<u8>)>) -> io::Result<()> {
    let mut buffer = vec![0; usize::from(LARGEST)];
    loop {
        let length = device.recv(&mut buffer)?;
        let due = Instant::now() + journey;
        if let Some(packet) = buffer.get(..length).and_then(turned_round)
            && sender.send((due, packet)).is_err()
        {
            return Ok(());
        }
    }
}

/// The packet as it comes back; `None` where it is not IPv4, such as the system's own announcements of IPv6.
fn turned_round(packet: &[u8]) -> Option<Vec<u8>> {
    let (from, to) = (packet.get(SENDER)?, packet.get(RECEIVER)?);
    if packet.first()? >> 4 != 4 {
        return None;
    }
    let mut back = packet.to_vec();
    back.get_mut(SENDER)?.copy_from_slice(to);
    back.get_mut(RECEIVER)?.copy_from_slice(from);
    Some(back)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_comes_back_from_whom_it_was_for() {
        let mut packet = vec![0x45; 24];
        packet[SENDER].copy_from_slice(&[127, 0, 0, 1]);
        packet[RECEIVER].copy_from_slice(&[127, 0, 0, 2]);
        let back = turned_round(&packet).unwrap();
        assert_eq!(back[SENDER], [127, 0, 0, 2]);
        assert_eq!(back[RECEIVER], [127, 0, 0, 1]);
        assert_eq!(back[20..], packet[20..]);
        packet[0] = 0x60;
        assert_eq!(turned_round(&packet), None);
        assert_eq!(turned_round(&[0x45; 19]), None);
    }
}
