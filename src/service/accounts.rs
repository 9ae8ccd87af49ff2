//! Accounts: saving, showing, deleting (contract, section 2).
//!
//! What a patch may do is decided in [`base::account::patch`](crate::base::account::patch); here stands what it does to a sign-in.
//! Tokens belong to an identity, which is counted: a change of the application, the place or the person gives the account the next
//! number, and from then on tokens, pending sign-ins and late answers of an older one are void. The old tokens stay in the store,
//! sealed, until the next success, so that a mistake in a form costs no more than a sign-in.

use crate::base::account::patch::{self, Patch};
use crate::base::account::{AccountName, AccountSettings};
use crate::base::clock::UtcInstant;
use crate::base::failure::{Error, Failure, Result};
use crate::base::problem::Problem;
use crate::oauth::client_certificate::ClientCertificate;
use crate::service::context::Context;
use crate::service::folders::name::FolderName;
use crate::service::token_status::{self, TokenState, TokenStatus};
use crate::service::tokens;
use crate::store::record::{AccountRecord, Block, TokenRecord};

/// An account as it is shown. `settings` still holds its secret, which cannot be printed; the binding shows only whether there is one.
#[derive(Debug, Clone)]
pub struct AccountView {
    /// Its name.
    pub name: AccountName,
    /// Its settings.
    pub settings: AccountSettings,
    /// When its secret or certificate ends, where known.
    pub credential_ends_at: Option<UtcInstant>,
    /// Its sign-in.
    pub status: TokenStatus,
}

/// Creates or changes an account; true if someone must (again) sign in.
pub fn save_account(context: &Context, name: &AccountName, patch: &Patch) -> Result<bool> {
    let now = context.clock.now();
    let names = |key: &str| patch.iter().any(|(named, _)| named == key);
    let names_certificate = names("client_certificate") || names("client_key");
    // The store may ask more than once when it was busy; the last answer is the one that counts.
    let mut refused: Option<Problem> = None;
    let mut saved: Option<TokenState> = None;
    context
        .store
        .change_account(name, &mut |stored, tokens| {
            let changed = changed(context, name, stored, tokens.as_ref(), patch, now);
            (refused, saved) = (None, None);
            match changed {
                Ok(record) => {
                    saved = Some(token_status::status(&record, tokens.as_ref(), now).state);
                    let tokens = tokens.map(try_again).map(|tokens| TokenRecord {
                        // What the account says of the certificate that is there now is newer.
                        certificate_ends_at: tokens.certificate_ends_at.filter(|_| !names_certificate),
                        ..tokens
                    });
                    Some((record, tokens))
                }
                Err(problem) => {
                    refused = Some(*problem);
                    None
                }
            }
        })
        .map_err(|error| Error::from(error).of(name))?;
    if let Some(problem) = refused {
        return Err(Failure::new(problem).of(name).into());
    }
    Ok(matches!(
        saved,
        Some(TokenState::NeverSignedIn | TokenState::SignInRequired)
    ))
}

/// What an administrator had to put right may be right now: the next call asks at once.
fn try_again(tokens: TokenRecord) -> TokenRecord {
    match tokens.block {
        Block::Action => TokenRecord {
            not_before: None,
            ..tokens
        },
        Block::None | Block::SignIn => tokens,
    }
}

/// The account as the patch makes it.
fn changed(
    context: &Context,
    name: &AccountName,
    stored: Option<AccountRecord>,
    tokens: Option<&TokenRecord>,
    patch: &Patch,
    now: UtcInstant,
) -> Result<AccountRecord, Box<Problem>> {
    let before = stored.as_ref().map(|record| &record.settings);
    let mut patched = patch::apply(before, patch, context.settings.custom_endpoints, now)?;
    check_folders(before, &patched.settings, now)?;
    check_certificate(context, &mut patched.settings, patch, now)?;
    if patch.iter().any(|(key, _)| key == "secret_expires_at") {
        forget_shown_end(&mut patched.settings, stored.as_ref(), tokens);
    }
    let Some(stored) = stored else {
        return Ok(AccountRecord {
            name: name.clone(),
            settings: patched.settings,
            // The store counts for a new account.
            identity_generation: 0,
        });
    };
    let tokens = token_status::current(&stored, tokens);
    let voids = patched.identity_changed || is_someone_else(&stored.settings, &patched.settings, tokens);
    Ok(AccountRecord {
        name: stored.name,
        settings: patched.settings,
        identity_generation: stored.identity_generation + i64::from(voids),
    })
}

/// Whether the certificate that the patch names can be used, and when it ends. Files that are not spoken of are not looked at: an
/// account can be switched off while they are away.
fn check_certificate(
    context: &Context,
    settings: &mut AccountSettings,
    patch: &Patch,
    now: UtcInstant,
) -> Result<(), Box<Problem>> {
    let Some(files) = &mut settings.client_certificate else {
        return Ok(());
    };
    let names = |key: &str| patch.iter().any(|(named, _)| named == key);
    if names("client_certificate") || names("client_key") || files.ends_at.is_none() {
        let certificate = ClientCertificate::read(files, context.settings.readable_below.as_deref(), now)?;
        files.ends_at = Some(certificate.ends_at());
    }
    Ok(())
}

/// A form sends back the end that it showed. The certificate's own is not taken for an entered one, for a renewed certificate brings its
/// own again; and what was the end of another secret or certificate is not the new one's. Only the day counts.
fn forget_shown_end(settings: &mut AccountSettings, stored: Option<&AccountRecord>, tokens: Option<&TokenRecord>) {
    let day = |instant: UtcInstant| instant.epoch().div_euclid(86_400);
    let files = settings.client_certificate.as_ref();
    let shown = stored.and_then(|stored| {
        let before = stored.settings.client_certificate.as_ref();
        let same = match (before, files) {
            (Some(before), Some(files)) => before.same_files(files),
            (before, files) => before.is_none() && files.is_none(),
        };
        let was_entered = stored.settings.secret_expires_at.is_some();
        let end = token_status::credential_ends_at(stored, tokens);
        end.filter(|_| !same || !was_entered)
    });
    let own = files.and_then(|files| files.ends_at);
    let given = settings.secret_expires_at.map(day);
    if [shown, own].into_iter().flatten().any(|end| given == Some(day(end))) {
        settings.secret_expires_at = None;
    }
}

/// Whether what is new among the folders can be a folder's name at all; whether there is such a folder shows only when it is used.
fn check_folders(
    before: Option<&AccountSettings>,
    after: &AccountSettings,
    now: UtcInstant,
) -> Result<(), Box<Problem>> {
    let folders = |settings: &AccountSettings| {
        [
            ("folder_inbox", Some(settings.folder_inbox.clone())),
            ("folder_processed", settings.folder_processed.clone()),
            ("folder_error", settings.folder_error.clone()),
        ]
    };
    let stored = before.map(folders);
    for folder in folders(after) {
        if stored.as_ref().is_some_and(|stored| stored.contains(&folder)) {
            continue;
        }
        let (key, Some(named)) = folder else { continue };
        if let Err(reason) = FolderName::parse(&named) {
            return Err(Problem::own("setting_refused", now)
                .with_fact("key", key)
                .with_fact("reason", reason)
                .into());
        }
    }
    Ok(())
}

/// Whether `after` names another user than the one who is signed in. As long as nobody knows who that is (a token was adopted), the
/// next refresh decides.
fn is_someone_else(before: &AccountSettings, after: &AccountSettings, tokens: Option<&TokenRecord>) -> bool {
    let is_same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
    let (Some(user), Some(tokens)) = (&after.user, tokens) else {
        return false;
    };
    if before.user.as_ref().is_some_and(|before| is_same(before, user)) {
        return false;
    }
    let mut names = tokens.addresses.iter().map(String::as_str).chain(
        [
            tokens.signed_in_as.as_deref(),
            tokens.subject.as_ref().map(|subject| subject.oid.as_str()),
        ]
        .into_iter()
        .flatten(),
    );
    let known = names.clone().next().is_some();
    known && !names.any(|name| is_same(name, user))
}

/// One account; `account_not_found` if there is none.
pub fn get_account(context: &Context, name: &AccountName) -> Result<AccountView> {
    let (record, tokens) = tokens::read(context, name)?;
    Ok(view(record, tokens.as_ref(), context.clock.now()))
}

/// Whether there is an account of that name.
pub fn has_account(context: &Context, name: &AccountName) -> Result<bool> {
    Ok(context.store.account(name)?.is_some())
}

/// All accounts, by name (bytewise), in two reads however many there are.
pub fn list_accounts(context: &Context) -> Result<Vec<AccountView>> {
    let now = context.clock.now();
    let records = context.store.accounts()?;
    let mut tokens: Vec<(AccountName, TokenRecord)> = context.store.all_tokens()?;
    tokens.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(records
        .into_iter()
        .map(|record| {
            let found = tokens.binary_search_by(|(name, _)| name.cmp(&record.name)).ok();
            let tokens = found.and_then(|found| tokens.get(found)).map(|(_, tokens)| tokens);
            view(record, tokens, now)
        })
        .collect())
}

/// Deletes an account; false if there was none.
pub fn delete_account(context: &Context, name: &AccountName) -> Result<bool> {
    context
        .store
        .delete_account(name)
        .map_err(|error| Error::from(error).of(name))
}

fn view(record: AccountRecord, tokens: Option<&TokenRecord>, now: UtcInstant) -> AccountView {
    let status = token_status::status(&record, tokens, now);
    AccountView {
        credential_ends_at: token_status::credential_ends_at(&record, tokens),
        name: record.name,
        settings: record.settings,
        status,
    }
}
