<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\AmbiguousFolderException;
use Squeeze\Graph\Attachment;
use Squeeze\Graph\AttachmentNotFoundException;
use Squeeze\Graph\BodyType;
use Squeeze\Graph\Folder;
use Squeeze\Graph\FolderNotFoundException;
use Squeeze\Graph\Importance;
use Squeeze\Graph\Message;
use Squeeze\Graph\MessageNotFoundException;
use Squeeze\Graph\MoveResult;

/**
 * A mailbox in memory: the folders a German mailbox begins with, and the mails a test delivers.
 *
 * @phpstan-type Stored array{message: array<string, mixed>, mime: string, text: string, html: ?string,
 *     headers: list<array{name: string, value: string}>, attachments: list<array{about: Attachment, bytes: string}>}
 */
final class Mailbox
{
    private const WELL_KNOWN = [
        'inbox' => 'Posteingang',
        'drafts' => 'Entwürfe',
        'sentitems' => 'Gesendete Elemente',
        'deleteditems' => 'Gelöschte Elemente',
        'junkemail' => 'Junk-E-Mail',
        'archive' => 'Archiv',
    ];

    /** @var array<string, array{name: string, parent: ?string, wellKnown: ?string}> by id */
    private array $folders = [];
    /** @var array<string, Stored> by id, in the order they came */
    private array $messages = [];
    private int $made = 0;

    public function __construct(private readonly string $account)
    {
        foreach (self::WELL_KNOWN as $wellKnown => $name) {
            $this->folders[$this->id('folder')] = ['name' => $name, 'parent' => null, 'wellKnown' => $wellKnown];
        }
    }

    /**
     * Makes a folder with what is missing above it; an existing one is given back.
     */
    public function addFolder(string $path): Folder
    {
        $parent = null;
        foreach (self::named($path) as $index => $name) {
            $found = null;
            if ($index === 0 && preg_match('/^wellknown:(.+)$/iD', $name, $part) === 1) {
                $found = $this->wellKnown($part[1]);
            }
            foreach ($this->folders as $id => $folder) {
                if ($folder['parent'] === $parent && $folder['name'] === $name) {
                    $found ??= $id;
                }
            }
            if ($found === null) {
                $found = $this->id('folder');
                $this->folders[$found] = ['name' => $name, 'parent' => $parent, 'wellKnown' => null];
            }
            $parent = $found;
        }
        if ($parent === null) {
            throw new \ValueError('The path names no folder');
        }

        return $this->folder($parent);
    }

    /**
     * Delivers a mail.
     *
     * @param array<array-key, string|Attached> $attachments file name => bytes, or {@see Attached}
     * @param string $from an address, or `Name <address>`; so are all others
     * @param string $body as plain text
     * @param string|null $html the body as HTML; `$body` is then what reading it as text gives, else its tags are taken away
     * @param list<string>|null $to null: the mailbox
     * @param list<string> $cc
     * @param list<string> $replyTo
     * @param array<string, string> $headers name => value, on top of the usual ones
     * @return string its id
     */
    public function deliver(
        string $subject,
        array $attachments = [],
        string $from = 'billing@supplier.example',
        string $body = '',
        ?\DateTimeInterface $receivedAt = null,
        string $folder = 'wellknown:inbox',
        ?string $html = null,
        ?array $to = null,
        array $cc = [],
        array $replyTo = [],
        array $headers = [],
        Importance $importance = Importance::Normal,
    ): string {
        $id = $this->id('message');
        $attached = [];
        foreach ($attachments as $name => $one) {
            $attached[] = $one instanceof Attached ? $one : Attached::file((string) $name, $one);
        }
        $to ??= [$this->account . '@contoso.example'];
        $receivedAt ??= new \DateTimeImmutable('2026-01-01T08:00:00Z +' . count($this->messages) . ' minutes');
        $receivedAt = LocalTime::utc($receivedAt->getTimestamp());
        $text = $html !== null && $body === '' ? self::withoutTags($html) : $body;
        $internetMessageId = sprintf('<%s@supplier.example>', $id);
        $told = self::headers([
            'From' => $from,
            'To' => implode(', ', $to),
            'Cc' => implode(', ', $cc),
            'Reply-To' => implode(', ', $replyTo),
            'Subject' => $subject,
            'Date' => $receivedAt->format(\DateTimeInterface::RFC2822),
            'Message-ID' => $internetMessageId,
        ] + $headers);
        $mime = Mime::source($told, $text, $html, $attached);
        $this->messages[$id] = [
            'message' => [
                'id' => $id,
                'internetMessageId' => $internetMessageId,
                'subject' => $subject,
                'from' => self::address($from),
                'sender' => self::address($from),
                'to' => array_map(self::address(...), $to),
                'cc' => array_map(self::address(...), $cc),
                'replyTo' => array_map(self::address(...), $replyTo),
                'receivedAt' => $receivedAt,
                'sentAt' => $receivedAt,
                'size' => strlen($mime),
                // Microsoft's word: a picture in the text is none.
                'hasAttachments' => array_filter($attached, static fn (Attached $one): bool => !$one->isInline) !== [],
                'isRead' => false,
                'importance' => $importance,
                'folderId' => $this->find($folder)->id,
                'bodyPreview' => mb_substr(trim($text), 0, 255),
            ],
            'mime' => $mime,
            'text' => $text,
            'html' => $html,
            'headers' => $told,
            'attachments' => array_map($this->attach(...), $attached),
        ];

        return $id;
    }

    /**
     * What lies in a folder, oldest first.
     *
     * @return list<Message>
     */
    public function messagesIn(string $folder): array
    {
        $id = $this->find($folder)->id;
        $found = array_filter(
            array_map(static fn (array $stored): Message => Message::fromArray($stored['message']), $this->messages),
            static fn (Message $message): bool => $message->folderId === $id,
        );
        usort($found, static fn (Message $a, Message $b): int => $a->receivedAt <=> $b->receivedAt);

        return $found;
    }

    /** @return list<Folder> */
    public function folders(?string $parent = null, bool $recursive = true): array
    {
        $below = $parent === null ? null : $this->find($parent)->id;
        $found = [];
        foreach ($this->folders as $id => $folder) {
            if ($folder['parent'] === $below) {
                $made = $this->folder($id);
                array_push($found, $made, ...($recursive ? $this->folders('id:' . $id) : []));
            }
        }

        return $found;
    }

    /**
     * @throws FolderNotFoundException
     * @throws AmbiguousFolderException
     */
    public function find(string $name): Folder
    {
        $complaint = FolderName::complaint($name);
        if ($complaint !== null) {
            throw new \ValueError('The name of a folder ' . $complaint);
        }
        $name = FolderName::begun($name);
        if (str_starts_with($name, 'id:')) {
            $id = substr($name, 3);

            return isset($this->folders[$id]) ? $this->folder($id) : throw $this->missing($name);
        }
        $called = [];
        if (str_contains($name, '/') || str_starts_with($name, 'wellknown:')) {
            $parts = self::named($name);
            if (preg_match('/^wellknown:(.+)$/iD', $parts[0] ?? '', $part) === 1) {
                $start = $this->wellKnown(trim($part[1])) ?? throw $this->missing($name);
                $parts = [...$this->names($start), ...array_slice($parts, 1)];
            }
            $wanted = implode("\0", $parts);
            foreach (array_keys($this->folders) as $id) {
                $called[$id] = [implode("\0", $this->names($id))];
            }
        } else {
            $wanted = $name;
            foreach ($this->folders as $id => $folder) {
                $called[$id] = array_filter([$folder['name'], $folder['wellKnown']], is_string(...));
            }
        }
        $lower = static fn (string $text): string => mb_strtolower(self::normal($text));
        foreach ([self::normal(...), $lower, self::trimmed(...)] as $form) {
            $found = [];
            foreach ($called as $id => $names) {
                if (in_array($form($wanted), array_map($form, $names), true)) {
                    $found[] = $id;
                }
            }
            if (count($found) === 1) {
                return $this->folder($found[0]);
            }
            if (count($found) > 1) {
                $paths = array_map(fn (string $id): string => $this->folder($id)->path, $found);

                throw new AmbiguousFolderException(
                    Problems::of(
                        'folder_ambiguous',
                        sprintf('Several folders fit "%s": %s.', $name, implode(', ', $paths)),
                        'Enter the full path of the one that is meant.',
                    ),
                    $this->account,
                    candidates: $paths,
                );
            }
        }

        throw $this->missing($name);
    }

    /**
     * @return Stored
     * @throws MessageNotFoundException
     */
    public function stored(string $id): array
    {
        if (preg_match('/^[^\s\p{Cc}]{1,2048}$/Du', $id) !== 1) {
            throw new \ValueError('A message id is not empty and holds no blanks');
        }

        return $this->messages[$id] ?? throw new MessageNotFoundException(
            Problems::of('message_not_found', 'There is no such message any more.'),
            $this->account,
        );
    }

    public function message(string $id): Message
    {
        return Message::fromArray($this->stored($id)['message']);
    }

    /**
     * @return array{about: Attachment, bytes: string}
     * @throws AttachmentNotFoundException
     */
    public function attachment(string $message, string $id): array
    {
        foreach ($this->stored($message)['attachments'] as $attachment) {
            if ($attachment['about']->id === $id) {
                return $attachment;
            }
        }

        throw new AttachmentNotFoundException(
            Problems::of('attachment_not_found', 'There is no such attachment any more.'),
            $this->account,
        );
    }

    /** A message as a single read shows it: with body and headers. */
    public function whole(string $id, bool $asText): Message
    {
        $stored = $this->stored($id);
        $html = $asText ? null : $stored['html'];

        return Message::fromArray([
            'body' => $html ?? $stored['text'],
            'bodyType' => $html === null ? BodyType::Text : BodyType::Html,
            'headers' => $stored['headers'],
        ] + $stored['message']);
    }

    /** @param array<string, mixed> $changes */
    public function change(string $id, array $changes): Message
    {
        $stored = $this->stored($id);
        $stored['message'] = $changes + $stored['message'];
        $this->messages[$id] = $stored;

        return $this->message($id);
    }

    /**
     * Moves each that is there.
     *
     * @param array<array-key, string> $ids
     * @return list<MoveResult> in the order of the ids
     */
    public function moveAll(array $ids, string $folder): array
    {
        $target = $this->find($folder)->id;

        return array_map(function (string $id) use ($target): MoveResult {
            try {
                return MoveResult::fromArray(['id' => $id, 'message' => $this->change($id, ['folderId' => $target])]);
            } catch (MessageNotFoundException $missing) {
                return MoveResult::fromArray(['id' => $id, 'problem' => $missing->getProblem()]);
            }
        }, array_values($ids));
    }

    public function copy(string $id, string $folder): Message
    {
        $stored = $this->stored($id);
        $copy = $this->id('message');
        $stored['message'] = ['id' => $copy, 'folderId' => $this->find($folder)->id] + $stored['message'];
        $this->messages[$copy] = $stored;

        return $this->message($copy);
    }

    public function delete(string $id): void
    {
        $this->stored($id);
        unset($this->messages[$id]);
    }

    private function folder(string $id): Folder
    {
        $children = array_filter($this->folders, static fn (array $folder): bool => $folder['parent'] === $id);
        $here = array_filter($this->messages, static fn (array $stored): bool => $stored['message']['folderId'] === $id);
        $escaped = array_map(static fn (string $name): string => addcslashes($name, '/\\'), $this->names($id));

        return Folder::fromArray([
            'id' => $id,
            'name' => $this->folders[$id]['name'],
            'path' => '/' . implode('/', $escaped),
            'parentId' => $this->folders[$id]['parent'] ?? 'root',
            'childCount' => count($children),
            'totalCount' => count($here),
            'unreadCount' => count(array_filter($here, static fn (array $stored): bool => !$stored['message']['isRead'])),
            'isHidden' => false,
            'wellKnownName' => $this->folders[$id]['wellKnown'],
        ]);
    }

    /** @return list<string> from the root */
    private function names(string $id): array
    {
        $folder = $this->folders[$id];

        return [...($folder['parent'] === null ? [] : $this->names($folder['parent'])), $folder['name']];
    }

    private function wellKnown(string $name): ?string
    {
        foreach ($this->folders as $id => $folder) {
            if ($folder['wellKnown'] === strtolower($name)) {
                return $id;
            }
        }

        return null;
    }

    private function missing(string $name): FolderNotFoundException
    {
        $paths = array_map(static fn (Folder $folder): string => $folder->path, $this->folders());
        $distances = array_map(static fn (string $path): int => levenshtein(substr($path, 0, 255), substr('/' . ltrim($name, '/'), 0, 255)), $paths);
        asort($distances);
        $closest = array_map(static fn (int $index): string => $paths[$index], array_slice(array_keys($distances), 0, 3));

        return new FolderNotFoundException(
            Problems::of(
                'folder_not_found',
                sprintf('There is no folder "%s".', $name),
                sprintf('Create it or enter another, such as %s.', implode(', ', $closest)),
            ),
            $this->account,
            suggestions: $closest,
        );
    }

    private function id(string $kind): string
    {
        return sprintf('%s-%s-%d', $this->account, $kind, ++$this->made);
    }

    /** @return list<string> the names of a path from the root, or from a well-known folder */
    private static function named(string $path): array
    {
        $path = FolderName::begun($path);

        return FolderName::split(str_starts_with($path, '/') ? substr($path, 1) : $path);
    }

    private static function normal(string $name): string
    {
        return class_exists(\Normalizer::class) ? (string) \Normalizer::normalize($name) : $name;
    }

    /** Without case and without the blanks around a name, or around the names of a path. */
    private static function trimmed(string $name): string
    {
        return (string) preg_replace('/^\s+|\s+$|\s*(\0)\s*/u', '$1', mb_strtolower(self::normal($name)));
    }

    /** @return array{about: Attachment, bytes: string} */
    private function attach(Attached $attached): array
    {
        return [
            'about' => Attachment::fromArray([
                'id' => $this->id('attachment'),
                'name' => $attached->name,
                'contentType' => $attached->contentType,
                'size' => strlen($attached->bytes),
                'isInline' => $attached->isInline,
                'contentId' => $attached->contentId,
                'kind' => $attached->kind,
                'sourceUrl' => $attached->sourceUrl,
            ]),
            'bytes' => $attached->bytes,
        ];
    }

    /**
     * @param array<string, string> $values
     * @return list<array{name: string, value: string}>
     */
    private static function headers(array $values): array
    {
        $headers = [];
        foreach ($values as $name => $value) {
            if (preg_match('/^[\x21-\x39\x3b-\x7e]+$/D', (string) $name) !== 1 || preg_match('/[\r\n\0]/', $value) === 1) {
                throw new \ValueError(sprintf('"%s" is no header, or has no value of one line', $name));
            }
            if ($value !== '') {
                $headers[] = ['name' => (string) $name, 'value' => $value];
            }
        }

        return $headers;
    }

    /** @return array{name: ?string, address: string} */
    private static function address(string $written): array
    {
        return preg_match('/^\s*"?(.*?)"?\s*<([^<>]*)>\s*$/Du', $written, $part) === 1
            ? ['name' => $part[1] === '' ? null : $part[1], 'address' => $part[2]]
            : ['name' => null, 'address' => trim($written)];
    }

    private static function withoutTags(string $html): string
    {
        $lines = preg_replace(['~<(style|script|head)\b.*?</\1\s*>~is', '~<br\s*/?>|</(?:p|div|li|tr|h\d)\s*>~i'], ['', "\n"], $html);

        return trim(html_entity_decode(strip_tags($lines ?? $html), ENT_QUOTES | ENT_HTML5, 'UTF-8'));
    }
}
