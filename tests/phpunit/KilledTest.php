<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\Size;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\exchange_code;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\token_status;

/**
 * PHP processes that are killed while they refresh or sign in. REFRESH_KILLS and SIGN_IN_KILLS ask for more kills.
 */
final class KilledTest extends GraphTestCase
{
    private const REFRESH = 'token refresh_token';
    private const REDEEM = 'token authorization_code';
    /** Milliseconds that Microsoft takes. */
    private const TAKES = 60;
    /** Seconds; far from the 45 of a lease, and what a busy machine makes of half a second. */
    private const AT_ONCE = 5.0;

    public function testARefreshKilledAtAnyMomentLosesNoToken(): void
    {
        $kills = Size::of('REFRESH_KILLS', 6);
        $this->signedIn();
        $this->sandbox->fault(['path' => '/token', 'count' => null, 'delay_ms' => self::TAKES]);
        $code = 'echo sha1(access_token("invoices")), "\n";';
        $life = $this->life(function () use ($code): void {
            $this->expire();
            Php::code($code);
        });
        $seen = [];
        $counts = ['before the request' => 0, 'while asking' => 0, 'after it was stored' => 0];
        $slowest = 0.0;
        for ($number = 0; $number < $kills; ++$number) {
            $this->expire();
            $old = export_token('invoices')['refresh_token'];
            $asked = $this->sandbox->asked(self::REFRESH);
            $seen[$old] = true;
            $told = $this->kill(Php::startCode($code), $number, $life, self::REFRESH, $asked);
            $requests = $this->sandbox->asked(self::REFRESH) - $asked;
            $new = export_token('invoices')['refresh_token'];
            self::assertLessThanOrEqual(1, $requests, "kill $number");
            if ($new === $old) {
                self::assertFalse($told, "kill $number: a token was handed out, and its refresh token is lost");
                ++$counts[$requests === 0 ? 'before the request' : 'while asking'];
            } else {
                self::assertArrayNotHasKey($new, $seen, "kill $number: an older refresh token is back");
                ++$counts['after it was stored'];
            }
            self::assertContains(token_status('invoices')->state, [TokenState::Valid, TokenState::Expired], "kill $number");
            $begun = microtime(true);
            access_token('invoices');
            $slowest = max($slowest, microtime(true) - $begun);
            self::assertLessThan(self::AT_ONCE, $slowest, "kill $number: it has waited for a dead holder");
            $seen[$new] = true;
        }
        if (Size::isFull('REFRESH_KILLS')) {
            Size::figure(sprintf(
                'refresh: %d kills (%s): no refresh token lost, nobody had to sign in, integrity_check ok; the next caller had a token after at most %d ms',
                $kills,
                self::told($counts),
                $slowest * 1000,
            ));
        }
    }

    public function testASignInKilledAtAnyMomentCanBeFinishedOrSaysToStartAgain(): void
    {
        $kills = Size::of('SIGN_IN_KILLS', 6);
        $this->account();
        $this->sandbox->fault(['path' => '/token', 'count' => null, 'delay_ms' => self::TAKES]);
        $code = static fn (array $query): string => sprintf('exchange_code(%s, %s); echo "signed in\n";', var_export($query, true), var_export(self::SESSION, true));
        $query = $this->redirected('invoices');
        $life = $this->life(static fn () => Php::code($code($query)));
        $counts = ['before the code was sent: finished by the same callback' => 0, 'interrupted' => 0, 'after the tokens were stored' => 0];
        $slowest = 0.0;
        for ($number = 0; $number < $kills; ++$number) {
            $query = $this->redirected('invoices');
            $asked = $this->sandbox->asked(self::REDEEM);
            $old = export_token('invoices')['refresh_token'];
            $told = $this->kill(Php::startCode($code($query)), $number, $life, self::REDEEM, $asked);
            $sent = $this->sandbox->asked(self::REDEEM) - $asked;
            $begun = microtime(true);
            try {
                self::assertSame(TokenState::Valid, exchange_code($query, self::SESSION)->state, "kill $number");
                ++$counts[$sent === 0 ? 'before the code was sent: finished by the same callback' : 'after the tokens were stored'];
            } catch (SignInFailedException $error) {
                self::assertSame('interrupted', $error->getReason(), "kill $number: " . $error->getMessage());
                self::assertFalse($told, "kill $number: it had succeeded");
                self::assertSame($old, export_token('invoices')['refresh_token'], "kill $number");
                self::assertNotSame('', $error->getProblem()->remedy);
                ++$counts['interrupted'];
            }
            $slowest = max($slowest, microtime(true) - $begun);
            self::assertLessThan(self::AT_ONCE, $slowest, "kill $number: it has waited for a dead holder");
            self::assertLessThanOrEqual($asked + 1, $this->sandbox->asked(self::REDEEM), "kill $number: one code sent twice");
        }
        self::assertSame(TokenState::Valid, $this->signIn('invoices')->state);
        if (Size::isFull('SIGN_IN_KILLS')) {
            Size::figure(sprintf(
                'sign-in: %d kills (%s), older tokens kept, integrity_check ok; the next callback was answered after at most %d ms',
                $kills,
                self::told($counts),
                $slowest * 1000,
            ));
        }
    }

    /**
     * Kills a process at a random instant of its life, or, every other time, of what follows its request; whether it had told its
     * result.
     */
    private function kill(Php $process, int $number, float $life, string $endpoint, int $asked): bool
    {
        $part = random_int(0, 1_000_000) / 1_000_000;
        if ($number % 2 === 0) {
            usleep((int) ($life * $part * 1e6));
        } else {
            while ($process->running() && $this->sandbox->asked($endpoint) === $asked) {
                usleep(1_000);
            }
            usleep((int) ((self::TAKES + 40) * $part * 1e3));
        }
        $process->signal(SIGKILL);
        $process->wait();
        self::assertContains($process->status(), [0, 128 + SIGKILL], "kill $number: " . $process->output() . $process->errors());
        $check = Php::code(sprintf('echo (new \SQLite3(%s, SQLITE3_OPEN_READONLY))->querySingle("PRAGMA integrity_check");', var_export($this->folder . '/store.sqlite', true)));
        self::assertSame('ok', $check->output(), $check->errors());

        return $process->output() !== '';
    }

    private function life(callable $run): float
    {
        $begun = microtime(true);
        $run();

        return (microtime(true) - $begun) * 1.1;
    }

    private function expire(): void
    {
        adopt_token('invoices', ['expires_at' => time() - 60] + export_token('invoices'));
    }

    /**
     * @param array<string, int> $counts
     */
    private static function told(array $counts): string
    {
        return implode(', ', array_map(static fn (string $what, int $times): string => "$times $what", array_keys($counts), $counts));
    }
}
