<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches\Rows;

use Squeeze\Graph\Benches\PlainClient;
use Squeeze\Graph\Benches\Row;
use Squeeze\Graph\Benches\Scene;

use function Squeeze\Graph\save_mime;

/**
 * The source of one mail of 20 MB to a file.
 */
final class LargeMail extends Row
{
    private const BYTES = 15_000_000;

    public function name(): string
    {
        return 'large';
    }

    public function title(): string
    {
        return '20 MB mail to a file';
    }

    public function targets(): array
    {
        return [30 => 1.0, 0 => 0.7];
    }

    public function setUp(Scene $scene): void
    {
        $scene->fill(1, self::BYTES);
    }

    public function prepare(Scene $scene, string $way): array
    {
        return ['id' => $scene->server->messages('/Posteingang')[0]['immutableId'], 'directory' => $scene->newFolder('mails')];
    }

    public function ours(array $given): mixed
    {
        save_mime(Scene::ACCOUNT, $given['id'], $given['directory'] . '/mail.eml');

        return true;
    }

    public function plain(array $given): mixed
    {
        // As ours does: nobody ever finds half a mail under its name.
        (new PlainClient($given))->download("/me/messages/{$given['id']}/\$value", $given['directory'] . '/.mail.eml.part');

        return rename($given['directory'] . '/.mail.eml.part', $given['directory'] . '/mail.eml');
    }

    public function end(Scene $scene): mixed
    {
        return hash_file('xxh128', $scene->folder . '/mails/mail.eml') . ' ' . filesize($scene->folder . '/mails/mail.eml');
    }
}
