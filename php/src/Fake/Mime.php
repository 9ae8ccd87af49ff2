<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\AttachmentKind;

/**
 * A mail's source, as senders write it (RFC 5322, RFC 2045).
 *
 * @internal
 */
final class Mime
{
    /**
     * @param list<array{name: string, value: string}> $headers as they are read, without those of the parts
     * @param list<Attached> $attachments
     */
    public static function source(array $headers, string $text, ?string $html, array $attachments): string
    {
        // Bytes that occur in none of the parts, which are base64 or a whole mail with its own.
        $boundary = 'part-' . bin2hex(random_bytes(12));
        $lines = [];
        foreach ($headers as $header) {
            $lines[] = $header['name'] . ': ' . self::encoded($header['value']);
        }
        array_push(
            $lines,
            'MIME-Version: 1.0',
            sprintf('Content-Type: multipart/mixed; boundary="%s"', $boundary),
            '',
            '--' . $boundary,
            sprintf('Content-Type: text/%s; charset=utf-8', $html === null ? 'plain' : 'html'),
            ...self::base64($html ?? $text),
        );
        foreach ($attachments as $attached) {
            if ($attached->kind !== AttachmentKind::Reference) {
                array_push($lines, '--' . $boundary, ...self::part($attached));
            }
        }

        return implode("\r\n", [...$lines, '--' . $boundary . '--', '']);
    }

    /** @return list<string> */
    private static function part(Attached $attached): array
    {
        if ($attached->kind === AttachmentKind::Item) {
            return ['Content-Type: message/rfc822', 'Content-Disposition: attachment', '', $attached->bytes];
        }
        $disposition = $attached->isInline ? 'inline' : 'attachment';

        return [
            'Content-Type: ' . $attached->contentType,
            sprintf("Content-Disposition: %s; filename*=UTF-8''%s", $disposition, rawurlencode($attached->name)),
            ...($attached->contentId === null ? [] : [sprintf('Content-ID: <%s>', $attached->contentId)]),
            ...self::base64($attached->bytes),
        ];
    }

    /** @return list<string> */
    private static function base64(string $bytes): array
    {
        return ['Content-Transfer-Encoding: base64', '', chunk_split(base64_encode($bytes))];
    }

    private static function encoded(string $value): string
    {
        return preg_match('/^[\x20-\x7e]*$/D', $value) === 1 ? $value : mb_encode_mimeheader($value, 'UTF-8', 'B', "\r\n");
    }
}
