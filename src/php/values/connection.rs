//! The connection test's report.

use super::token::optional_problem;
use super::{Shape, Value, case_of, list};
use crate::base::language::Language;
use crate::php::zend::Outcome;
use crate::service::connection_test::{ConnectionCheck, ConnectionReport};

/// Classes of this family.
pub const SHAPES: &[Shape] = &[
    Shape {
        name: "ConnectionCheck",
        properties: "string $id, string $label, CheckStatus $status, string $detail, ?Problem $problem",
        methods: Vec::new,
    },
    Shape {
        name: "ConnectionReport",
        properties: "bool $ok, list<ConnectionCheck> $checks",
        methods: Vec::new,
    },
];

fn connection_check(check: &ConnectionCheck, language: Language) -> Outcome {
    Ok(Value::new("ConnectionCheck")?
        .set("id", check.id)?
        .set("label", check.label.as_str())?
        .set("status", case_of("CheckStatus", check.status)?)?
        .set("detail", check.detail.as_str())?
        .set("problem", optional_problem(check.problem.as_ref(), language)?)?
        .finish())
}

/// The report.
pub fn connection_report(report: &ConnectionReport, language: Language) -> Outcome {
    Ok(Value::new("ConnectionReport")?
        .set("ok", report.ok)?
        .set(
            "checks",
            list(report.checks.iter().map(|check| connection_check(check, language)))?,
        )?
        .finish())
}
