//! The answers of `POST /$batch`: each of its users gets one outcome for everything it asked for, whatever comes in whichever order.

use std::sync::Arc;

use http::StatusCode;
use squeeze_graph::graph::{attachments, folders, moves};

use crate::graph::{LINKS, refused, stays_at_graph};
use crate::run::run;
use crate::scripted::{Script, client};

/// How many items are in each batch.
const ASKED: usize = 3;

#[test]
fn an_answer_of_a_batch_gives_each_item_one_outcome() {
    let words = [
        "responses",
        "status",
        "headers",
        "Retry-After",
        "WWW-Authenticate",
        "parentFolderId",
        "\"id\":\"0\"",
        "\"id\":\"1\"",
        "\"id\":\"20\"",
        "429",
        "65536",
    ];
    let words: Vec<&str> = words.into_iter().chain(LINKS).collect();
    run("batch", &words, 4, |input| {
        let asked = |script: &Arc<Script>| {
            stays_at_graph(script);
            assert!(script.asked().len() < 20, "asked for ever");
        };
        let script = || Arc::new(Script::new(StatusCode::OK, input, r#"{"responses":[]}"#));

        let moving = script();
        let ids: Vec<String> = (0..ASKED).map(|number| format!("id{number}")).collect();
        let moved = moves::move_many(&client(&moving), &ids, "folder");
        asked(&moving);
        assert_eq!(moved.len(), ASKED);

        let listing = script();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let listed = attachments::list_many(&client(&listing), &ids);
        asked(&listing);
        assert_eq!(listed.len(), ASKED);

        let naming = script();
        let known = folders::well_known(&client(&naming), &["inbox", "archive", "drafts"]);
        asked(&naming);

        let (moved, not_moved) = parted(moved);
        let (listed, not_listed) = parted(listed);
        let known = match known {
            Ok(known) => {
                assert!(
                    known
                        .keys()
                        .all(|name| ["inbox", "archive", "drafts"].contains(&name.as_str()))
                );
                known.len()
            }
            Err(error) => {
                refused(error);
                0
            }
        };
        // Each is looked at, the last one is told.
        let errors: Vec<_> = not_moved.into_iter().chain(not_listed).map(refused).collect();
        format!(
            "{moved} moved, {listed} listed, {known} known; {}",
            errors.last().cloned().unwrap_or_default()
        )
    });
}

/// How many went well, and why the others did not.
fn parted<T, E>(outcomes: Vec<Result<T, E>>) -> (usize, Vec<E>) {
    let all = outcomes.len();
    let errors: Vec<E> = outcomes.into_iter().filter_map(Result::err).collect();
    (all - errors.len(), errors)
}
