//! Answers that come late, failures of every kind, and what each leaves in the store.

use super::*;
use crate::base::account::tests::settings;
use crate::base::account::{AccountName, AccountSettings};
use crate::base::problem::Source;
use crate::base::secret::Secret;
use crate::oauth::token_request::Arrival;
use crate::store::record::Subject;

const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

fn account(protocol: Protocol) -> AccountRecord {
    AccountRecord {
        name: AccountName::new("invoices").unwrap(),
        settings: AccountSettings { protocol, ..settings() },
        identity_generation: 3,
    }
}

fn stored() -> TokenRecord {
    TokenRecord {
        identity_generation: 3,
        version: 7,
        attempts: 9,
        origin: Some([1; 32]),
        access_token: Some(Secret::new("old-at")),
        refresh_token: Some(Secret::new("old-rt")),
        issued_at: Some(NOW.plus(-3600)),
        expires_at: Some(NOW.plus(100)),
        granted_scopes: vec!["Mail.Read".to_owned()],
        subject: Some(Subject {
            oid: "o".to_owned(),
            tid: "t".to_owned(),
        }),
        signed_in_as: Some("anna@contoso.com".to_owned()),
        clock_skew: 5,
        ..TokenRecord::default()
    }
}

fn answer(server_time: i64) -> TokenAnswer {
    TokenAnswer {
        access_token: Secret::new("new-at"),
        refresh_token: Some(Secret::new("new-rt")),
        id_token: None,
        client_info: None,
        expires_in: 3600,
        ext_expires_in: None,
        refresh_in: Some(1800),
        sign_in_ends_in: None,
        scope: None,
        server_time: Some(NOW.plus(server_time)),
        clock_skew: Some(5),
        received_at: NOW,
        certificate_ends_at: None,
    }
}

fn refusal(code: &str, aadsts: Option<u32>, status: u16, retry_after: Option<u64>) -> TokenFailure {
    let mut problem = Problem::new(Source::Entra, code, "", NOW);
    problem.aadsts = aadsts;
    problem.http_status = Some(status);
    TokenFailure {
        retry_after,
        ..TokenFailure::of(problem)
    }
}

#[test]
fn an_answer_replaces_what_it_speaks_of_and_keeps_the_rest() {
    let before = stored();
    let began = Began::with(Some(&before), true, None);
    let after = renewed(&account(Protocol::Delegated), Some(&before), &began, &answer(5), None).unwrap();
    assert_eq!((after.version, after.attempts, after.origin), (8, 10, Some([1; 32])));
    assert_eq!(after.access_token, Some(Secret::new("new-at")));
    assert_eq!(after.refresh_token, Some(Secret::new("new-rt")));
    assert_eq!(after.expires_at, Some(NOW.plus(3600)));
    assert_eq!(after.refresh_at, Some(NOW.plus(1800)));
    assert_eq!(after.forced_at, Some(NOW));
    assert_eq!(after.granted_scopes, ["Mail.Read"]);
    assert_eq!(after.subject, before.subject);
    assert_eq!(after.signed_in_as, before.signed_in_as);

    let without = TokenAnswer {
        refresh_token: None,
        scope: Some("https://graph.microsoft.com/User.Read".to_owned()),
        ..answer(5)
    };
    let after = renewed(&account(Protocol::Delegated), Some(&before), &began, &without, None).unwrap();
    assert_eq!(after.refresh_token, Some(Secret::new("old-rt")));
    assert_eq!(after.granted_scopes, ["User.Read"]);
}

#[test]
fn an_answer_with_less_life_than_was_asked_for_is_remembered_as_the_most_there_is() {
    let before = stored();
    let cases = [(300, None), (3600, None), (3601, Some(NOW)), (100_000, Some(NOW))];
    for (min_validity, forced_at) in cases {
        let began = Began::with(Some(&before), false, None).demanding(min_validity);
        let after = renewed(&account(Protocol::Delegated), Some(&before), &began, &answer(5), None).unwrap();
        assert_eq!(after.forced_at, forced_at, "{min_validity}");
    }
}

#[test]
fn a_late_answer_is_stored_only_over_older_tokens_of_its_own_origin() {
    let before = stored();
    let began = Began::with(Some(&before), false, None);
    let meanwhile = |issued: i64| TokenRecord {
        version: 8,
        issued_at: Some(NOW.plus(issued)),
        ..before.clone()
    };
    let signed_in_anew = TokenRecord {
        origin: Some([2; 32]),
        ..meanwhile(-60)
    };
    // Stored issue times count by the server's clock, which is 5 seconds ahead of ours.
    let cases = [
        ("nobody else stored", Some(before.clone()), true),
        ("somebody stored an older one", Some(meanwhile(-10)), true),
        ("somebody stored a newer one", Some(meanwhile(10)), false),
        ("somebody stored one of the same second", Some(meanwhile(0)), false),
        ("somebody signed in anew", Some(signed_in_anew), false),
        ("the tokens were forgotten", None, false),
    ];
    for (case, present, is_stored) in cases {
        let after = renewed(
            &account(Protocol::Delegated),
            present.as_ref(),
            &began,
            &answer(5),
            None,
        );
        assert_eq!(after.is_some(), is_stored, "{case}");
    }
    let first = Began::with(None, false, None);
    assert!(renewed(&account(Protocol::Application), None, &first, &answer(5), None).is_some());
}

#[test]
fn tokens_of_an_older_identity_leave_only_their_numbers() {
    let void = TokenRecord {
        identity_generation: 2,
        ..stored()
    };
    let basis = basis(&account(Protocol::Application), Some(void)).unwrap();
    assert_eq!((basis.version, basis.attempts, basis.identity_generation), (7, 9, 3));
    assert!(basis.access_token.is_none() && basis.refresh_token.is_none() && basis.subject.is_none());
}

#[test]
fn each_failure_has_its_block_and_its_pause_and_costs_no_token() {
    let cases = [
        ("temporarily_unavailable", None, 503, None, Block::None, 30),
        ("unreadable_answer", None, 200, None, Block::None, 30),
        ("unreadable_answer", None, 429, Some(120), Block::None, 120),
        ("unreadable_answer", None, 503, Some(0), Block::None, 1),
        ("invalid_grant", Some(50196), 400, None, Block::None, 300),
        ("invalid_grant", Some(700_082), 400, None, Block::SignIn, 30),
        ("interaction_required", Some(50076), 400, None, Block::SignIn, 30),
        ("invalid_client", Some(7_000_222), 401, None, Block::Action, 30),
        ("unauthorized_client", Some(700_016), 400, None, Block::Action, 30),
    ];
    for (code, aadsts, status, retry_after, block, pause) in cases {
        let before = stored();
        let began = Began::with(Some(&before), false, None);
        let refused = refusal(code, aadsts, status, retry_after);
        let after = failed(&account(Protocol::Delegated), Some(&before), &began, &refused, NOW).unwrap();
        let case = format!("{code} {aadsts:?} {status}");
        assert_eq!(after.block, block, "{case}");
        assert_eq!(after.not_before, Some(NOW.plus(pause)), "{case}");
        assert_eq!((after.version, after.attempts), (7, 10), "{case}");
        assert_eq!(after.refresh_token, before.refresh_token, "{case}");
        assert_eq!(after.access_token, before.access_token, "{case}");
        assert_eq!(after.expires_at, before.expires_at, "{case}");
        assert!(after.problem.is_some(), "{case}");
    }
}

#[test]
fn a_failure_after_somebody_elses_success_is_forgotten() {
    let before = stored();
    let began = Began::with(Some(&before), false, None);
    let meanwhile = TokenRecord {
        version: 8,
        ..before.clone()
    };
    let refused = refusal("invalid_grant", Some(700_082), 400, None);
    for present in [Some(&meanwhile), None] {
        assert!(failed(&account(Protocol::Delegated), present, &began, &refused, NOW).is_none());
    }
}

#[test]
fn the_same_trouble_lasts_since_it_began() {
    let account = account(Protocol::Delegated);
    let began = Began::with(Some(&stored()), false, None);
    let refused = |code, at| {
        let mut refused = refusal(code, None, 503, None);
        refused.problem.since = at;
        refused
    };
    let fail = |before: &TokenRecord, code, at| failed(&account, Some(before), &began, &refused(code, at), at).unwrap();
    let since = |tokens: &TokenRecord| tokens.problem.as_ref().unwrap().since;
    let first = fail(&stored(), "server_error", NOW);
    let again = fail(&first, "server_error", NOW.plus(600));
    assert_eq!(since(&again), NOW);
    let other = fail(&again, "temporarily_unavailable", NOW.plus(900));
    assert_eq!(since(&other), NOW.plus(900));
}

#[test]
fn a_challenge_that_is_not_met_keeps_its_claims_and_ends_the_token() {
    let before = stored();
    let began = Began::with(Some(&before), false, Some(r#"{"a":1}"#.to_owned()));
    let account = account(Protocol::Delegated);
    let dead = refusal("interaction_required", Some(50076), 400, None);
    let after = failed(&account, Some(&before), &began, &dead, NOW).unwrap();
    assert_eq!(after.claims.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!(after.expires_at, Some(NOW));
    let passing = refusal("server_error", None, 500, None);
    let after = failed(&account, Some(&before), &began, &passing, NOW).unwrap();
    assert_eq!(after.claims.as_deref(), Some(r#"{"a":1}"#));
    assert_eq!((after.expires_at, after.block), (Some(NOW), Block::None));
    let renewed = renewed(&account, Some(&after), &began, &answer(5), None).unwrap();
    assert_eq!(
        (renewed.claims, renewed.problem, renewed.not_before),
        (None, None, None)
    );
}

#[test]
fn a_mistake_in_this_process_settings_says_nothing_of_the_account() {
    let mut told = TokenFailure::of(Problem::new(Source::Transport, "configuration", "", NOW));
    told.arrival = Arrival::Never;
    let account = account(Protocol::Delegated);
    let failure = failure(&account, &told, NOW);
    assert_eq!(
        (failure.class, failure.passes(), block(&failure)),
        (Class::Configuration, false, Block::None)
    );
}

#[test]
fn nobody_is_asked_to_sign_in_for_an_application() {
    let refused = refusal("invalid_grant", Some(65001), 400, None);
    let as_application = failure(&account(Protocol::Application), &refused, NOW);
    assert_eq!(as_application.class, Class::ActionRequired);
    assert_eq!(block(&as_application), Block::Action);
    let as_user = failure(&account(Protocol::Delegated), &refused, NOW);
    assert_eq!(as_user.class, Class::SignInRequired);
}
