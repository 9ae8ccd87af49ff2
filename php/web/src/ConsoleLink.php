<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

/**
 * The link that whoever starts the page sees on the console. It lets one browser in where no login of a host does: the
 * token in it proves what an address can not, that somebody on this machine meant it.
 */
final class ConsoleLink
{
    /** The environment variable that holds the token. */
    public const VARIABLE = 'SQUEEZE_GRAPH_WEB_TOKEN';

    private const SHORTEST = 32;

    /** @throws \UnexpectedValueException the token could be guessed */
    public function __construct(#[\SensitiveParameter] private readonly string $token)
    {
        if (strlen($token) < self::SHORTEST) {
            throw new \UnexpectedValueException(sprintf('%s needs %d characters or more', self::VARIABLE, self::SHORTEST));
        }
    }

    /** Whether a request comes by the link. */
    public function isUsedBy(Request $request): bool
    {
        return !$request->isPost() && $request->path === '/' && hash_equals($this->token, $request->query('token'));
    }

    /** Remembers that this browser came by the link. */
    public function admit(Session $session): void
    {
        $session->set('admitted', $this->mark());
        $session->renew();
    }

    public function hasAdmitted(Session $session): bool
    {
        $mark = $session->get('admitted');

        return is_string($mark) && hash_equals($this->mark(), $mark);
    }

    /** Not the token itself: sessions lie in files. */
    private function mark(): string
    {
        return hash('sha256', $this->token);
    }
}
