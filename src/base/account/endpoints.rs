//! Where an account's authority and Graph are. With custom endpoints off, nothing but Microsoft's hosts can come out of here.

use url::Url;

use crate::base::account::AccountSettings;
use crate::base::problem::Problem;

/// The two roots everything an account does is sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// `{authority}/{tenant}`: below it stand `oauth2/v2.0/authorize`, `oauth2/v2.0/token`, `v2.0/adminconsent`.
    pub authority: Url,
    /// `{graph}/v1.0`.
    pub graph: Url,
}

impl Endpoints {
    /// The endpoints of an account; a custom one needs `custom_endpoints`, https unless on loopback, no query, no credentials.
    pub fn of(_settings: &AccountSettings, _custom_endpoints: bool) -> Result<Self, Problem> {
        unimplemented!()
    }
}
