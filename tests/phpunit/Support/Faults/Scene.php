<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support\Faults;

use PHPUnit\Framework\Assert;
use Squeeze\Graph\Tests\Support\Sandbox;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\get_attachment;
use function Squeeze\Graph\get_mime;
use function Squeeze\Graph\list_attachments;

/**
 * An account that is signed in and has two mails, and what a sandbox was asked for it.
 */
final class Scene
{
    public readonly string $message;
    public readonly string $attachment;
    public readonly string $mime;
    public readonly string $bytes;
    /** @var list<string> */
    public readonly array $messages;
    /** @var array<string, mixed> */
    private array $token;

    public function __construct(public readonly string $account, private readonly Sandbox $sandbox, private readonly string $folder, bool $needsBytes)
    {
        $this->token = $sandbox->control('POST', '/tokens', [
            'user' => World::USER,
            'client_id' => World::CLIENT,
            'scopes' => ['User.Read', 'Mail.ReadWrite', 'Mail.ReadWrite.Shared', 'MailboxSettings.ReadWrite'],
        ]);
        $this->adopt(['expires_in' => 3600, 'issued_at' => time()]);
        $this->messages = $sandbox->generate(World::USER, 2, 300);
        $this->message = $this->messages[0];
        if ($needsBytes) {
            $this->mime = get_mime($account, $this->message);
            $this->attachment = list_attachments($account, $this->message)[0]->id;
            $this->bytes = get_attachment($account, $this->message, $this->attachment);
        }
        $sandbox->control('DELETE', '/counters');
    }

    /**
     * When the last request of a call may begin at the latest, in milliseconds after the first: once that was silent for the whole
     * time-out and the budget is used up. A machine that is busy otherwise gets a moment more.
     */
    public static function latest(int $timeout, int $budget): int
    {
        return ($timeout + $budget) * 1000 + 1500;
    }

    /**
     * The access token ends; the refresh token stays.
     */
    public function expire(): void
    {
        $this->adopt(['expires_at' => time() - 60]);
    }

    public function target(): string
    {
        return $this->folder . '/target';
    }

    /**
     * So many mails lie in a folder.
     */
    public function lies(string $folder, int $count): void
    {
        $there = $this->sandbox->control('GET', '/messages?folder=' . rawurlencode($folder))['messages'];
        Assert::assertCount($count, $there, 'mails in ' . $folder);
    }

    public static function same(mixed $expected, mixed $actual, string $what): void
    {
        Assert::assertSame($expected, $actual, $what);
    }

    /**
     * @param array<string, mixed> $end
     */
    private function adopt(array $end): void
    {
        adopt_token($this->account, $end + [
            'access_token' => $this->token['access_token'],
            'refresh_token' => $this->token['refresh_token'],
            'scope' => 'User.Read Mail.ReadWrite Mail.ReadWrite.Shared MailboxSettings.ReadWrite',
        ]);
    }
}
