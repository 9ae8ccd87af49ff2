<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support\Faults;

use Squeeze\Graph\Problem;
use Squeeze\Graph\RefreshOutcome;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\copy_message;
use function Squeeze\Graph\create_folder;
use function Squeeze\Graph\find_folder;
use function Squeeze\Graph\get_attachment;
use function Squeeze\Graph\get_mailbox_settings;
use function Squeeze\Graph\get_message;
use function Squeeze\Graph\get_mime;
use function Squeeze\Graph\import_messages;
use function Squeeze\Graph\list_attachments;
use function Squeeze\Graph\list_folders;
use function Squeeze\Graph\list_messages;
use function Squeeze\Graph\move_message;
use function Squeeze\Graph\move_messages;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\save_attachment;
use function Squeeze\Graph\save_mime;
use function Squeeze\Graph\update_message;

/**
 * Functions that go wrong alike: what is struck, and what is called.
 */
final class Family
{
    /**
     * @param array<string, string> $struck which requests: path, method, contains
     * @param \Closure(Scene): ?Problem $call calls it; what went wrong where that is told in a value; an exception is the caller's
     * @param bool $isBytes whether the answer may be any bytes
     */
    private function __construct(
        public readonly string $name,
        public readonly array $struck,
        public readonly \Closure $call,
        public readonly bool $isToken = false,
        public readonly bool $isBytes = false,
        public readonly bool $isItem = false,
    ) {
    }

    /**
     * @return array<string, self> by name
     */
    public static function all(): array
    {
        $families = [];
        foreach (self::table() as $family) {
            $families[$family->name] = $family;
        }

        return $families;
    }

    /**
     * Whether the fault can happen here, and can be told from an answer that is right.
     */
    public function meets(Fault $fault): bool
    {
        $isChange = ($this->struck['method'] ?? 'GET') === 'POST';
        $cases = [
            // Any bytes are an attachment.
            $this->isBytes && $fault->isContent,
            $this->isItem && !$fault->isForItems(),
            // The sandbox goes on answering nobody, and counts that as a request in flight.
            $this->name === 'import_messages' && (isset($fault->rule['drip']) || isset($fault->rule['delay_ms'])),
            // A change that was made and found to be made is no failure.
            $isChange && $fault->isOfTheAnswer(),
        ];

        return !in_array(true, $cases, true);
    }

    /**
     * How a request of this family is made again.
     */
    public function repeat(Fault $fault): Repeat
    {
        return $this->isToken ? $fault->token : $fault->graph;
    }

    /**
     * Requests in all, if the budget lets it. A list that makes no sense is read in another way, a batch without answers is asked again.
     */
    public function most(Fault $fault): int
    {
        $most = $this->repeat($fault)->most();

        return in_array($this->name, ['find_folder', 'list_folders', 'move_messages'], true) ? max($most, Repeat::Backoff->most()) : $most;
    }

    /**
     * Whether a request of the sandbox's journal is one that is struck.
     *
     * @param array<string, mixed> $request
     */
    public function isStruck(array $request): bool
    {
        if (isset($this->struck['method']) && $request['method'] !== $this->struck['method']) {
            return false;
        }

        // The items of a batch stand in no journal, the batch does.
        return str_contains(rawurldecode($request['path']), $this->isItem ? '$batch' : $this->struck['path']);
    }

    /**
     * @return iterable<self>
     */
    private static function table(): iterable
    {
        $token = static fn (string $name, \Closure $call): self => new self($name, ['path' => '/token'], $call, isToken: true);
        yield $token('refresh_token', static fn (Scene $scene) => self::nothing(refresh_token($scene->account)));
        yield $token('access_token', static fn (Scene $scene) => self::nothing(access_token($scene->account)));
        yield $token('refresh_tokens', static function (Scene $scene): ?Problem {
            $result = refresh_tokens()->results[0];
            if ($result->outcome === RefreshOutcome::Refreshed) {
                return null;
            }
            Scene::same(RefreshOutcome::TemporaryFailure, $result->outcome, 'the job calls it');

            return $result->problem;
        });

        $graph = static fn (string $name, array $struck, \Closure $call): self => new self($name, $struck + ['path' => '/graph/'], $call);
        yield $graph('find_folder', [], static fn (Scene $scene) => self::nothing(find_folder($scene->account, '/Verarbeitet')));
        yield $graph('list_folders', [], static fn (Scene $scene) => self::nothing(list_folders($scene->account)));
        yield $graph('list_messages', [], static fn (Scene $scene) => self::nothing(iterator_to_array(list_messages($scene->account))));
        yield $graph('total', [], static fn (Scene $scene) => self::nothing(list_messages($scene->account)->total()));
        yield $graph('get_message', [], static fn (Scene $scene) => self::nothing(get_message($scene->account, $scene->message)));
        yield $graph('list_attachments', [], static fn (Scene $scene) => self::nothing(list_attachments($scene->account, $scene->message)));
        yield $graph('get_mailbox_settings', [], static fn (Scene $scene) => self::nothing(get_mailbox_settings($scene->account)));
        yield $graph('update_message', ['method' => 'PATCH'], static fn (Scene $scene) => self::nothing(update_message($scene->account, $scene->message, is_read: true)));

        $bytes = static fn (string $name, \Closure $call): self => new self($name, ['path' => '/$value'], $call, isBytes: true);
        yield $bytes('get_mime', static function (Scene $scene): ?Problem {
            Scene::same($scene->mime, get_mime($scene->account, $scene->message), 'the mail');

            return null;
        });
        yield $bytes('save_mime', static function (Scene $scene): ?Problem {
            save_mime($scene->account, $scene->message, $scene->target());
            Scene::same($scene->mime, file_get_contents($scene->target()), 'the mail');

            return null;
        });
        yield $bytes('get_attachment', static function (Scene $scene): ?Problem {
            Scene::same($scene->bytes, get_attachment($scene->account, $scene->message, $scene->attachment), 'the attachment');

            return null;
        });
        yield $bytes('save_attachment', static function (Scene $scene): ?Problem {
            save_attachment($scene->account, $scene->message, $scene->attachment, $scene->target());
            Scene::same($scene->bytes, file_get_contents($scene->target()), 'the attachment');

            return null;
        });

        yield $graph('move_message', ['method' => 'POST', 'path' => '/move'], static function (Scene $scene): ?Problem {
            move_message($scene->account, $scene->message, '/Verarbeitet');
            $scene->lies('/Verarbeitet', 1);

            return null;
        });
        yield $graph('copy_message', ['method' => 'POST', 'path' => '/copy'], static function (Scene $scene): ?Problem {
            copy_message($scene->account, $scene->message, '/Verarbeitet');
            $scene->lies('/Verarbeitet', 1);

            return null;
        });
        yield $graph('create_folder', ['method' => 'POST', 'path' => '/childFolders'], static function (Scene $scene): ?Problem {
            Scene::same('/Neu', create_folder($scene->account, '/Neu')->path, 'the folder');

            return null;
        });
        $move = static fn (string $folder, string $path): \Closure => static function (Scene $scene) use ($folder, $path): ?Problem {
            $results = move_messages($scene->account, $scene->messages, $folder);
            $problems = array_values(array_filter(array_map(static fn ($result) => $result->problem, $results)));
            if ($problems === []) {
                $scene->lies($path, count($scene->messages));
            }

            return $problems[0] ?? null;
        };
        yield $graph('move_messages', ['method' => 'POST', 'path' => '$batch'], $move('/Verarbeitet', '/Verarbeitet'));
        // A well-known folder: no batch but that of the moves.
        yield new self('move_messages, one of them', ['method' => 'POST', 'path' => '/move'], $move('wellknown:archive', '/Archiv'), isItem: true);

        yield $graph('import_messages', ['path' => '/messages'], static function (Scene $scene): ?Problem {
            $handed = [];
            import_messages($scene->account, static function ($mail) use (&$handed): void {
                $handed[] = $mail->message->id;
            });
            Scene::same(count($scene->messages), count(array_unique($handed)), 'mails handed over');
            $scene->lies('/Verarbeitet', count($scene->messages));

            return null;
        });
    }

    private static function nothing(mixed $value): ?Problem
    {
        return null;
    }
}
