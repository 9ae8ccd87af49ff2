<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Testing\Mail;
use Squeeze\Graph\Testing\Sandbox;
use Squeeze\Graph\Testing\WithSandbox;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_accounts;
use function Squeeze\Graph\list_messages;

/**
 * The trait that people use in their own tests, used as they do.
 */
final class WithSandboxTest extends TestCase
{
    use WithSandbox;

    /** @dataProvider twice */
    public function testATestHasAnAccountAndAMailboxOfItsOwn(string $subject): void
    {
        self::assertSame([], list_accounts());
        self::assertSame(TokenState::Valid, $this->signedInAccount('invoices')->state);
        self::assertSame(0, list_messages('invoices')->total());
        $this->sandbox()->deliver(Sandbox::USER, Mail::mime($subject, ['17.pdf' => '%PDF']));
        self::assertSame(1, import_messages('invoices', static fn () => null)->imported);
        self::assertSame(1, list_messages('invoices', '/Verarbeitet')->total());
    }

    /** @return list<array{string}> */
    public static function twice(): array
    {
        return [['first'], ['second']];
    }
}
