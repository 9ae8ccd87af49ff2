//! The mailbox itself: its regional settings, and who is signed in.
//!
//! Another user's settings are closed to a signed-in user even with full access to the mailbox (403): the caller decides what that
//! means.

use serde::Deserialize;

use crate::base::zone;
use crate::graph::client::Client;
use crate::graph::error::GraphError;
use crate::graph::message::or_default;
use crate::graph::value::MailboxSettings;

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SettingsJson {
    #[serde(deserialize_with = "or_default")]
    time_zone: String,
    date_format: Option<String>,
    time_format: Option<String>,
    language: Option<LanguageJson>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct LanguageJson {
    locale: Option<String>,
}

/// The regional settings. The zone comes as IANA name; one that neither IANA nor Windows knows comes as it is.
pub fn settings(client: &Client) -> Result<MailboxSettings, GraphError> {
    let query = [("$select", "timeZone,dateFormat,timeFormat,language")];
    let json: SettingsJson = client.get(&["mailboxSettings"], &query, &[])?;
    // Every mailbox has a zone: what has none is the answer of something on the way.
    if json.time_zone.is_empty() && json.language.is_none() && json.date_format.is_none() {
        return Err(GraphError::unreadable(
            "the answer holds no settings",
            false,
            client.now(),
        ));
    }
    let set = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(MailboxSettings {
        time_zone: zone::iana_name(&json.time_zone).map_or(json.time_zone, str::to_owned),
        language: set(json.language.and_then(|language| language.locale)),
        date_format: set(json.date_format),
        time_format: set(json.time_format),
    })
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct User {
    /// The object id.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// The name to sign in with.
    #[serde(deserialize_with = "or_default")]
    pub user_principal_name: String,
    /// The main address; may be missing.
    pub mail: Option<String>,
    /// The name to show.
    pub display_name: Option<String>,
}

/// The signed-in user, whatever mailbox the client is about.
pub fn me(client: &Client) -> Result<User, GraphError> {
    let query = [("$select", "id,userPrincipalName,mail,displayName")];
    let user: User = client.of_me().get(&[], &query, &[])?;
    if user.id.is_empty() {
        return Err(GraphError::unreadable("the answer holds no user", false, client.now()));
    }
    Ok(user)
}
