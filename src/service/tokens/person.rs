//! Who may use an account: the person it is pinned to, or the one its setting `user` names.

use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;
use crate::oauth::id_token::Identity;
use crate::store::record::{AccountRecord, Subject, TokenRecord};

/// The ids that never change.
pub(crate) fn subject(identity: &Identity) -> Subject {
    Subject {
        oid: identity.oid.clone(),
        tid: identity.tid.clone(),
    }
}

/// Whether `identity` may be who the account's tokens belong to. The pinned person may, also under a new address; somebody else may
/// not, and without a pin it must be the one named by `user`.
pub(crate) fn admit(
    account: &AccountRecord,
    pinned: Option<&TokenRecord>,
    identity: &Identity,
    now: UtcInstant,
) -> Result<(), Box<Problem>> {
    let pinned_to = pinned.and_then(|tokens| tokens.subject.as_ref());
    let expected = match (pinned_to, &account.settings.user) {
        (Some(subject), _) if is_same(subject, identity) => return Ok(()),
        (Some(_), user) => pinned.and_then(|tokens| tokens.signed_in_as.as_ref()).or(user.as_ref()),
        (None, None) => return Ok(()),
        // An answer without addresses (only `client_info`) can not be compared; whoever gave the token vouched for it.
        (None, Some(user)) if is_meant(user, identity) || identity.addresses.is_empty() => return Ok(()),
        (None, user) => user.as_ref(),
    };
    let mut problem = Problem::own("sign_in_wrong_account", now);
    if let Some(expected) = expected {
        problem = problem.with_fact("expected", expected);
    }
    if let Some(actual) = identity.addresses.first() {
        problem = problem.with_fact("actual", actual);
    }
    Err(Box::new(problem))
}

/// Whether `user` is one of the person's addresses, or the object id itself.
fn is_meant(user: &str, identity: &Identity) -> bool {
    identity.is_called(user) || identity.oid.eq_ignore_ascii_case(user.trim())
}

fn is_same(subject: &Subject, identity: &Identity) -> bool {
    subject.oid.eq_ignore_ascii_case(&identity.oid) && subject.tid.eq_ignore_ascii_case(&identity.tid)
}
