<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\AttachmentKind;

/**
 * What a mail brings along, for {@see Mailbox::deliver()}.
 *
 * ```php
 * $client->mailbox('invoices')->deliver('Offer', [
 *     'offer.pdf' => '%PDF-1.7',                                    // a file: name => bytes
 *     Attached::file('offer.pdf', '%PDF-1.4', 'application/pdf'),   // another of the same name
 *     Attached::inline('logo.png', $png, contentId: 'logo@mail'),   // a picture in the text
 *     Attached::mail('Your request', $mime),                        // a forwarded mail
 *     Attached::link('Plan.xlsx'),                                  // a file in the cloud: it has no bytes
 * ]);
 * ```
 */
final class Attached
{
    private function __construct(
        public readonly AttachmentKind $kind,
        public readonly string $name,
        public readonly string $bytes,
        public readonly ?string $contentType,
        public readonly bool $isInline = false,
        public readonly ?string $contentId = null,
        public readonly ?string $sourceUrl = null,
    ) {
    }

    /** A file. */
    public static function file(string $name, string $bytes, string $contentType = 'application/octet-stream'): self
    {
        return new self(AttachmentKind::File, $name, $bytes, $contentType);
    }

    /** A file that is shown inside the text, which refers to it as `cid:` and the content id. */
    public static function inline(string $name, string $bytes, string $contentId, string $contentType = 'image/png'): self
    {
        return new self(AttachmentKind::File, $name, $bytes, $contentType, true, $contentId);
    }

    /** A mail within the mail, named by its subject. */
    public static function mail(string $subject, string $mime): self
    {
        return new self(AttachmentKind::Item, $subject, $mime, 'message/rfc822');
    }

    /**
     * A link to a file in the cloud.
     *
     * @param string|null $url where it leads; null, as Microsoft does not tell it today
     */
    public static function link(string $name, ?string $url = null): self
    {
        return new self(AttachmentKind::Reference, $name, '', null, sourceUrl: $url);
    }
}
