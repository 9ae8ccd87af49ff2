//! A failure as the caller meets it: a class (the exception), a problem (what, who, what to do) and what belongs to the class.
//!
//! Each layer below has its own error enum; it becomes a [`Failure`] once, where the layer ends. Above that nothing is converted
//! again.

use serde::{Deserialize, Serialize};

use crate::base::account::AccountName;
use crate::base::cancel::Cancelled;
use crate::base::clock::UtcInstant;
use crate::base::problem::Problem;

/// The exception a failure becomes (contract, section 8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Class {
    /// `ConfigurationException`: a setting is wrong.
    Configuration,
    /// `AccountNotFoundException`: no account of that name.
    AccountNotFound,
    /// `ActionRequiredException`: an administrator acts first.
    ActionRequired,
    /// `SignInRequiredException`: the user signs in.
    SignInRequired,
    /// `SignInFailedException`: a sign-in did not succeed.
    SignInFailed,
    /// `AccessDeniedException`: signed in, but not allowed.
    AccessDenied,
    /// `FolderNotFoundException`.
    FolderNotFound,
    /// `AmbiguousFolderException`.
    AmbiguousFolder,
    /// `MessageNotFoundException`.
    MessageNotFound,
    /// `AttachmentNotFoundException`.
    AttachmentNotFound,
    /// `ThrottledException`: too many requests, even after waiting.
    Throttled,
    /// `ConnectionException`: Microsoft could not be reached.
    Connection,
    /// `ServiceException`: Microsoft answered with an error or with something unreadable.
    Service,
    /// `StoreException`: the token store can not be used.
    Store,
    /// `ImportRunningException`: this inbox is being imported already.
    ImportRunning,
}

/// Why a sign-in failed (`SignInFailedException::getReason()`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInReason {
    /// The user declined or cancelled.
    Denied,
    /// A permission needs consent that was not given.
    ConsentRequired,
    /// No such state was ever handed out, or it is long gone.
    UnknownState,
    /// The state is older than ten minutes.
    ExpiredState,
    /// The state was used before, with another code.
    Replayed,
    /// The callback came from another browser session.
    WrongSession,
    /// Someone else signed in.
    WrongAccount,
    /// The account's identity was changed meanwhile.
    AccountChanged,
    /// The redemption died half-way; whether Microsoft saw it is not known.
    Interrupted,
    /// The callback's parameters are not a callback.
    InvalidCallback,
    /// Anything else Microsoft says.
    Refused,
}

impl SignInReason {
    /// The reason as the contract spells it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::ConsentRequired => "consent_required",
            Self::UnknownState => "unknown_state",
            Self::ExpiredState => "expired_state",
            Self::Replayed => "replayed",
            Self::WrongSession => "wrong_session",
            Self::WrongAccount => "wrong_account",
            Self::AccountChanged => "account_changed",
            Self::Interrupted => "interrupted",
            Self::InvalidCallback => "invalid_callback",
            Self::Refused => "refused",
        }
    }
}

/// What an exception of a class carries beside its problem.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Detail {
    /// Nothing.
    #[default]
    None,
    /// Why a sign-in failed.
    Reason(SignInReason),
    /// Full paths of the folders that fit.
    Candidates(Vec<String>),
    /// Full paths of the closest folders.
    Suggestions(Vec<String>),
    /// When to try again, if the service said so.
    RetryAt(UtcInstant),
}

/// One failure, ready to be thrown. Serialisable, because the outcome of a sign-in is kept for a reload of its callback.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The exception.
    pub class: Class,
    /// What happened, who must act, what to do.
    pub problem: Problem,
    /// What belongs to the class.
    pub detail: Detail,
    /// Which account it is about, where known.
    pub account: Option<AccountName>,
}

impl Failure {
    /// A failure of the class that the table gives the problem.
    pub fn new(problem: Problem) -> Self {
        Self {
            class: problem.row().class,
            problem,
            detail: Detail::None,
            account: None,
        }
    }

    /// The same for an account, if it names none yet; its name also becomes the fact `account`.
    #[must_use]
    pub fn of(mut self, account: &AccountName) -> Self {
        if self.account.is_none() {
            self.problem
                .facts
                .entry("account".to_owned())
                .or_insert_with(|| account.as_str().to_owned());
            self.account = Some(account.clone());
        }
        self
    }

    /// The same as another class.
    #[must_use]
    pub fn as_class(mut self, class: Class) -> Self {
        self.class = class;
        self
    }

    /// The same with what belongs to its class.
    #[must_use]
    pub fn with_detail(mut self, detail: Detail) -> Self {
        self.detail = detail;
        self
    }

    /// Whether it passes by itself.
    pub fn passes(&self) -> bool {
        self.problem.retryable()
    }
}

/// Why a service call did not return its value.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// Something failed.
    #[error("{}: {}", .0.problem.code, .0.problem.message())]
    Failure(Box<Failure>),
    /// An argument's value can not be used; PHP's `ValueError`.
    #[error("{argument}: {message}")]
    Argument {
        /// The parameter's name, without `$`.
        argument: &'static str,
        /// What it must be, as PHP words it: "must not be empty".
        message: String,
    },
    /// The caller stopped waiting.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Failure(Box::new(failure))
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Failure::new(problem).into()
    }
}

impl From<Box<Problem>> for Error {
    fn from(problem: Box<Problem>) -> Self {
        Failure::new(*problem).into()
    }
}

impl Error {
    /// A wrong argument value.
    pub fn argument(argument: &'static str, message: impl Into<String>) -> Self {
        Self::Argument {
            argument,
            message: message.into(),
        }
    }

    /// Names the account the failure is about, if it names none yet.
    #[must_use]
    pub fn of(self, account: &AccountName) -> Self {
        match self {
            Self::Failure(failure) => Self::Failure(Box::new(failure.of(account))),
            other => other,
        }
    }
}

/// What service calls return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
