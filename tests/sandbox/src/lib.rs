//! A strict stand-in for Microsoft Entra ID and Microsoft Graph mail on one loopback port.
//!
//! It checks what Microsoft checks and answers as Microsoft answers, refusals included; a control endpoint makes it
//! misbehave, moves its clock and counts what it was asked. Start it as a program, or in-process:
//!
//! ```
//! let sandbox = squeeze_graph_sandbox::start(squeeze_graph_sandbox::Options::default())?;
//! sandbox.control("POST", "mails/generate", &serde_json::json!({ "count": 3, "size": 2_000 }))?;
//! println!("{} {}", sandbox.authority_url(), sandbox.graph_url());
//! # Ok::<(), squeeze_graph_sandbox::Error>(())
//! ```
//!
//! It leaves out what no mail client of this project asks for: calendars, contacts, sending, personal accounts.

mod clock;
mod control;
mod entra;
mod exchange;
mod faults;
mod gate;
mod graph;
mod journal;
mod mailbox;
mod payload;
mod random;
mod running;
mod sandbox;
mod server;
mod settings;
mod sign_in;
mod state;
mod tls;
mod world;

pub use running::{Error, Options, RunningSandbox, start};
pub use sign_in::{Decision, Form, Person, browser, sign_in, walk};
pub use tls::{Flaw, Tls};
pub use world::default::{CLIENT, MFA, OTHER_TENANT, PASSWORD, SECRET, SHARED, TENANT, USER};
