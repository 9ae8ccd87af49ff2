//! Values about tokens and about what went wrong with them.

use super::Shape;

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
