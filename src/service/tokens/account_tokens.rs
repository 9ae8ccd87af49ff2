//! The access tokens of one account, as the Graph client asks for them: before every request.
//!
//! An import makes hundreds of requests a second, and each look into the store opens two sealed rows. So a token that was just looked
//! up is taken again for [`REMEMBERED`]. It is good for much longer than that; should it be revoked or replaced meanwhile, the answer
//! is a 401, which leads to the store.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::base::account::AccountName;
use crate::base::failure::Result;
use crate::base::secret::Secret;
use crate::graph::tokens::{Renewed, Tokens};
use crate::oauth::claims_challenge;
use crate::service::context::Context;
use crate::service::token_status::RENEWAL_MARGIN;
use crate::service::tokens::refresh::{self, Demand, Want};

/// For how long the store is not asked again.
const REMEMBERED: Duration = Duration::from_secs(1);

/// One account's tokens.
pub struct AccountTokens {
    context: Context,
    name: AccountName,
    /// The last token and when it was looked up.
    last: Mutex<Option<(Secret, Instant)>>,
}

/// The tokens of an account for requests of this call.
pub fn tokens_for(context: &Context, name: &AccountName) -> Arc<dyn Tokens> {
    Arc::new(AccountTokens {
        context: context.clone(),
        name: name.clone(),
        last: Mutex::new(None),
    })
}

impl AccountTokens {
    /// The token, and whether Microsoft was asked for it.
    fn obtain(&self, want: Want) -> Result<(Secret, bool)> {
        let obtained = refresh::obtain(&self.context, &self.name, &Demand { want });
        let obtained = obtained.map_err(|error| error.of(&self.name))?;
        Ok((obtained.access_token(&self.context, &self.name)?, obtained.asked))
    }

    fn remember(&self, token: Secret) -> Secret {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((token.clone(), Instant::now()));
        token
    }

    fn remembered(&self) -> Option<Secret> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, at) = last.as_ref()?;
        (at.elapsed() < REMEMBERED).then(|| token.clone())
    }
}

impl Tokens for AccountTokens {
    fn current(&self) -> Result<Secret> {
        match self.remembered() {
            Some(token) => Ok(token),
            None => self
                .obtain(Want::Valid(RENEWAL_MARGIN))
                .map(|(token, _)| self.remember(token)),
        }
    }

    fn after_rejection(&self, rejected: &Secret, challenges: &[String]) -> Result<Renewed> {
        let claims = claims_challenge::from_www_authenticate(challenges.iter().map(String::as_str));
        let wants_claims = claims.is_some();
        let (token, asked) = self.obtain(Want::Other {
            rejected: rejected.clone(),
            claims,
        })?;
        Ok(Renewed {
            token: self.remember(token),
            answers: asked || !wants_claims,
        })
    }
}
