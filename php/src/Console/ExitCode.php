<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Squeeze\Graph\AccessDeniedException;
use Squeeze\Graph\ActionRequiredException;
use Squeeze\Graph\Actor;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\Problem;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\StoreException;

/**
 * How a script ends. 75 and 78 are EX_TEMPFAIL and EX_CONFIG of sysexits.h.
 */
enum ExitCode: int
{
    case AllWell = 0;
    case PersonNeeded = 1;
    case TryAgain = 75;
    case Configuration = 78;

    /**
     * What a run with both outcomes ends with: a person is told of what will not pass before what will.
     */
    public function and(self $other): self
    {
        return $this->gravity() >= $other->gravity() ? $this : $other;
    }

    public static function of(GraphException $error): self
    {
        $problem = $error->getProblem();

        return match (true) {
            $error instanceof ActionRequiredException,
            $error instanceof SignInRequiredException,
            $error instanceof AccessDeniedException => self::PersonNeeded,
            $problem->retryable => self::TryAgain,
            $error instanceof ConfigurationException,
            $error instanceof StoreException => self::Configuration,
            default => self::ofProblem($problem),
        };
    }

    /** The same where only the problem is known. */
    public static function ofProblem(Problem $problem): self
    {
        return match (true) {
            $problem->retryable => self::TryAgain,
            $problem->actor === Actor::Host => self::Configuration,
            $problem->actor === Actor::Nobody => self::TryAgain,
            default => self::PersonNeeded,
        };
    }

    private function gravity(): int
    {
        return match ($this) {
            self::AllWell => 0,
            self::TryAgain => 1,
            self::PersonNeeded => 2,
            self::Configuration => 3,
        };
    }
}
