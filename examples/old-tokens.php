<?php

/**
 * usage: php old-tokens.php FILE ZONE
 *
 * Takes over tokens that older scripts kept, with the expiry in local time: a JSON object of account => token. The zone is
 * the one in which those scripts wrote: guessing it wrong is how dead tokens came to look alive.
 */

declare(strict_types=1);

use Squeeze\Graph\TokenState;

use function Squeeze\Graph\adopt_token;
use function Squeeze\Graph\has_account;
use function Squeeze\Graph\is_expired;

$file = $argv[1] ?? '';
$zone = $argv[2] ?? '';
$tokens = count($argv) === 3 && is_file($file) ? json_decode((string) file_get_contents($file), true) : null;
if (!is_array($tokens)) {
    fwrite(STDERR, "FILE has to hold a JSON object of account => token.\nusage: php old-tokens.php FILE ZONE\n");
    exit(78);
}
foreach ($tokens as $account => $token) {
    $account = (string) $account;
    if (!is_array($token) || !is_string($token['expires_at'] ?? null)) {
        printf("%s: no token with an expires_at, skipped\n", $account);
        continue;
    }
    if (!has_account($account)) {
        printf("%s: no such account, skipped\n", $account);
        continue;
    }
    $expired = is_expired($token['expires_at'], $zone) ? 'has ended' : 'is good';
    // An ended access token needs nobody: the refresh token renews it. Accounts that were signed in meanwhile are left alone.
    $status = adopt_token($account, $token, timezone: $zone, only_if_absent: true);
    printf("%s: the old access token %s (until %s UTC)%s\n", $account, $expired, $status->expiresAt?->format('Y-m-d H:i'), match ($status->state) {
        TokenState::SignInRequired => '; someone has to sign in: ' . $status->problem?->remedy,
        default => '',
    });
}
