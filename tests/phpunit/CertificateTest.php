<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\ActionRequiredException;
use Squeeze\Graph\CheckStatus;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\SignInFailedException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\KeyPair;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\export_token;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\refresh_tokens;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\test_connection;
use function Squeeze\Graph\token_status;
use function Squeeze\Graph\with_settings;

/**
 * A certificate in the place of a client secret. The sandbox checks signature, thumbprint, audience, time and that each
 * assertion is used once.
 */
final class CertificateTest extends GraphTestCase
{
    private const APP = KeyPair::APP;
    private const ANOTHER = ['another.pem', KeyPair::FOLDER . 'another.der'];
    private const ENDED = ['ended.pem', self::APP[1]];

    public function testASignInAndItsRenewalsNeedNoSecret(): void
    {
        $this->lay(self::APP);
        $this->register(World::CLIENT, 'app.pem');
        $this->signedIn('invoices', $this->paths());
        refresh_token('invoices');
        // Longer than any access token lives: up to 28 hours.
        self::assertSame('Refreshed', refresh_tokens(200_000)->results[0]->outcome->name);
        $account = get_account('invoices');
        self::assertFalse($account->hasSecret);
        self::assertSame($this->folder . '/app.pem', $account->clientCertificate);
        self::assertSame($this->folder . '/app.key', $account->clientKey);
        self::assertSame('2099', $account->secretExpiresAt?->format('Y'));
        self::assertNull(token_status('invoices')->problem);
        foreach (test_connection('invoices')->checks as $check) {
            self::assertNotSame(CheckStatus::Failed, $check->status, "$check->id: $check->detail");
        }
    }

    public function testAnApplicationProvesItself(): void
    {
        $this->lay(self::APP);
        $this->register(World::DAEMON, 'app.pem');
        $this->account('robot', $this->paths() + [
            'protocol' => 'application', 'client_id' => World::DAEMON, 'mailbox' => World::SHARED, 'redirect_uri' => null, 'user' => null,
        ]);
        self::assertNotSame('', access_token('robot'));
        self::assertSame(TokenState::Valid, refresh_token('robot')->state);
    }

    public function testWhatToSettingsGivesCanBeSavedAgainAlsoBesideASecret(): void
    {
        $this->lay(self::APP);
        $this->register(World::CLIENT, 'app.pem');
        $this->signedIn('invoices', $this->paths());
        $settings = get_account('invoices')->toSettings();
        self::assertSame($this->folder . '/app.pem', $settings['client_certificate']);
        self::assertFalse(save_account('invoices', $settings));
        self::assertSame($settings, get_account('invoices')->toSettings());
        // The end that was shown did not become one that somebody entered: a renewed certificate brings its own.
        $this->lay(self::ANOTHER);
        save_account('invoices', $this->paths());
        self::assertSame('2098', get_account('invoices')->secretExpiresAt?->format('Y'));

        self::assertFalse(save_account('invoices', ['client_secret' => World::SECRET] + get_account('invoices')->toSettings()));
        $account = get_account('invoices');
        self::assertSame([null, null, null, true], [$account->clientCertificate, $account->clientKey, $account->secretExpiresAt, $account->hasSecret]);
        self::assertFalse(save_account('invoices', $this->paths()));
        self::assertFalse(get_account('invoices')->hasSecret);
    }

    public function testARenewedFileIsTakenWithTheNextRequest(): void
    {
        $this->lay(self::APP);
        $this->register(World::CLIENT, 'app.pem');
        $this->signedIn('invoices', $this->paths());
        $this->lay(self::ANOTHER);
        $this->thrown(ActionRequiredException::class, static fn () => refresh_token('invoices'));
        self::assertSame(700027, token_status('invoices')->problem?->aadsts);
        $this->register(World::CLIENT, 'another.pem');
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
        self::assertSame('2098', get_account('invoices')->secretExpiresAt?->format('Y'));
    }

    public function testAnEndedCertificateIsToldBeforeAndRefusedByMicrosoft(): void
    {
        $this->lay(self::ENDED);
        $this->register(World::CLIENT, 'ended.pem');
        $this->account('invoices', $this->paths());
        $problem = token_status('invoices')->problem;
        self::assertSame('certificate_ended', $problem?->code);
        self::assertStringContainsString('2005-01-01', $problem->explanation);
        $refused = $this->thrown(SignInFailedException::class, fn () => $this->signIn('invoices'));
        self::assertInstanceOf(SignInFailedException::class, $refused);
        self::assertSame([700027, 'refused'], [$refused->getProblem()->aadsts, $refused->getReason()]);
        self::assertStringNotContainsString('eyJ', $refused->getMessage() . $refused->getProblem()->message);
        with_settings(['language' => 'de'], function () use ($problem): void {
            self::assertStringContainsString('abgelaufen', token_status('invoices')->problem?->explanation . '');
            self::assertNotSame('', $problem->remedy);
        });
    }

    /**
     * @dataProvider refusedFiles
     * @param array<string, ?string> $change
     */
    public function testWhatCanNotBeUsedIsNamedBySettingAndPath(array $change, string $code, string $key): void
    {
        $this->lay(self::APP);
        copy(KeyPair::FOLDER . 'another.pem', $this->folder . '/another.pem');
        $change = array_map(fn (?string $value): ?string => str_replace('FOLDER', $this->folder, (string) $value) ?: null, $change);
        $error = $this->thrown(ConfigurationException::class, fn () => $this->account('invoices', $change + $this->paths()));
        self::assertInstanceOf(ConfigurationException::class, $error);
        self::assertSame($code, $error->getProblem()->code);
        self::assertStringContainsString($key, $error->getMessage());
        $shown = $error . var_export($error->getProblem(), true);
        self::assertStringNotContainsString(substr(base64_encode((string) file_get_contents(self::APP[1])), 0, 24), $shown);
        if ($code !== 'credential_ambiguous' && $code !== 'setting_missing') {
            self::assertStringContainsString($change[$key] ?? $this->paths()[$key], $error->getMessage());
        }
    }

    /**
     * @return iterable<string, array{array<string, ?string>, string, string}>
     */
    public function refusedFiles(): iterable
    {
        yield 'no such file' => [['client_key' => 'FOLDER/none.key'], 'certificate_unreadable', 'client_key'];
        yield 'a folder' => [['client_certificate' => 'FOLDER'], 'certificate_unreadable', 'client_certificate'];
        yield 'a key for a certificate' => [['client_certificate' => 'FOLDER/app.key'], 'certificate_invalid', 'client_certificate'];
        yield 'a certificate for a key' => [['client_key' => 'FOLDER/app.pem'], 'certificate_key_invalid', 'client_key'];
        yield 'another one\'s certificate' => [['client_certificate' => 'FOLDER/another.pem'], 'certificate_mismatch', 'client_key'];
        yield 'a stream wrapper' => [['client_key' => 'php://filter/resource=FOLDER/app.key'], 'path_stream_wrapper', 'client_key'];
        yield 'half of a pair' => [['client_key' => null], 'setting_missing', 'client_key'];
        yield 'a secret beside it' => [['client_secret' => 'x'], 'credential_ambiguous', 'client_certificate'];
    }

    public function testOpenBasedirHoldsWhenItIsSavedAndWhenItIsUsed(): void
    {
        mkdir($this->folder . '/inside');
        mkdir($this->folder . '/outside');
        ini_set('squeeze_graph.store', $this->folder . '/inside/store.sqlite');
        $this->lay(self::APP, $this->folder . '/outside');
        symlink($this->folder . '/outside/app.pem', $this->folder . '/inside/app.pem');
        $this->register(World::CLIENT, 'app.pem');
        $this->signedIn('invoices', $this->paths('outside'));
        $code = <<<'PHP'
            $attempts = [
                fn () => refresh_token('invoices'),
                fn () => save_account('invoices', ['client_certificate' => %1$s . '/inside/app.pem']),
                fn () => save_account('invoices', ['client_certificate' => %1$s . '/outside/none.pem']),
            ];
            foreach ($attempts as $attempt) {
                try {
                    $attempt();
                    echo 'done ';
                } catch (ConfigurationException $error) {
                    echo $error->getProblem()->code, ' ';
                }
            }
            PHP;
        $child = Php::code(sprintf($code, var_export($this->folder, true)), ['open_basedir' => $this->folder . '/inside']);
        self::assertSame(str_repeat('path_open_basedir ', 3), $child->output() . $child->errors());
    }

    public function testARelativePathIsKeptWhole(): void
    {
        $this->lay(self::APP);
        $before = (string) getcwd();
        chdir($this->folder);
        try {
            $this->account('invoices', ['client_secret' => null, 'client_certificate' => 'app.pem', 'client_key' => './app.key']);
        } finally {
            chdir($before);
        }
        $account = get_account('invoices');
        self::assertSame([$this->folder . '/app.pem', $this->folder . '/app.key'], [$account->clientCertificate, $account->clientKey]);
    }

    public function testAnotherIdentityEndsTheSignInAndNeedsNothingAgain(): void
    {
        $this->lay(self::APP);
        $this->register(World::CLIENT, 'app.pem');
        $this->signedIn('invoices', $this->paths());
        $token = export_token('invoices')['access_token'];
        self::assertTrue(save_account('invoices', ['tenant_id' => 'organizations']));
        self::assertSame(TokenState::SignInRequired, token_status('invoices')->state);
        self::assertNotSame('', $token);
        self::assertSame($this->folder . '/app.pem', get_account('invoices')->clientCertificate);
    }

    public function testTheCommandLineTakesThePaths(): void
    {
        $this->lay(self::APP);
        $settings = $this->folder . '/settings.json';
        file_put_contents($settings, json_encode(['client_secret' => null] + $this->settings()));
        $run = Php::run([
            __DIR__ . '/../../php/bin/squeeze-graph', 'account:add', 'invoices', '-n', '--settings', $settings,
            '--client-certificate', $this->folder . '/app.pem', '--client-key', $this->folder . '/app.key',
        ]);
        self::assertSame(0, $run->status(), $run->output() . $run->errors());
        self::assertSame($this->folder . '/app.key', get_account('invoices')->clientKey);
    }

    /**
     * Lays a certificate and its key where the account looks for them.
     *
     * @param array{string, string} $pair
     */
    private function lay(array $pair, ?string $folder = null): void
    {
        KeyPair::lay($pair, $folder ?? $this->folder);
    }

    /** Uploads a certificate to an app registration. */
    private function register(string $app, string $certificate): void
    {
        $certificates = [(string) file_get_contents(KeyPair::FOLDER . $certificate)];
        $this->sandbox->control('PATCH', "/apps/$app", ['certificates' => $certificates]);
    }

    /** @return array{client_secret: null, client_certificate: string, client_key: string} */
    private function paths(string $folder = ''): array
    {
        $folder = rtrim("$this->folder/$folder", '/');

        return ['client_secret' => null, 'client_certificate' => "$folder/app.pem", 'client_key' => "$folder/app.key"];
    }
}
