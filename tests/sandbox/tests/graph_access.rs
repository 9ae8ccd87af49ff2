//! Who may do what: tokens, scopes, mailbox rights, the four places in flight.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Graph, Stage, json_of};
use serde_json::json;
use squeeze_graph_sandbox::{SHARED, USER};

#[test]
fn tokens_are_checked_as_graph_checks_them() {
    let stage = Stage::new();
    let ended = stage.access(&json!({ "life": 60 }));
    let foreign = stage.access(&json!({ "audience": "https://outlook.office.com" }));
    stage.sandbox.advance(61);
    for (token, said) in [
        (String::new(), "Access token is empty."),
        (
            "made-up".to_owned(),
            "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format.",
        ),
        (ended, "Lifetime validation failed, the token is expired."),
        (foreign, "Access token validation failure. Invalid audience."),
    ] {
        let graph = Graph { stage: &stage, token };
        let response = graph.send("GET", "me", None);
        assert_eq!(response.status(), 401);
        assert!(
            response.headers()["www-authenticate"]
                .to_str()
                .expect("text")
                .starts_with("Bearer ")
        );
        let (_, body) = json_of(graph.request("GET", "me").header("client-request-id", "abc"));
        assert_eq!(body["error"]["code"], "InvalidAuthenticationToken");
        assert_eq!(body["error"]["message"], said);
        assert_eq!(body["error"]["innerError"]["client-request-id"], "abc");
    }
}

#[test]
fn scopes_and_rights_decide_together() {
    let stage = Stage::new();
    let guest = "gast@fabrikam.example";
    let own = "me/mailFolders/inbox";
    let shared = format!("users/{SHARED}/mailFolders/inbox");
    let closed = "users/personal@contoso.example/mailFolders/inbox".to_owned();
    let nobody = "users/nobody@contoso.example/mailFolders/inbox".to_owned();
    let settings = "me/mailboxSettings".to_owned();
    let their_settings = format!("users/{SHARED}/mailboxSettings");
    let denied = (403, "ErrorAccessDenied".to_owned());
    let good = (200, String::new());
    for (body, path, expected) in [
        (json!({ "scopes": ["Mail.Read"] }), own.to_owned(), good.clone()),
        (json!({ "scopes": ["User.Read"] }), own.to_owned(), denied.clone()),
        (json!({ "scopes": ["Mail.ReadWrite"] }), shared.clone(), denied.clone()),
        (json!({ "scopes": ["Mail.Read.Shared"] }), shared.clone(), good.clone()),
        (json!({ "scopes": ["Mail.Read.Shared"] }), own.to_owned(), good.clone()),
        (json!({ "scopes": ["Mail.ReadWrite.Shared"] }), closed, denied.clone()),
        (
            json!({ "scopes": ["Mail.ReadWrite.Shared"] }),
            nobody,
            (404, "ErrorInvalidUser".to_owned()),
        ),
        (
            json!({ "scopes": ["Mail.ReadWrite.Shared"], "user": "bernd.jaeger@contoso.example" }),
            shared,
            denied.clone(),
        ),
        (json!({ "scopes": ["MailboxSettings.Read"] }), settings.clone(), good),
        (json!({ "scopes": ["Mail.ReadWrite"] }), settings, denied.clone()),
        (
            json!({ "scopes": ["MailboxSettings.ReadWrite", "Mail.ReadWrite.Shared"] }),
            their_settings,
            denied,
        ),
        (
            json!({ "scopes": ["Mail.Read"], "user": "vorort@contoso.example" }),
            own.to_owned(),
            (404, "MailboxNotEnabledForRESTAPI".to_owned()),
        ),
        (
            json!({ "scopes": ["User.Read"] }),
            "me/calendar".to_owned(),
            (400, "BadRequest".to_owned()),
        ),
        (
            json!({ "scopes": ["User.Read"], "user": guest }),
            "users/bernd.jaeger@contoso.example".to_owned(),
            (404, "ErrorInvalidUser".to_owned()),
        ),
    ] {
        let graph = Graph {
            stage: &stage,
            token: stage.access(&body),
        };
        assert_eq!(graph.outcome("GET", &path, None), expected, "{body} {path}");
    }
    let reader = Graph {
        stage: &stage,
        token: stage.access(&json!({ "scopes": ["Mail.Read"] })),
    };
    assert_eq!(
        reader
            .outcome("POST", "me/mailFolders", Some(&json!({ "displayName": "x" })))
            .0,
        403
    );
    let daemon = json!({ "app_only": true, "client_id": "c0ffee00-0007-4000-8000-000000000001" });
    let daemon = Graph {
        stage: &stage,
        token: stage.access(&daemon),
    };
    assert_eq!(daemon.outcome("GET", "me", None).0, 400);
    assert_eq!(daemon.outcome("GET", &format!("users/{USER}/mailFolders"), None).0, 200);
    assert_eq!(
        daemon.outcome("GET", &format!("users/{USER}/mailboxSettings"), None).0,
        200
    );
}

#[test]
fn the_user_may_have_no_mail_address_and_select_is_honoured() {
    let stage = Stage::new();
    let graph = Graph {
        stage: &stage,
        token: stage.access(&json!({ "user": "olga@fabrikam.example" })),
    };
    let user = graph.get("me?$select=id,mail,userPrincipalName");
    assert!(user["mail"].is_null() && user.get("displayName").is_none(), "{user}");
    assert_eq!(graph.outcome("GET", "me?$select=shoeSize", None).0, 400);
}

#[test]
fn a_revoked_session_is_challenged_where_the_client_understands() {
    let stage = Stage::new();
    let plain = Graph {
        stage: &stage,
        token: stage.access(&json!({})),
    };
    let aware = Graph {
        stage: &stage,
        token: stage.access(&json!({ "claims_aware": true })),
    };
    stage.control("POST", "revoke", &json!({ "user": USER }));
    assert_eq!(
        plain.send("GET", "me", None).status(),
        200,
        "an old access token lives on"
    );
    let response = aware.send("GET", "me", None);
    assert_eq!(response.status(), 401);
    let header = response.headers()["www-authenticate"]
        .to_str()
        .expect("text")
        .to_owned();
    assert!(header.contains("error=\"insufficient_claims\", claims=\""), "{header}");
}

#[test]
fn the_fifth_request_in_flight_is_throttled_and_the_place_is_free_after_the_answer() {
    let stage = Stage::new();
    stage.control("PATCH", "settings", &json!({ "latency_ms": 150 }));
    let graph = stage.graph();
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| graph.send("GET", "me/mailFolders/inbox", None).status().as_u16()))
            .collect();
        asked.into_iter().map(|one| one.join().expect("an answer")).collect()
    });
    assert_eq!(
        statuses.iter().filter(|status| **status == 429).count(),
        2,
        "{statuses:?}"
    );
    stage.control("PATCH", "settings", &json!({ "latency_ms": 0 }));
    for _ in 0..50 {
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| graph.send("GET", "me/mailFolders/inbox", None).status().as_u16()))
                .collect();
            asked.into_iter().map(|one| one.join().expect("an answer")).collect()
        });
        assert_eq!(statuses, [200; 4]);
    }
}

#[test]
fn a_body_under_way_holds_its_place() {
    let stage = Stage::new();
    let graph = stage.graph();
    let mime = format!(
        "From: a@b.example\r\nSubject: Lang\r\n\r\n{}",
        "Zeile\r\n".repeat(3_000_000)
    );
    let added = stage.control("POST", "mails", &json!({ "mime": mime, "folder": "/Kunden" }));
    let path = format!("me/messages/{}/$value", added["id"].as_str().expect("an id"));
    let open: Vec<_> = (0..4).map(|_| graph.send("GET", &path, None)).collect();
    assert_eq!(
        graph.outcome("GET", "me/mailFolders/inbox", None),
        (429, "ApplicationThrottled".into())
    );
    for response in open {
        assert_eq!(response.bytes().expect("bytes").len(), mime.len());
    }
    assert_eq!(graph.outcome("GET", "me/mailFolders/inbox", None).0, 200);
}
