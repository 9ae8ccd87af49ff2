<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

use Squeeze\Graph\AttachmentKind;
use Squeeze\Graph\Client;
use Squeeze\Graph\GraphException;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\RefreshOutcome;
use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\TokenState;

/**
 * What every client takes and refuses, case by case: the problem codes are what hosts branch on.
 *
 * The account is the one of {@see ClientBehaviour}.
 */
trait ClientRules
{
    /** @return Client with the account, signed in */
    abstract protected function client(): Client;

    /**
     * What comes back from the page behind a URL of authorizationUrl() when somebody signs in there.
     *
     * @return array<string, string>
     */
    abstract protected function signedInAt(string $url): array;

    /**
     * A certificate with its key, as settings of an account.
     *
     * @return array{client_certificate: string, client_key: string}
     */
    abstract protected function certificate(string $name): array;

    /**
     * Runs something while renewals fail.
     *
     * @template T
     * @param 'administrator'|'host'|'passing' $trouble who has to act
     * @param callable(): T $run
     * @return T
     */
    abstract protected function whileRenewalsFail(string $trouble, callable $run): mixed;

    /** @return iterable<string, array{array<string, mixed>, string}> */
    public static function settingsThatAreRefused(): iterable
    {
        $secret = ['client_secret' => 'new'];
        $cases = [
            ['colour', 'red', 'setting_unknown'],
            ['tenant_id', 'our company', 'tenant_invalid'],
            ['tenant_id', 'contoso', 'tenant_invalid'],
            ['tenant_id', '127.0.0.1', 'tenant_invalid'],
            ['tenant_id', 'consumers', 'tenant_invalid'],
            ['tenant_id', ['contoso.example'], 'setting_type'],
            ['tenant_id', null, 'setting_missing'],
            ['tenant_id', '  ', 'setting_missing'],
            ['client_id', 'ä', 'client_id_invalid'],
            ['client_id', '', 'setting_missing'],
            ['client_secret', null, 'setting_missing'],
            ['client_secret', 1.5, 'setting_type'],
            ['client_secret', "a\0b", 'setting_control_characters'],
            ['client_secret', str_repeat('x', 1_025), 'setting_too_long'],
            ['client_secret', "\xff", 'setting_type'],
            ['client_certificate', '/etc/app.pem', 'setting_missing'],
            ['client_certificate', 1, 'setting_type'],
            ['client_key', '/etc/app.key', 'setting_missing'],
            ['client_key', "/etc/app\n.key", 'setting_control_characters'],
            ['secret_expires_at', 'tomorrow', 'setting_not_a_date'],
            ['secret_expires_at', '20271231', 'setting_not_a_date'],
            ['secret_expires_at', 1_900_000_000, 'setting_type'],
            ['protocol', 'imap', 'setting_not_allowed'],
            ['protocol', true, 'setting_type'],
            ['cloud', 'mars', 'setting_not_allowed'],
            ['cloud', 'Global', 'setting_not_allowed'],
            ['enabled', 'x', 'setting_type'],
            ['enabled', 1, 'setting_type'],
            ['enabled', '0', 'setting_type'],
            ['refresh_interval', '60', 'setting_type'],
            ['refresh_interval', 'abc', 'setting_type'],
            ['refresh_interval', 0, 'setting_out_of_range'],
            ['refresh_interval', 90 * 86_400 + 1, 'setting_out_of_range'],
            ['user', 'Anna Gruber', 'setting_not_an_address'],
            ['user', new \DateTimeImmutable(), 'setting_type'],
            ['mailbox', 'Rechnungen', 'setting_not_an_address'],
            ['mailbox', 'a@', 'setting_not_an_address'],
            ['folder_error', '/Fehler//Alt', 'setting_refused'],
            ['folder_error', 'id:', 'setting_refused'],
            ['folder_inbox', 'wellknown:', 'setting_refused'],
            ['folder_processed', "Feh\nler", 'setting_control_characters'],
            ['scopes', 'Mail.Read', 'setting_type'],
            ['scopes', [], 'scopes_empty'],
            ['scopes', ['openid'], 'scopes_empty'],
            ['scopes', ['Mail.Read User.Read'], 'scope_invalid'],
            ['scopes', ['https://graph.microsoft.com/offline_access'], 'scope_prefixed'],
            ['scopes', ['.default', 'Mail.Read'], 'scopes_mixed_with_default'],
            ['scopes', array_map(static fn (int $n): string => 'Scope.' . $n, range(0, 100)), 'scopes_too_many'],
            ['scopes', ['Mail.Read', 1], 'setting_type'],
            ['redirect_uri', 'foo', 'redirect_uri_invalid'],
            ['redirect_uri', 'https://', 'redirect_uri_invalid'],
            ['redirect_uri', 'ftp://host.example/callback', 'redirect_uri_invalid'],
            ['redirect_uri', 'http://host.example/callback', 'redirect_uri_not_https'],
            ['redirect_uri', 'https://host.example/callback#a', 'redirect_uri_fragment'],
            ['redirect_uri', 'https://host.example/call(back)', 'redirect_uri_characters'],
            ['redirect_uri', 'http://[::1]/callback', 'redirect_uri_ipv6_loopback'],
            ['redirect_uri', 'https://host.example/' . str_repeat('a', 250), 'redirect_uri_too_long'],
            ['redirect_uri', null, 'setting_missing'],
            ['authority_url', 'http://gateway.example', 'endpoint_not_https'],
            ['graph_url', 'https://me:secret@gateway.example', 'endpoint_credentials'],
            ['graph_url', 'https://gateway.example/?a=b', 'endpoint_invalid'],
            ['graph_url', 'gateway.example', 'endpoint_invalid'],
        ];
        foreach ($cases as $number => [$key, $value, $code]) {
            yield sprintf('%d %s %s', $number, $key, $code) => [[$key => $value], $code];
        }
        yield 'an application without a mailbox' => [['protocol' => 'application'] + $secret, 'mailbox_needed'];
        yield 'an application of any tenant' => [
            ['protocol' => 'application', 'tenant_id' => 'common', 'mailbox' => 'a@contoso.example'] + $secret,
            'tenant_not_for_application',
        ];
        yield 'an authority alone' => [
            ['authority_url' => 'https://gateway.example', 'graph_url' => null] + $secret,
            'endpoint_pair',
        ];
        $files = ['client_certificate' => '/etc/app.pem', 'client_key' => '/etc/app.key'];
        yield 'a secret and a certificate' => [$files + $secret, 'credential_ambiguous'];
        yield 'a secret and a key' => [['client_key' => '/etc/app.key'] + $secret, 'credential_ambiguous'];
        yield 'a certificate whose key is taken away' => [['client_key' => null] + $files, 'setting_missing'];
        yield 'another tenant without its secret' => [['tenant_id' => 'fabrikam.example'], 'secret_needed'];
        yield 'another tenant with a secret left empty' => [
            ['tenant_id' => 'fabrikam.example', 'client_secret' => ''],
            'secret_needed',
        ];
        yield 'another application without its secret' => [['client_id' => 'another'], 'secret_needed'];
        yield 'another cloud without the secret' => [
            ['cloud' => 'china', 'authority_url' => null, 'graph_url' => null],
            'secret_needed',
        ];
    }

    /**
     * @dataProvider settingsThatAreRefused
     * @param array<string, mixed> $settings
     */
    public function testSettingsThatCanNotBeMeantAreRefused(array $settings, string $code): void
    {
        $client = $this->client();
        $before = $client->getAccount('invoices');
        $failure = $this->failure(fn () => $client->saveAccount('invoices', $settings));
        self::assertSame('Squeeze\Graph\ConfigurationException ' . $code, $failure);
        self::assertEquals($before->toSettings(), $client->getAccount('invoices')->toSettings());
        self::assertSame(TokenState::Valid, $client->tokenStatus('invoices')->state);
    }

    public function testSettingsAreStoredInOneForm(): void
    {
        $client = $this->client();
        $cases = [
            ['client_secret', " pasted~secret\n", 'hasSecret', true],
            ['client_secret', '', 'hasSecret', true],
            ['secret_expires_at', '2031-03-31', 'secretExpiresAt', new \DateTimeImmutable('2031-03-31T00:00:00Z')],
            ['secret_expires_at', new \DateTime('2031-03-31T02:00:00+02:00'), 'secretExpiresAt', new \DateTimeImmutable('2031-03-31T00:00:00Z')],
            ['secret_expires_at', '', 'secretExpiresAt', null],
            ['mailbox', ' rechnung@contoso.example ', 'mailbox', 'rechnung@contoso.example'],
            ['mailbox', '', 'mailbox', null],
            ['folder_inbox', ' Eingang', 'folderInbox', ' Eingang'],
            ['folder_inbox', null, 'folderInbox', 'wellknown:inbox'],
            ['scopes', ['openid', 'User.Read', 'user.read', 'Mail.Read'], 'scopes', ['User.Read', 'Mail.Read']],
            ['scopes', ['a' => 'User.Read', 7 => 'Mail.Read'], 'scopes', ['User.Read', 'Mail.Read']],
            ['scopes', '', 'scopes', self::scopesByDefault()],
            ['scopes', ['Mail.Read'], 'scopes', ['Mail.Read']],
            ['scopes', null, 'scopes', self::scopesByDefault()],
            ['refresh_interval', 60, 'refreshInterval', 60],
            ['refresh_interval', null, 'refreshInterval', 43_200],
            ['refresh_interval', 60, 'refreshInterval', 60],
            ['refresh_interval', ' ', 'refreshInterval', 43_200],
            ['enabled', false, 'enabled', false],
            ['enabled', null, 'enabled', true],
            ['enabled', false, 'enabled', false],
            ['enabled', '', 'enabled', true],
            ['protocol', '', 'protocol', 'delegated'],
        ];
        foreach ($cases as [$key, $value, $property, $expected]) {
            self::assertFalse($client->saveAccount('invoices', [$key => $value]), $key);
            self::assertEquals($expected, $client->getAccount('invoices')->{$property}, $key);
        }
        $client->saveAccount('invoices', [
            'authority_url' => 'HTTP://LocalHost:80/',
            'graph_url' => 'https://Gateway.example:443/graph/',
            'client_secret' => 'new',
        ]);
        $account = $client->getAccount('invoices');
        self::assertSame(['http://localhost', 'https://gateway.example/graph'], [$account->authorityUrl, $account->graphUrl]);
    }

    public function testACertificateAndASecretTakeEachOthersPlace(): void
    {
        $client = $this->client();
        $pair = $this->certificate('app');
        $shown = function () use ($client): array {
            $account = $client->getAccount('invoices');

            return [$account->hasSecret, $account->clientCertificate, $account->clientKey];
        };
        self::assertFalse($client->saveAccount('invoices', $pair));
        self::assertSame([false, ...array_values($pair)], $shown());
        self::assertFalse($client->saveAccount('invoices', $client->getAccount('invoices')->toSettings()));
        self::assertSame([false, ...array_values($pair)], $shown());
        self::assertFalse($client->saveAccount('invoices', ['client_secret' => '', 'client_certificate' => $pair['client_certificate']]));
        $another = $this->certificate('another');
        self::assertFalse($client->saveAccount('invoices', $another));
        self::assertSame([false, ...array_values($another)], $shown());
        foreach ([['client_key' => ''], ['client_certificate' => null], ['client_certificate' => null, 'client_key' => null]] as $half) {
            $failure = $this->failure(fn () => $client->saveAccount('invoices', $half));
            self::assertSame('Squeeze\Graph\ConfigurationException setting_missing', $failure);
        }
        $failure = $this->failure(fn () => $client->saveAccount('invoices', $pair + ['client_secret' => 'new']));
        self::assertSame('Squeeze\Graph\ConfigurationException credential_ambiguous', $failure);
        // What was stored stands beside the new secret, as in a form.
        self::assertFalse($client->saveAccount('invoices', ['client_secret' => 'new'] + $client->getAccount('invoices')->toSettings()));
        self::assertSame([true, null, null], $shown());
        self::assertFalse($client->saveAccount('invoices', $pair));
        self::assertFalse($client->saveAccount('invoices', ['client_secret' => 'new', 'client_certificate' => '', 'client_key' => '']));
        self::assertSame([true, null, null], $shown());
    }

    public function testACertificateIsNotNeededAgainForAnotherIdentity(): void
    {
        $client = $this->client();
        $client->saveAccount('invoices', $this->certificate('app'));
        self::assertTrue($client->saveAccount('invoices', ['tenant_id' => 'fabrikam.example']));
        self::assertSame(TokenState::SignInRequired, $client->tokenStatus('invoices')->state);
    }

    public function testAnEnteredEndBelongsToItsSecretOrCertificate(): void
    {
        $client = $this->client();
        $pair = $this->certificate('app');
        $end = function () use ($client): ?string {
            return $client->getAccount('invoices')->secretExpiresAt?->format('Y-m-d');
        };
        $form = fn (array $changes): array => $changes + $client->getAccount('invoices')->toSettings();
        $entered = ['secret_expires_at' => '2031-03-31'];
        $client->saveAccount('invoices', $entered);
        $client->saveAccount('invoices', ['client_secret' => 'new']);
        self::assertSame('2031-03-31', $end(), 'another secret, as long as nobody says otherwise');
        $client->saveAccount('invoices', $pair);
        self::assertNotSame('2031-03-31', $end(), 'a certificate in place of the secret');
        $client->saveAccount('invoices', $entered);
        $client->saveAccount('invoices', $form(['mailbox' => null]));
        self::assertSame('2031-03-31', $end(), 'the same certificate');
        $client->saveAccount('invoices', $this->certificate('another'));
        self::assertNotSame('2031-03-31', $end(), 'another certificate');
        $client->saveAccount('invoices', $entered + $pair);
        self::assertSame('2031-03-31', $end(), 'entered with the certificate');
        $client->saveAccount('invoices', $form(['client_secret' => 'new']));
        self::assertNull($end(), 'what a form showed of the certificate');
        $client->saveAccount('invoices', $entered);
        $client->saveAccount('invoices', $form($pair));
        self::assertNotSame('2031-03-31', $end(), 'what a form showed of the secret');
        $client->saveAccount('invoices', $entered);
        $client->saveAccount('invoices', ['client_secret' => 'new']);
        self::assertNull($end(), 'a secret in place of the certificate');
    }

    /** @return list<string> */
    private static function scopesByDefault(): array
    {
        return ['User.Read', 'Mail.ReadWrite', 'Mail.ReadWrite.Shared', 'MailboxSettings.ReadWrite', 'offline_access'];
    }

    public function testAnotherPersonOrApplicationHasToSignIn(): void
    {
        $client = $this->client();
        $who = (string) $client->tokenStatus('invoices')->signedInAs;
        self::assertNotSame('', $who);
        self::assertFalse($client->saveAccount('invoices', ['user' => strtoupper($who)]));
        self::assertSame(TokenState::Valid, $client->tokenStatus('invoices')->state);
        self::assertTrue($client->saveAccount('invoices', ['user' => 'someone.else@contoso.example']));
        self::assertSame(TokenState::SignInRequired, $client->tokenStatus('invoices')->state);
        self::assertNull($client->tokenStatus('invoices')->signedInAs);
        foreach (['accessToken', 'exportToken', 'refreshToken', 'listFolders'] as $method) {
            $failure = $this->failure(fn () => $client->{$method}('invoices'));
            self::assertSame('Squeeze\Graph\SignInRequiredException sign_in_required', $failure, $method);
        }
        self::assertSame(RefreshOutcome::SignInRequired, $client->refreshTokens()->results[0]->outcome);
        self::assertSame('sign_in_required', $client->refreshTokens()->results[0]->problem?->code);
    }

    public function testAnAccountHasANameOfOneLine(): void
    {
        $client = $this->client();
        foreach (['', "a\nb", str_repeat('ä', 191)] as $name) {
            self::assertSame('ValueError', $this->failure(fn () => $client->hasAccount($name)));
            self::assertSame('ValueError', $this->failure(fn () => $client->tokenStatus($name)));
            self::assertSame('ValueError', $this->failure(fn () => $client->saveAccount($name, [])));
        }
        self::assertFalse($client->hasAccount(str_repeat('ä', 190)));
    }

    public function testACallbackIsJudgedByWhatItBrings(): void
    {
        $client = $this->client();
        $state = $this->begun($client->authorizationUrl('invoices', 'browser'));
        $consent = $this->begun($client->adminConsentUrl('invoices', 'browser'));
        $access = $client->accessToken('invoices');
        $denied = ['error' => 'access_denied', 'error_description' => 'AADSTS65004: The user declined.'];
        foreach (
            [
                [[], 'invalid_callback', 'sign_in_invalid_callback'],
                [['state' => $state], 'invalid_callback', 'sign_in_invalid_callback'],
                [['code' => 'c'], 'invalid_callback', 'sign_in_invalid_callback'],
                [['state' => $state, 'code' => ['c']], 'invalid_callback', 'sign_in_invalid_callback'],
                [['state' => [$state], 'code' => 'c'], 'invalid_callback', 'sign_in_invalid_callback'],
                [['state' => $state, 'code' => 'c'] + $denied, 'invalid_callback', 'sign_in_invalid_callback'],
                [['state' => $state, 'admin_consent' => 'False'], 'invalid_callback', 'sign_in_invalid_callback'],
                [['state' => 'made up', 'code' => 'c'], 'unknown_state', 'sign_in_unknown_state'],
                [['state' => $state . 'x', 'code' => 'c'], 'unknown_state', 'sign_in_unknown_state'],
                [$denied, 'denied', 'access_denied'],
                [['state' => $state, 'session' => 'another'] + $denied, 'wrong_session', 'sign_in_wrong_session'],
                [['state' => $state] + $denied, 'denied', 'access_denied'],
                [['state' => $state] + $denied, 'denied', 'access_denied'],
                [['state' => $state, 'code' => 'c'], 'replayed', 'sign_in_replayed'],
                [['state' => $consent, 'code' => 'c'], 'invalid_callback', 'sign_in_invalid_callback'],
                [
                    ['state' => $this->begun($client->adminConsentUrl('invoices', 'browser')), 'admin_consent' => 'True']
                        + ['error' => 'access_denied', 'error_description' => 'AADSTS90094: An administrator is needed.'],
                    'consent_required',
                    'access_denied',
                ],
                [
                    ['state' => $this->begun($client->authorizationUrl('invoices', 'browser')), 'admin_consent' => 'True'],
                    'invalid_callback',
                    'sign_in_invalid_callback',
                ],
                [
                    ['state' => $this->begun($client->authorizationUrl('invoices', 'browser')), 'error' => 'server_error'],
                    'refused',
                    'server_error',
                ],
            ] as $number => [$callback, $reason, $code]
        ) {
            $session = is_string($callback['session'] ?? null) ? $callback['session'] : 'browser';
            unset($callback['session']);
            try {
                $client->exchangeCode($callback, $session);
                self::fail(sprintf('case %d passed', $number));
            } catch (SignInFailedException $failure) {
                self::assertSame([$reason, $code], [$failure->getReason(), $failure->getProblem()->code], 'case ' . $number);
            }
        }
        self::assertSame($access, $client->accessToken('invoices'));
    }

    public function testTheSameCallbackAgainHasTheSameOutcome(): void
    {
        $client = $this->client();
        $old = $client->accessToken('invoices');
        $callback = $this->signedInAt($client->authorizationUrl('invoices', 'browser'));
        self::assertSame(TokenState::Valid, $client->exchangeCode($callback, 'browser')->state);
        $access = $client->accessToken('invoices');
        self::assertNotSame($old, $access);
        self::assertSame(TokenState::Valid, $client->exchangeCode($callback, 'browser')->state);
        self::assertSame($access, $client->accessToken('invoices'));
        $failure = $this->failure(fn () => $client->exchangeCode(['code' => 'another'] + $callback, 'browser'));
        self::assertSame('Squeeze\Graph\SignInFailedException sign_in_replayed', $failure);
        self::assertSame($access, $client->accessToken('invoices'));
    }

    public function testAnAdminConsentIsAnsweredWithTheStatus(): void
    {
        $client = $this->client();
        $access = $client->accessToken('invoices');
        $url = $client->adminConsentUrl('invoices', 'browser');
        $callback = ['admin_consent' => 'True', 'tenant' => 'contoso.example', 'state' => $this->begun($url)];
        for ($time = 1; $time <= 2; $time++) {
            self::assertSame(TokenState::Valid, $client->exchangeCode($callback, 'browser')->state);
        }
        self::assertSame($access, $client->accessToken('invoices'));
        $client->saveAccount('invoices', ['tenant_id' => 'common', 'client_secret' => 'new']);
        $failure = $this->failure(fn () => $client->adminConsentUrl('invoices', 'browser'));
        self::assertSame('Squeeze\Graph\ConfigurationException admin_consent_needs_tenant', $failure);
    }

    public function testASignInUnderAnOlderIdentityIsVoid(): void
    {
        $client = $this->client();
        $state = $this->begun($client->authorizationUrl('invoices', 'browser'));
        $client->saveAccount('invoices', ['client_id' => 'another', 'client_secret' => 'new']);
        $failure = $this->failure(fn () => $client->exchangeCode(['state' => $state, 'code' => 'c'], 'browser'));
        self::assertSame('Squeeze\Graph\SignInFailedException sign_in_account_changed', $failure);
        $client->saveAccount('robot', [
            'protocol' => 'application', 'mailbox' => 'a@contoso.example', 'client_secret' => 'x',
        ] + $client->getAccount('invoices')->toSettings());
        $failure = $this->failure(fn () => $client->authorizationUrl('robot', 'browser'));
        self::assertSame('Squeeze\Graph\ConfigurationException application_has_no_sign_in', $failure);
    }

    public function testASignInCanComeBackElsewhere(): void
    {
        $client = $this->client();
        $own = $client->getAccount('invoices')->redirectUri;
        $to = static function (string $url): string {
            parse_str((string) parse_url($url, PHP_URL_QUERY), $query);

            return is_string($query['redirect_uri']) ? $query['redirect_uri'] : '';
        };
        $elsewhere = 'http://localhost:8123/callback?place=here';
        foreach (
            [
                'a sign-in' => fn (?string $uri): string => $client->authorizationUrl('invoices', 'browser', redirectUri: $uri),
                'a consent' => fn (?string $uri): string => $client->adminConsentUrl('invoices', 'browser', $uri),
            ] as $name => $url
        ) {
            self::assertSame($own, $to($url(null)), $name);
            self::assertSame($elsewhere, $to($url($elsewhere)), $name);
            foreach (
                [
                    'foo' => 'redirect_uri_invalid',
                    'http://host.example/callback' => 'redirect_uri_not_https',
                    'https://host.example/callback#a' => 'redirect_uri_fragment',
                    'https://host.example/call(back)' => 'redirect_uri_characters',
                    'http://[::1]/callback' => 'redirect_uri_ipv6_loopback',
                    'https://host.example/' . str_repeat('a', 250) => 'redirect_uri_too_long',
                ] as $uri => $code
            ) {
                self::assertSame('Squeeze\Graph\ConfigurationException ' . $code, $this->failure(fn () => $url($uri)), $name);
            }
            self::assertSame('ValueError', $this->failure(fn () => $url('')), $name);
        }
        self::assertSame($own, $client->getAccount('invoices')->redirectUri);
        $client->saveAccount('robot', [
            'protocol' => 'application', 'mailbox' => 'a@contoso.example', 'client_secret' => 'x', 'redirect_uri' => null,
        ] + $client->getAccount('invoices')->toSettings());
        self::assertSame($elsewhere, $to($client->adminConsentUrl('robot', 'browser', $elsewhere)));
        $failure = $this->failure(fn () => $client->adminConsentUrl('robot', 'browser'));
        self::assertSame('Squeeze\Graph\ConfigurationException redirect_uri_missing', $failure);
        $failure = $this->failure(fn () => $client->authorizationUrl('robot', 'browser', redirectUri: 'foo'));
        self::assertSame('Squeeze\Graph\ConfigurationException application_has_no_sign_in', $failure);
    }

    public function testASessionMayHaveAnyBytes(): void
    {
        $client = $this->client();
        $session = "\xff\0\n";
        $callback = $this->signedInAt($client->authorizationUrl('invoices', $session));
        $failure = $this->failure(fn () => $client->exchangeCode($callback, "\xff\0"));
        self::assertSame('Squeeze\Graph\SignInFailedException sign_in_wrong_session', $failure);
        self::assertSame(TokenState::Valid, $client->exchangeCode($callback, $session)->state);
    }

    public function testARouteTravelsInTheStateItself(): void
    {
        $client = $this->client();
        $state = $this->begun($client->authorizationUrl('invoices', 'browser', route: 'Süd/7'));
        self::assertSame('Süd/7', $client->callbackRoute(['state' => $state, 'code' => 'c']));
        self::assertNull($client->callbackRoute(['state' => $this->begun($client->authorizationUrl('invoices', 'browser'))]));
        self::assertNull($client->callbackRoute(['state' => 'made.up']));
        self::assertNull($client->callbackRoute(['state' => [$state]]));
    }

    /** @return iterable<string, array{array<string, mixed>, ?string, int|string, TokenState|null}> */
    public static function tokensOfOlderScripts(): iterable
    {
        $both = ['access_token' => 'a', 'refresh_token' => 'r'];
        $later = time() + 40_000;
        yield 'epoch seconds' => [$both + ['expires_at' => $later], null, $later, TokenState::Valid];
        yield 'digits' => [$both + ['expires' => (string) $later], null, $later, TokenState::Valid];
        yield 'an object' => [$both + ['expires_on' => new \DateTime('@' . $later)], null, $later, TokenState::Valid];
        yield 'a local time' => [
            $both + ['expires_at' => '2026-10-25 02:30:00'], 'Europe/Berlin', 1_792_888_200, TokenState::Expired,
        ];
        yield 'a time with an offset' => [
            $both + ['expires_at' => '2024-01-01T00:00:00+01:00'], null, 1_704_063_600, TokenState::Expired,
        ];
        yield 'a life time with its beginning' => [
            $both + ['expires_in' => '43600', 'issued_at' => $later - 43_600], null, $later, TokenState::Valid,
        ];
        yield 'issued later than now, by a clock that jumped back' => [
            $both + ['expires_at' => $later, 'issued_at' => $later - 3_600], null, $later, TokenState::Expired,
        ];
        yield 'a beginning in words beside the end' => [
            $both + ['expires_at' => $later, 'issued_at' => 'yesterday'], null, $later, TokenState::Valid,
        ];
        yield 'a life time alone says nothing' => [$both + ['expires_in' => 3_600], null, 0, TokenState::Expired];
        yield 'no expiry' => [$both, null, 0, TokenState::Expired];
        yield 'a refresh token alone' => [['refresh_token' => 'r', 'expires_at' => $later], null, $later, TokenState::Expired];
        yield 'an access token alone' => [['access_token' => 'a', 'expires_at' => $later], null, $later, TokenState::Valid];
        yield 'an ended access token alone' => [['access_token' => 'a', 'expires_at' => 1], null, 1, TokenState::SignInRequired];
        foreach (
            [
                'nothing' => [],
                'empty' => ['access_token' => '', 'refresh_token' => ''],
                'no text' => ['access_token' => 1],
                'blanks' => ['access_token' => 'a b'],
                'no ASCII' => ['refresh_token' => 'ä'],
                'a local time without its zone' => $both + ['expires_at' => '2026-10-25 02:30:00'],
                'words' => $both + ['expires_at' => 'tomorrow'],
                'milliseconds' => $both + ['expires_at' => 1_767_225_600_000],
                'a list' => $both + ['expires_at' => [1]],
                'a float' => $both + ['expires_at' => 1.5],
                'a beginning in words' => $both + ['issued_at' => 'yesterday'],
                'a life time in words' => $both + ['expires_in' => 'an hour'],
                'scopes as a list' => $both + ['scope' => ['Mail.Read']],
            ] as $name => $token
        ) {
            yield $name => [$token, null, 'ValueError', null];
        }
    }

    /**
     * @dataProvider tokensOfOlderScripts
     * @param array<string, mixed> $token
     * @param int|string $expected when it ends (0: now), or what is thrown
     */
    public function testTokensOfOlderScriptsAreReadAlike(array $token, ?string $zone, int|string $expected, ?TokenState $state): void
    {
        $client = $this->client();
        $before = $client->exportToken('invoices');
        $failure = $this->failure(fn () => $client->adoptToken('invoices', $token, $zone));
        if (is_string($expected)) {
            self::assertSame($expected, $failure);
            self::assertSame($before, $client->exportToken('invoices'));

            return;
        }
        self::assertNull($failure);
        $status = $client->tokenStatus('invoices');
        self::assertSame($state, $status->state);
        self::assertNull($status->refreshedAt);
        $export = $client->exportToken('invoices');
        self::assertSame([$token['access_token'] ?? null, $token['refresh_token'] ?? null], array_slice(array_values($export), 0, 2));
        $ends = $status->expiresAt?->getTimestamp();
        self::assertSame($ends, $export['expires_at']);
        // Without a word on it, it ends as it is adopted.
        $expected === 0 ? self::assertLessThanOrEqual(time(), $ends) : self::assertSame($expected, $ends);
        self::assertSame('', $export['scope']);
    }

    public function testTimesAreInUtc(): void
    {
        $client = $this->client();
        $this->arrives('invoice');
        $client->saveAccount('invoices', ['secret_expires_at' => new \DateTimeImmutable('2031-03-31T02:00:00+02:00')]);
        $status = $client->tokenStatus('invoices');
        $message = iterator_to_array($client->listMessages('invoices'), false)[0];
        $times = [$status->expiresAt, $status->refreshedAt, $message->receivedAt, $client->getAccount('invoices')->secretExpiresAt];
        foreach ($times as $time) {
            self::assertSame('UTC', $time?->getTimezone()->getName());
        }
    }

    public function testScopesThatWereNotGrantedAreNamed(): void
    {
        $client = $this->client();
        $token = ['access_token' => 'a', 'refresh_token' => 'r', 'scope' => 'openid https://graph.microsoft.com/mail.readwrite User.Read'];
        $status = $client->adoptToken('invoices', $token);
        self::assertSame(['openid', 'mail.readwrite', 'User.Read'], $status->grantedScopes);
        self::assertSame(['Mail.ReadWrite.Shared', 'MailboxSettings.ReadWrite'], $status->missingScopes);
        self::assertSame([], $client->adoptToken('invoices', ['access_token' => 'a'])->missingScopes);
        self::assertSame('a', $client->adoptToken('invoices', ['access_token' => 'b'], onlyIfAbsent: true) ? $client->exportToken('invoices')['access_token'] : null);
    }

    public function testWhoeverIsNotSignedInHasNoTokens(): void
    {
        $client = $this->client();
        $client->revokeTokens('invoices');
        foreach (['exportToken', 'accessToken', 'refreshToken', 'listFolders'] as $method) {
            $failure = $this->failure(fn () => $client->{$method}('invoices'));
            self::assertSame('Squeeze\Graph\SignInRequiredException never_signed_in', $failure, $method);
        }
        self::assertTrue($client->isTokenExpired('invoices'));
    }

    public function testTheJobLooksAfterWhatIsDue(): void
    {
        // Longer than any access token lives, those that answer claims challenges 28 hours.
        $always = 200_000;
        $client = $this->client();
        $outcome = fn (mixed ...$arguments): RefreshOutcome => $client->refreshTokens(...$arguments)->results[0]->outcome;
        self::assertSame(RefreshOutcome::NotDue, $outcome(60));
        self::assertSame(RefreshOutcome::Refreshed, $outcome($always));
        $client->saveAccount('invoices', ['enabled' => false]);
        self::assertSame([], $client->refreshTokens($always)->results);
        self::assertSame(RefreshOutcome::NotDue, $outcome($always, ['invoices']));
        $names = array_column($client->refreshTokens(60, ['others', 'invoices', 'others', ''])->results, 'account');
        self::assertSame(['', 'invoices', 'others'], $names);
        self::assertSame('account_not_found', $client->refreshTokens(60, ['others'])->results[0]->problem?->code);
    }

    public function testNamesForTheJobMayHaveBeenKeys(): void
    {
        $client = $this->client();
        $client->saveAccount('17', ['client_secret' => 'new'] + $client->getAccount('invoices')->toSettings());
        $names = ['17' => true, 'invoices' => true, '4' => true];
        $results = $client->refreshTokens(60, array_filter(array_keys($names)))->results;
        self::assertSame(['17', '4', 'invoices'], array_column($results, 'account'));
        $outcomes = [RefreshOutcome::NeverSignedIn, RefreshOutcome::UnknownAccount, RefreshOutcome::NotDue];
        self::assertSame($outcomes, array_column($results, 'outcome'));
        self::assertSame(['17'], array_column($client->refreshTokens(60, ['any' => '17', 'same' => 17])->results, 'account'));
        self::assertSame(['17', 'invoices'], array_column($client->listAccounts(), 'account'));
    }

    /** @return iterable<string, array{'administrator'|'host'|'passing', RefreshOutcome}> */
    public static function troublesOfTheJob(): iterable
    {
        yield 'passing' => ['passing', RefreshOutcome::TemporaryFailure];
        yield 'for the host to mend' => ['host', RefreshOutcome::ActionRequired];
        yield 'for an administrator to mend' => ['administrator', RefreshOutcome::ActionRequired];
    }

    /**
     * @dataProvider troublesOfTheJob
     * @param 'administrator'|'host'|'passing' $trouble
     */
    public function testTheJobTellsPassingTroubleFromWhatSomebodyHasToMend(string $trouble, RefreshOutcome $outcome): void
    {
        $client = $this->client();
        $report = $this->whileRenewalsFail($trouble, fn () => $client->refreshTokens(200_000));
        self::assertSame([0, 0, 1], [$report->refreshed, $report->skipped, $report->failed]);
        self::assertSame($outcome, $report->results[0]->outcome);
        self::assertSame($trouble === 'passing', $report->results[0]->problem?->retryable);
    }

    public function testWrongArgumentsAreRefused(): void
    {
        $client = $this->client();
        foreach (
            [
                'an empty session' => fn () => $client->authorizationUrl('invoices', ''),
                'an empty session for a consent' => fn () => $client->adminConsentUrl('invoices', ''),
                'an empty session at the callback' => fn () => $client->exchangeCode(['state' => 's', 'code' => 'c'], ''),
                'an unknown prompt' => fn () => $client->authorizationUrl('invoices', 'browser', 'please'),
                'an empty prompt' => fn () => $client->authorizationUrl('invoices', 'browser', ''),
                'an empty hint' => fn () => $client->authorizationUrl('invoices', 'browser', loginHint: ''),
                'a long route' => fn () => $client->authorizationUrl('invoices', 'browser', route: str_repeat('a', 513)),
                'a negative validity' => fn () => $client->accessToken('invoices', -1),
                'a challenge that is none' => fn () => $client->accessToken('invoices', challenge: 'claims'),
                'a negative leeway' => fn () => $client->isTokenExpired('invoices', -1),
                'a negative leeway of a time' => fn () => $client->isExpired(time(), leeway: -1),
                'a negative horizon' => fn () => $client->refreshTokens(-1),
                'a negative limit' => fn () => $client->listMessages('invoices', limit: -1),
                'a folder without a name' => fn () => $client->listMessages('invoices', ''),
                'an empty name in a path' => fn () => $client->listMessages('invoices', '/a//b'),
                'a folder to find without a name' => fn () => $client->findFolder('invoices', ''),
                'a folder to make without a name' => fn () => $client->createFolder('invoices', ''),
                'an empty message id' => fn () => $client->getMessage('invoices', ''),
                'a message id with blanks' => fn () => $client->getMime('invoices', 'a b'),
                'an unknown body' => fn () => $client->importMessages('invoices', static fn () => null, body: 'rtf'),
                'an empty body' => fn () => $client->importMessages('invoices', static fn () => null, body: ''),
                'no failure at all' => fn () => $client->importMessages('invoices', static fn () => null, maxFailures: 0),
                'no byte at all' => fn () => $client->importMessages('invoices', static fn () => null, maxBytes: 0),
                'a negative number of mails' => fn () => $client->importMessages('invoices', static fn () => null, limit: -1),
                'settings without names' => fn () => $client->withSettings([1 => 'de'], static fn () => null),
            ] as $name => $call
        ) {
            self::assertSame('ValueError', $this->failure($call), $name);
        }
        self::assertSame('TypeError', $this->failure(fn () => $client->refreshTokens(1, [1.5])));
        self::assertSame('TypeError', $this->failure(fn () => $client->withSettings(['log' => []], static fn () => null)));
        self::assertCount(0, iterator_to_array($client->listMessages('invoices', limit: 0), false));
    }

    public function testSettingsOfTheProcessAreChecked(): void
    {
        $client = $this->client();
        $kept = static fn (): string => 'kept';
        self::assertSame('kept', $client->withSettings(['squeeze_graph.language' => 'de', 'timeout' => 30, 'log' => null], $kept));
        foreach (
            [
                ['nonsense', 1, 'configuration_unknown'],
                ['timeout', 'soon', 'configuration_value'],
                ['timeout', 0, 'configuration_value'],
                ['timeout', 86_401, 'configuration_value'],
                ['retry_budget', -1, 'configuration_value'],
                ['concurrency', 65, 'configuration_value'],
                ['language', 'fr', 'configuration_value'],
                ['log_level', 'loud', 'configuration_value'],
                ['custom_endpoints', false, 'configuration_not_changeable'],
            ] as [$name, $value, $code]
        ) {
            $failure = $this->failure(fn () => $client->withSettings([$name => $value], $kept));
            self::assertSame('Squeeze\Graph\ConfigurationException ' . $code, $failure, $name);
        }
    }

    public function testAnImportNeedsThreeFolders(): void
    {
        $client = $this->client();
        $import = fn (): ?string => $this->failure(fn () => $client->importMessages('invoices', static fn () => null));
        foreach (
            [
                [['folder_error' => null], 'ConfigurationException import_folder_missing'],
                [['folder_error' => '/Gibt es nicht'], 'ConfigurationException import_folder_unusable'],
                [['folder_error' => '/Verarbeitet'], 'ConfigurationException import_folders_same'],
                [['folder_error' => '/Fehler', 'folder_inbox' => '/Gibt es nicht'], 'FolderNotFoundException folder_not_found'],
            ] as [$settings, $expected]
        ) {
            $client->saveAccount('invoices', $settings);
            self::assertSame('Squeeze\Graph\\' . $expected, $import());
        }
    }

    public function testAConnectionTestNamesWhatIsWrongWithAFolder(): void
    {
        $client = $this->client();
        foreach (
            [
                [['folder_error' => '/Fehler'], 'ok', null, true],
                [['folder_error' => null], 'warning', 'folder_not_set', true],
                [['folder_error' => '/Gibt es nicht'], 'failed', 'folder_not_found', false],
                [['folder_error' => '/Verarbeitet'], 'failed', 'import_folders_same', false],
            ] as [$settings, $status, $code, $ok]
        ) {
            $client->saveAccount('invoices', $settings);
            $report = $client->testConnection('invoices');
            $check = array_column($report->checks, null, 'id')['folder_error'];
            self::assertSame([$status, $code, $ok], [$check->status->value, $check->problem?->code, $report->ok]);
        }
    }

    public function testWhatIsMissingHasItsCode(): void
    {
        $client = $this->client();
        $id = $this->arrives('invoice');
        foreach (
            [
                'MessageNotFoundException message_not_found' => fn () => $client->getMessage('invoices', $id . 'x'),
                'AttachmentNotFoundException attachment_not_found' => fn () => $client->getAttachment('invoices', $id, 'x'),
                'FolderNotFoundException folder_not_found' => fn () => $client->findFolder('invoices', '/Gibt es nicht'),
                'AccountNotFoundException account_not_found' => fn () => $client->getAccount('others'),
                'ServiceException too_large' => fn () => $client->getMime('invoices', $id, 3),
            ] as $expected => $call
        ) {
            self::assertSame('Squeeze\Graph\\' . $expected, $this->failure($call));
        }
    }

    public function testEveryKindOfAttachmentIsImportedAsWhatItIs(): void
    {
        $client = $this->client();
        $id = $this->arrivesWithEveryKind();
        $listed = array_map(
            static fn ($attachment): array => [$attachment->kind, $attachment->isInline],
            $client->listAttachments('invoices', $id),
        );
        self::assertSame([
            [AttachmentKind::File, false],
            [AttachmentKind::File, true],
            [AttachmentKind::Item, false],
            [AttachmentKind::Reference, false],
        ], $listed);
        $link = $client->listAttachments('invoices', $id)[3];
        $failure = $this->failure(fn () => $client->getAttachment('invoices', $id, $link->id));
        self::assertSame('Squeeze\Graph\ServiceException attachment_is_reference', $failure);
        $files = [];
        $client->importMessages('invoices', static function (IncomingMessage $mail) use (&$files): void {
            foreach ($mail->attachments as $incoming) {
                $files[] = $incoming->path === null ? null : basename($incoming->path);
                self::assertSame($incoming->path === null, $incoming->sha256 === null);
            }
        });
        self::assertSame(['001-17.pdf', '002-logo.png', '003-Your request.eml', null], $files);
    }

    /**
     * Delivers a mail with a file, a picture in the text, a mail and a link.
     *
     * @return string the message's id
     */
    abstract protected function arrivesWithEveryKind(): string;

    /** The state in a URL for the browser. */
    private function begun(string $url): string
    {
        parse_str((string) parse_url($url, PHP_URL_QUERY), $query);
        self::assertIsString($query['state']);

        return $query['state'];
    }

    /** What a call throws, with its problem's code; null: nothing. */
    private function failure(callable $call): ?string
    {
        try {
            $call();
        } catch (GraphException $failure) {
            return $failure::class . ' ' . $failure->getProblem()->code;
        } catch (\TypeError | \ValueError $failure) {
            return $failure::class;
        }

        return null;
    }
}
