<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Machine;

/**
 * Whom TLS trusts, as the extension does: the system's certificates, and those of `squeeze_graph.ca_file` beside them.
 */
final class Trust
{
    private const BUNDLES = [
        '/etc/ssl/certs/ca-certificates.crt',
        '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
        '/etc/pki/tls/certs/ca-bundle.crt',
        '/etc/ssl/cert.pem',
    ];

    public readonly ?string $system;

    /** @var resource|null */
    private mixed $both = null;

    /**
     * @param string $extra squeeze_graph.ca_file
     * @param array<string, string> $environment
     */
    public function __construct(public readonly string $extra, array $environment)
    {
        $named = $environment['SSL_CERT_FILE'] ?? '';
        $known = function_exists('openssl_get_cert_locations') ? openssl_get_cert_locations()['default_cert_file'] ?? '' : '';
        $this->system = array_values(array_filter([$named, ...self::BUNDLES, $known], is_file(...)))[0] ?? null;
    }

    /** Whether squeeze_graph.ca_file holds what it is there for; true where it is not set. */
    public function extraIsUsable(): bool
    {
        return $this->extra === '' || str_contains((string) @file_get_contents($this->extra), '-----BEGIN CERTIFICATE-----');
    }

    /** All of them in one file; null: there are none. It is there as long as this object. */
    public function file(): ?string
    {
        if ($this->extra === '') {
            return $this->system;
        }
        if ($this->both === null) {
            $both = tmpfile();
            if ($both === false) {
                return $this->system;
            }
            foreach (array_filter([$this->system, $this->extra]) as $file) {
                fwrite($both, @file_get_contents($file) . "\n");
            }
            $this->both = $both;
        }

        return stream_get_meta_data($this->both)['uri'] ?? $this->system;
    }
}
