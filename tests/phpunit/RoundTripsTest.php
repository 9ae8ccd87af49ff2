<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Tests\Support\Fpm;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;

/**
 * How many requests and connections PHP's processes make: what speed rests on. Never how long it takes.
 */
final class RoundTripsTest extends GraphTestCase
{
    public function testAWorkerOfFpmOpensItsConnectionOnceForAllItsRequests(): void
    {
        $this->signedIn();
        $id = $this->sandbox->deliver(World::USER, Mail::mime('mail', ['a.pdf' => 'x']));
        $fpm = new Fpm($this->folder, ['pm.max_children' => 1]);
        $page = sprintf('refresh_token("invoices"); echo get_message("invoices", "%s")->subject, count(list_attachments("invoices", "%1$s"));', $id);
        self::assertSame('mail1', $fpm->web($page));
        $this->sandbox->control('DELETE', '/counters');
        for ($request = 2; $request <= 6; $request++) {
            self::assertSame('mail1', $fpm->web($page));
        }
        $counters = $this->sandbox->control('GET', '/counters');
        // The one is this test's own, to the control endpoint.
        self::assertLessThanOrEqual(1, $counters['connections']);
        // The token, and the message with its attachments.
        self::assertSame(2 * 5, $counters['requests']);
    }

    public function testAttachmentsComeWithTheirMessageAndAForkedChildAsksForItself(): void
    {
        $this->signedIn();
        $id = $this->sandbox->deliver(World::USER, Mail::mime('mail', ['a.pdf' => 'x', 'b.pdf' => 'y']));
        $this->sandbox->control('DELETE', '/counters');
        $process = Php::code(sprintf('
            $list = fn () => implode(",", array_column(list_attachments("invoices", "%1$s"), "name"));
            get_message("invoices", "%1$s");
            if (($child = pcntl_fork()) === 0) {
                echo $list(), "\n";
                exit;
            }
            pcntl_waitpid($child, $status);
            echo $list(), "\n";
        ', $id));
        self::assertSame("a.pdf,b.pdf\na.pdf,b.pdf\n", $process->output() . $process->errors());
        self::assertSame(2, $this->sandbox->control('GET', '/counters')['requests']);
    }

    public function testAProcessKeepsItsConnectionFromCallToCall(): void
    {
        $this->signedIn();
        $this->sandbox->generate(World::USER, 3);
        $this->sandbox->control('DELETE', '/counters');
        $process = Php::code('
            for ($i = 0; $i < 5; $i++) {
                find_folder("invoices", "wellknown:inbox");
                foreach (list_messages("invoices") as $message) {
                    get_message("invoices", $message->id);
                }
            }
        ');
        self::assertSame('', $process->output() . $process->errors());
        // One by the process, one by this test.
        self::assertLessThanOrEqual(2, $this->sandbox->control('GET', '/counters')['connections']);
    }
}
