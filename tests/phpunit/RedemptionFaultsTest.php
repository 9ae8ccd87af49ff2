<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\GraphException;
use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\Tests\Support\Faults\Fault;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\exchange_code;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\token_status;

/**
 * Every fault while a code is redeemed. A code can be sent once: where Microsoft may have taken it the sign-in is over ("start again"), where it was
 * turned away unread the same callback goes on later. An earlier sign-in goes on either way.
 *
 * A part of the faults here; FAULTS=all makes it all of them.
 */
final class RedemptionFaultsTest extends GraphTestCase
{
    /**
     * @dataProvider faults
     */
    public function testACodeIsSentOnceOrTurnedAwayAndTheOldTokensStay(string $name): void
    {
        $fault = Fault::all()[$name];
        ini_set('squeeze_graph.retry_budget', '2');
        $account = $this->signedIn();
        $before = export_token($account)['refresh_token'];
        $callback = $this->redirected($account);
        $earlier = $this->redemptions();
        $this->sandbox->fault(['path' => '/token', 'count' => null] + $fault->rule);
        $usual = ini_set('squeeze_graph.timeout', (string) $fault->timeout());

        $error = $this->thrown(GraphException::class, static fn () => exchange_code($callback, self::SESSION));

        self::assertSame($earlier + 1, $this->redemptions(), 'the code was sent once');
        self::assertSame([TokenState::Valid, $before], [token_status($account)->state, export_token($account)['refresh_token']]);
        $this->sandbox->control('DELETE', '/faults');
        ini_set('squeeze_graph.timeout', $usual);
        $isTold = !isset($fault->rule['delay_ms']);
        if ($isTold && in_array($fault->rule['status'] ?? 0, [429, 503], true)) {
            self::assertInstanceOf($fault->class, $error, $error->getMessage());
            self::assertTrue($error->getProblem()->retryable);
            self::assertSame(TokenState::Valid, exchange_code($callback, self::SESSION)->state);
            self::assertSame($earlier + 2, $this->redemptions());
        } else {
            for ($again = 0; $again < 2; $again++) {
                self::assertInstanceOf(SignInFailedException::class, $error, $error->getMessage());
                self::assertSame('interrupted', $error->getReason(), $error->getMessage());
                $error = $this->thrown(GraphException::class, static fn () => exchange_code($callback, self::SESSION));
            }
            self::assertSame($earlier + 1, $this->redemptions(), 'never again');
            self::assertSame(TokenState::Valid, $this->signIn($account)->state);
        }
        self::assertNotSame($before, export_token($account)['refresh_token']);
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function faults(): iterable
    {
        foreach (array_map('strval', array_keys(Fault::all())) as $index => $name) {
            if (getenv('FAULTS') === 'all' || $index % 4 === 0) {
                yield 'fault ' . $name => [$name];
            }
        }
    }

    private function redemptions(): int
    {
        $all = $this->sandbox->control('GET', '/requests')['requests'];

        return count(array_filter($all, static fn (array $request): bool => str_ends_with($request['path'], '/token')));
    }
}
