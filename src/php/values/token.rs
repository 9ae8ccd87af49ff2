//! Values about tokens and about what went wrong with them.

use super::{Shape, Value, case_of, count, list, optional, optional_time, texts, time};
use crate::base::language::Language;
use crate::base::problem as base;
use crate::php::zend::Outcome;
use crate::service::refresh_job::{RefreshReport, RefreshResult};
use crate::service::token_status::TokenStatus;

/// Classes of this family.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "Problem",
        properties: "string $code, ?int $aadsts, string $message, string $explanation, string $remedy, Actor $actor, \
            bool $retryable, ?int $httpStatus, ?string $requestId, ?string $correlationId, \\DateTimeImmutable $since",
        methods: Vec::new,
    },
    Shape {
        name: "TokenStatus",
        properties: "string $account, TokenState $state, ?\\DateTimeImmutable $expiresAt, \
            ?\\DateTimeImmutable $refreshedAt, ?string $signedInAs, list<string> $grantedScopes, \
            list<string> $missingScopes, ?Problem $problem, int $clockSkew, ?\\DateTimeImmutable $signInExpiresAt",
        methods: Vec::new,
    },
    Shape {
        name: "RefreshResult",
        properties: "string $account, RefreshOutcome $outcome, ?TokenStatus $status, ?Problem $problem",
        methods: Vec::new,
    },
    Shape {
        name: "RefreshReport",
        properties: "int $refreshed, int $skipped, int $failed, float $seconds, list<RefreshResult> $results",
        methods: Vec::new,
    },
];

/// A problem, in the reader's language.
pub fn problem(problem: &base::Problem, language: Language) -> Outcome {
    Ok(Value::new("Problem")?
        .set("code", problem.code.as_str())?
        .set("aadsts", problem.aadsts)?
        .set("message", problem.message())?
        .set("explanation", problem.explanation(language))?
        .set("remedy", problem.remedy(language))?
        .set("actor", case_of("Actor", problem.actor())?)?
        .set("retryable", problem.retryable())?
        .set("httpStatus", problem.http_status)?
        .set("requestId", problem.request_id.as_deref())?
        .set("correlationId", problem.correlation_id.as_deref())?
        .set("since", time(problem.since)?)?
        .finish())
}

/// A problem, or null.
pub fn optional_problem(found: Option<&base::Problem>, language: Language) -> Outcome {
    optional(found, |found| problem(found, language))
}

/// The state of an account's sign-in.
pub fn token_status(status: &TokenStatus, language: Language) -> Outcome {
    Ok(Value::new("TokenStatus")?
        .set("account", status.account.as_str())?
        .set("state", case_of("TokenState", status.state)?)?
        .set("expiresAt", optional_time(status.expires_at)?)?
        .set("refreshedAt", optional_time(status.refreshed_at)?)?
        .set("signedInAs", status.signed_in_as.as_deref())?
        .set("grantedScopes", texts(&status.granted_scopes)?)?
        .set("missingScopes", texts(&status.missing_scopes)?)?
        .set("problem", optional_problem(status.problem.as_ref(), language)?)?
        .set("clockSkew", status.clock_skew)?
        .set("signInExpiresAt", optional_time(status.sign_in_expires_at)?)?
        .finish())
}

/// What the job did with one account.
pub fn refresh_result(result: &RefreshResult, language: Language) -> Outcome {
    Ok(Value::new("RefreshResult")?
        .set("account", result.account.as_str())?
        .set("outcome", case_of("RefreshOutcome", result.outcome)?)?
        .set(
            "status",
            optional(result.status.as_ref(), |status| token_status(status, language))?,
        )?
        .set("problem", optional_problem(result.problem.as_ref(), language)?)?
        .finish())
}

/// What the job did.
pub fn refresh_report(report: &RefreshReport, language: Language) -> Outcome {
    Ok(Value::new("RefreshReport")?
        .set("refreshed", count(report.refreshed))?
        .set("skipped", count(report.skipped))?
        .set("failed", count(report.failed))?
        .set("seconds", report.seconds)?
        .set(
            "results",
            list(report.results.iter().map(|result| refresh_result(result, language)))?,
        )?
        .finish())
}
