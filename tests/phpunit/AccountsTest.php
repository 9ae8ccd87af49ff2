<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\Account;
use Squeeze\Graph\AccountNotFoundException;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\StoreException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;
use Squeeze\Graph\Tests\Support\Php;
use Squeeze\Graph\TokenState;

use function Squeeze\Graph\access_token;
use function Squeeze\Graph\delete_account;
use function Squeeze\Graph\get_account;
use function Squeeze\Graph\has_account;
use function Squeeze\Graph\list_accounts;
use function Squeeze\Graph\refresh_token;
use function Squeeze\Graph\reseal_store;
use function Squeeze\Graph\save_account;
use function Squeeze\Graph\token_status;
use function Squeeze\Graph\with_settings;

final class AccountsTest extends GraphTestCase
{
    public function testANewAccountHasItsDefaultsAndNeedsASignIn(): void
    {
        self::assertTrue(save_account('invoices', ['user' => null] + $this->settings()));
        $account = get_account('invoices');
        self::assertSame('invoices', $account->account);
        self::assertSame('delegated', $account->protocol);
        self::assertSame(['User.Read', 'Mail.ReadWrite', 'Mail.ReadWrite.Shared', 'MailboxSettings.ReadWrite', 'offline_access'], $account->scopes);
        self::assertSame(43200, $account->refreshInterval);
        self::assertTrue($account->enabled);
        self::assertTrue($account->hasSecret);
        self::assertNull($account->signedInAs);
        self::assertNull($account->mailbox);
        self::assertSame(TokenState::NeverSignedIn, $account->status->state);
        self::assertTrue(has_account('invoices'));
        self::assertFalse(has_account('others'));
    }

    public function testAccountsAreListedByName(): void
    {
        foreach (['zeta', 'alpha', 'Ümlaut', '42'] as $name) {
            $this->account($name);
        }
        $names = array_map(static fn (Account $account): string => $account->account, list_accounts());
        self::assertCount(4, $names);
        self::assertSame('42', $names[0]);
        self::assertSame(['alpha', 'zeta'], array_values(array_intersect($names, ['alpha', 'zeta'])));
    }

    public function testADeletedAccountIsGone(): void
    {
        $this->account();
        self::assertTrue(delete_account('invoices'));
        self::assertFalse(delete_account('invoices'));
        $error = $this->thrown(AccountNotFoundException::class, static fn () => get_account('invoices'));
        self::assertSame('invoices', $error->getAccount());
    }

    public function testNothingThatIsShownHoldsTheSecret(): void
    {
        $secret = $this->settings()['client_secret'];
        $this->account();
        $account = get_account('invoices');
        ob_start();
        var_dump($account);
        $dump = ob_get_clean();
        foreach ([$dump, var_export($account, true), json_encode($account), serialize($account), print_r((array) $account, true)] as $shown) {
            self::assertStringNotContainsString($secret, $shown);
        }
        self::assertArrayNotHasKey('client_secret', array_filter($account->toSettings()));
        $files = glob($this->folder . '/*');
        self::assertNotSame([], $files);
        foreach ($files as $file) {
            self::assertStringNotContainsString($secret, file_get_contents($file), $file);
            self::assertSame('0600', substr(sprintf('%o', fileperms($file)), -4), $file);
        }
    }

    public function testAnAccountCanBeBuiltFromItsJson(): void
    {
        $this->account();
        $account = get_account('invoices');
        self::assertEquals($account, Account::fromArray(json_decode(json_encode($account), true)));
    }

    public function testSettingsThatAreReadCanBeSavedAgainWithoutASignIn(): void
    {
        $this->signedIn();
        self::assertFalse(save_account('invoices', get_account('invoices')->toSettings()));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
    }

    /**
     * @dataProvider refusedSettings
     * @param array<mixed> $change
     */
    public function testWhatCanNotBeSavedIsNamed(array $change, string $named): void
    {
        $error = $this->thrown(ConfigurationException::class, fn () => save_account('invoices', $change + $this->settings()));
        self::assertStringContainsString($named, $error->getMessage());
        self::assertFalse(has_account('invoices'));
    }

    /**
     * @return iterable<string, array{array<mixed>, string}>
     */
    public function refusedSettings(): iterable
    {
        yield 'a folder that can be none' => [['folder_processed' => '/Archiv//2026'], 'folder_processed'];
        yield 'unknown key' => [['folder_inboks' => 'x'], 'folder_inboks'];
        yield 'wrong type' => [['enabled' => 'perhaps'], 'enabled'];
        yield 'array for a string' => [['tenant_id' => ['x']], 'tenant_id'];
        yield 'no tenant' => [['tenant_id' => ''], 'tenant_id'];
        yield 'tenant with a slash' => [['tenant_id' => '../common'], 'tenant_id'];
        yield 'no client' => [['client_id' => null], 'client_id'];
        yield 'no secret' => [['client_secret' => ''], 'client_secret'];
        yield 'no redirect URI' => [['redirect_uri' => null], 'redirect_uri'];
        yield 'unknown protocol' => [['protocol' => 'imap'], 'protocol'];
        yield 'unknown cloud' => [['cloud' => 'mars', 'authority_url' => null, 'graph_url' => null], 'cloud'];
        yield 'half of the endpoints' => [['graph_url' => null], 'graph_url'];
        yield 'application without a mailbox' => [['protocol' => 'application'], 'mailbox'];
        yield 'scopes that are not strings' => [['scopes' => [1, []]], 'scopes'];
        yield 'interval below zero' => [['refresh_interval' => -1], 'refresh_interval'];
        yield 'NUL byte' => [['folder_inbox' => "In\0box"], 'folder_inbox'];
        yield 'invalid UTF-8' => [['folder_inbox' => "\xff"], 'folder_inbox'];
        yield 'ten megabytes' => [['folder_inbox' => str_repeat('x', 10_000_000)], 'folder_inbox'];
        yield 'a date that is none' => [['secret_expires_at' => 'soon'], 'secret_expires_at'];
        yield 'certificate without its key' => [['client_secret' => null, 'client_certificate' => '/etc/app.pem'], 'client_key'];
    }

    /**
     * @dataProvider refusedNames
     */
    public function testAnAccountsNameHasOneTo190Characters(string $name): void
    {
        try {
            save_account($name, $this->settings());
            self::fail('saved');
        } catch (\ValueError | ConfigurationException $error) {
            self::assertNotSame('', $error->getMessage());
        }
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function refusedNames(): iterable
    {
        yield 'empty' => [''];
        yield 'NUL' => ["a\0b"];
        yield 'invalid UTF-8' => ["\xc3\x28"];
        yield '191 characters' => [str_repeat('ä', 191)];
        yield 'ten megabytes' => [str_repeat('x', 10_000_000)];
    }

    public function testANameOf190CharactersWorks(): void
    {
        $name = str_repeat('ä', 190);
        $this->account($name);
        self::assertSame($name, get_account($name)->account);
    }

    public function testAKeyLeftOutStaysAndNullResetsIt(): void
    {
        $this->account('invoices', ['mailbox' => 'shared@contoso.example', 'refresh_interval' => 3600]);
        save_account('invoices', ['folder_inbox' => '/Eingang', 'refresh_interval' => null, 'mailbox' => '', 'client_secret' => '']);
        $account = get_account('invoices');
        self::assertSame('/Eingang', $account->folderInbox);
        self::assertSame('/Verarbeitet', $account->folderProcessed);
        self::assertSame(43200, $account->refreshInterval);
        self::assertNull($account->mailbox);
        self::assertTrue($account->hasSecret);
    }

    public function testFoldersSecretAndMailboxCostNoSignIn(): void
    {
        $this->signedIn();
        self::assertFalse(save_account('invoices', [
            'folder_inbox' => '/Eingang', 'mailbox' => 'shared@contoso.example', 'client_secret' => 'another', 'secret_expires_at' => '2031-01-01',
        ]));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
        self::assertSame('2031-01-01', get_account('invoices')->secretExpiresAt->format('Y-m-d'));
    }

    public function testAnotherIdentityNeedsTheSecretAgainAndASignIn(): void
    {
        $this->signedIn();
        $this->thrown(ConfigurationException::class, static fn () => save_account('invoices', ['client_id' => '00000000-1111-2222-3333-444444444444']));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);

        self::assertTrue(save_account('invoices', ['client_id' => '00000000-1111-2222-3333-444444444444', 'client_secret' => 'new']));
        $this->thrown(SignInRequiredException::class, static fn () => access_token('invoices'));
    }

    public function testAnotherUserCostsASignInOnlyWhenItIsSomeoneElse(): void
    {
        $this->signedIn();
        self::assertFalse(save_account('invoices', ['user' => null]));
        self::assertFalse(save_account('invoices', ['user' => strtoupper(World::USER)]));
        self::assertTrue(save_account('invoices', ['user' => 'someone.else@contoso.example']));
    }

    public function testEveryAddressOfThePersonIsTheSamePerson(): void
    {
        $this->sandbox->control('PATCH', '/users/' . World::USER, ['mail' => 'a.gruber@contoso.example']);
        $this->signedIn('invoices', ['scopes' => ['User.Read', 'Mail.ReadWrite', 'email', 'offline_access']]);
        self::assertSame(World::USER, get_account('invoices')->signedInAs);
        self::assertFalse(save_account('invoices', ['user' => 'A.Gruber@contoso.example']));
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
        self::assertSame(TokenState::Valid, refresh_token('invoices')->state);
        self::assertTrue(save_account('invoices', ['user' => World::COLLEAGUE]));
    }

    public function testWiderScopesAreNamedUntilTheNextSignIn(): void
    {
        $this->signedIn();
        save_account('invoices', ['scopes' => ['User.Read', 'Mail.ReadWrite', 'Mail.Send', 'offline_access']]);
        self::assertSame(['Mail.Send'], token_status('invoices')->missingScopes);
    }

    public function testADatabaseServerIsRefusedForNow(): void
    {
        with_settings(['squeeze_graph.store' => 'mysql://localhost/graph'], function (): void {
            $this->thrown(ConfigurationException::class, static fn () => list_accounts());
        });
    }

    public function testAFormsEmptyFieldsAreTheDefaults(): void
    {
        $this->account('invoices', ['scopes' => [3 => 'User.Read', 5 => 'Mail.ReadWrite'], 'refresh_interval' => 60, 'enabled' => false]);
        self::assertSame(['User.Read', 'Mail.ReadWrite'], get_account('invoices')->scopes);
        save_account('invoices', ['scopes' => '', 'refresh_interval' => '', 'enabled' => '']);
        $account = get_account('invoices');
        self::assertCount(5, $account->scopes);
        self::assertSame([43200, true], [$account->refreshInterval, $account->enabled]);
    }

    public function testTenantsInOneProcessHaveStoresOfTheirOwn(): void
    {
        $this->account('first');
        $other = ['squeeze_graph.store' => $this->folder . '/other.sqlite'];
        with_settings($other, fn () => $this->account('second'));
        self::assertSame(['first'], array_column(list_accounts(), 'account'));
        self::assertSame(['second'], array_column(with_settings($other, list_accounts(...)), 'account'));
        self::assertSame($this->folder . '/store.sqlite', ini_get('squeeze_graph.store'));
    }

    public function testSettingsAreRestoredWhenTheCallThrows(): void
    {
        $error = $this->thrown(\DomainException::class, static fn () => with_settings(
            ['squeeze_graph.language' => 'de'],
            static fn () => throw new \DomainException('mine'),
        ));
        self::assertSame('mine', $error->getMessage());
        self::assertSame('en', ini_get('squeeze_graph.language'));
    }

    public function testASettingOfTheSystemCanNotBeChanged(): void
    {
        foreach (['squeeze_graph.custom_endpoints', 'squeeze_graph.unknown', 'memory_limit'] as $name) {
            $error = $this->thrown(ConfigurationException::class, static fn () => with_settings([$name => '0'], static fn () => null));
            self::assertStringContainsString($name, $error->getMessage());
        }
        self::assertFalse(ini_set('squeeze_graph.custom_endpoints', '0'));
    }

    public function testCustomEndpointsNeedTheSystemsLeave(): void
    {
        $code = sprintf(
            'try { save_account("x", %s); echo "saved"; } catch (ConfigurationException $e) { echo $e->getMessage(); }',
            var_export($this->settings(), true),
        );
        $child = Php::code($code, ['squeeze_graph.custom_endpoints' => '0']);
        self::assertStringContainsString('custom_endpoints', $child->output());
    }

    public function testAStoreOpensWithItsKeyOnly(): void
    {
        $this->account();
        self::assertFileExists($this->folder . '/store.sqlite.key');
        $wrong = $this->folder . '/wrong.key';
        file_put_contents($wrong, bin2hex(random_bytes(32)) . "\n");
        chmod($wrong, 0600);
        ini_set('squeeze_graph.key_file', $wrong);
        $error = $this->thrown(StoreException::class, static fn () => get_account('invoices'));
        self::assertStringContainsString($wrong, $error->getMessage() . $error->getProblem()->remedy);

        ini_set('squeeze_graph.key_file', $this->folder . '/missing.key');
        $this->thrown(StoreException::class, static fn () => get_account('invoices'));
        ini_restore('squeeze_graph.key_file');
        self::assertSame('invoices', get_account('invoices')->account);
    }

    public function testASecondProcessWithoutTheKeyIsToldSo(): void
    {
        $this->account();
        rename($this->folder . '/store.sqlite.key', $this->folder . '/kept');
        $child = Php::code('try { list_accounts(); echo "listed"; } catch (StoreException $e) { echo $e->getProblem()->remedy; }');
        self::assertNotSame('listed', $child->output());
        self::assertNotSame('', $child->output());
        self::assertFileDoesNotExist($this->folder . '/store.sqlite.key');
    }

    public function testTheKeyCanComeFromTheEnvironment(): void
    {
        $key = base64_encode(random_bytes(32));
        $save = sprintf('save_account("x", %s); echo "saved";', var_export($this->settings(), true));
        $environment = ['SQUEEZE_GRAPH_KEY' => $key];
        self::assertSame('saved', Php::run(['-r', 'namespace Squeeze\Graph; ' . $save], [], $environment)->output());
        self::assertFileDoesNotExist($this->folder . '/store.sqlite.key');
        self::assertSame('1', Php::run(['-r', 'echo count(Squeeze\Graph\list_accounts());'], [], $environment)->output());
        $this->thrown(StoreException::class, static fn () => list_accounts());
    }

    public function testKeysAreRotatedWhileTheStoreIsInUse(): void
    {
        $this->signedIn();
        $old = trim(file_get_contents($this->folder . '/store.sqlite.key'));
        $keys = $this->folder . '/keys';
        file_put_contents($keys, bin2hex(random_bytes(32)) . "\n" . $old . "\n");
        chmod($keys, 0600);
        ini_set('squeeze_graph.key_file', $keys);
        self::assertGreaterThan(0, reseal_store());
        file_put_contents($keys, explode("\n", file_get_contents($keys))[0] . "\n");
        self::assertSame(TokenState::Valid, token_status('invoices')->state);
        self::assertNotSame('', access_token('invoices'));
    }

    public function testADamagedStoreIsAStoreException(): void
    {
        $this->account();
        foreach (glob($this->folder . '/store.sqlite-*') as $file) {
            unlink($file);
        }
        file_put_contents($this->folder . '/store.sqlite', str_repeat('not a database ', 500));
        $child = Php::code('try { list_accounts(); echo "listed"; } catch (StoreException $e) { echo $e->getMessage(), $e->getProblem()->remedy; }');
        self::assertStringContainsString($this->folder . '/store.sqlite', $child->output());
    }

    public function testAStoreOfANewerVersionIsLeftAlone(): void
    {
        self::assertSame('saved', Php::code(sprintf('save_account("x", %s); echo "saved";', var_export($this->settings(), true)))->output());
        $version = function (?string $new): string {
            // The user version stands in bytes 60 to 63 (SQLite, "Database File Format").
            $file = fopen($this->folder . '/store.sqlite', 'r+b');
            fseek($file, 60);
            $old = fread($file, 4);
            fseek($file, 60);
            fwrite($file, $new ?? $old);
            fclose($file);

            return $old;
        };
        $ours = $version(pack('N', 99_999));
        $child = Php::code('try { list_accounts(); echo "listed"; } catch (StoreException $e) { echo $e->getMessage(); }');
        self::assertStringContainsString('newer version', $child->output());
        self::assertSame(pack('N', 99_999), $version($ours));
        self::assertSame('1', Php::code('echo count(list_accounts());')->output(), 'nothing was lost');
    }

    public function testAStoreMadeByRootBelongsToTheOwnerOfItsFolder(): void
    {
        if (posix_geteuid() !== 0) {
            self::markTestSkipped('Only root can make files for someone else.');
        }
        chmod($this->folder, 0755);
        $home = $this->folder . '/home';
        mkdir($home, 0700);
        chown($home, 33);
        chgrp($home, 33);
        self::assertSame('saved', Php::code(
            sprintf('save_account("x", %s); echo "saved";', var_export($this->settings(), true)),
            ['squeeze_graph.store' => $home . '/store.sqlite'],
        )->output());
        foreach (glob($home . '/*') as $file) {
            self::assertSame([33, 33], [fileowner($file), filegroup($file)], $file);
        }
        $child = Php::code(
            'posix_setgid(33); posix_setuid(33); echo count(list_accounts());',
            ['squeeze_graph.store' => $home . '/store.sqlite'],
        );
        self::assertSame('1', $child->output(), $child->errors());
    }

    public function testSomeoneElsesStoreIsAClearError(): void
    {
        if (posix_geteuid() !== 0) {
            self::markTestSkipped('Only root can become someone else.');
        }
        $this->account();
        chmod($this->folder, 0755);
        $child = Php::code('posix_setgid(33); posix_setuid(33);
            try { list_accounts(); echo "listed"; } catch (StoreException $e) { echo $e->getMessage(), $e->getProblem()->explanation, $e->getProblem()->remedy; }');
        self::assertStringContainsString($this->folder, $child->output());
        self::assertStringContainsString('root', $child->output());
        self::assertStringContainsString('www-data', $child->output());
    }

    /**
     * @dataProvider refusedStores
     */
    public function testAStoreThatCanNotBeIsAClearError(string $path): void
    {
        ini_set('squeeze_graph.store', str_replace('{folder}', $this->folder, $path));
        try {
            list_accounts();
            self::fail('listed');
        } catch (StoreException | ConfigurationException $error) {
            self::assertNotSame('', $error->getProblem()->remedy);
        }
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function refusedStores(): iterable
    {
        yield 'a folder' => ['{folder}'];
        yield 'no such folder' => ['{folder}/no/such/store.sqlite'];
        yield 'a stream wrapper' => ['php://memory'];
        yield 'a wrapper around a path' => ['file://{folder}/store.sqlite'];
        yield 'a device' => ['/dev/null'];
    }

    public function testOpenBasedirHoldsForTheStore(): void
    {
        $allowed = $this->folder . '/allowed';
        mkdir($allowed);
        $code = 'try { list_accounts(); echo "listed"; } catch (ConfigurationException | StoreException $e) { echo $e->getMessage(), $e->getProblem()->explanation; }';
        self::assertSame('listed', Php::code($code, ['open_basedir' => $allowed, 'squeeze_graph.store' => $allowed . '/store.sqlite'])->output());
        self::assertStringContainsString('open_basedir', Php::code($code, ['open_basedir' => $allowed, 'squeeze_graph.store' => $this->folder . '/store.sqlite'])->output());
    }

    public function testManyProcessesCanCreateOneStore(): void
    {
        $children = [];
        for ($i = 0; $i < 8; $i++) {
            $children[] = Php::startCode(sprintf('save_account("account %d", %s); echo "saved";', $i, var_export($this->settings(), true)));
        }
        foreach ($children as $child) {
            self::assertSame('saved', $child->wait()->output(), $child->errors());
        }
        self::assertCount(8, list_accounts());
    }
}
