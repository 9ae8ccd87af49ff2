<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * Certificates with their keys as files of an application.
 */
final class KeyPair
{
    public const FOLDER = __DIR__ . '/../../keys/';
    public const APP = ['app.pem', __DIR__ . '/../../sandbox/src/entra/signing_key.der'];

    /**
     * Writes `<name>.pem` and `<name>.key`.
     *
     * @param array{string, string} $pair the certificate's name below {@see FOLDER}, the path of its key
     * @return array{client_certificate: string, client_key: string}
     */
    public static function lay(array $pair, string $folder, string $name = 'app'): array
    {
        [$certificate, $key] = ["$folder/$name.pem", "$folder/$name.key"];
        copy(self::FOLDER . $pair[0], $certificate);
        $der = chunk_split(base64_encode((string) file_get_contents($pair[1])), 64, "\n");
        file_put_contents($key, "-----BEGIN PRIVATE KEY-----\n$der-----END PRIVATE KEY-----\n");
        chmod($key, 0600);

        return ['client_certificate' => $certificate, 'client_key' => $key];
    }
}
