<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * What a careful PHP developer writes with ext-curl: one handle, kept, so that its connections are used again; one request after another.
 */
class PlainClient
{
    private readonly \CurlHandle $curl;

    /**
     * @param array<string, mixed> $given
     */
    public function __construct(protected readonly array $given)
    {
        $this->curl = curl_init();
    }

    /**
     * @param list<string> $headers
     * @return array<int, mixed> options of curl
     */
    protected function options(string $method, string $url, ?string $body, array $headers, ?string $token): array
    {
        return [
            CURLOPT_URL => $url,
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_CAINFO => $this->given['bundle'],
            CURLOPT_ENCODING => '',
            CURLOPT_TIMEOUT => 60,
            CURLOPT_HTTPHEADER => [
                ...($token === null ? [] : ['Authorization: Bearer ' . $token]),
                'Prefer: IdType="ImmutableId"',
                'Accept: application/json',
                'Expect:',
                ...$headers,
            ],
        ] + ($body === null ? [] : [CURLOPT_POSTFIELDS => $body]);
    }

    /**
     * @param array<int, mixed> $options
     */
    protected function perform(array $options): string
    {
        curl_reset($this->curl);
        curl_setopt_array($this->curl, $options + [CURLOPT_RETURNTRANSFER => true]);
        $answer = curl_exec($this->curl);
        $status = curl_getinfo($this->curl, CURLINFO_RESPONSE_CODE);
        if ($answer === false || $status >= 300) {
            throw new \RuntimeException(sprintf('%s: %d %s %s', $options[CURLOPT_URL], $status, curl_error($this->curl), (string) $answer));
        }

        return (string) $answer;
    }

    /** The URL of a path, or the URL itself. */
    protected function url(string $path): string
    {
        return str_starts_with($path, 'https://') ? $path : $this->given['graph'] . $path;
    }

    /**
     * @return array<string, mixed>
     */
    public function get(string $path): array
    {
        return json_decode($this->perform($this->options('GET', $this->url($path), null, [], $this->given['access_token'])), true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * @param array<string, mixed> $body
     * @return array<string, mixed>
     */
    public function post(string $path, array $body): array
    {
        $options = $this->options('POST', $this->url($path), json_encode($body, JSON_THROW_ON_ERROR), ['Content-Type: application/json'], $this->given['access_token']);

        return json_decode($this->perform($options), true, 512, JSON_THROW_ON_ERROR);
    }

    /** Bytes to a file. */
    public function download(string $path, string $file): void
    {
        $stream = fopen($file, 'wb') ?: throw new \RuntimeException($file);
        $this->perform([CURLOPT_RETURNTRANSFER => false, CURLOPT_FILE => $stream] + $this->options('GET', $this->url($path), null, [], $this->given['access_token']));
        fclose($stream);
    }

    /**
     * A new access token for a refresh token.
     *
     * @return array<string, mixed>
     */
    public function refresh(string $token): array
    {
        return json_decode($this->perform($this->refreshing($token)), true, 512, JSON_THROW_ON_ERROR);
    }

    /**
     * @return array<int, mixed> options of curl
     */
    protected function refreshing(string $token): array
    {
        $form = http_build_query([
            'grant_type' => 'refresh_token',
            'client_id' => Scene::CLIENT,
            'client_secret' => Scene::SECRET,
            'refresh_token' => $token,
            'scope' => 'openid profile offline_access User.Read Mail.ReadWrite Mail.ReadWrite.Shared MailboxSettings.ReadWrite',
        ]);

        return $this->options('POST', sprintf('%s/%s/oauth2/v2.0/token', $this->given['authority'], Scene::TENANT), $form, [], null);
    }

    /**
     * All pages of a list.
     *
     * @return list<array<string, mixed>>
     */
    public function all(string $path): array
    {
        $all = [];
        do {
            $page = $this->get($path);
            array_push($all, ...$page['value']);
            $path = $page['@odata.nextLink'] ?? null;
        } while ($path !== null);

        return $all;
    }
}
