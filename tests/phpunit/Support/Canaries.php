<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * Secrets that must not be found, however they are written: as they are, escaped, in hexadecimal or base64, whole or in part.
 */
final class Canaries
{
    /** Letters of a secret that give it away. */
    private const ENOUGH = 20;

    /** @var array<string, string> what is searched for => which secret it is */
    private array $needles = [];

    public function add(string $kind, string $secret): void
    {
        // The head of a JWT is the same in all of them and no secret.
        $body = str_starts_with($secret, 'eyJ') ? (strstr($secret, '.') ?: substr($secret, 40)) : $secret;
        $last = max(0, strlen($body) - self::ENOUGH);
        foreach ([0, intdiv($last, 2), $last] as $start) {
            foreach (self::forms(substr($body, $start, self::ENOUGH)) as $form => $needle) {
                $this->needles[$needle] ??= "$kind ($form)";
            }
        }
    }

    public function count(): int
    {
        return count($this->needles);
    }

    /**
     * @return list<string> the secrets in it
     */
    public function in(string $text): array
    {
        $found = [];
        foreach ($this->needles as $needle => $kind) {
            $at = strpos($text, (string) $needle);
            if ($at !== false) {
                $found[$kind] = $kind . ' in: …' . preg_replace('/[^ -~]+/', ' ', substr($text, max(0, $at - 60), 120)) . '…';
            }
        }

        return array_values($found);
    }

    /**
     * @return iterable<string, string>
     */
    private static function forms(string $part): iterable
    {
        yield 'as it is' => $part;
        yield 'for a URL' => rawurlencode($part);
        yield 'in a form' => urlencode($part);
        yield 'in JSON' => substr((string) json_encode($part), 1, -1);
        yield 'in HTML' => htmlspecialchars($part);
        yield 'in quotes' => addslashes($part);
        yield 'in hexadecimal' => bin2hex($part);
        yield 'in upper hexadecimal' => strtoupper(bin2hex($part));
        foreach ([0, 1, 2] as $before) {
            // Its letters begin anywhere in a group of three; what neighbours have a share in is left out.
            $base64 = base64_encode(str_repeat('x', $before) . $part);
            $base64 = substr($base64, $before === 0 ? 0 : 4, -4);
            yield "in base64, $before" => $base64;
            yield "in base64 for URLs, $before" => strtr($base64, '+/', '-_');
        }
    }
}
