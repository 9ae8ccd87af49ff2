//! The store's file in hostile hands: rows changed by SQL, and bytes of the database and of its log changed below SQL.
//!
//! Whoever may write the file can delete rows and can bring back older ones of the same account. He must never make the process panic,
//! hang or read what is not that row's own, and what he broke must be told as a problem of the store, with its path.
//! Only statements that would reach beyond the file (ATTACH, VACUUM) are left out.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use squeeze_graph::base::account::{AccountName, AccountSettings, Cloud, Protocol};
use squeeze_graph::base::clock::UtcInstant;
use squeeze_graph::base::language::Language;
use squeeze_graph::base::random::{OsRandom, Random, RandomError};
use squeeze_graph::base::secret::Secret;
use squeeze_graph::base::settings::Settings;
use squeeze_graph::store::record::{
    AccountRecord, JobRecord, LeaseAttempt, Receipt, ReceiptState, SignInProgress, SignInRecord, TokenRecord,
};
use squeeze_graph::store::{self, Result, Store, StoreError};
use tempfile::TempDir;

use crate::is_tame;
use crate::run::run_some;
use crate::scripted::{NOW, StoppedClock, in_memory};

/// Each input is a whole store: opened, read, written, sealed anew.
const INPUTS: u64 = 60;

/// Bytes of SQLite's pages.
const PAGE: usize = 4096;

/// The same "random" bytes in every run, so that an input that failed finds the same file again.
struct Repeatable(AtomicU64);

impl Random for Repeatable {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomError> {
        for byte in bytes {
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            *byte = count.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[1];
        }
        Ok(())
    }
}

fn name(name: &str) -> AccountName {
    AccountName::new(name).unwrap()
}

fn account(account: &str) -> AccountRecord {
    AccountRecord {
        name: name(account),
        settings: AccountSettings {
            protocol: Protocol::Delegated,
            tenant_id: format!("{account}.example"),
            client_id: "00000000-0000-0000-0000-000000000001".to_owned(),
            client_secret: Some(Secret::new(format!("secret of {account}"))),
            client_certificate: None,
            secret_expires_at: None,
            redirect_uri: Some("https://host.example/callback".to_owned()),
            user: None,
            mailbox: Some(format!("{account}@{account}.example")),
            folder_inbox: "wellknown:inbox".to_owned(),
            folder_processed: Some("/Verarbeitet".to_owned()),
            folder_error: Some("/Fehler".to_owned()),
            scopes: vec!["Mail.ReadWrite".to_owned()],
            refresh_interval: 43200,
            enabled: true,
            cloud: Cloud::Global,
            authority_url: None,
            graph_url: None,
        },
        identity_generation: 0,
    }
}

fn tokens(account: &str, version: i64) -> TokenRecord {
    TokenRecord {
        version,
        access_token: Some(Secret::new(format!("access {version} of {account}"))),
        refresh_token: Some(Secret::new(format!("refresh {version} of {account}"))),
        expires_at: Some(NOW.plus(3600)),
        ..TokenRecord::default()
    }
}

fn sign_in(state: u8, account: &str) -> SignInRecord {
    SignInRecord {
        state: [state; 32],
        account: name(account),
        identity_generation: 1,
        session: [9; 32],
        verifier: Secret::new(format!("verifier of {account}")),
        nonce: Secret::new(format!("nonce of {account}")),
        redirect_uri: "https://host.example/callback".to_owned(),
        scopes: Vec::new(),
        admin_consent: false,
        created_at: NOW,
        progress: SignInProgress::Pending,
    }
}

fn receipt(message: &str, state: ReceiptState) -> Receipt {
    Receipt {
        mailbox: "m".to_owned(),
        folder: "inbox".to_owned(),
        message: message.to_owned(),
        import_key: format!("key of {message}"),
        attempt: 1,
        failures: 0,
        undeliverable: 0,
        state,
        destination: None,
        not_before: None,
        updated_at: NOW,
    }
}

fn job() -> JobRecord {
    JobRecord {
        name: "refresh-tokens".to_owned(),
        started_at: NOW,
        ended_at: Some(NOW),
        counts: [1, 2, 3],
    }
}

/// What was read, as texts that say whose it is.
#[derive(Default)]
struct Seen {
    facts: Vec<String>,
    failures: Vec<StoreError>,
}

impl Seen {
    fn of<T>(&mut self, result: Result<T>, facts: impl FnOnce(T) -> Vec<String>) {
        match result {
            Ok(value) => self.facts.extend(facts(value)),
            Err(failure) => self.failures.push(failure),
        }
    }
}

fn shown(secret: Option<&Secret>) -> &str {
    secret.map_or("none", Secret::expose)
}

fn about_account(asked: &str, record: &AccountRecord) -> String {
    let secret = shown(record.settings.client_secret.as_ref());
    format!(
        "account {asked}: {:?} {:?} {} {secret}",
        record.name, record.settings, record.identity_generation
    )
}

fn about_tokens(asked: &str, record: &TokenRecord) -> String {
    let secrets = [
        shown(record.access_token.as_ref()),
        shown(record.refresh_token.as_ref()),
    ];
    // When it was written is the store's to say.
    let record = TokenRecord {
        written_at: None,
        ..record.clone()
    };
    format!("tokens {asked}: {record:?} {secrets:?}")
}

fn about_sign_in(asked: u8, record: &SignInRecord) -> String {
    format!(
        "sign-in {asked}: {record:?} {} {}",
        record.verifier.expose(),
        record.nonce.expose()
    )
}

/// Everything that can be read.
fn read(store: &dyn Store) -> Seen {
    let mut seen = Seen::default();
    let list = |records: Vec<AccountRecord>| {
        let about = |record: &AccountRecord| about_account(record.name.as_str(), record);
        records.iter().map(about).collect()
    };
    seen.of(store.accounts(), list);
    seen.of(store.all_tokens(), |all| {
        let about = |(name, record): &(AccountName, TokenRecord)| about_tokens(name.as_str(), record);
        all.iter().map(about).collect()
    });
    for asked in ["a", "b", "c"] {
        let about = |record: Option<AccountRecord>| record.iter().map(|record| about_account(asked, record)).collect();
        seen.of(store.account(&name(asked)), about);
        let about = |record: Option<TokenRecord>| record.iter().map(|record| about_tokens(asked, record)).collect();
        seen.of(store.tokens(&name(asked)), about);
        let about = |value: Option<Vec<u8>>| value.iter().map(|value| format!("cache {asked}: {value:?}")).collect();
        seen.of(store.cached("folders", asked), about);
    }
    for asked in [1, 2, 3] {
        seen.of(store.sign_in(&[asked; 32]), |record| {
            record.iter().map(|record| about_sign_in(asked, record)).collect()
        });
    }
    for asked in ["begun", "returned", "new"] {
        seen.of(store.receipt("m", asked), |record| {
            record
                .iter()
                .map(|record| format!("receipt {asked}: {record:?}"))
                .collect()
        });
    }
    seen.of(store.open_receipts("m"), |records| {
        let about = |record: &Receipt| format!("receipt {}: {record:?}", record.message);
        records.iter().map(about).collect()
    });
    seen
}

/// Everything that can be written; what the changes found there is among the facts.
fn write(store: &dyn Store) -> Seen {
    let seen = RefCell::new(Seen::default());
    let done = |result: Result<()>| seen.borrow_mut().of(result, |()| Vec::new());
    let found = |fact: String| seen.borrow_mut().facts.push(fact);
    done(store.change_account(&name("a"), &mut |record, tokens| {
        if let Some(record) = &record {
            found(about_account("a", record));
        }
        if let Some(tokens) = &tokens {
            found(about_tokens("a", tokens));
        }
        record.map(|record| (record, tokens))
    }));
    done(
        store
            .change_tokens(&name("b"), 2, &mut |record, before| {
                found(about_account("b", record));
                if let Some(before) = &before {
                    found(about_tokens("b", before));
                }
                Some(TokenRecord {
                    identity_generation: 2,
                    ..tokens("b", 9)
                })
            })
            .map(drop),
    );
    done(store.change_sign_in(&[1; 32], &mut |record| {
        if let Some(record) = &record {
            found(about_sign_in(1, record));
        }
        record
    }));
    done(store.put_sign_in(&sign_in(3, "a"), UtcInstant::from_epoch(0)));
    done(store.write_receipts(&[
        receipt("new", ReceiptState::Begun),
        receipt("begun", ReceiptState::Closed),
    ]));
    done(store.cache("folders", "c", Some(b"of c")));
    done(store.put_job(&job()));
    done(store.acquire_lease("refresh:b", 45).and_then(|attempt| match attempt {
        LeaseAttempt::Acquired(lease) => store.renew_lease(&lease, 45).and_then(|_| store.release_lease(&lease)),
        LeaseAttempt::Held { .. } => Ok(()),
    }));
    done(store.job("refresh-tokens").map(drop));
    done(store.reseal().map(drop));
    done(store.delete_tokens(&name("a")));
    seen.into_inner()
}

/// A store as a killed process leaves it, and all that may ever be read from it.
struct Original {
    keys: TempDir,
    database: Vec<u8>,
    log: Vec<u8>,
    genuine: BTreeSet<String>,
}

impl Original {
    fn settings(&self, path: &Path) -> Settings {
        Settings {
            store: path.to_str().unwrap().to_owned(),
            key_file: Some(self.keys.path().join("key")),
            ..Settings::default()
        }
    }

    fn new() -> Self {
        let keys = in_memory();
        let key = keys.path().join("key");
        fs::write(&key, "42".repeat(32)).unwrap();
        fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
        let mut original = Self {
            keys,
            database: Vec::new(),
            log: Vec::new(),
            genuine: BTreeSet::new(),
        };
        let place = in_memory();
        let path = place.path().join("store.sqlite");
        let random: Arc<dyn Random> = Arc::new(Repeatable(AtomicU64::new(1)));
        let settings = original.settings(&path);
        let open = || store::open(&settings, Arc::new(StoppedClock), random.clone()).unwrap();
        let store = open();
        for asked in ["a", "b"] {
            store
                .change_account(&name(asked), &mut |_, _| Some((account(asked), Some(tokens(asked, 1)))))
                .unwrap();
            store
                .cache("folders", asked, Some(format!("of {asked}").as_bytes()))
                .unwrap();
        }
        store.put_sign_in(&sign_in(1, "a"), UtcInstant::from_epoch(0)).unwrap();
        store.write_receipts(&[receipt("begun", ReceiptState::Begun)]).unwrap();
        store.put_job(&job()).unwrap();
        original.genuine.extend(read(&*store).facts);
        // What was written so far goes into the database, what comes now stays in the log.
        drop(store::quiesce());
        let store = open();
        store
            .change_tokens(&name("a"), 1, &mut |_, before| {
                let identity_generation = before.unwrap().identity_generation;
                Some(TokenRecord {
                    identity_generation,
                    ..tokens("a", 2)
                })
            })
            .unwrap();
        store.put_sign_in(&sign_in(2, "b"), UtcInstant::from_epoch(0)).unwrap();
        store
            .write_receipts(&[receipt("returned", ReceiptState::Returned)])
            .unwrap();
        store.acquire_lease("refresh:a", 45).unwrap();
        let seen = read(&*store);
        assert!(seen.failures.is_empty() && seen.facts.len() > 10, "{:?}", seen.facts);
        original.genuine.extend(seen.facts);
        original.database = fs::read(&path).unwrap();
        original.log = fs::read(path.with_extension("sqlite-wal")).unwrap();
        // What `write` puts there.
        original.genuine.extend([
            about_tokens(
                "b",
                &TokenRecord {
                    identity_generation: 2,
                    ..tokens("b", 9)
                },
            ),
            about_sign_in(3, &sign_in(3, "a")),
            format!("receipt new: {:?}", receipt("new", ReceiptState::Begun)),
            format!("cache c: {:?}", b"of c"),
        ]);
        original
    }

    /// Uses a store that was tampered with, as every process would.
    fn judge(&self, path: &Path) -> String {
        let mut outcome = BTreeSet::new();
        for _ in 0..2 {
            let store = match store::open(&self.settings(path), Arc::new(StoppedClock), Arc::new(OsRandom)) {
                Ok(store) => store,
                Err(failure) => {
                    outcome.insert(is_told(&failure, path));
                    break;
                }
            };
            for part in [read, write, read] {
                let seen = part(&*store);
                for fact in &seen.facts {
                    assert!(self.genuine.contains(fact), "foreign data was taken: {fact}");
                }
                outcome.extend(seen.failures.iter().map(|failure| is_told(failure, path)));
            }
            // From the file again, by a process that comes later.
            drop(store::quiesce());
        }
        outcome.into_iter().next().unwrap_or_else(|| "whole".to_owned())
    }
}

/// A problem of the store, in words that help; its code. The disk is well, so nothing may be put down to it.
fn is_told(StoreError(failure): &StoreError, path: &Path) -> String {
    let problem = &failure.problem;
    // Read-only: a file whose header says that a later SQLite wrote it.
    let codes = [
        "store_read_only",
        "store_corrupt",
        "store_row_altered",
        "store_too_new",
        "store_foreign",
        "key_wrong",
    ];
    assert!(codes.contains(&problem.code.as_str()), "{failure:?}");
    assert!(
        is_tame(&problem.message) && problem.facts.values().all(|fact| is_tame(fact)),
        "{failure:?}"
    );
    assert_eq!(problem.facts["path"], path.to_str().unwrap());
    for language in [Language::English, Language::German] {
        assert!(problem.explanation(language).contains(path.to_str().unwrap()));
        assert!(!problem.remedy(language).is_empty());
    }
    problem.code.clone()
}

#[test]
fn rows_that_somebody_else_wrote_are_never_taken_for_ours() {
    let original = Original::new();
    let words = [
        "accounts",
        "tokens",
        "sign_ins",
        "receipts",
        "cache",
        "leases",
        "jobs",
        "meta",
        "sqlite_schema",
        "sealed",
        "account",
        "name",
        "identity_generation",
        "version",
        "state",
        "created_at",
        "ended_at",
        "mailbox",
        "message",
        "updated_at",
        "kind",
        "key",
        "generation",
        "holder",
        "seconds",
        "since_boot",
        "taken_at",
        "value",
        "UPDATE ",
        " SET ",
        "INSERT OR REPLACE INTO ",
        "DELETE FROM ",
        " SELECT ",
        " FROM ",
        " WHERE ",
        "NULL",
        "x'00'",
        "'a'",
        "'b'",
        "9223372036854775807",
        " LIMIT 1",
        ";\n",
    ];
    run_some("store_rows", &words, 4, INPUTS, |input| {
        let sql = String::from_utf8_lossy(input);
        let lower = sql.to_ascii_lowercase();
        if ["attach", "vacuum", "directory", "blob("]
            .iter()
            .any(|word| lower.contains(word))
        {
            return "left out".to_owned();
        }
        let place = in_memory();
        let path = place.path().join("store.sqlite");
        fs::write(&path, &original.database).unwrap();
        fs::write(path.with_extension("sqlite-wal"), &original.log).unwrap();
        let database = Connection::open(&path).unwrap();
        for statement in sql.split(";\n") {
            // What is no SQL changes nothing.
            let _ = database.execute_batch(statement);
        }
        drop(database);
        original.judge(&path)
    });
}

#[test]
fn a_file_with_changed_bytes_is_used_or_told_but_never_believed_blindly() {
    let original = Original::new();
    run_some("store_file", &[], 3, INPUTS, |input| {
        let (mut database, mut log) = (original.database.clone(), original.log.clone());
        for change in input.chunks_exact(5) {
            let [kind, high, middle, low, value] = *change else {
                continue;
            };
            let at = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
            let (page, pages) = (at / PAGE, database.len() / PAGE);
            match kind % 8 {
                0 => bend(&mut database, at, value),
                // Most of a page is empty or sealed; what SQLite steers by stands at its start.
                1 | 2 => bend(&mut database, page % pages.max(1) * PAGE + at % 128, value),
                3 => bend(&mut log, at, value),
                4 if !database.is_empty() => database.truncate(at % database.len()),
                5 if !log.is_empty() => log.truncate(at % log.len()),
                6 if pages > 0 => {
                    let from = usize::from(value) % pages * PAGE;
                    database.copy_within(from..from + PAGE, page % pages * PAGE);
                }
                7 if pages > 0 => {
                    let start = page % pages * PAGE + at % (PAGE - 16);
                    database[start..start + 16].fill(value);
                }
                _ => {}
            }
        }
        let place = in_memory();
        let path = place.path().join("store.sqlite");
        fs::write(&path, &database).unwrap();
        fs::write(path.with_extension("sqlite-wal"), &log).unwrap();
        original.judge(&path)
    });
}

fn bend(bytes: &mut [u8], at: usize, value: u8) {
    if !bytes.is_empty() {
        let at = at % bytes.len();
        bytes[at] ^= value;
    }
}
