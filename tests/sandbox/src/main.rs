//! The sandbox as a program.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, Sender, channel};

use clap::{Args, Parser, Subcommand};
use serde_json::json;
use squeeze_graph_sandbox::{Decision, Error, Flaw, MFA, Options, PASSWORD, Person, RunningSandbox, Tls, USER};

/// A strict stand-in for Microsoft Entra ID and Microsoft Graph mail, on loopback, for tests.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Command {
    #[command(subcommand)]
    task: Option<Task>,
    #[command(flatten)]
    serve: Serve,
}

#[derive(Debug, Args)]
struct Serve {
    /// Where to listen; loopback only, port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// A folder of .eml files for the default user's inbox; its subfolders become mail folders
    #[arg(long, value_name = "DIR")]
    mailbox: Vec<PathBuf>,
    /// Keeps world and tokens here, so that a restart continues
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Speaks https; writes the CA certificate to DIR/ca.pem
    #[arg(long, value_name = "DIR")]
    tls: Option<PathBuf>,
    /// What is wrong with the certificate
    #[arg(long, requires = "tls")]
    tls_flaw: Option<Flaw>,
    /// Offers HTTP/2 as well
    #[arg(long, requires = "tls")]
    http2: bool,
    /// Writes the port here when ready
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Ends when standard input is closed
    #[arg(long)]
    exit_with_stdin: bool,
    /// Prints nothing
    #[arg(long)]
    quiet: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Walks an authorization URL through the pages and prints where it led
    SignIn {
        /// The authorization URL
        #[arg(long)]
        url: String,
        /// Who signs in
        #[arg(long, default_value = USER)]
        user: String,
        /// With which password
        #[arg(long, default_value = PASSWORD)]
        password: String,
        /// And which second factor
        #[arg(long, default_value = MFA)]
        mfa: String,
        /// Cancels on the consent page
        #[arg(long)]
        decline: bool,
        /// The CA certificate of a sandbox that speaks https
        #[arg(long, value_name = "FILE")]
        ca: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let command = Command::parse();
    let result = match command.task {
        Some(Task::SignIn {
            url,
            user,
            password,
            mfa,
            decline,
            ca,
        }) => {
            let decision = if decline { Decision::Decline } else { Decision::Accept };
            let person = Person {
                user,
                password,
                mfa,
                decision,
            };
            squeeze_graph_sandbox::browser(ca.as_deref())
                .and_then(|browser| squeeze_graph_sandbox::walk(&browser, &url, &person))
                .and_then(|url| print(&url))
        }
        None => serve(command.serve),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("squeeze-graph-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(line: &str) -> Result<(), Error> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(|error| Error::Io("standard output".to_owned(), error))
}

fn serve(options: Serve) -> Result<(), Error> {
    let sandbox = squeeze_graph_sandbox::start(Options {
        listen: options.listen,
        mailboxes: options.mailbox,
        state: options.state,
        tls: options.tls.map(|directory| Tls {
            directory,
            flaw: options.tls_flaw,
            http2: options.http2,
        }),
    })?;
    if let Some(file) = &options.port_file {
        let port = sandbox.url().rsplit(':').next().unwrap_or_default();
        std::fs::write(file, format!("{port}\n")).map_err(|error| Error::Io(file.display().to_string(), error))?;
    }
    // Before anyone learns where it is, and so could tell it to end.
    let end = end_of(options.exit_with_stdin);
    if !options.quiet {
        print(&ready(&sandbox))?;
    }
    let _ = end.recv();
    sandbox.stop()
}

fn ready(sandbox: &RunningSandbox) -> String {
    json!({
        "url": sandbox.url(),
        "authority_url": sandbox.authority_url(),
        "graph_url": sandbox.graph_url(),
        "control_url": sandbox.control_url(),
    })
    .to_string()
}

/// Hears of SIGTERM, SIGINT, or the end of standard input from its return on.
fn end_of(stdin: bool) -> Receiver<()> {
    let (sender, receiver) = channel();
    if stdin {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            let mut buffer = [0; 256];
            while input.read(&mut buffer).is_ok_and(|read| read > 0) {}
            let _ = sender.send(());
        });
    }
    let (listens, listening) = channel();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        if let Ok(runtime) = runtime {
            runtime.block_on(signal(listens));
        }
        let _ = sender.send(());
    });
    // Fails when the thread could not listen; then the receiver tells so.
    let _ = listening.recv();
    receiver
}

#[cfg(unix)]
async fn signal(listens: Sender<()>) {
    use tokio::signal::unix::{SignalKind, signal};
    let both = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    let _ = listens.send(());
    if let (Ok(mut terminate), Ok(mut interrupt)) = both {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    } else {
        std::future::pending::<()>().await;
    }
}

#[cfg(not(unix))]
async fn signal(listens: Sender<()>) {
    let _ = listens.send(());
    let _ = tokio::signal::ctrl_c().await;
}
