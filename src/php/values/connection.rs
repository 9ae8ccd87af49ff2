//! The connection test's report.

use super::Shape;

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
