<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\AttachmentKind;
use Squeeze\Graph\ServiceException;

/**
 * The bytes of a mail or an attachment, up to a limit.
 *
 * @internal
 */
final class Download
{
    /** @param string $method who is called, for what is said of `$maxBytes` */
    public function __construct(
        private readonly string $method,
        private readonly string $account,
        private readonly Mailbox $mailbox,
        private readonly ?int $maxBytes,
    ) {
    }

    /** @throws ServiceException it is larger */
    public function mime(string $messageId): string
    {
        return $this->bounded($this->mailbox->stored($messageId)['mime']);
    }

    /** @throws ServiceException it is larger, or a link, which has none */
    public function attachment(string $messageId, string $attachmentId): string
    {
        $attachment = $this->mailbox->attachment($messageId, $attachmentId);
        if ($attachment['about']->kind === AttachmentKind::Reference) {
            throw new ServiceException(
                Problems::of('attachment_is_reference', 'The attachment is only a link.', 'Open its sourceUrl.'),
                $this->account,
            );
        }

        return $this->bounded($attachment['bytes']);
    }

    /**
     * Bytes into a file that only its owner reads.
     *
     * @return int how many
     */
    public static function save(string $path, string $bytes): int
    {
        if (file_put_contents($path, $bytes) !== strlen($bytes)) {
            throw new \RuntimeException(sprintf('%s can not be written', $path));
        }
        chmod($path, 0600);

        return strlen($bytes);
    }

    private function bounded(string $bytes): string
    {
        Argument::notNegative($this->method, '$maxBytes', $this->maxBytes);
        if ($this->maxBytes !== null && strlen($bytes) > $this->maxBytes) {
            throw new ServiceException(
                Problems::of('too_large', sprintf('It has more than %d bytes.', $this->maxBytes), 'Allow more.'),
                $this->account,
            );
        }

        return $bytes;
    }
}
