<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support\Faults;

use Squeeze\Graph\ConnectionException;
use Squeeze\Graph\ServiceException;
use Squeeze\Graph\ThrottledException;

/**
 * Something that goes wrong on the way or at Microsoft and passes by itself, and what has to come of it.
 */
final class Fault
{
    private const PAGE = '<html><body><h1>Guest network</h1><p>Please accept the terms.</p></body></html>';

    /**
     * @param array<string, mixed> $rule what the sandbox does
     * @param class-string<\Throwable> $class what a caller meets when it lasts
     * @param Repeat $graph how a read of Graph's goes on
     * @param Repeat $token how a token request goes on
     * @param int $told seconds that the server names at least
     * @param ?int $comesBack seconds after which the caller is told to come back
     * @param bool $isContent whether its body could be a mail's own bytes
     */
    public function __construct(
        public readonly string $name,
        public readonly array $rule,
        public readonly string $class,
        public readonly Repeat $graph,
        public readonly Repeat $token,
        public readonly int $told = 0,
        public readonly ?int $comesBack = null,
        public readonly bool $isContent = false,
    ) {
    }

    /**
     * Whether it can strike an item of a batch, and says that nothing happened: what may have happened is looked up by another batch,
     * and the journal does not tell the two apart.
     */
    public function isForItems(): bool
    {
        return ($this->rule['status'] ?? 0) === 429;
    }

    /**
     * Seconds without a byte after which a call gives up (`squeeze_graph.timeout`): few where that is what the fault is about. Any other
     * is answered at once, and nobody must be taken to be silent who had no turn on a busy machine.
     */
    public function timeout(): int
    {
        return isset($this->rule['delay_ms']) || isset($this->rule['drip']) ? 1 : 10;
    }

    /**
     * Whether the request is carried out all the same, and only its answer suffers.
     */
    public function isOfTheAnswer(): bool
    {
        return array_intersect_key($this->rule, array_flip(['status', 'graph', 'cut'])) === [];
    }

    /**
     * @return array<string, self> by name
     */
    public static function all(): array
    {
        $faults = [];
        foreach (self::table() as $fault) {
            $faults[$fault->name] = $fault;
        }

        return $faults;
    }

    /**
     * @return iterable<self>
     */
    private static function table(): iterable
    {
        $throttled = static fn (string $name, ?string $after, Repeat $graph, Repeat $token, int $told = 0, ?int $comesBack = null): self => new self(
            $name,
            ['status' => 429, 'body' => ''] + ($after === null ? [] : ['headers' => ['Retry-After' => $after]]),
            ThrottledException::class,
            $graph,
            $token,
            $told,
            $comesBack,
        );
        yield $throttled('429, seconds', '1', Repeat::Told, Repeat::Told, 1);
        yield $throttled('429, decimals', '0.249', Repeat::Told, Repeat::Told, 1);
        yield $throttled('429, a date', gmdate('D, d M Y H:i:s \G\M\T', time() + 900), Repeat::Never, Repeat::Never, comesBack: 900);
        yield $throttled('429, a date gone by', 'Tue, 14 Nov 2023 22:13:00 GMT', Repeat::Told, Repeat::Told);
        yield $throttled('429, at once', '0', Repeat::Told, Repeat::Told);
        yield $throttled('429, no word', null, Repeat::Backoff, Repeat::Never);
        yield $throttled('429, beyond the budget', '600', Repeat::Never, Repeat::Never, comesBack: 600);
        yield $throttled('429, beyond all reason', '99999999999999999999', Repeat::Never, Repeat::Never, comesBack: 3600);
        yield $throttled('429, negative', '-5', Repeat::Backoff, Repeat::Never);
        yield $throttled('429, words', 'soon', Repeat::Backoff, Repeat::Never);

        foreach ([500, 502, 503, 504, 509] as $status) {
            yield new self((string) $status, ['status' => $status, 'body' => ''], ServiceException::class, Repeat::Backoff, Repeat::AfterASecond);
        }
        yield new self('408', ['status' => 408, 'body' => ''], ServiceException::class, Repeat::Backoff, Repeat::Never);
        yield new self('503, seconds', ['status' => 503, 'headers' => ['Retry-After' => '1'], 'body' => ''], ServiceException::class, Repeat::Told, Repeat::Told, 1);
        yield new self('503, beyond the budget', ['status' => 503, 'headers' => ['Retry-After' => '600'], 'body' => ''], ServiceException::class, Repeat::Never, Repeat::Never);
        yield new self('503, a page', ['status' => 503, 'body' => self::PAGE, 'stranger' => true], ServiceException::class, Repeat::Backoff, Repeat::AfterASecond);
        yield new self('502, half a megabyte', ['status' => 502, 'body' => '<html>' . str_repeat('busy ', 100_000)], ServiceException::class, Repeat::Backoff, Repeat::AfterASecond);

        yield new self('closed', ['cut' => 'close'], ConnectionException::class, Repeat::Backoff, Repeat::Never);
        yield new self('reset', ['cut' => 'reset'], ConnectionException::class, Repeat::Backoff, Repeat::Never);
        yield new self('cut in the body', ['truncate_after' => 7], ConnectionException::class, Repeat::Backoff, Repeat::Never);
        yield new self('silence', ['delay_ms' => 3000], ConnectionException::class, Repeat::Once, Repeat::Never);
        yield new self('silence, and nothing done', ['delay_ms' => 3000, 'status' => 503, 'body' => ''], ConnectionException::class, Repeat::Once, Repeat::Never);
        yield new self('drip', ['drip' => ['bytes' => 1, 'interval_ms' => 100]], ConnectionException::class, Repeat::Once, Repeat::Never);

        yield new self('a portal\'s page', ['status' => 200, 'body' => self::PAGE, 'stranger' => true], ServiceException::class, Repeat::Backoff, Repeat::Never);
        yield new self('a portal\'s JSON', ['status' => 200, 'body' => '{"login":"required"}', 'stranger' => true], ServiceException::class, Repeat::Never, Repeat::Never, isContent: true);
        yield new self('nothing', ['status' => 200, 'body' => '', 'stranger' => true], ServiceException::class, Repeat::Backoff, Repeat::Never, isContent: true);
        yield new self('half a JSON', ['status' => 200, 'body' => '{"value":[{"id":"AAMk'], ServiceException::class, Repeat::Backoff, Repeat::Never, isContent: true);
        foreach ([301, 302, 307, 308] as $status) {
            yield new self($status . ' to elsewhere', ['status' => $status, 'headers' => ['Location' => 'http://127.0.0.1:9/elsewhere'], 'body' => ''], ServiceException::class, Repeat::Never, Repeat::Never);
        }
        yield new self('302, seconds', ['status' => 302, 'headers' => ['Location' => '/elsewhere', 'Retry-After' => '1'], 'body' => ''], ServiceException::class, Repeat::Never, Repeat::Told, 1);
        foreach ([401, 403, 404, 410] as $status) {
            yield new self($status . ', a proxy\'s page', ['status' => $status, 'body' => self::PAGE, 'stranger' => true], ServiceException::class, Repeat::Backoff, Repeat::Never);
        }
        yield new self('403, a gateway\'s JSON', ['status' => 403, 'body' => '{"error":"access_denied"}', 'stranger' => true], ServiceException::class, Repeat::Backoff, Repeat::Never);
        yield new self('423', ['graph' => ['status' => 423, 'code' => 'Locked']], ServiceException::class, Repeat::Never, Repeat::Never);
    }
}
