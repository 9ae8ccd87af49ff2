//! The program: its ready line, its ends, its sign-in.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use squeeze_graph_sandbox::{CLIENT, TENANT};

const PROGRAM: &str = env!("CARGO_BIN_EXE_squeeze-graph-sandbox");

fn serve(options: &[&str]) -> (Child, Value) {
    let mut child = Command::new(PROGRAM)
        .args(options)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().expect("its output"))
        .read_line(&mut line)
        .expect("a line");
    (child, serde_json::from_str(&line).expect("JSON"))
}

fn ends(child: &mut Child) -> Option<i32> {
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(10) {
        if let Some(status) = child.try_wait().expect("a status") {
            return status.code();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("an end");
    panic!("it did not end");
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().expect("the program")
}

#[test]
fn it_tells_where_it_is_and_ends_with_its_standard_input() {
    let file = std::env::temp_dir().join(format!("sandbox-port-{}", std::process::id()));
    let path = file.to_str().expect("a path");
    let (mut child, ready) = serve(&["--exit-with-stdin", "--port-file", path]);
    let port = std::fs::read_to_string(&file).expect("the port");
    assert_eq!(ready["url"], format!("http://127.0.0.1:{}", port.trim()));
    for name in ["authority_url", "graph_url", "control_url"] {
        assert!(ready[name].is_string(), "{ready}");
    }
    drop(child.stdin.take());
    assert_eq!(ends(&mut child), Some(0));
    let _ = std::fs::remove_file(file);
}

#[test]
fn it_ends_in_order_when_told_to() {
    let (mut child, _) = serve(&[]);
    assert!(
        Command::new("kill")
            .arg(child.id().to_string())
            .status()
            .expect("kill")
            .success()
    );
    assert_eq!(ends(&mut child), Some(0));
}

#[test]
fn it_signs_in_without_a_browser() {
    let (mut child, ready) = serve(&["--exit-with-stdin"]);
    let url = format!(
        "{}/{TENANT}/oauth2/v2.0/authorize?client_id={CLIENT}&response_type=code&redirect_uri=http%3A%2F%2Flocalhost%2Fcallback&scope=openid&state=s",
        ready["authority_url"].as_str().expect("a URL")
    );
    let good = run(&["sign-in", "--url", &url]);
    let printed = String::from_utf8(good.stdout).expect("text");
    assert!(
        good.status.success() && printed.starts_with("http://localhost/callback?code="),
        "{printed}"
    );
    let declined = run(&[
        "sign-in",
        "--url",
        &url,
        "--user",
        "bernd.jaeger@contoso.example",
        "--decline",
    ]);
    assert!(
        String::from_utf8(declined.stdout)
            .expect("text")
            .contains("error=access%5Fdenied")
    );
    let wrong = run(&["sign-in", "--url", &url, "--password", "wrong"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(String::from_utf8(wrong.stderr).expect("text").contains("50126"));
    drop(child.stdin.take());
    assert_eq!(ends(&mut child), Some(0));
}

#[test]
fn it_refuses_what_it_can_not_do() {
    for (arguments, said) in [
        (&["--listen", "0.0.0.0:0"][..], "not a loopback address"),
        (&["--mailbox", "/does/not/exist"], "/does/not/exist"),
        (&["--state", "/dev/null/state"], "/dev/null/state"),
        (&["--tls-flaw", "expired"], "--tls"),
    ] {
        let output = run(arguments);
        assert!(!output.status.success());
        assert!(
            String::from_utf8(output.stderr).expect("text").contains(said),
            "{arguments:?}"
        );
    }
}
