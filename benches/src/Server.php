<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * The sandbox over https, as far away as wanted.
 */
final class Server
{
    /** @var resource kept: the server ends when its standard input is closed */
    private readonly mixed $process;
    private readonly int $port;
    private readonly string $control;
    private readonly \CurlHandle $curl;
    /** The certificate of the server's authority. */
    public readonly string $ca;
    /** The same together with the system's, as a script that verifies both needs it. */
    public readonly string $bundle;

    public function __construct(string $folder, bool $http2)
    {
        $binary = (string) getenv('SQUEEZE_GRAPH_SANDBOX');
        $command = [$binary, '--exit-with-stdin', '--tls', $folder, ...($http2 ? ['--http2'] : [])];
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w']], $pipes) ?: throw new \RuntimeException('The sandbox can not be started');
        $about = json_decode((string) fgets($pipes[1]), true) ?? throw new \RuntimeException('The sandbox did not say where it is');
        $this->port = (int) parse_url($about['url'], PHP_URL_PORT);
        $this->control = "https://127.0.0.1:{$this->port}/control";
        $this->ca = $folder . '/ca.pem';
        $this->bundle = $folder . '/bundle.pem';
        $system = openssl_get_cert_locations()['default_cert_file'];
        $system = is_file($system) ? $system : '/etc/ssl/certs/ca-certificates.crt';
        file_put_contents($this->bundle, file_get_contents($system) . file_get_contents($this->ca));
        $this->curl = curl_init();
        $this->latency = 0;
    }

    private int $latency;
    private ?Distance $distance = null;

    /** How far away it is: how long a round trip takes. */
    public function setLatency(int $milliseconds): void
    {
        $this->latency = $milliseconds;
        $this->distance = null;
        if ($milliseconds > 0 && Distance::isPossible()) {
            $this->distance = new Distance($milliseconds);
        }
    }

    /** Where one signs in: login and Graph are two hosts, as at Microsoft. */
    public function authority(): string
    {
        return sprintf('https://%s:%d', $this->distance === null ? 'localhost' : Distance::FIRST, $this->port);
    }

    public function graph(): string
    {
        return sprintf('https://%s:%d/graph', $this->distance === null ? '127.0.0.1' : Distance::SECOND, $this->port);
    }

    /**
     * Lets the clock of the distance run, or not: setting up needs not wait.
     *
     * Of a batch only four items at a time are worked on, so that one of twenty takes as long as five requests, whatever the way.
     * Where this machine can not make a distance, the server takes the time: a round trip an answer, and two of them a connection.
     */
    public function far(bool $far): void
    {
        $latency = $far ? $this->latency : 0;
        $this->control('PATCH', '/settings', $this->distance !== null ? ['batch_latency_ms' => $latency] : ['latency_ms' => $latency, 'connect_latency_ms' => 2 * $latency]);
    }

    /** Counts from zero, from afar. */
    public function forget(): void
    {
        $this->far(true);
        $this->control('DELETE', '/counters');
    }

    /**
     * @return array<string, mixed>
     */
    public function counters(): array
    {
        $counters = $this->control('GET', '/counters');
        $this->far(false);

        return $counters;
    }

    public function control(string $method, string $path, mixed $body = null): mixed
    {
        curl_reset($this->curl);
        curl_setopt_array($this->curl, [
            CURLOPT_URL => $this->control . $path,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_CAINFO => $this->ca,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_HTTPHEADER => ['Content-Type: application/json', 'Expect:'],
            CURLOPT_POSTFIELDS => $body === null ? '' : json_encode($body, JSON_THROW_ON_ERROR),
        ]);
        $answer = curl_exec($this->curl);
        $status = curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE);
        if (!is_string($answer) || $status >= 300) {
            throw new \RuntimeException(sprintf('control %s %s: %d %s %s', $method, $path, $status, curl_error($this->curl), (string) $answer));
        }

        return $answer === '' ? null : json_decode($answer, true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * The messages of a folder.
     *
     * @return list<array<string, mixed>>
     */
    public function messages(string $folder, bool $hash = false): array
    {
        return $this->control('GET', '/messages?folder=' . rawurlencode($folder) . ($hash ? '&hash=1' : ''))['messages'];
    }
}
