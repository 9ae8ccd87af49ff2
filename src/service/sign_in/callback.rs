//! What a callback brings, read with suspicion: it comes from a browser, and so from anybody.

use sha2::{Digest, Sha256};

use crate::base::clock::UtcInstant;
use crate::base::failure::{Failure, SignInReason};
use crate::base::problem::Problem;
use crate::base::secret::Secret;
use crate::oauth::error_body::ErrorBody;
use crate::service::sign_in::failed;

/// A callback's parameters as the browser brought them; `None` is a value that is not text (an array).
pub type Callback = Vec<(String, Option<String>)>;

/// No parameter is longer: a code has about 1.5 kB, with some tenants 5 kB.
const LIMIT: usize = 32 * 1024;

/// What Microsoft answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// A code to redeem.
    Code(Secret),
    /// An administrator consented.
    AdminConsent,
    /// Neither.
    Refused(ErrorBody),
}

/// A callback that is one.
#[derive(Debug)]
pub(super) struct Received {
    /// The state; `None` only with an error, which Microsoft may send without it.
    pub state: Option<String>,
    /// The answer.
    pub answer: Answer,
    /// What tells this answer from others for the same state.
    pub fingerprint: [u8; 32],
}

/// The parameters that count, each at most once; all others are ignored, as Microsoft may add some.
const KNOWN: [&str; 7] = [
    "code",
    "state",
    "error",
    "error_description",
    "error_subcode",
    "suberror",
    "admin_consent",
];

/// A parameter that is not text, comes twice or is too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotText;

/// The value of a parameter, `None` if it is not there.
pub(super) fn text<'a>(callback: &'a Callback, name: &str) -> Result<Option<&'a str>, NotText> {
    let mut values = callback.iter().filter(|(key, _)| key == name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some((_, Some(value))), None) if value.len() <= LIMIT => Ok(Some(value)),
        _ => Err(NotText),
    }
}

/// Reads a callback.
pub(super) fn read(callback: &Callback, now: UtcInstant) -> Result<Received, Box<Failure>> {
    let invalid = |detail: &str| {
        let problem = Problem::own("sign_in_invalid_callback", now).with_message(detail);
        Box::new(failed(SignInReason::InvalidCallback, problem, None))
    };
    for name in KNOWN {
        text(callback, name)
            .map_err(|_| invalid(&format!("The callback's {name} is not one text of a sensible length.")))?;
    }
    let value = |name| text(callback, name).ok().flatten().filter(|value| !value.is_empty());
    let state = value("state").map(str::to_owned);
    // An error is looked at first: a refused admin consent also says `admin_consent=True`.
    let answer = match (value("error"), value("code"), value("admin_consent")) {
        (Some(_), Some(_), _) => return Err(invalid("The callback has both a code and an error.")),
        (Some(error), None, _) => Answer::Refused(ErrorBody {
            error: error.to_owned(),
            error_description: value("error_description").map(str::to_owned),
            suberror: value("suberror").or(value("error_subcode")).map(str::to_owned),
            ..ErrorBody::default()
        }),
        (None, Some(code), _) => Answer::Code(Secret::new(code)),
        (None, None, Some(consent)) if consent.eq_ignore_ascii_case("true") => Answer::AdminConsent,
        (None, None, _) => return Err(invalid("The callback has neither a code nor an error.")),
    };
    if state.is_none() && !matches!(answer, Answer::Refused(_)) {
        return Err(invalid("The callback has no state."));
    }
    let told = match &answer {
        Answer::Code(code) => ["code", code.expose()],
        Answer::AdminConsent => ["admin_consent", ""],
        Answer::Refused(body) => ["error", &body.error],
    };
    let fingerprint = Sha256::digest(told.join("\n").as_bytes()).into();
    Ok(Received {
        state,
        answer,
        fingerprint,
    })
}

/// What an error in a callback means.
pub(super) fn reason(body: &ErrorBody) -> SignInReason {
    /// Consent is missing: of the user, or of an administrator.
    const CONSENT: [u32; 5] = [65001, 90008, 90094, 90095, 900_941];
    let suberror = body.suberror.as_deref();
    if body.error == "consent_required" || suberror == Some("consent_required") {
        return SignInReason::ConsentRequired;
    }
    if body.aadsts().is_some_and(|number| CONSENT.contains(&number)) {
        return SignInReason::ConsentRequired;
    }
    if body.error == "access_denied" || suberror == Some("cancel") {
        return SignInReason::Denied;
    }
    SignInReason::Refused
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UtcInstant = UtcInstant::from_epoch(1_700_000_000);

    fn callback(pairs: &[(&str, Option<&str>)]) -> Callback {
        let owned = pairs.iter();
        owned
            .map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)))
            .collect()
    }

    #[test]
    fn what_is_no_answer_of_microsofts_is_refused() {
        let long = "x".repeat(LIMIT + 1);
        let cases: [&[(&str, Option<&str>)]; 12] = [
            &[],
            &[("0", Some("x"))],
            &[("code", Some("c"))],
            &[("state", Some("s"))],
            &[("code", Some("")), ("state", Some(""))],
            &[("code", None), ("state", Some("s"))],
            &[("code", Some("c")), ("state", None)],
            &[("code", Some("c")), ("state", Some("s")), ("error", None)],
            &[
                ("code", Some("c")),
                ("state", Some("s")),
                ("error", Some("access_denied")),
            ],
            &[("code", Some(&long)), ("state", Some("s"))],
            &[("code", Some("c")), ("code", Some("d")), ("state", Some("s"))],
            &[("admin_consent", Some("False")), ("state", Some("s"))],
        ];
        for pairs in cases {
            let failure = read(&callback(pairs), NOW).unwrap_err();
            assert_eq!(failure.problem.code, "sign_in_invalid_callback", "{pairs:.80?}");
        }
    }

    #[test]
    fn unknown_parameters_are_ignored_whatever_they_are() {
        let pairs = [
            ("code", Some("c")),
            ("state", Some("s")),
            ("session_state", None),
            ("x", None),
        ];
        let received = read(&callback(&pairs), NOW).unwrap();
        assert!(matches!(received.answer, Answer::Code(code) if code.expose() == "c"));
        assert_eq!(received.state.as_deref(), Some("s"));
    }

    #[test]
    fn a_refused_admin_consent_is_an_error() {
        let pairs = [
            ("admin_consent", Some("True")),
            ("error", Some("consent_required")),
            ("state", Some("s")),
        ];
        let received = read(&callback(&pairs), NOW).unwrap();
        assert!(matches!(received.answer, Answer::Refused(_)));
    }

    #[test]
    fn errors_have_their_reasons() {
        let cases = [
            ("access_denied", None, None, SignInReason::Denied),
            (
                "access_denied",
                Some("AADSTS65004: declined"),
                None,
                SignInReason::Denied,
            ),
            (
                "access_denied",
                Some("AADSTS90094: admin"),
                None,
                SignInReason::ConsentRequired,
            ),
            ("server_error", None, Some("cancel"), SignInReason::Denied),
            (
                "consent_required",
                Some("AADSTS65004: x"),
                None,
                SignInReason::ConsentRequired,
            ),
            (
                "invalid_grant",
                None,
                Some("consent_required"),
                SignInReason::ConsentRequired,
            ),
            ("invalid_client", Some("AADSTS650052: x"), None, SignInReason::Refused),
            ("server_error", None, None, SignInReason::Refused),
            ("login_required", None, None, SignInReason::Refused),
        ];
        for (error, description, suberror, expected) in cases {
            let body = ErrorBody {
                error: error.to_owned(),
                error_description: description.map(str::to_owned),
                suberror: suberror.map(str::to_owned),
                ..ErrorBody::default()
            };
            assert_eq!(reason(&body), expected, "{error} {description:?} {suberror:?}");
        }
    }

    #[test]
    fn another_code_is_another_answer() {
        let read = |code: &str| {
            read(&callback(&[("code", Some(code)), ("state", Some("s"))]), NOW)
                .unwrap()
                .fingerprint
        };
        assert_eq!(read("a"), read("a"));
        assert_ne!(read("a"), read("b"));
    }

    proptest::proptest! {
        #[test]
        fn no_callback_makes_it_panic(pairs in proptest::collection::vec(("(code|state|error|admin_consent|.{0,8})", proptest::option::of(".{0,80}")), 0..6)) {
            let _ = read(&pairs, NOW);
            let _ = super::super::callback_route(&pairs);
        }
    }
}
