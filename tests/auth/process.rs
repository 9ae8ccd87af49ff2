//! Other processes: this test binary starts itself again, with the store of the test and one task.
//!
//! What a child says is one line a result on standard output. A token is told by its fingerprint only: enough to compare.

use std::io::{BufRead, BufReader, Lines};
use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use squeeze_graph::base::clock::SystemClock;
use squeeze_graph::service::sign_in::{Callback, exchange_code};
use squeeze_graph::service::tokens;

use crate::support::{House, SESSION, context, name};

/// Names the store, and tells a child that it is one.
const STORE: &str = "SQUEEZE_GRAPH_TEST_STORE";

/// What the child is to do, as JSON.
const TASK: &str = "SQUEEZE_GRAPH_TEST_TASK";

/// The account of all these tests.
pub const ACCOUNT: &str = "invoices";

/// What a child does.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum Task {
    /// Fetches a token good for so many seconds and tells it.
    Token(i64),
    /// Waits until the file `go` is there, then fetches a token and tells it.
    TokenAtOnce,
    /// Asks Microsoft for new tokens, whatever is there.
    Refresh,
    /// Renews as the job does, whatever ends within two days.
    Job,
    /// Finishes a sign-in.
    SignIn(Callback),
    /// Reads again and again until the file `stop` is there; tells how often, and how long the slowest took.
    Read,
}

/// Does nothing in the parent; in a child it is the whole program.
#[test]
fn child() {
    let (Ok(store), Ok(task)) = (std::env::var(STORE), std::env::var(TASK)) else {
        return;
    };
    let store = Path::new(&store);
    let context = context(store, Arc::new(SystemClock));
    let name = name(ACCOUNT);
    let told = |token: squeeze_graph::base::failure::Result<_>| match token {
        Ok(token) => println!("\ntoken={}", fingerprint(&token)),
        Err(error) => println!("\nerror={error}"),
    };
    match serde_json::from_str(&task).unwrap() {
        Task::Token(validity) => told(tokens::access_token(&context, &name, validity, None)),
        Task::TokenAtOnce => {
            println!("\nready=");
            wait_for_file(&store.with_file_name("go"));
            told(tokens::access_token(&context, &name, 300, None));
        }
        Task::Refresh => {
            let renewed = tokens::refresh_token(&context, &name);
            told(renewed.and_then(|_| tokens::access_token(&context, &name, 0, None)));
        }
        Task::Job => {
            let report =
                squeeze_graph::service::refresh_job::refresh_tokens(&context, 200_000, None, &mut |_, _, _| {
                    ControlFlow::Continue(())
                });
            println!("\n{}", if report.is_ok() { "token=job" } else { "error=job" });
        }
        Task::SignIn(callback) => match exchange_code(&context, &callback, SESSION) {
            Ok(_) => println!("\ntoken=signed in"),
            Err(error) => println!("\nerror={error}"),
        },
        Task::Read => read_until_stopped(store, &context),
    }
}

fn read_until_stopped(store: &Path, context: &squeeze_graph::service::context::Context) {
    let stop = store.with_file_name("stop");
    let name = name(ACCOUNT);
    let (mut reads, mut slowest, mut seen) = (0_u32, Duration::ZERO, Vec::new());
    println!("\nready=");
    while !stop.exists() {
        let begun = Instant::now();
        let token = tokens::access_token(context, &name, 300, None).unwrap();
        tokens::token_status(context, &name).unwrap();
        assert!(!tokens::is_token_expired(context, &name, 300).unwrap());
        slowest = slowest.max(begun.elapsed());
        reads += 1;
        let token = fingerprint(&token);
        if !seen.contains(&token) {
            seen.push(token);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    println!("\nread={reads} {} {}", slowest.as_micros(), seen.join(","));
}

/// Enough of a token to tell it from others.
pub fn fingerprint(token: &squeeze_graph::base::secret::Secret) -> String {
    let digest = Sha256::digest(token.expose().as_bytes());
    format!("{:016x}", u64::from_be_bytes(digest[..8].try_into().unwrap()))
}

fn wait_for_file(path: &Path) {
    let end = Instant::now() + Duration::from_mins(1);
    while !path.exists() {
        assert!(Instant::now() < end, "nobody wrote {}", path.display());
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// A process at its task.
pub struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    /// Starts one at the store of `house`.
    pub fn start(house: &House, task: &Task) -> Self {
        Self::start_by(Command::new(std::env::current_exe().unwrap()), house, task)
    }

    /// The same by a command that ends with this test binary.
    pub fn start_by(mut command: Command, house: &House, task: &Task) -> Self {
        let mut child = command
            .args(["--exact", "process::child", "--nocapture", "--test-threads=1"])
            .env(STORE, house.folder.path().join("store.sqlite"))
            .env(TASK, serde_json::to_string(task).unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next result it tells; none if it ended before it told any.
    pub fn next(&mut self) -> Option<String> {
        let known = ["token=", "error=", "ready=", "read="];
        self.lines
            .by_ref()
            .map_while(Result::ok)
            .find(|line| known.iter().any(|known| line.starts_with(known)))
    }

    /// The token it tells.
    pub fn token(mut self) -> String {
        let told = self.next().unwrap_or_default();
        self.child.wait().unwrap();
        let token = told.strip_prefix("token=");
        token.unwrap_or_else(|| panic!("no token but {told:?}")).to_owned()
    }

    /// Whether it has not ended yet.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGKILL; whether it had told a token before.
    pub fn kill(mut self) -> bool {
        self.child.kill().unwrap();
        let end = self.child.wait().unwrap();
        assert!(end.success() || end.signal() == Some(9), "it ended by itself: {end}");
        self.next().is_some_and(|told| told.starts_with("token="))
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Vec<String> {
        let mut told = Vec::new();
        while let Some(line) = self.next() {
            told.push(line);
        }
        self.child.wait().unwrap();
        told
    }
}

/// Where the files that children wait for are.
pub fn signal(house: &House, file: &str) -> PathBuf {
    house.folder.path().join(file)
}

/// A number that a proof sets in the environment, or the small one of a test.
pub fn size(variable: &str, small: u64) -> u64 {
    std::env::var(variable).ok().map_or(small, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable}={text}"))
    })
}
