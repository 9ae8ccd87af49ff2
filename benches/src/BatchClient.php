<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * The same for one who knows `$batch` and curl_multi, and Outlook's limit of four requests at a time on a mailbox.
 */
final class BatchClient extends PlainClient
{
    private readonly \CurlMultiHandle $multi;
    /** @var list<\CurlHandle> */
    private array $idle = [];

    /**
     * @param array<string, mixed> $given
     */
    public function __construct(array $given)
    {
        parent::__construct($given);
        $this->multi = curl_multi_init();
    }

    /**
     * Up to twenty requests in one, as often as it takes.
     *
     * @param array<int|string, array{string, string, 2?: array<string, mixed>}> $requests method, path, body
     * @return array<int|string, array<string, mixed>> the bodies, by the same keys
     */
    public function together(array $requests): array
    {
        $answers = [];
        foreach (array_chunk($requests, 20, true) as $chunk) {
            $items = [];
            foreach ($chunk as $key => $request) {
                $items[] = [
                    'id' => (string) $key,
                    'method' => $request[0],
                    'url' => $request[1],
                    'headers' => ['Prefer' => 'IdType="ImmutableId"'] + (isset($request[2]) ? ['Content-Type' => 'application/json'] : []),
                ] + (isset($request[2]) ? ['body' => $request[2]] : []);
            }
            foreach ($this->post('/$batch', ['requests' => $items])['responses'] as $answer) {
                if ($answer['status'] >= 300) {
                    throw new \RuntimeException(json_encode($answer, JSON_THROW_ON_ERROR));
                }
                $answers[$answer['id']] = $answer['body'];
            }
        }

        return $answers;
    }

    /**
     * Bytes to files, four at a time.
     *
     * @param array<string, string> $files path => file
     */
    public function downloadAll(array $files): void
    {
        $this->sideBySide($files, 4, function (string $path, string $file): array {
            $stream = fopen($file, 'wb') ?: throw new \RuntimeException($file);

            return [CURLOPT_RETURNTRANSFER => false, CURLOPT_FILE => $stream] + $this->options('GET', $this->url($path), null, [], $this->given['access_token']);
        });
    }

    /**
     * New access tokens for refresh tokens.
     *
     * @param array<string, string> $tokens refresh tokens by account
     * @param callable(string, array<string, mixed>): void $done
     */
    public function refreshAll(array $tokens, int $atATime, callable $done): void
    {
        $this->sideBySide(
            $tokens,
            $atATime,
            fn (string $account, string $token): array => [CURLOPT_RETURNTRANSFER => true] + $this->refreshing($token),
            static fn (string $account, string $answer) => $done($account, json_decode($answer, true, 512, JSON_THROW_ON_ERROR)),
        );
    }

    /**
     * @param array<string, string> $work
     * @param callable(string, string): array<int, mixed> $options
     * @param ?callable(string, string): void $done
     */
    private function sideBySide(array $work, int $atATime, callable $options, ?callable $done = null): void
    {
        $running = [];
        while ($work !== [] || $running !== []) {
            while ($work !== [] && count($running) < $atATime) {
                $key = (string) array_key_first($work);
                $handle = array_pop($this->idle) ?? curl_init();
                curl_reset($handle);
                $set = $options($key, $work[$key]);
                unset($work[$key]);
                curl_setopt_array($handle, $set);
                curl_multi_add_handle($this->multi, $handle);
                $running[spl_object_id($handle)] = [$key, $handle, $set];
            }
            do {
                $status = curl_multi_exec($this->multi, $active);
            } while ($status === CURLM_CALL_MULTI_PERFORM);
            while (($info = curl_multi_info_read($this->multi)) !== false) {
                [$key, $handle, $set] = $running[spl_object_id($info['handle'])];
                unset($running[spl_object_id($handle)]);
                $code = curl_getinfo($handle, CURLINFO_RESPONSE_CODE);
                if ($info['result'] !== CURLE_OK || $code >= 300) {
                    throw new \RuntimeException(sprintf('%s: %d %s', $key, $code, curl_error($handle)));
                }
                if (isset($set[CURLOPT_FILE])) {
                    fclose($set[CURLOPT_FILE]);
                }
                if ($done !== null) {
                    $done($key, (string) curl_multi_getcontent($handle));
                }
                curl_multi_remove_handle($this->multi, $handle);
                $this->idle[] = $handle;
            }
            if ($active > 0 && count($running) >= min($atATime, count($running) + count($work))) {
                curl_multi_select($this->multi, 1.0);
            }
        }
    }
}
