//! The table, held to what Microsoft documents and to what a reader needs.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::table::Row;
use super::{Actor, Problem, Source, entra, foreign, graph, own, transport};
use crate::base::clock::UtcInstant;
use crate::base::failure::Class;
use crate::base::language::Language;

const NOW: UtcInstant = UtcInstant::from_epoch(1_800_000_000);

fn entra(code: &str, aadsts: Option<u32>, suberror: Option<&str>, status: u16) -> Problem {
    let mut problem = Problem::new(Source::Entra, code, "", NOW);
    problem.aadsts = aadsts;
    problem.suberror = suberror.map(str::to_owned);
    problem.http_status = Some(status);
    problem
}

fn graph(code: &str, status: Option<u16>) -> Problem {
    let mut problem = Problem::new(Source::Graph, code, "", NOW);
    problem.http_status = status;
    problem
}

/// Every row there is, with a name for messages.
fn rows() -> Vec<(String, &'static Row)> {
    let mut rows = vec![
        ("own default".to_owned(), &own::UNKNOWN),
        ("transport default".to_owned(), &transport::DEFAULT),
    ];
    rows.extend(own::entries().map(|(code, row)| ((*code).to_owned(), row)));
    rows.extend(entra::numbers().map(|(numbers, row)| (format!("AADSTS{numbers:?}"), row)));
    rows.extend(entra::named().map(|(code, row)| (format!("entra {code}"), row)));
    rows.extend(graph::named().map(|(code, row)| (format!("graph {code}"), row)));
    rows.extend(transport::ROWS.iter().map(|(stage, row)| ((*stage).to_owned(), row)));
    rows
}

/// Entra's error code, AADSTS numbers that come with it, and what they lead to.
type Documented = (&'static str, &'static [u32], Class, Actor);

static DOCUMENTED: &[Documented] = &[
    (
        "invalid_request",
        &[50_011, 500_113, 900_971],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    ("invalid_grant", &[70_004], Class::ActionRequired, Actor::Host),
    (
        "invalid_request",
        &[9_002_327, 90_023],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    ("invalid_request", &[9_002_326, 9_002_325], Class::Service, Actor::Host),
    (
        "unauthorized_client",
        &[700_016, 700_011, 70_001],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    (
        "invalid_request",
        &[90_002, 900_023, 50_059, 50_128],
        Class::ActionRequired,
        Actor::Host,
    ),
    (
        "invalid_request",
        &[50_194, 700_005, 9_001_023],
        Class::ActionRequired,
        Actor::Host,
    ),
    (
        "invalid_request",
        &[90_130, 90_124, 9_002_332, 500_207, 500_208],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    (
        "invalid_client",
        &[7_000_215, 70_002, 7_000_222],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    (
        "invalid_client",
        &[7_000_218, 900_144, 90_014],
        Class::ActionRequired,
        Actor::Host,
    ),
    (
        "invalid_client",
        &[700_025],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    (
        "invalid_client",
        &[700_027, 50_012, 700_021, 7_000_214, 50_027],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    ("invalid_grant", &[50_013, 500_133], Class::ActionRequired, Actor::Host),
    ("invalid_client", &[700_024], Class::ActionRequired, Actor::Host),
    (
        "invalid_scope",
        &[70_011, 28_002, 28_003, 700_022, 700_023],
        Class::ActionRequired,
        Actor::Host,
    ),
    (
        "invalid_resource",
        &[650_056, 650_057, 65_005, 650_052, 500_011],
        Class::ActionRequired,
        Actor::AppAdministrator,
    ),
    ("invalid_grant", &[65_001], Class::SignInRequired, Actor::User),
    ("access_denied", &[65_004], Class::SignInFailed, Actor::User),
    (
        "invalid_grant",
        &[90_094, 90_095, 90_008],
        Class::ActionRequired,
        Actor::TenantAdministrator,
    ),
    (
        "invalid_grant",
        &[50_105],
        Class::ActionRequired,
        Actor::TenantAdministrator,
    ),
    (
        "invalid_grant",
        &[70_008, 700_082, 700_084, 70_043],
        Class::SignInRequired,
        Actor::User,
    ),
    (
        "invalid_grant",
        &[50_173, 50_132, 50_133, 50_089, 70_000, 40_009],
        Class::SignInRequired,
        Actor::User,
    ),
    ("invalid_grant", &[54_005], Class::SignInFailed, Actor::User),
    (
        "invalid_grant",
        &[501_481, 50_148, 50_147, 501_491],
        Class::SignInFailed,
        Actor::User,
    ),
    (
        "interaction_required",
        &[50_076, 50_074, 50_079, 50_072, 50_078, 50_158],
        Class::SignInRequired,
        Actor::User,
    ),
    (
        "invalid_grant",
        &[
            53_000, 53_001, 53_002, 53_003, 53_004, 53_011, 530_032, 530_034, 530_035, 50_005, 50_097, 50_131, 50_155,
            50_129,
        ],
        Class::ActionRequired,
        Actor::TenantAdministrator,
    ),
    (
        "invalid_grant",
        &[50_055, 50_144, 50_126, 50_056, 50_125],
        Class::SignInRequired,
        Actor::User,
    ),
    (
        "invalid_grant",
        &[50_057, 50_053],
        Class::ActionRequired,
        Actor::TenantAdministrator,
    ),
    (
        "invalid_grant",
        &[50_020, 50_034, 51_004, 16_000, 50_014, 90_072],
        Class::SignInRequired,
        Actor::User,
    ),
    (
        "login_required",
        &[16_001, 50_058, 50_140, 50_199],
        Class::SignInRequired,
        Actor::User,
    ),
    ("invalid_grant", &[50_196, 90_055], Class::Throttled, Actor::Nobody),
    (
        "invalid_grant",
        &[90_024, 90_012, 90_006, 90_033, 50_033, 50_087, 90_090, 70_012],
        Class::Service,
        Actor::Nobody,
    ),
    (
        "invalid_request",
        &[90_038, 900_382, 900_432, 900_439, 1_000_104],
        Class::ActionRequired,
        Actor::Host,
    ),
    (
        "unauthorized_client",
        &[7_000_112, 1_000_031, 50_001],
        Class::ActionRequired,
        Actor::TenantAdministrator,
    ),
    ("invalid_request", &[1_002_016], Class::Connection, Actor::Host),
];

#[test]
fn every_documented_aadsts_number_leads_to_its_class_and_actor() {
    let mut tested = BTreeSet::new();
    for (code, numbers, class, actor) in DOCUMENTED {
        for number in *numbers {
            let row = entra(code, Some(*number), None, 400).row();
            let known = entra::numbers().any(|(numbers, _)| numbers.contains(number));
            assert!(known, "AADSTS{number} has no row");
            assert_eq!((row.class, row.actor), (*class, *actor), "AADSTS{number}");
            tested.insert(*number);
        }
    }
    let rows: Vec<u32> = entra::numbers()
        .flat_map(|(numbers, _)| numbers.iter().copied())
        .collect();
    assert_eq!(
        rows.len(),
        tested.len(),
        "a number stands in two rows, or in none of the cases"
    );
}

#[test]
fn two_numbers_with_two_meanings_are_told_apart_by_microsofts_text() {
    let cases = [
        (
            70_000,
            "The provided value for the input parameter 'redirect_uri' is not valid.",
            70_004,
        ),
        (70_000, "The grant was revoked.", 50_173),
        (
            700_023,
            "Client assertion audience claim does not match Realm issuer.",
            700_021,
        ),
        (700_023, "The scope is not valid.", 70_011),
    ];
    for (number, message, like) in cases {
        let ambiguous = entra("invalid_grant", Some(number), None, 400).with_message(message);
        let plain = entra("invalid_grant", Some(like), None, 400);
        assert!(std::ptr::eq(ambiguous.row(), plain.row()), "AADSTS{number} {message}");
    }
}

#[test]
fn an_entra_error_is_judged_by_status_then_suberror_then_number_then_code() {
    use Class::{ActionRequired, Service, SignInRequired, Throttled};
    /// Code, number, suberror and status, and what they lead to.
    type Case = (&'static str, Option<u32>, Option<&'static str>, u16, Class);
    let cases: &[Case] = &[
        ("invalid_grant", None, None, 400, SignInRequired),
        ("interaction_required", None, None, 400, SignInRequired),
        ("login_required", Some(1), None, 400, SignInRequired),
        ("consent_required", None, None, 400, SignInRequired),
        ("invalid_client", None, None, 401, ActionRequired),
        ("unauthorized_client", Some(999), None, 400, ActionRequired),
        ("invalid_scope", None, None, 400, ActionRequired),
        ("invalid_request", None, None, 400, ActionRequired),
        ("server_error", None, None, 400, Service),
        ("temporarily_unavailable", Some(50_173), None, 400, Service),
        ("unreadable_answer", None, None, 200, Service),
        ("unreadable_answer", None, None, 429, Throttled),
        ("unreadable_answer", None, None, 503, Service),
        ("never_heard_of", None, None, 400, Service),
        // What passes is never a dead token, whatever the body says.
        ("invalid_grant", Some(50_173), Some("bad_token"), 503, Service),
        ("invalid_grant", Some(50_173), None, 429, Throttled),
        ("invalid_client", Some(7_000_222), None, 500, Service),
        ("invalid_grant", Some(50_196), None, 400, Throttled),
        // A dead token is dead; an administrator's turn is known from the number.
        ("invalid_grant", None, Some("bad_token"), 400, SignInRequired),
        (
            "invalid_grant",
            Some(53_003),
            Some("token_expired"),
            400,
            SignInRequired,
        ),
        ("invalid_grant", Some(90_033), Some("bad_token"), 400, SignInRequired),
        (
            "invalid_grant",
            Some(90_094),
            Some("consent_required"),
            400,
            ActionRequired,
        ),
        ("invalid_grant", Some(50_076), Some("basic_action"), 400, SignInRequired),
        (
            "invalid_grant",
            Some(50_076),
            Some("additional_action"),
            400,
            ActionRequired,
        ),
        ("invalid_grant", None, Some("message_only"), 400, ActionRequired),
        (
            "invalid_grant",
            Some(50_055),
            Some("user_password_expired"),
            400,
            SignInRequired,
        ),
        ("invalid_grant", Some(123), Some("unheard"), 400, SignInRequired),
        // A wrong credential stays the administrator's, whatever number stands beside it.
        ("invalid_client", Some(50_173), None, 401, ActionRequired),
        ("invalid_client", None, Some("bad_token"), 401, ActionRequired),
    ];
    for (code, number, suberror, status, class) in cases {
        let row = entra(code, *number, *suberror, *status).row();
        assert_eq!(row.class, *class, "{code} {number:?} {suberror:?} {status}");
    }
}

#[test]
fn every_documented_graph_code_leads_to_its_class() {
    use Class::{AccessDenied, Configuration, FolderNotFound, MessageNotFound, Service, Throttled};
    let cases: &[(u16, &[&str], Class, bool)] = &[
        (401, &["InvalidAuthenticationToken", ""], AccessDenied, false),
        (
            403,
            &[
                "ErrorAccessDenied",
                "Authorization_RequestDenied",
                "accessDenied",
                "insufficient_claims",
                "extensionError",
                "",
            ],
            AccessDenied,
            false,
        ),
        (404, &["ErrorItemNotFound", ""], MessageNotFound, false),
        (404, &["ErrorFolderNotFound"], FolderNotFound, false),
        (
            404,
            &[
                "MailboxNotEnabledForRESTAPI",
                "ResourceNotFound",
                "MailboxNotSupportedForRESTAPI",
                "ErrorInvalidUser",
                "Request_ResourceNotFound",
                "ErrorNonExistentMailbox",
            ],
            Configuration,
            false,
        ),
        (400, &["ErrorInvalidIdMalformed"], MessageNotFound, false),
        (
            400,
            &[
                "RequestBroker--ParseUri",
                "ErrorInvalidUrlQueryFilter",
                "InefficientFilter",
                "BadRequest",
                "",
            ],
            Service,
            false,
        ),
        (409, &["ErrorFolderExists", ""], Service, false),
        (412, &["ErrorIrresolvableConflict", ""], Service, true),
        (
            410,
            &["SyncStateNotFound", "syncStateNotFound", "resyncRequired", ""],
            Service,
            true,
        ),
        (413, &["", "RequestEntityTooLarge"], Service, false),
        (507, &["ErrorQuotaExceeded", "quotaLimitReached", ""], Service, false),
        (403, &["ErrorQuotaExceeded"], Service, false),
        (
            429,
            &[
                "ApplicationThrottled",
                "TooManyRequests",
                "activityLimitReached",
                "UnknownError",
                "ErrorAccessDenied",
                "",
            ],
            Throttled,
            true,
        ),
        (
            500,
            &["generalException", "UnknownError", "ErrorInternalServerTransientError"],
            Service,
            true,
        ),
        (
            503,
            &[
                "ErrorMailboxStoreUnavailable",
                "serviceNotAvailable",
                "ErrorItemNotFound",
                "",
            ],
            Service,
            true,
        ),
        (504, &["UnknownError", ""], Service, true),
        (509, &[""], Service, true),
        (501, &[""], Service, false),
        (418, &["NeverHeardOf"], Service, false),
    ];
    for (status, codes, class, retryable) in cases {
        for code in *codes {
            let row = graph(code, Some(*status)).row();
            assert_eq!((row.class, row.retryable), (*class, *retryable), "{status} {code}");
        }
    }
    assert_eq!(graph("ErrorAccessDenied", None).row().class, AccessDenied);
}

#[test]
fn every_stage_of_the_transport_has_a_row() {
    use crate::transport::Stage;
    let stages = [
        (Stage::Configuration, false),
        (Stage::Dns, true),
        (Stage::Connect, true),
        (Stage::Tls, false),
        (Stage::Proxy, false),
        (Stage::Timeout, true),
        (Stage::Broken, true),
        (Stage::TooLarge, false),
        (Stage::Cancelled, true),
    ];
    for (stage, retryable) in stages {
        let problem = Problem::new(Source::Transport, stage.code(), "", NOW);
        assert!(!std::ptr::eq(problem.row(), &raw const transport::DEFAULT), "{stage:?}");
        assert_eq!(problem.retryable(), retryable, "{stage:?}");
    }
    assert_eq!(transport::ROWS.len(), stages.len());
}

#[test]
fn nothing_that_passes_asks_anybody_and_only_a_person_is_asked_to_sign_in() {
    for (name, row) in rows() {
        assert_eq!(row.retryable, row.actor == Actor::Nobody, "{name}: passes and actor");
        if row.retryable {
            let remedy = (row.remedy.en.to_lowercase(), row.remedy.de.to_lowercase());
            assert!(
                !remedy.0.contains("sign-in") && !remedy.0.contains("sign in"),
                "{name}: {}",
                remedy.0
            );
            assert!(!remedy.1.contains("anmeld"), "{name}: {}", remedy.1);
            assert!(
                !matches!(row.class, Class::SignInRequired | Class::ActionRequired),
                "{name}: passing trouble changes no state"
            );
        }
        if row.class == Class::SignInRequired {
            assert_eq!(row.actor, Actor::User, "{name}");
            assert!(row.remedy.en.contains("sign-in"), "{name}: {}", row.remedy.en);
        }
        if row.class == Class::ActionRequired {
            assert_ne!(row.actor, Actor::User, "{name}: an administrator acts");
        }
    }
}

/// The facts that the source gives to problems, those that every problem has, and those that every answer to a token request gets.
fn known_facts() -> BTreeSet<String> {
    let always = ["aadsts", "account", "code", "status"];
    let of_token_requests = ["client_id", "tenant_id", "redirect_uri", "user"];
    let given = always.into_iter().chain(of_token_requests).map(str::to_owned);
    literals_after(&["with_fact("]).into_iter().chain(given).collect()
}

/// The text literals that follow one of `calls` anywhere in the source.
fn literals_after(calls: &[&str]) -> BTreeSet<String> {
    let mut sources = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut sources);
    assert!(sources.len() > 20, "the source was not found");
    let mut literals = BTreeSet::new();
    for source in &sources {
        for call in calls {
            for rest in source.split(call).skip(1) {
                if let Some(text) = rest.trim_start().strip_prefix('"') {
                    literals.insert(text.split('"').next().unwrap().to_owned());
                }
            }
        }
    }
    literals
}

/// The facts that a text names.
fn facts(text: &str) -> BTreeSet<&str> {
    text.split('{')
        .skip(1)
        .map(|rest| rest.split('}').next().unwrap())
        .collect()
}

#[test]
fn every_text_is_whole_in_both_languages() {
    /// Words that only an English sentence has.
    const ENGLISH: &[&str] = &[
        "the", "and", "is", "are", "of", "your", "please", "error", "settings", "account", "mailbox", "folder", "user",
        "with", "not", "can", "must", "sign", "try",
    ];
    /// Settings keep their name in German sentences, and stand there with the word on screen.
    const NAMES: &[&str] = &["user (Benutzer)", "mailbox (Postfach)"];
    let known = known_facts();
    for (name, row) in rows() {
        for text in [row.explanation, row.remedy] {
            for (sentence, language) in [(text.en, "English"), (text.de, "German")] {
                let name = format!("{name}, {language}: {sentence}");
                assert!(sentence.chars().count() >= 15, "{name}: says nothing");
                assert!(!sentence.contains('\n') && !sentence.contains("  "), "{name}");
                for fact in facts(sentence) {
                    assert!(known.contains(fact), "{name}: nobody gives the fact {fact}");
                }
                let depth = sentence.chars().fold(0, |depth, character| match character {
                    '[' => depth + 1,
                    ']' => depth - 1,
                    _ => depth,
                });
                assert_eq!(depth, 0, "{name}: brackets");
                let end = sentence.trim_end_matches(']').chars().next_back();
                let command = sentence.ends_with('}') || sentence.ends_with('*');
                assert!(end == Some('.') || command, "{name}: a sentence ends with a full stop");
            }
            assert_eq!(facts(text.en), facts(text.de), "{name}: {}", text.en);
            let german = facts(text.de)
                .iter()
                .map(|fact| format!("{{{fact}}}"))
                .chain(NAMES.iter().map(ToString::to_string))
                .fold(text.de.to_owned(), |german, known| german.replace(&known, ""));
            let word = german
                .split(|character: char| !character.is_alphanumeric() && !"_-".contains(character))
                .find(|word| ENGLISH.contains(word));
            assert_eq!(word, None, "{name}: an English word in: {}", text.de);
            for informal in [" du ", " dein", " dir ", "Bitte versuche "] {
                assert!(!text.de.contains(informal), "{name}: {}", text.de);
            }
        }
        assert_ne!(row.explanation.en, row.remedy.en, "{name}");
    }
}

#[test]
fn our_codes_stand_in_order_and_once() {
    let codes: Vec<&str> = own::entries().map(|(code, _)| *code).collect();
    let once: BTreeSet<&str> = codes.iter().copied().collect();
    assert_eq!(codes.len(), once.len(), "a code has two rows");
    for rows in own::FILES {
        let codes: Vec<&str> = rows.iter().map(|(code, _)| *code).collect();
        assert!(codes.is_sorted(), "rows are sorted by code: {codes:?}");
    }
}

#[test]
fn every_code_that_the_source_names_has_a_row() {
    let known: BTreeSet<&str> = own::entries().map(|(code, _)| *code).collect();
    let named = literals_after(&["Problem::own(", "trouble::about(", "entry.problem(", "refuse("]);
    assert!(named.len() > 20, "the calls were not found");
    for code in &named {
        assert!(
            known.contains(code.as_str()),
            "\"{code}\" has no row in base/problem/own"
        );
    }
    let mut stores = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store"), &mut stores);
    for literal in stores.iter().flat_map(|source| source.split('"').skip(1).step_by(2)) {
        let is_code = ["store_", "key_", "disk_"]
            .iter()
            .any(|start| literal.starts_with(start));
        let is_word = literal.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        if is_code && is_word && literal != "key_file" {
            assert!(known.contains(literal), "\"{literal}\" has no row in base/problem/own");
        }
    }
}

fn collect(folder: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, sources);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("problem/tests.rs") {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn a_text_is_whole_with_and_without_its_facts() {
    let problem = Problem::own("sign_in_wrong_account", NOW);
    let without = problem.explanation(Language::English);
    assert_eq!(
        without,
        "Someone else signed in than the account is meant for; the earlier sign-in was kept."
    );
    let named = problem
        .with_fact("actual", "b@contoso.example")
        .with_fact("expected", "a@contoso.example");
    assert_eq!(
        named.explanation(Language::German),
        "Es hat sich jemand anderes angemeldet (b@contoso.example), als für das Konto vorgesehen ist (a@contoso.example); \
         die frühere Anmeldung wurde behalten."
    );
    let status = graph("", Some(502)).explanation(Language::English);
    assert_eq!(
        status,
        "Microsoft Graph could not work on the request at the moment (HTTP 502)."
    );
}

#[test]
fn a_foreign_text_is_capped_and_can_not_break_a_line_or_a_template() {
    let problem = Problem::new(Source::Graph, "x", "a\r\nb\u{1b}[2J", NOW);
    assert_eq!(problem.message, "a b\\u{1b}[2J");
    let long = Problem::new(Source::Graph, "x", &"ä".repeat(5000), NOW);
    assert_eq!(long.message.chars().count(), super::MESSAGE_LIMIT);
    let hostile = Problem::own("account_not_found", NOW).with_fact("account", "{path}[x]");
    assert_eq!(
        hostile.explanation(Language::English),
        "There is no account named “{path}[x]” in this store."
    );
}

#[test]
fn a_run_that_could_be_a_token_is_not_shown_and_words_ids_and_scopes_are() {
    let token = "eyJ0eXAiOiJKV1QiLCJub25jZSI6IjEyMyJ9".repeat(2);
    let cases = [
        (format!("Bearer {token}"), "Bearer …".to_owned()),
        (format!("id={token}&x"), "…&x".to_owned()),
        (format!("a {token}.{token} b"), "a ….… b".to_owned()),
    ];
    for (text, expected) in cases {
        assert_eq!(foreign(&text), expected);
    }
    for text in [
        "AADSTS700016: Application 'c0ffee00-0001-4000-8000-000000000001' was not found",
        "https://graph.microsoft.com/Mail.ReadWrite.Shared https://graph.microsoft.com/.default",
        "Das Postfach wurde nicht gefunden: rechnung@contoso.example",
        "",
    ] {
        assert_eq!(foreign(text), text);
    }
}
