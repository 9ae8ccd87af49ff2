//! Entra's protocol (Microsoft identity platform v2.0): the authorization request, the token requests, who signed in, and the error
//! body. Knows no store and no account table: what it needs of an account is in an [`application::Application`].
//!
//! The OAuth 2.0 part (authorization URL, PKCE, the three grants, encoding of the requests) is the `oauth2` crate's; here is what
//! Microsoft adds to it. All randomness comes from [`base::random`](crate::base::random): the crate's own generators repeat their
//! output in forked processes.

pub mod application;
pub mod authorization_request;
pub mod claims_challenge;
pub mod client_certificate;
pub mod discovery;
pub mod error_body;
pub mod id_token;
pub mod scope;
pub mod token_request;
pub mod token_response;
