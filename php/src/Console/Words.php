<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

/**
 * What the scripts themselves say, in the reader's language. Explanations and remedies come from the extension.
 */
final class Words
{
    private const GERMAN = [
        'Refreshed' => 'erneuert',
        'NotDue' => 'noch nicht fällig',
        'NeverSignedIn' => 'noch nie angemeldet',
        'SignInRequired' => 'Anmeldung nötig',
        'ActionRequired' => 'Administrator nötig',
        'TemporaryFailure' => 'vorübergehend gestört',
        'UnknownAccount' => 'unbekanntes Konto',
        'Imported' => 'importiert',
        'Rejected' => 'abgewiesen',
        'Left' => 'liegen gelassen',
        'Filtered' => 'ausgefiltert',
        'Failed' => 'fehlgeschlagen',
        'valid until %s' => 'gültig bis %s',
        'no account is set up' => 'kein Konto eingerichtet',
        'no subject' => 'kein Betreff',
        '%d renewed, %d not due, %d failed' => '%d erneuert, %d nicht fällig, %d fehlgeschlagen',
        '%s: %d imported, %d rejected, %d left, %d failed' => '%s: %d importiert, %d abgewiesen, %d liegen gelassen, %d fehlgeschlagen',
        '%s: another process is importing, nothing to do' => '%s: ein anderer Prozess importiert gerade, nichts zu tun',
        'Account %s is unknown.' => 'Das Konto %s ist unbekannt.',
        'Interrupted. What was done is kept, the next run goes on from here.' => 'Unterbrochen. Was erledigt ist, bleibt; der nächste Lauf macht hier weiter.',
    ];

    private const ENGLISH = [
        'Refreshed' => 'renewed',
        'NotDue' => 'not due yet',
        'NeverSignedIn' => 'never signed in',
        'SignInRequired' => 'sign-in needed',
        'ActionRequired' => 'administrator needed',
        'TemporaryFailure' => 'passing trouble',
        'UnknownAccount' => 'unknown account',
        'Imported' => 'imported',
        'Rejected' => 'rejected',
        'Left' => 'left',
        'Filtered' => 'filtered out',
        'Failed' => 'failed',
    ];

    public function __construct(private readonly string $language)
    {
    }

    public function text(string $english, string|int ...$values): string
    {
        $text = $this->language === 'de' ? self::GERMAN[$english] ?? null : self::ENGLISH[$english] ?? null;

        return $values === [] ? $text ?? $english : vsprintf($text ?? $english, $values);
    }
}
