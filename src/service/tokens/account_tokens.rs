//! The access tokens of one account, as the Graph client asks for them.

use std::sync::Arc;

use crate::base::account::AccountName;
use crate::base::failure::Result;
use crate::base::secret::Secret;
use crate::graph::tokens::Tokens;
use crate::oauth::claims_challenge;
use crate::service::context::Context;
use crate::service::token_status::RENEWAL_MARGIN;
use crate::service::tokens::refresh::{self, Demand, Want};

/// One account's tokens.
pub struct AccountTokens {
    context: Context,
    name: AccountName,
}

/// The tokens of an account for requests of this call.
pub fn tokens_for(context: &Context, name: &AccountName) -> Arc<dyn Tokens> {
    Arc::new(AccountTokens {
        context: context.clone(),
        name: name.clone(),
    })
}

impl AccountTokens {
    fn obtain(&self, want: Want) -> Result<Secret> {
        let obtained = refresh::obtain(&self.context, &self.name, &Demand { want });
        obtained
            .map_err(|error| error.of(&self.name))?
            .access_token(&self.context, &self.name)
    }
}

impl Tokens for AccountTokens {
    fn current(&self) -> Result<Secret> {
        self.obtain(Want::Valid(RENEWAL_MARGIN))
    }

    fn after_rejection(&self, rejected: &Secret, challenges: &[String]) -> Result<Secret> {
        self.obtain(Want::Other {
            rejected: rejected.clone(),
            claims: claims_challenge::from_www_authenticate(challenges.iter().map(String::as_str)),
        })
    }
}
