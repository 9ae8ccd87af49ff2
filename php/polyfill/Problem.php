<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/**
 * What went wrong, who must act, and what to do. Holds no secret.
 */
final class Problem implements \JsonSerializable
{
    use Polyfill\PlainValue;

    /** Microsoft's error code (`invalid_grant`, `ErrorAccessDenied`) or ours (`folder_ambiguous`). */
    public readonly string $code;
    /** The number after `AADSTS`. */
    public readonly ?int $aadsts;
    /** Microsoft's own words, capped, control characters escaped. */
    public readonly string $message;
    /** What happened, one sentence in the language of `squeeze_graph.language`. */
    public readonly string $explanation;
    /** What to do, one sentence in the same language. */
    public readonly string $remedy;
    /** Who must act. */
    public readonly Actor $actor;
    /** Whether the same call can succeed later without anybody acting. */
    public readonly bool $retryable;
    public readonly ?int $httpStatus;
    /** Graph's request id or Entra's trace id, for a support request. */
    public readonly ?string $requestId;
    public readonly ?string $correlationId;
    /** Since when it is so. */
    public readonly \DateTimeImmutable $since;
}
