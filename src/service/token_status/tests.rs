//! The decisions as tables: token age and life against what is asked for.

use super::*;
use crate::base::account::{AccountSettings, CertificateFiles, Cloud};
use crate::base::secret::Secret;

const NOW: i64 = 1_700_000_000;

fn at(offset: i64) -> UtcInstant {
    UtcInstant::from_epoch(NOW + offset)
}

/// A token issued `age` seconds ago that lives `life` seconds.
fn tokens(age: i64, life: i64) -> TokenRecord {
    TokenRecord {
        identity_generation: 1,
        access_token: Some(Secret::new("at")),
        refresh_token: Some(Secret::new("rt")),
        issued_at: Some(at(-age)),
        refreshed_at: Some(at(-age)),
        expires_at: Some(at(life - age)),
        granted_scopes: vec!["Mail.ReadWrite".to_owned()],
        ..TokenRecord::default()
    }
}

fn account(protocol: Protocol) -> AccountRecord {
    AccountRecord {
        name: AccountName::new("invoices").unwrap(),
        settings: AccountSettings {
            protocol,
            tenant_id: "contoso.com".to_owned(),
            client_id: "client".to_owned(),
            client_secret: None,
            client_certificate: None,
            secret_expires_at: None,
            redirect_uri: None,
            user: None,
            mailbox: None,
            folder_inbox: "wellknown:inbox".to_owned(),
            folder_processed: None,
            folder_error: None,
            scopes: vec!["Mail.ReadWrite".to_owned(), "offline_access".to_owned()],
            refresh_interval: 43200,
            enabled: true,
            cloud: Cloud::Global,
            authority_url: None,
            graph_url: None,
        },
        identity_generation: 1,
    }
}

#[test]
fn freshness_follows_age_life_and_what_is_asked_for() {
    use Freshness::{Aging, Dead, Expired, Fresh};
    // age, life, refresh_in, forced (seconds ago), min_validity → with a refresh token, without one
    let cases = [
        (0, 3600, None, None, 300, Fresh, Fresh),
        (3299, 3600, None, None, 300, Fresh, Fresh),
        (3300, 3600, None, None, 300, Fresh, Fresh),
        (3301, 3600, None, None, 300, Expired, Dead),
        (3301, 3600, None, None, 60, Aging, Fresh),
        (3301, 3600, None, None, 0, Aging, Fresh),
        (3600, 3600, None, None, 0, Expired, Dead),
        (9999, 3600, None, None, 0, Expired, Dead),
        (1799, 3600, Some(1800), None, 300, Fresh, Fresh),
        (1800, 3600, Some(1800), None, 300, Aging, Fresh),
        (1800, 3600, Some(1800), None, 7200, Expired, Dead),
        // More than Microsoft gives: asked for once in five minutes.
        (10, 3600, None, None, 7200, Expired, Dead),
        (10, 3600, None, Some(10), 7200, Fresh, Dead),
        (299, 3600, None, Some(299), 7200, Fresh, Dead),
        (300, 3600, None, Some(300), 7200, Expired, Dead),
        (10, 3600, None, Some(-500), 7200, Expired, Dead),
        // A life shorter than the margin must not mean a request per call.
        (0, 200, None, None, 300, Expired, Dead),
        (10, 200, None, Some(10), 300, Fresh, Dead),
        (139, 200, None, Some(139), 300, Fresh, Dead),
        (140, 200, None, Some(140), 300, Expired, Dead),
        (10, 60, None, Some(10), 300, Fresh, Dead),
        (31, 60, None, Some(31), 300, Expired, Dead),
        // The clock jumped back: up to two minutes are other machines' clocks.
        (-120, 3600, None, None, 300, Fresh, Fresh),
        (-121, 3600, None, None, 300, Expired, Dead),
        (-86400, 3600, None, None, 0, Expired, Dead),
        // And far forward.
        (86400 * 365, 3600, None, None, 0, Expired, Dead),
    ];
    for (age, life, refresh_in, forced, min_validity, renewable, fixed) in cases {
        let mut tokens = tokens(age, life);
        tokens.refresh_at = refresh_in.map(|seconds| at(seconds - age));
        tokens.forced_at = forced.map(|seconds: i64| at(-seconds));
        let case = format!("age {age}, life {life}, refresh in {refresh_in:?}, forced {forced:?}, for {min_validity}");
        let freshness = |tokens: &TokenRecord| freshness(Protocol::Delegated, Some(tokens), min_validity, at(0));
        assert_eq!(freshness(&tokens), renewable, "{case}");
        let application = super::freshness(Protocol::Application, Some(&tokens), min_validity, at(0));
        assert_eq!(application, renewable, "application: {case}");
        tokens.block = Block::Action;
        assert_eq!(freshness(&tokens), renewable, "an administrator must act: {case}");
        tokens.block = Block::SignIn;
        assert_eq!(freshness(&tokens), fixed, "the user must sign in: {case}");
        tokens.block = Block::None;
        tokens.refresh_token = None;
        assert_eq!(freshness(&tokens), fixed, "no refresh token: {case}");
    }
}

#[test]
fn without_tokens_only_an_application_can_get_one() {
    assert_eq!(freshness(Protocol::Delegated, None, 0, at(0)), Freshness::Dead);
    assert_eq!(freshness(Protocol::Application, None, 0, at(0)), Freshness::Expired);
    let mut unknown_end = tokens(0, 3600);
    unknown_end.expires_at = None;
    assert_eq!(
        freshness(Protocol::Delegated, Some(&unknown_end), 0, at(0)),
        Freshness::Expired
    );
}

#[test]
fn expiry_counts_the_leeway_and_a_clock_that_jumped_back() {
    let cases = [
        (0, 3600, 300, false),
        (3299, 3600, 300, false),
        (3300, 3600, 300, true),
        (3599, 3600, 0, false),
        (3600, 3600, 0, true),
        (3700, 3600, -300, true),
        (-3600, 3600, 300, true),
        (0, 3600, i64::MAX, true),
        (0, 3600, i64::MIN, false),
    ];
    for (age, life, leeway, expected) in cases {
        assert_eq!(
            is_expired(Some(&tokens(age, life)), leeway, at(0)),
            expected,
            "{age} {life} {leeway}"
        );
    }
    assert!(is_expired(None, 0, at(0)));
}

#[test]
fn the_state_tells_who_acts() {
    use TokenState::{ActionRequired, Expired, NeverSignedIn, SignInRequired, Valid};
    let valid = tokens(0, 3600);
    let expired = tokens(3600, 3600);
    let with = |change: &dyn Fn(&mut TokenRecord)| {
        let mut tokens = tokens(0, 3600);
        change(&mut tokens);
        Some(tokens)
    };
    // tokens → delegated, application
    let cases = [
        ("none", None, NeverSignedIn, Expired),
        ("valid", Some(valid), Valid, Valid),
        ("expired", Some(expired), Expired, Expired),
        ("clock jumped back", Some(tokens(-600, 3600)), Expired, Expired),
        (
            "older identity",
            with(&|tokens| tokens.identity_generation = 0),
            SignInRequired,
            Expired,
        ),
        (
            "dead refresh token",
            with(&|tokens| tokens.block = Block::SignIn),
            SignInRequired,
            SignInRequired,
        ),
        (
            "secret expired",
            with(&|tokens| tokens.block = Block::Action),
            ActionRequired,
            ActionRequired,
        ),
        (
            "no refresh token, alive",
            with(&|tokens| tokens.refresh_token = None),
            Valid,
            Valid,
        ),
        (
            "no refresh token, ended",
            with(&|tokens| {
                tokens.refresh_token = None;
                tokens.expires_at = Some(at(0));
            }),
            SignInRequired,
            Expired,
        ),
        (
            "only a failure",
            with(&|tokens| {
                tokens.refresh_token = None;
                tokens.access_token = None;
                tokens.block = Block::Action;
            }),
            NeverSignedIn,
            ActionRequired,
        ),
    ];
    for (case, tokens, delegated, application) in cases {
        let state = |protocol| status(&account(protocol), tokens.as_ref(), at(0)).state;
        assert_eq!(state(Protocol::Delegated), delegated, "{case}");
        assert_eq!(state(Protocol::Application), application, "{case}, application");
    }
}

#[test]
fn nothing_of_an_older_identity_is_shown() {
    let mut old = tokens(0, 3600);
    old.identity_generation = 0;
    old.signed_in_as = Some("anna@contoso.com".to_owned());
    let status = status(&account(Protocol::Delegated), Some(&old), at(0));
    assert_eq!(status.signed_in_as, None);
    assert_eq!(status.expires_at, None);
    assert!(status.granted_scopes.is_empty() && status.missing_scopes.is_empty());
}

#[test]
fn missing_scopes_are_named_only_where_the_granted_ones_are_known() {
    let mut tokens = tokens(0, 3600);
    let missing = |tokens: &TokenRecord, protocol| status(&account(protocol), Some(tokens), at(0)).missing_scopes;
    assert!(missing(&tokens, Protocol::Delegated).is_empty());
    tokens.refresh_token = None;
    assert_eq!(missing(&tokens, Protocol::Delegated), ["offline_access"]);
    tokens.granted_scopes = vec!["User.Read".to_owned()];
    assert_eq!(
        missing(&tokens, Protocol::Delegated),
        ["Mail.ReadWrite", "offline_access"]
    );
    assert!(missing(&tokens, Protocol::Application).is_empty());
    tokens.granted_scopes.clear();
    assert!(missing(&tokens, Protocol::Delegated).is_empty());
}

#[test]
fn a_secret_is_warned_of_thirty_days_ahead_and_changes_no_state() {
    let day = 86400;
    for (ends_in, code) in [
        (None, None),
        (Some(31 * day), None),
        (Some(30 * day), Some("secret_ends_soon")),
        (Some(1), Some("secret_ends_soon")),
        (Some(0), Some("secret_ended")),
        (Some(-day), Some("secret_ended")),
    ] {
        let mut account = account(Protocol::Delegated);
        account.settings.secret_expires_at = ends_in.map(at);
        let status = status(&account, Some(&tokens(0, 3600)), at(0));
        assert_eq!(
            status.problem.as_ref().map(|problem| problem.code.as_str()),
            code,
            "{ends_in:?}"
        );
        assert_eq!(status.state, TokenState::Valid);
    }
}

#[test]
fn a_certificate_ends_when_it_was_entered_else_as_the_one_says_that_was_used_last() {
    // entered, as saved, as used last → end
    let cases = [
        (None, None, None, None),
        (None, Some(1), None, Some(1)),
        (None, Some(1), Some(2), Some(2)),
        (Some(3), Some(1), Some(2), Some(3)),
    ];
    for (entered, saved, used, expected) in cases {
        let mut account = account(Protocol::Delegated);
        account.settings.secret_expires_at = entered.map(at);
        account.settings.client_certificate = Some(CertificateFiles {
            certificate: "/a.pem".to_owned(),
            key: "/a.key".to_owned(),
            ends_at: saved.map(at),
        });
        let tokens = TokenRecord {
            certificate_ends_at: used.map(at),
            ..tokens(0, 3600)
        };
        assert_eq!(credential_ends_at(&account, Some(&tokens)), expected.map(at));
        let problem = status(&account, Some(&tokens), at(0)).problem;
        assert_eq!(problem.is_some(), expected.is_some());
        assert!(problem.is_none_or(|problem| problem.code == "certificate_ends_soon"));
    }
    // A secret has no certificate's end, whatever was used before.
    let tokens = TokenRecord {
        certificate_ends_at: Some(at(1)),
        ..tokens(0, 3600)
    };
    assert_eq!(credential_ends_at(&account(Protocol::Delegated), Some(&tokens)), None);
}
