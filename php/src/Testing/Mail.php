<?php

declare(strict_types=1);

namespace Squeeze\Graph\Testing;

/**
 * Writes mails as senders do (RFC 5322, RFC 2045).
 */
class Mail
{
    /**
     * @param array<string, string> $attachments file name => bytes; "\0item" in front of a name: an attached mail
     */
    public static function mime(string $subject, array $attachments = [], string $text = 'See attachment.', string $from = 'billing@supplier.example'): string
    {
        $boundary = 'part-' . hash('crc32b', $subject);
        $lines = [
            'From: Supplier <' . $from . '>',
            'To: invoices@contoso.example',
            'Subject: ' . mb_encode_mimeheader($subject, 'UTF-8', 'B', "\r\n"),
            'Date: ' . gmdate('D, d M Y H:i:s') . ' +0000',
            'Message-ID: <' . bin2hex(random_bytes(8)) . '@supplier.example>',
            'MIME-Version: 1.0',
            sprintf('Content-Type: multipart/mixed; boundary="%s"', $boundary),
            '',
            '--' . $boundary,
            'Content-Type: text/plain; charset=utf-8',
            'Content-Transfer-Encoding: base64',
            '',
            chunk_split(base64_encode($text)),
        ];
        foreach ($attachments as $name => $bytes) {
            $name = (string) $name;
            $lines[] = '--' . $boundary;
            if (str_starts_with($name, "\0item")) {
                array_push($lines, 'Content-Type: message/rfc822', 'Content-Disposition: attachment', '', $bytes);
                continue;
            }
            array_push(
                $lines,
                'Content-Type: application/octet-stream',
                "Content-Disposition: attachment; filename*=UTF-8''" . rawurlencode($name),
                'Content-Transfer-Encoding: base64',
                '',
                chunk_split(base64_encode($bytes)),
            );
        }
        $lines[] = '--' . $boundary . '--';

        return implode("\r\n", $lines) . "\r\n";
    }
}
