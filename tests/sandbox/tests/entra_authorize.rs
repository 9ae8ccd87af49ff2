//! The authorization endpoint refuses what Microsoft refuses, on the page or back at the app as Microsoft does.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{REDIRECT, Stage, query, value};
use serde_json::json;
use squeeze_graph_sandbox::{Decision, OTHER_TENANT, Person, TENANT, walk};

#[test]
fn what_can_not_be_trusted_is_refused_on_microsofts_own_page() {
    let stage = Stage::new();
    let app = |number: u32| format!("c0ffee00-{number:04}-4000-8000-000000000001");
    let (single, disabled, none) = (app(4), app(5), "00000000-0000-4000-8000-00000000dead".to_owned());
    for (tenant, changes, code) in [
        ("nobody.example", vec![], "AADSTS90002"),
        (TENANT, vec![("client_id", "-")], "AADSTS900144"),
        (TENANT, vec![("client_id", none.as_str())], "AADSTS700016"),
        (TENANT, vec![("redirect_uri", "-")], "AADSTS900971"),
        (
            TENANT,
            vec![("redirect_uri", "https://evil.example/callback")],
            "AADSTS50011",
        ),
        (
            TENANT,
            vec![("redirect_uri", "http://localhost/Callback")],
            "AADSTS50011",
        ),
        (
            TENANT,
            vec![("redirect_uri", "http://localhost/callback?x=1")],
            "AADSTS50011",
        ),
        ("common", vec![("client_id", single.as_str())], "AADSTS50194"),
        ("consumers", vec![], "AADSTS9002332"),
        (OTHER_TENANT, vec![("client_id", single.as_str())], "AADSTS700016"),
        (TENANT, vec![("client_id", disabled.as_str())], "AADSTS7000112"),
    ] {
        let url = stage.authorize_url(tenant, &changes);
        let response = stage.client.get(&url).send().expect("an answer");
        assert_eq!(response.headers().get("location"), None, "{changes:?}");
        let page = response.text().expect("a page");
        assert!(
            page.contains(&format!("{code}:")) && page.contains("SANDBOX"),
            "{changes:?}: {page}"
        );
    }
}

#[test]
fn other_mistakes_go_back_to_the_app_with_the_state() {
    let stage = Stage::new();
    for (changes, error, code) in [
        (vec![("response_type", "-")], "invalid_request", 900_144),
        (vec![("response_type", "token")], "unsupported_response_type", 700_051),
        (vec![("response_mode", "carrier_pigeon")], "invalid_request", 70_007),
        (vec![("prompt", "maybe")], "invalid_request", 90_023),
        (
            vec![("prompt", "select_account"), ("login_hint", "a@contoso.example")],
            "invalid_request",
            90_023,
        ),
        (vec![("scope", "-")], "invalid_request", 900_144),
        (vec![("scope", "Mail.Fly")], "invalid_scope", 650_053),
        (
            vec![("scope", "https://nowhere.example/Mail.Read")],
            "invalid_scope",
            70_011,
        ),
        (
            vec![("scope", "https://graph.microsoft.com/.default Mail.Read")],
            "invalid_scope",
            70_011,
        ),
        (vec![("code_challenge", "short")], "invalid_request", 501_491),
        (vec![("code_challenge_method", "S512")], "invalid_request", 90_023),
        (vec![("prompt", "none")], "login_required", 50_058),
    ] {
        let response = stage
            .client
            .get(stage.authorize_url(TENANT, &changes))
            .send()
            .expect("an answer");
        assert_eq!(response.status(), 302, "{changes:?}");
        let location = response.headers()["location"].to_str().expect("text").to_owned();
        assert!(location.starts_with(REDIRECT), "{location}");
        let back = query(&location);
        assert_eq!(value(&back, "error").as_deref(), Some(error), "{changes:?}");
        assert_eq!(value(&back, "state").as_deref(), Some("the state"));
        let description = value(&back, "error_description").expect("a description");
        assert!(
            description.starts_with(&format!("AADSTS{code}: ")) && description.contains("\r\nTrace ID: "),
            "{description}"
        );
    }
}

#[test]
fn the_pages_lead_to_a_code_with_the_state_as_it_was() {
    let stage = Stage::new();
    for mode in ["query", "form_post"] {
        let back = stage.callback(TENANT, &[("response_mode", mode), ("state", "a+b c&d=ü")]);
        assert!(value(&back, "code").expect("a code").len() > 500);
        assert_eq!(value(&back, "state").as_deref(), Some("a+b c&d=ü"));
        assert!(value(&back, "session_state").is_some());
    }
}

#[test]
fn wrong_people_do_not_come_through() {
    let stage = Stage::new();
    let person = |user: &str, password: &str, mfa: &str| Person {
        user: user.into(),
        password: password.into(),
        mfa: mfa.into(),
        decision: Decision::Accept,
    };
    let good = Person::default();
    for (tenant, person, said) in [
        (TENANT, person("nobody@contoso.example", "x", ""), "50034"),
        (TENANT, person(&good.user, "wrong", ""), "50126"),
        (TENANT, person(&good.user, &good.password, "000000"), "500121"),
        (
            TENANT,
            person("gesperrt@contoso.example", &good.password, ""),
            "AADSTS50057",
        ),
        (
            TENANT,
            person("olga@fabrikam.example", &good.password, ""),
            "AADSTS50020",
        ),
        (TENANT, person("rechnung@contoso.example", &good.password, ""), "50034"),
    ] {
        let error = walk(&stage.client, &stage.authorize_url(tenant, &[]), &person).expect_err("no way through");
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
    let guest = person("gast@fabrikam.example", &good.password, "");
    assert!(value(&stage.callback_as(TENANT, &[], &guest), "code").is_some());
}

#[test]
fn declining_is_told_to_the_app() {
    let stage = Stage::new();
    let person = Person {
        decision: Decision::Decline,
        ..Person::default()
    };
    let back = stage.callback_as(TENANT, &[], &person);
    assert_eq!(value(&back, "error").as_deref(), Some("access_denied"));
    assert_eq!(value(&back, "error_subcode").as_deref(), Some("cancel"));
    assert_eq!(value(&back, "code"), None);
}

#[test]
fn consent_is_asked_for_once_and_again_for_more() {
    let stage = Stage::new();
    let decline = Person {
        decision: Decision::Decline,
        ..Person::default()
    };
    stage.callback(TENANT, &[("scope", "openid User.Read")]);
    assert!(
        value(
            &stage.callback_as(TENANT, &[("scope", "openid User.Read")], &decline),
            "code"
        )
        .is_some()
    );
    assert!(
        value(
            &stage.callback_as(TENANT, &[("scope", "openid User.Read Mail.Read")], &decline),
            "code"
        )
        .is_none()
    );
    assert!(
        value(
            &stage.callback_as(
                TENANT,
                &[("prompt", "consent"), ("scope", "openid User.Read")],
                &decline
            ),
            "code"
        )
        .is_none()
    );
}

#[test]
fn an_administrator_is_needed_where_users_may_not_consent() {
    let stage = Stage::new();
    let app = "c0ffee00-0006-4000-8000-000000000001";
    let error = walk(
        &stage.client,
        &stage.authorize_url(TENANT, &[("client_id", app)]),
        &Person::default(),
    );
    assert!(
        error
            .expect_err("a page")
            .to_string()
            .contains("only an admin can grant")
    );

    let admin = Person {
        user: "admin@contoso.example".into(),
        ..Person::default()
    };
    let url = format!(
        "{}/{TENANT}/v2.0/adminconsent?client_id={app}&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default&state=s&redirect_uri=http%3A%2F%2Flocalhost%2Fcallback",
        stage.sandbox.url()
    );
    let refused = query(
        &walk(
            &stage.client,
            &url,
            &Person {
                decision: Decision::Decline,
                ..admin.clone()
            },
        )
        .expect("a way back"),
    );
    assert_eq!(value(&refused, "admin_consent").as_deref(), Some("True"));
    assert_eq!(value(&refused, "error").as_deref(), Some("consent_required"));
    let back = query(&walk(&stage.client, &url, &admin).expect("a way back"));
    assert_eq!(value(&back, "admin_consent").as_deref(), Some("True"));
    assert_eq!(value(&back, "tenant").as_deref(), Some(TENANT));
    assert_eq!(value(&back, "code"), None);
    assert!(value(&stage.callback(TENANT, &[("client_id", app)]), "code").is_some());
}

#[test]
fn the_second_factor_can_not_be_skipped_by_posting_the_consent() {
    let stage = Stage::new();
    let page = stage
        .client
        .get(stage.authorize_url(TENANT, &[]))
        .send()
        .and_then(reqwest::blocking::Response::text)
        .expect("a page");
    let ctx = page
        .split("name=\"ctx\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a context")
        .to_owned();
    let good = Person::default();
    let post = |fields: &[(&str, &str)]| {
        let mut all = vec![("ctx", ctx.as_str())];
        all.extend_from_slice(fields);
        stage
            .client
            .post(format!("{}/{TENANT}/login", stage.sandbox.url()))
            .form(&all)
            .send()
            .expect("an answer")
    };
    post(&[("step", "address"), ("loginfmt", &good.user)]);
    post(&[("step", "password"), ("passwd", &good.password)]);
    let response = post(&[("step", "consent"), ("decision", "accept")]);
    assert_eq!(response.headers().get("location"), None);
    assert!(response.text().expect("a page").contains("Enter code"));
}

#[test]
fn a_session_in_the_browser_needs_no_password_unless_asked_for() {
    let stage = Stage::new();
    stage.control("PATCH", "settings", &json!({ "mfa": false }));
    let page = stage
        .client
        .get(stage.authorize_url(TENANT, &[]))
        .send()
        .and_then(reqwest::blocking::Response::text)
        .expect("a page");
    let ctx = page
        .split("name=\"ctx\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("a context")
        .to_owned();
    let good = Person::default();
    let post = |fields: &[(&str, &str)]| {
        let mut all = vec![("ctx", ctx.as_str())];
        all.extend_from_slice(fields);
        stage
            .client
            .post(format!("{}/{TENANT}/login", stage.sandbox.url()))
            .form(&all)
            .send()
            .expect("an answer")
    };
    post(&[("step", "address"), ("loginfmt", &good.user)]);
    post(&[("step", "password"), ("passwd", &good.password)]);
    let done = post(&[("step", "consent"), ("decision", "accept")]);
    let cookie = done.headers()["set-cookie"]
        .to_str()
        .expect("text")
        .split(';')
        .next()
        .expect("a cookie")
        .to_owned();
    for (prompt, through) in [("none", true), ("-", true), ("login", false), ("select_account", false)] {
        let request = stage
            .client
            .get(stage.authorize_url(TENANT, &[("prompt", prompt)]))
            .header("cookie", &cookie);
        let response = request.send().expect("an answer");
        let location = response
            .headers()
            .get("location")
            .map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(location.is_some_and(|url| url.contains("code=")), through, "{prompt}");
    }
}
