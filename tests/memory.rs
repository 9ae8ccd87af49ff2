//! A large mail goes to a file, and a long list to the caller, in little memory.
//!
//! A program of its own, so that nothing else counts in the peak. The sandbox, which runs in this process, makes its bytes as they are
//! sent and keeps none.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that meets the unexpected shall panic, in its helper functions, too"
)]

mod mailbox;

use std::fs;
use std::time::Duration;

use mailbox::TestMailbox;
use squeeze_graph::graph::messages;

/// The most memory this process ever had resident, in KiB.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_mail_of_150_mb_goes_to_a_file_in_under_20_mb() {
    let mailbox = TestMailbox::with_limits(Duration::from_secs(10), Duration::from_secs(30));
    mailbox.generate("inbox", 2, 1000);
    let client = mailbox.client();
    let folder = tempfile::tempdir().unwrap();
    let save = |id: &str| {
        let path = folder.path().join("mail.eml");
        let mut file = fs::File::create(&path).unwrap();
        messages::mime(&client, id, None, &mut file).unwrap()
    };
    // Whatever is made once for all (connections, threads, the sandbox's own) is there after a small one.
    let small = messages::page(&client, "inbox", None, None, 1).unwrap();
    save(&small.value.first().unwrap().id);
    mailbox.generate("archive", 1, 150_000_000);
    let page = messages::page(&client, "archive", None, None, 1).unwrap();
    let large = page.value.first().unwrap();
    let before = peak();
    let bytes = save(&large.id);
    let grown = peak().saturating_sub(before);
    println!("figure: the core writes a mail of {bytes} bytes to a file: peak {grown} KiB above that of a small mail");
    assert!(bytes > 150_000_000);
    assert!(grown < 20 * 1024, "grew by {grown} KiB");
}
