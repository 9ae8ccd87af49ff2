//! What is put into the store comes out again, also from a store that was closed and opened meanwhile.

use squeeze_graph::base::clock::UtcInstant;
use squeeze_graph::base::failure::{Class, Failure};
use squeeze_graph::base::problem::{Problem, Source};
use squeeze_graph::base::secret::Secret;
use squeeze_graph::store;
use squeeze_graph::store::record::{
    Block, JobRecord, LeaseAttempt, ReceiptState, SignInProgress, Subject, TokenRecord, Written,
};

use crate::support::{Folder, account_settings, name, put_account, receipt, sign_in, tokens};

#[test]
fn an_account_and_its_tokens_survive_closing_and_opening() {
    let folder = Folder::new();
    let full = TokenRecord {
        identity_generation: 0,
        attempts: 7,
        origin: Some([3; 32]),
        issued_at: Some(UtcInstant::from_epoch(1)),
        refresh_at: Some(UtcInstant::from_epoch(2)),
        refreshed_at: Some(UtcInstant::from_epoch(3)),
        forced_at: Some(UtcInstant::from_epoch(4)),
        subject: Some(Subject {
            oid: "o".to_owned(),
            tid: "t".to_owned(),
        }),
        login_hint: Some("hint".to_owned()),
        clock_skew: -7200,
        sign_in_expires_at: Some(UtcInstant::from_epoch(5)),
        block: Block::Action,
        problem: Some(Problem::new(
            Source::Entra,
            "invalid_client",
            "AADSTS7000222: ended",
            UtcInstant::from_epoch(6),
        )),
        not_before: Some(UtcInstant::from_epoch(7)),
        claims: Some("{}".to_owned()),
        ..tokens(3)
    };
    let generation = put_account(&*folder.open(), "a", Some(full.clone()));
    drop(store::quiesce());

    let store = folder.open();
    let account = store.account(&name("a")).unwrap().unwrap();
    assert_eq!(account.settings, account_settings());
    let found = store.tokens(&name("a")).unwrap().unwrap();
    assert!(found.written_at.is_some(), "the store has not kept when it was written");
    let expected = TokenRecord {
        identity_generation: generation,
        written_at: found.written_at.clone(),
        ..full
    };
    assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    assert_eq!(found.access_token.unwrap().expose(), "canary-access-3");
    assert_eq!(found.refresh_token.unwrap().expose(), "canary-refresh-3");
}

#[test]
fn accounts_are_listed_bytewise_and_go_with_all_that_is_theirs() {
    let folder = Folder::new();
    let store = folder.open();
    for account in ["b", "Ä", "a", "B"] {
        put_account(&*store, account, Some(tokens(1)));
        store.cache("folders", account, Some(b"canary-cache")).unwrap();
        store
            .cache("folders", &format!("{account}\ndelta"), Some(b"canary-cache"))
            .unwrap();
    }
    store
        .put_sign_in(&sign_in(1, "a", 100), UtcInstant::from_epoch(0))
        .unwrap();
    let names: Vec<_> = store
        .accounts()
        .unwrap()
        .into_iter()
        .map(|account| account.name)
        .collect();
    assert_eq!(names, ["B", "a", "b", "Ä"].map(name));
    assert_eq!(store.all_tokens().unwrap().len(), 4);

    assert!(store.delete_account(&name("a")).unwrap());
    assert!(!store.delete_account(&name("a")).unwrap());
    assert!(store.account(&name("a")).unwrap().is_none());
    assert!(store.tokens(&name("a")).unwrap().is_none());
    assert!(store.sign_in(&[1; 32]).unwrap().is_none());
    assert_eq!(store.cached("folders", "a").unwrap(), None);
    assert_eq!(store.cached("folders", "a\ndelta").unwrap(), None);
    assert_eq!(
        store.cached("folders", "b\ndelta").unwrap().as_deref(),
        Some(b"canary-cache".as_slice())
    );
}

#[test]
fn a_recreated_account_never_gets_an_old_identity_generation() {
    let folder = Folder::new();
    let store = folder.open();
    let first = put_account(&*store, "a", None);
    store
        .change_account(&name("a"), &mut |account, tokens| {
            let mut account = account?;
            account.identity_generation += 5;
            Some((account, tokens))
        })
        .unwrap();
    let old = store.account(&name("a")).unwrap().unwrap().identity_generation;
    assert_eq!(old, first + 5);
    store.delete_account(&name("a")).unwrap();
    let new = put_account(&*store, "a", None);
    assert!(new > old, "{new} after {old}");
    let written = store
        .change_tokens(&name("a"), old, &mut |_, _| Some(tokens(9)))
        .unwrap();
    assert_eq!(written, Written::Dropped);
    assert!(
        store.tokens(&name("a")).unwrap().is_none(),
        "tokens of a deleted account came back"
    );
}

#[test]
fn tokens_are_written_only_under_the_identity_they_began_with() {
    let folder = Folder::new();
    let store = folder.open();
    let generation = put_account(&*store, "a", None);
    let put = |generation, record: Option<TokenRecord>| {
        store
            .change_tokens(&name("a"), generation, &mut |_, _| record.clone())
            .unwrap()
    };
    assert_eq!(put(generation, Some(tokens(1))), Written::Stored);
    assert_eq!(put(generation, None), Written::Unchanged);
    assert_eq!(put(generation + 1, Some(tokens(2))), Written::Dropped);
    assert_eq!(store.tokens(&name("a")).unwrap().unwrap().version, 1);
    store.delete_tokens(&name("a")).unwrap();
    assert!(store.tokens(&name("a")).unwrap().is_none());
    assert_eq!(
        store
            .change_tokens(&name("nobody"), 1, &mut |_, _| Some(tokens(1)))
            .unwrap(),
        Written::Dropped
    );
}

#[test]
fn a_sign_in_is_kept_with_its_outcome_and_purged_after_its_end() {
    let folder = Folder::new();
    let store = folder.open();
    store
        .put_sign_in(&sign_in(1, "a", 100), UtcInstant::from_epoch(0))
        .unwrap();
    store
        .change_sign_in(&[1; 32], &mut |record| {
            let mut record = record?;
            assert_eq!(record.verifier, Secret::new("canary-verifier"));
            record.progress = SignInProgress::Ended {
                answer: [5; 32],
                at: UtcInstant::from_epoch(200),
                failure: Some(Box::new(
                    Failure::new(Problem::own("x", UtcInstant::from_epoch(200))).as_class(Class::SignInFailed),
                )),
            };
            Some(record)
        })
        .unwrap();
    // Handed out before, but ended after the limit.
    store
        .put_sign_in(&sign_in(2, "a", 300), UtcInstant::from_epoch(150))
        .unwrap();
    let kept = store.sign_in(&[1; 32]).unwrap().unwrap();
    match kept.progress {
        SignInProgress::Ended {
            answer,
            failure: Some(failure),
            ..
        } => {
            assert_eq!(answer, [5; 32]);
            assert_eq!(failure.class, Class::SignInFailed);
        }
        other => panic!("{other:?}"),
    }
    store
        .put_sign_in(&sign_in(3, "a", 300), UtcInstant::from_epoch(201))
        .unwrap();
    assert!(store.sign_in(&[1; 32]).unwrap().is_none());
    assert!(store.sign_in(&[2; 32]).unwrap().is_some());
    store.change_sign_in(&[8; 32], &mut |record| record).unwrap();
    assert!(store.sign_in(&[8; 32]).unwrap().is_none());
}

#[test]
fn a_receipt_is_open_until_it_is_closed() {
    let folder = Folder::new();
    let store = folder.open();
    store
        .write_receipts(&[
            receipt("box", "1", ReceiptState::Begun),
            receipt("box", "2", ReceiptState::Begun),
            receipt("other", "1", ReceiptState::Waiting),
        ])
        .unwrap();
    store
        .write_receipts(&[
            receipt("box", "1", ReceiptState::Closed),
            receipt("box", "2", ReceiptState::Returned),
            receipt("box", "3", ReceiptState::Begun),
        ])
        .unwrap();
    let open: Vec<_> = store.open_receipts("box").unwrap();
    assert_eq!(
        open,
        [
            receipt("box", "2", ReceiptState::Returned),
            receipt("box", "3", ReceiptState::Begun)
        ]
    );
    assert_eq!(store.receipt("box", "1").unwrap(), None);
    assert_eq!(
        store.receipt("other", "1").unwrap(),
        Some(receipt("other", "1", ReceiptState::Waiting))
    );
}

#[test]
fn only_receipts_that_nothing_hangs_on_are_ever_forgotten() {
    let folder = Folder::new();
    let store = folder.open();
    let ancient = |message: &str, state| squeeze_graph::store::record::Receipt {
        updated_at: UtcInstant::from_epoch(1_000_000),
        ..receipt("box", message, state)
    };
    store
        .write_receipts(&[
            ancient("1", ReceiptState::Waiting),
            ancient("2", ReceiptState::Returned),
        ])
        .unwrap();
    store
        .write_receipts(&[receipt("box", "3", ReceiptState::Begun)])
        .unwrap();
    let open: Vec<_> = store
        .open_receipts("box")
        .unwrap()
        .into_iter()
        .map(|receipt| receipt.message)
        .collect();
    assert_eq!(open, ["2", "3"]);
}

#[test]
fn a_lease_has_one_holder_even_among_threads_and_a_new_generation_each() {
    let folder = Folder::new();
    let store = folder.open();
    let LeaseAttempt::Acquired(first) = store.acquire_lease("refresh:a", 45).unwrap() else {
        panic!("a free lease was not given");
    };
    let other = std::thread::scope(|scope| {
        let other = scope.spawn(|| folder.open().acquire_lease("refresh:a", 45).unwrap());
        other.join().unwrap()
    });
    match other {
        LeaseAttempt::Held { seconds } => assert!((44..=45).contains(&seconds), "{seconds}"),
        LeaseAttempt::Acquired(_) => panic!("two threads hold one lease"),
    }
    assert!(store.renew_lease(&first, 60).unwrap());
    store.release_lease(&first).unwrap();
    store.release_lease(&first).unwrap();
    assert!(
        !store.renew_lease(&first, 60).unwrap(),
        "a lease that was given back was renewed"
    );
    let LeaseAttempt::Acquired(second) = store.acquire_lease("refresh:a", 45).unwrap() else {
        panic!("a lease that was given back is not free");
    };
    assert!(second.generation > first.generation);
    store.release_lease(&first).unwrap();
    assert!(matches!(
        store.acquire_lease("refresh:a", 45).unwrap(),
        LeaseAttempt::Held { .. }
    ));
    assert!(matches!(
        store.acquire_lease("refresh:b", 45).unwrap(),
        LeaseAttempt::Acquired(_)
    ));
}

#[test]
fn the_last_run_of_a_job_is_known() {
    let folder = Folder::new();
    let store = folder.open();
    assert_eq!(store.job("refresh-tokens").unwrap(), None);
    let mut job = JobRecord {
        name: "refresh-tokens".to_owned(),
        started_at: UtcInstant::from_epoch(10),
        ended_at: None,
        counts: [0; 3],
    };
    store.put_job(&job).unwrap();
    job.ended_at = Some(UtcInstant::from_epoch(12));
    job.counts = [3, 2, 1];
    store.put_job(&job).unwrap();
    assert_eq!(store.job("refresh-tokens").unwrap(), Some(job));
}

#[test]
fn one_process_serves_many_stores_with_few_files_open() {
    let folders: Vec<_> = (0..50).map(|_| Folder::new()).collect();
    let stores: Vec<_> = folders.iter().map(Folder::open).collect();
    for (number, store) in stores.iter().enumerate() {
        put_account(&**store, &format!("tenant {number}"), None);
    }
    for (number, folder) in folders.iter().enumerate() {
        let accounts = folder.open().accounts().unwrap();
        assert_eq!(accounts.len(), 1);
        assert_eq!(accounts[0].name, name(&format!("tenant {number}")));
    }
    drop(stores);
    let ours = folders
        .iter()
        .map(|folder| folder.path().to_str().unwrap().to_owned())
        .collect::<Vec<_>>();
    let open_files = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .filter(|target| ours.iter().any(|folder| target.starts_with(folder)))
        .count();
    assert!(open_files <= 3 * 32, "{open_files} files are open");
}
