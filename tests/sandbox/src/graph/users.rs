//! The user and the mailbox's settings.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::Call;
use super::error::GraphError;
use crate::exchange::Answer;
use crate::world::World;

const PROPERTIES: [&str; 13] = [
    "id",
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "proxyAddresses",
    "userType",
];

/// `GET /me`, `GET /users/{id}`
pub fn get(call: &Call<'_>, world: &World) -> Result<Answer, GraphError> {
    if call.request.method != "GET" {
        return Err(GraphError::method());
    }
    call.query.check_select(&PROPERTIES, "user")?;
    let user = world.user(&call.owner).ok_or_else(GraphError::not_found)?;
    let (given, surname) = user
        .name
        .rsplit_once(' ')
        .map_or((None, Some(user.name.as_str())), |(given, surname)| {
            (Some(given), Some(surname))
        });
    let proxies: Vec<String> = user
        .mail
        .iter()
        .map(|mail| format!("SMTP:{mail}"))
        .chain(user.aliases.iter().map(|alias| format!("smtp:{alias}")))
        .collect();
    let all = json!({
        "businessPhones": [],
        "displayName": user.name,
        "givenName": given,
        "jobTitle": null,
        "mail": user.mail,
        "mobilePhone": null,
        "officeLocation": null,
        "preferredLanguage": null,
        "surname": surname,
        "userPrincipalName": user.upn,
        "id": user.id,
        "proxyAddresses": proxies,
        "userType": if user.tenant == call.token.tenant { "Member" } else { "Guest" },
    });
    let by_default = |name: &str| name != "proxyAddresses" && name != "userType";
    let mut body = Map::new();
    body.insert(
        "@odata.context".into(),
        format!("{}/v1.0/$metadata#users/$entity", call.sandbox.graph_url()).into(),
    );
    for (name, value) in all.as_object().into_iter().flatten() {
        if if call.query.select.is_some() {
            call.query.names(name)
        } else {
            by_default(name)
        } {
            body.insert(name.clone(), value.clone());
        }
    }
    Ok(Call::json(StatusCode::OK, &Value::Object(body)))
}

/// `/mailboxSettings` and single settings below it
pub fn mailbox_settings(call: &Call<'_>, world: &mut World, rest: &[&str]) -> Result<Answer, GraphError> {
    let mailbox = super::mailbox(world, &call.owner)?;
    let context = call.context("mailboxSettings");
    match (call.request.method.as_str(), rest) {
        ("GET", []) => Ok(Call::json(StatusCode::OK, &with_context(&mailbox.settings, &context))),
        ("GET", [name]) => {
            let value = mailbox
                .settings
                .get(*name)
                .ok_or_else(|| GraphError::no_segment(name))?;
            let body = if value.is_object() {
                value.clone()
            } else {
                json!({ "value": value })
            };
            Ok(Call::json(
                StatusCode::OK,
                &with_context(&body, &format!("{context}/{name}")),
            ))
        }
        ("PATCH", []) => {
            let changes = call.body()?;
            let settings = mailbox.settings.as_object_mut().ok_or_else(GraphError::not_found)?;
            for (name, value) in changes {
                if !settings.contains_key(&name) {
                    return Err(super::query::unknown_property(&name, "mailboxSettings"));
                }
                settings.insert(name, value);
            }
            Ok(Call::json(StatusCode::OK, &with_context(&mailbox.settings, &context)))
        }
        _ => Err(GraphError::method()),
    }
}

fn with_context(value: &Value, context: &str) -> Value {
    let mut body = Map::new();
    body.insert("@odata.context".into(), context.into());
    body.extend(value.as_object().cloned().unwrap_or_default());
    Value::Object(body)
}
