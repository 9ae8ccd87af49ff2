<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\AttachmentKind;
use Squeeze\Graph\AttachmentNotFoundException;
use Squeeze\Graph\BodyType;
use Squeeze\Graph\FolderNotFoundException;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\Message;
use Squeeze\Graph\MessageNotFoundException;
use Squeeze\Graph\ServiceException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\Mail;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\Size;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\copy_message;
use function Squeeze\Graph\delete_message;
use function Squeeze\Graph\find_folder;
use function Squeeze\Graph\get_attachment;
use function Squeeze\Graph\get_mailbox_settings;
use function Squeeze\Graph\get_message;
use function Squeeze\Graph\get_mime;
use function Squeeze\Graph\list_attachments;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\move_message;
use function Squeeze\Graph\move_messages;
use function Squeeze\Graph\save_attachment;
use function Squeeze\Graph\save_mime;
use function Squeeze\Graph\set_logger;
use function Squeeze\Graph\update_message;

final class MessagesTest extends GraphTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->signedIn();
    }

    public function testEveryPageIsWalked(): void
    {
        $this->sandbox->generate(World::USER, 137);
        $list = list_messages('invoices');
        self::assertSame(137, $list->total());
        $first = array_column(iterator_to_array($list), 'id');
        self::assertCount(137, array_unique($first));
        self::assertSame($first, array_column(iterator_to_array($list), 'id'), 'a second walk reads anew');
        self::assertSame(range(0, 136), array_keys(iterator_to_array($list)));
        self::assertCount(7, iterator_to_array(list_messages('invoices', limit: 7)));
        self::assertCount(0, iterator_to_array(list_messages('invoices', 'Verarbeitet')));
    }

    /**
     * Loggers, signal handlers and other fibers run while a page is fetched, and may have the same iterator.
     *
     * @dataProvider steps
     */
    public function testAnIteratorIsNotWalkedByCodeThatRunsWhileItFetches(string $method): void
    {
        for ($i = 0; $i < 6; ++$i) {
            $this->sandbox->deliver(World::USER, Mail::mime("m$i", ['a.pdf' => 'x']));
        }
        ini_set('squeeze_graph.log_level', 'debug');
        [$iterator, $refused] = [null, []];
        set_logger(static function () use (&$iterator, $method, &$refused): void {
            try {
                $iterator?->{$method}();
            } catch (\Error $error) {
                $refused[] = $error->getMessage();
            }
        });
        try {
            $iterator = list_messages('invoices')->getIterator();
            self::assertCount(6, array_unique(array_column(iterator_to_array($iterator), 'id')));
        } finally {
            set_logger(null);
        }
        self::assertNotSame([], $refused);
        foreach ($refused as $message) {
            self::assertStringContainsString('just being read', $message);
        }
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function steps(): iterable
    {
        foreach (['rewind', 'valid', 'current', 'key', 'next'] as $method) {
            yield $method => [$method];
        }
    }

    public function testAFiberThatIsLeftInTheMiddleOfAPageDoesNotShareItsIterator(): void
    {
        $this->sandbox->generate(World::USER, 30);
        ini_set('squeeze_graph.log_level', 'debug');
        $suspended = false;
        set_logger(static function () use (&$suspended): void {
            if (!$suspended && \Fiber::getCurrent() !== null) {
                $suspended = true;
                \Fiber::suspend();
            }
        });
        try {
            $iterator = list_messages('invoices')->getIterator();
            $fiber = new \Fiber(static fn (): array => iterator_to_array($iterator));
            $fiber->start();
            self::assertTrue($fiber->isSuspended());
            $this->thrown(\Error::class, static fn () => $iterator->next());
            $fiber->resume();
            self::assertCount(30, array_unique(array_column($fiber->getReturn(), 'id')));
            $iterator->rewind();
            self::assertTrue($iterator->valid());
        } finally {
            set_logger(null);
        }
    }

    public function testEachWalkAndEachCountHasARetryBudgetOfItsOwn(): void
    {
        $this->sandbox->generate(World::USER, 3);
        ini_set('squeeze_graph.retry_budget', '3');
        $list = list_messages('invoices');
        // Each wait is more than half of the budget.
        $throttle = fn () => $this->sandbox->fault(['path' => '/messages', 'status' => 429, 'headers' => ['Retry-After' => '2'], 'body' => '']);
        for ($walk = 0; $walk < 2; $walk++) {
            $throttle();
            self::assertCount(3, iterator_to_array($list));
        }
        $throttle();
        self::assertSame(3, $list->total());
    }

    public function testTheOrderIsAsAsked(): void
    {
        $this->sandbox->generate(World::USER, 25);
        $times = static fn (iterable $list): array => array_map(
            static fn (Message $message): int => $message->receivedAt->getTimestamp(),
            iterator_to_array($list),
        );
        $oldest = $times(list_messages('invoices'));
        $sorted = $oldest;
        sort($sorted);
        self::assertSame($sorted, $oldest);
        self::assertSame(array_reverse($sorted), $times(list_messages('invoices', newest_first: true)));
        $middle = new \DateTimeImmutable('@' . $sorted[10]);
        foreach ($times(list_messages('invoices', since: $middle)) as $time) {
            self::assertGreaterThanOrEqual($middle->getTimestamp(), $time);
        }
    }

    public function testMovingMeanwhileSkipsNone(): void
    {
        $this->sandbox->generate(World::USER, 45);
        $seen = [];
        foreach (list_messages('invoices') as $message) {
            $seen[] = $message->id;
            move_message('invoices', $message->id, 'Verarbeitet');
        }
        self::assertCount(45, array_unique($seen));
        self::assertSame(0, list_messages('invoices')->total());
        self::assertSame(45, list_messages('invoices', 'Verarbeitet')->total());
    }

    public function testOnlyUnreadOnesOnDemand(): void
    {
        $ids = [$this->deliver('one'), $this->deliver('two'), $this->deliver('three')];
        self::assertTrue(update_message('invoices', $ids[1], is_read: true)->isRead);
        $subjects = array_column(iterator_to_array(list_messages('invoices', unread_only: true)), 'subject');
        self::assertEqualsCanonicalizing(['one', 'three'], $subjects);
    }

    public function testAMessageHasWhatTheSenderWrote(): void
    {
        $id = $this->deliver('Rechnung für „Müller“ 🎉', ['rechnung.pdf' => '%PDF-1.7'], "Grüße\naus Köln");
        $message = get_message('invoices', $id, text_body: true);
        self::assertSame('Rechnung für „Müller“ 🎉', $message->subject);
        self::assertSame('billing@supplier.example', $message->from->address);
        self::assertSame('Supplier', $message->from->name);
        self::assertSame('invoices@contoso.example', $message->to[0]->address);
        self::assertTrue($message->hasAttachments);
        self::assertFalse($message->isRead);
        self::assertSame('UTC', $message->receivedAt->getTimezone()->getName());
        self::assertSame(BodyType::Text, $message->bodyType);
        self::assertStringContainsString('Grüße', $message->body);
        self::assertSame(find_folder('invoices', 'wellknown:inbox')->id, $message->folderId);
        self::assertContains('subject', array_map(strtolower(...), array_column(json_decode(json_encode($message->headers), true), 'name')));
        self::assertSame(BodyType::Html, get_message('invoices', $id)->bodyType);
        self::assertEquals($message, Message::fromArray(json_decode(json_encode($message), true)));
    }

    public function testTheMimeIsExact(): void
    {
        $mime = Mail::mime('exact', ['a.bin' => random_bytes(5_000)]);
        $id = $this->sandbox->deliver(World::USER, $mime);
        self::assertSame($mime, get_mime('invoices', $id));
        $path = $this->folder . '/mail.eml';
        self::assertSame(strlen($mime), save_mime('invoices', $id, $path));
        self::assertSame($mime, file_get_contents($path));
        self::assertSame('0600', substr(sprintf('%o', fileperms($path)), -4));
    }

    public function testAnIdSurvivesAMove(): void
    {
        $id = $this->deliver('to move');
        $moved = move_message('invoices', $id, 'Verarbeitet');
        self::assertSame($id, $moved->id);
        self::assertSame(find_folder('invoices', 'Verarbeitet')->id, $moved->folderId);
        self::assertSame('to move', get_message('invoices', $id)->subject);
    }

    public function testAMoveWhoseAnswerWasLostIsLookedUp(): void
    {
        foreach ([['cut' => 'reset'], ['status' => 504, 'body' => '']] as $loss) {
            $id = $this->deliver('lost answer');
            $this->sandbox->fault(['method' => 'POST', 'path' => '/move', 'execute' => true] + $loss);
            self::assertSame($id, move_message('invoices', $id, 'Verarbeitet')->id);
        }
        self::assertSame(0, list_messages('invoices')->total());
        self::assertSame(2, list_messages('invoices', 'Verarbeitet')->total());
    }

    public function testACopyWhoseAnswerWasLostIsNotMadeTwice(): void
    {
        $id = $this->deliver('to copy');
        $this->sandbox->fault(['method' => 'POST', 'path' => '/copy', 'execute' => true, 'cut' => 'reset']);
        $copy = copy_message('invoices', $id, 'Verarbeitet');
        self::assertNotSame($id, $copy->id);
        self::assertSame(1, list_messages('invoices', 'Verarbeitet')->total());
        self::assertSame(1, list_messages('invoices')->total());
    }

    public function testManyAreMovedInOrderAndEachHasItsResult(): void
    {
        $ids = [];
        for ($i = 0; $i < 23; $i++) {
            $ids[] = $this->deliver('mail ' . $i);
        }
        array_splice($ids, 5, 0, ['AAMkGone']);
        $results = move_messages('invoices', $ids, 'Verarbeitet');
        self::assertSame($ids, array_column($results, 'id'));
        foreach ($results as $i => $result) {
            self::assertSame($i === 5, $result->message === null);
            self::assertSame($i === 5, $result->problem !== null);
        }
        self::assertSame(23, list_messages('invoices', 'Verarbeitet')->total());
        self::assertSame([], move_messages('invoices', [], 'Verarbeitet'));
        $this->thrown(\TypeError::class, static fn () => move_messages('invoices', [[]], 'Verarbeitet'));
    }

    public function testFlagAndCategoriesAreSet(): void
    {
        $id = $this->deliver('to mark');
        $message = update_message('invoices', $id, categories: ['Rechnung', 'Grün'], flagged: true);
        self::assertSame(['Rechnung', 'Grün'], $message->categories);
        self::assertFalse($message->isRead);
        self::assertSame([], update_message('invoices', $id, categories: [])->categories);
    }

    public function testADeletedMessageIsGone(): void
    {
        $id = $this->deliver('to delete');
        delete_message('invoices', $id);
        self::assertSame(1, list_messages('invoices', 'wellknown:deleteditems')->total());
        $other = $this->deliver('for good');
        delete_message('invoices', $other, permanently: true);
        self::assertSame(1, list_messages('invoices', 'wellknown:deleteditems')->total());
        $this->thrown(MessageNotFoundException::class, static fn () => get_message('invoices', $other));
    }

    /**
     * @dataProvider unknownMessages
     */
    public function testAnUnknownMessageIsNotFound(string $id): void
    {
        try {
            get_message('invoices', $id);
            self::fail('found');
        } catch (MessageNotFoundException | \ValueError $error) {
            self::assertLessThan(2_000, strlen($error->getMessage()));
        }
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function unknownMessages(): iterable
    {
        yield 'unknown' => ['AAMkAGUnknown='];
        yield 'empty' => [''];
        yield 'a path' => ['../../users'];
        yield 'a query' => ['x?$select=id'];
        yield 'NUL' => ["AAMk\0"];
        yield 'ten megabytes' => [str_repeat('x', 10_000_000)];
    }

    public function testAnUnknownFolderIsToldBeforeAnythingMoves(): void
    {
        $id = $this->deliver('stays');
        $this->thrown(FolderNotFoundException::class, static fn () => move_message('invoices', $id, 'Nirgends'));
        $this->thrown(FolderNotFoundException::class, static fn () => iterator_to_array(list_messages('invoices', 'Nirgends')));
        foreach (['Nirgends', 'id:AAMkNirgends', 'wellknown:nirgends'] as $folder) {
            $this->thrown(FolderNotFoundException::class, static fn () => move_messages('invoices', [$id], $folder));
        }
        $error = $this->thrown(\ValueError::class, static fn () => list_messages('invoices', 'a//b'));
        self::assertStringContainsString('Argument #2 ($folder)', $error->getMessage());
        self::assertSame(1, list_messages('invoices')->total());
    }

    public function testAttachmentsOfEveryKind(): void
    {
        $inner = Mail::mime('inner invoice', ['inner.pdf' => '%PDF-inner']);
        $bytes = random_bytes(10_000);
        $id = $this->deliver('outer', ['rechnung.pdf' => $bytes, "\0item" => $inner]);
        $attachments = list_attachments('invoices', $id);
        $kinds = [];
        foreach ($attachments as $attachment) {
            $kinds[$attachment->kind->name] = $attachment;
        }
        self::assertSame('rechnung.pdf', $kinds['File']->name);
        self::assertSame($bytes, get_attachment('invoices', $id, $kinds['File']->id));
        $item = get_attachment('invoices', $id, $kinds['Item']->id);
        self::assertStringContainsString('inner invoice', $item);
        self::assertStringContainsString(base64_encode('%PDF-inner'), $item);
        $path = $this->folder . '/out';
        self::assertSame(10_000, save_attachment('invoices', $id, $kinds['File']->id, $path));
        self::assertSame($bytes, file_get_contents($path));
        $this->thrown(AttachmentNotFoundException::class, static fn () => get_attachment('invoices', $id, 'AAMkNone'));
    }

    public function testALinkHasNoBytes(): void
    {
        $id = $this->sandbox->deliver(World::USER, Mail::mime('with a link'), [
            ['name' => 'cloud.xlsx', 'url' => 'https://contoso.sharepoint.example/cloud.xlsx', 'size' => 5_000],
        ]);
        [$link] = list_attachments('invoices', $id);
        self::assertSame(AttachmentKind::Reference, $link->kind);
        self::assertSame('cloud.xlsx', $link->name);
        $this->thrown(ServiceException::class, static fn () => get_attachment('invoices', $id, $link->id));
    }

    public function testTooManyBytesAreNotTaken(): void
    {
        $id = $this->deliver('big', ['big.bin' => str_repeat('x', 100_000)]);
        [$attachment] = list_attachments('invoices', $id);
        $path = $this->folder . '/big';
        $calls = [
            static fn () => get_mime('invoices', $id, 1_000),
            static fn () => save_mime('invoices', $id, $path, 1_000),
            static fn () => get_attachment('invoices', $id, $attachment->id, 1_000),
            static fn () => save_attachment('invoices', $id, $attachment->id, $path, 1_000),
        ];
        foreach ($calls as $call) {
            $this->thrown(ServiceException::class, $call);
        }
        self::assertFileDoesNotExist($path);
        self::assertSame([], glob($this->folder . '/big*'));
        self::assertSame(100_000, strlen(get_attachment('invoices', $id, $attachment->id, 100_000)));
    }

    public function testAHugeAttachmentNeedsLittleMemoryAndIsNotReadIntoTooLittle(): void
    {
        $id = $this->sandbox->generate(World::USER, 1, 60_000_000)[0];
        $path = $this->folder . '/huge';
        $child = Php::code(sprintf('
            $id = %s;
            [$attachment] = list_attachments("invoices", $id);
            try { get_attachment("invoices", $id, $attachment->id); echo "read"; }
            catch (GraphException $e) { echo str_contains($e->getMessage() . $e->getProblem()->remedy, "save_attachment") ? "refused " : $e->getMessage(); }
            echo save_attachment("invoices", $id, $attachment->id, %s);', var_export($id, true), var_export($path, true)), ['memory_limit' => '32M'], 120);
        self::assertSame('refused 60000000', $child->output(), $child->errors());
        self::assertSame(60_000_000, filesize($path));
    }

    public function testAMailOf150MbGoesToAFileInUnder20Mb(): void
    {
        // The file's bytes are three quarters of what they are in the mail, in base64.
        [$small] = $this->sandbox->generate(World::USER, 1, 1_000);
        [$large] = array_values(array_diff($this->sandbox->generate(World::USER, 1, 112_000_000), [$small]));
        $child = Php::code(sprintf('
            $peak = fn (): int => (int) preg_replace("/.*VmHWM:\s+(\d+).*/s", "$1", file_get_contents("/proc/self/status"));
            // Connections, threads and what else is made once for all.
            save_mime("invoices", %1$s, %3$s);
            $before = $peak();
            $bytes = save_mime("invoices", %2$s, %3$s);
            echo $bytes, " ", filesize(%3$s), " ", $before, " ", $peak() - $before;', ...array_map(static fn (string $value): string => var_export($value, true), [$small, $large, $this->folder . '/mail.eml'])), seconds: 300);
        [$bytes, $size, $before, $grown] = array_map(intval(...), explode(' ', $child->output() . '   '));
        self::assertGreaterThan(150_000_000, $bytes, $child->output() . $child->errors());
        self::assertSame($bytes, $size);
        self::assertGreaterThan(1_000, $before, 'kB');
        self::assertLessThan(20_000, $grown, 'kB');
        if (Size::isFull('LARGE_MAIL')) {
            Size::figure(sprintf('save_mime writes a mail of %s bytes to a file: peak %s kB above that of a small mail', number_format($bytes), number_format($grown)));
        }
    }

    public function testWhatWasThereStaysWhenADownloadBreaks(): void
    {
        $id = $this->deliver('breaks', ['a.bin' => str_repeat('x', 50_000)]);
        $path = $this->folder . '/target';
        file_put_contents($path, 'before');
        $this->sandbox->fault(['path' => '/$value', 'count' => null, 'execute' => true, 'truncate_after' => 1_000]);
        ini_set('squeeze_graph.retry_budget', '1');
        $this->thrown(GraphException::class, static fn () => save_mime('invoices', $id, $path));
        self::assertSame('before', file_get_contents($path));
        self::assertSame([$path], glob($this->folder . '/target*'));
    }

    /**
     * @dataProvider badTargets
     */
    public function testATargetThatCanNotBeWrittenIsAClearError(string $path): void
    {
        $id = $this->deliver('target');
        mkdir($this->folder . '/folder');
        symlink('/etc/hostname', $this->folder . '/link');
        $path = str_replace('{folder}', $this->folder, $path);
        try {
            save_mime('invoices', $id, $path);
            self::fail('saved');
        } catch (GraphException | \ValueError $error) {
            self::assertNotSame('', $error->getMessage());
        }
        self::assertSame([], glob($this->folder . '/folder/*'));
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function badTargets(): iterable
    {
        yield 'a folder' => ['{folder}/folder'];
        yield 'no such folder' => ['{folder}/none/mail.eml'];
        yield 'not writable' => ['/proc/mail.eml'];
        yield 'empty' => [''];
        yield 'NUL' => ["{folder}/a\0b"];
        yield 'a stream wrapper' => ['php://output'];
        yield 'a stream wrapper without slashes' => ['data:,x'];
        yield 'compressed' => ['compress.zlib://{folder}/x'];
    }

    public function testASymbolicLinkIsNotFollowed(): void
    {
        $id = $this->deliver('link');
        file_put_contents($this->folder . '/victim', 'untouched');
        symlink($this->folder . '/victim', $this->folder . '/link');
        try {
            save_mime('invoices', $id, $this->folder . '/link');
        } catch (GraphException) {
        }
        self::assertSame('untouched', file_get_contents($this->folder . '/victim'));
    }

    public function testOpenBasedirHoldsForTargets(): void
    {
        $id = $this->deliver('basedir');
        $child = Php::code(sprintf(
            'try { save_mime("invoices", %s, "/tmp/squeeze-graph-outside.eml"); echo "saved"; } catch (ConfigurationException | ServiceException $e) { echo "refused"; }',
            var_export($id, true),
        ), ['open_basedir' => $this->folder]);
        self::assertSame('refused', $child->output(), $child->errors());
        self::assertFileDoesNotExist('/tmp/squeeze-graph-outside.eml');
    }

    public function testTheZoneOfTheMailboxHasAnIanaName(): void
    {
        $settings = get_mailbox_settings('invoices');
        self::assertSame('Europe/Berlin', $settings->timeZone);
        self::assertSame('de-DE', $settings->language);
        self::assertSame('dd.MM.yyyy', $settings->dateFormat);
        self::assertSame('HH:mm', $settings->timeFormat);
    }

    public function testASharedMailboxIsReadAndWritten(): void
    {
        $this->signedIn('shared', ['mailbox' => World::SHARED]);
        $id = $this->sandbox->deliver(World::SHARED, Mail::mime('shared'));
        self::assertSame(['shared'], array_column(iterator_to_array(list_messages('shared')), 'subject'));
        move_message('shared', $id, 'Verarbeitet');
        self::assertSame(0, list_messages('shared')->total());
    }

    /**
     * @param array<string, string> $attachments
     */
    private function deliver(string $subject, array $attachments = [], string $text = 'text'): string
    {
        return $this->sandbox->deliver(World::USER, Mail::mime($subject, $attachments, $text));
    }
}
