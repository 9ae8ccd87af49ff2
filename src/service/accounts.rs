//! Accounts: saving, showing, deleting (contract, section 2).

use crate::base::account::patch::Patch;
use crate::base::account::{AccountName, AccountSettings};
use crate::base::failure::Result;
use crate::service::context::Context;
use crate::service::token_status::TokenStatus;

/// An account as it is shown. `settings` still holds its secret, which cannot be printed; the binding shows only whether there is one.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// Its name.
    pub name: AccountName,
    /// Its settings.
    pub settings: AccountSettings,
    /// Its sign-in.
    pub status: TokenStatus,
}

/// Creates or changes an account; true if someone must (again) sign in.
pub fn save_account(_context: &Context, _name: &AccountName, _patch: &Patch) -> Result<bool> {
    unimplemented!()
}

/// One account; `account_not_found` if there is none.
pub fn get_account(_context: &Context, _name: &AccountName) -> Result<AccountView> {
    unimplemented!()
}

/// Whether there is an account of that name.
pub fn has_account(_context: &Context, _name: &AccountName) -> Result<bool> {
    unimplemented!()
}

/// All accounts, by name.
pub fn list_accounts(_context: &Context) -> Result<Vec<AccountView>> {
    unimplemented!()
}

/// Deletes an account; false if there was none.
pub fn delete_account(_context: &Context, _name: &AccountName) -> Result<bool> {
    unimplemented!()
}
