//! The way to one account's mailbox: its endpoints, its tokens, its place among the requests in flight.

use std::sync::Arc;

use crate::base::account::AccountName;
use crate::base::account::endpoints::Endpoints;
use crate::base::failure::{Error, Result};
use crate::base::problem::Problem;
use crate::graph::client::{Client, Environment};
use crate::graph::path::Mailbox;
use crate::graph::value::MailboxSettings;
use crate::graph::{mailbox, tokens};
use crate::service::context::Context;
use crate::service::token_status;
use crate::service::tokens::tokens_for;
use crate::store::record::AccountRecord;

/// An account; `account_not_found` if there is none.
pub fn account(context: &Context, name: &AccountName) -> Result<AccountRecord> {
    let found = context
        .store
        .account(name)
        .map_err(|error| Error::from(error).of(name))?;
    found.ok_or_else(|| Error::from(Problem::own("account_not_found", context.clock.now())).of(name))
}

/// A client for an account's mailbox; makes no request yet.
pub fn client(context: &Context, name: &AccountName) -> Result<Client> {
    client_of(context, &account(context, name)?)
}

/// The same for an account that was read already.
pub fn client_of(context: &Context, account: &AccountRecord) -> Result<Client> {
    context.ahead.forget();
    let settings = &account.settings;
    let endpoints = Endpoints::of(settings, context.settings.custom_endpoints, context.clock.now())
        .map_err(|problem| Error::from(problem).of(&account.name))?;
    let mailbox = settings.mailbox.clone().map_or(Mailbox::Me, Mailbox::User);
    let names = names(context, account);
    let tokens: Arc<dyn tokens::Tokens> = tokens_for(context, account);
    Ok(Client::new(
        environment(context),
        endpoints.graph,
        mailbox,
        &names,
        tokens,
    ))
}

/// By what the mailbox is known. Microsoft counts requests per application and mailbox, and several accounts may be about one: as `/me`
/// of the same person, or by an address of that person.
fn names(context: &Context, account: &AccountRecord) -> Vec<String> {
    let settings = &account.settings;
    let own = |what: &str| format!("{} {}", settings.client_id, what.to_lowercase());
    // A store in trouble says so when the token is needed.
    let tokens = context.store.tokens(&account.name).ok().flatten();
    let tokens = token_status::current(account, tokens.as_ref());
    let person = tokens.and_then(|tokens| tokens.subject.as_ref());
    let person = person.map(|person| own(&format!("person {} {}", person.tid, person.oid)));
    let address = tokens.and_then(|tokens| tokens.signed_in_as.as_deref()).map(own);
    let wanted = settings.mailbox.as_deref().map(own);
    if wanted.is_some() && wanted != address {
        return wanted.into_iter().collect();
    }
    let mut names: Vec<String> = person.into_iter().chain(address).collect();
    if names.is_empty() {
        // Nobody has signed in yet, or somebody brought tokens from elsewhere: whose mailbox it is shows later.
        names.push(own(&format!("account {}", account.name)));
    }
    names
}

/// What a client needs of a call.
fn environment(context: &Context) -> Environment {
    Environment {
        transport: context.transport.clone(),
        clock: context.clock.clone(),
        random: context.random.clone(),
        log: context.log.clone(),
        cancel: context.cancel.clone(),
        budget: context.budget.clone(),
        concurrency: context.settings.concurrency,
        idle: context.settings.timeout,
    }
}

/// The mailbox's regional settings.
pub fn get_mailbox_settings(context: &Context, name: &AccountName) -> Result<MailboxSettings> {
    let client = client(context, name)?;
    mailbox::settings(&client).map_err(|error| Error::from(error).of(name))
}
