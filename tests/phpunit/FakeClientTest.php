<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\BodyType;
use Squeeze\Graph\Client;
use Squeeze\Graph\ConnectionException;
use Squeeze\Graph\Fake\Attached;
use Squeeze\Graph\Fake\Problems;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\Importance;
use Squeeze\Graph\IncomingMessage;
use Squeeze\Graph\LeaveInInbox;
use Squeeze\Graph\RefreshOutcome;
use Squeeze\Graph\SignInRequiredException;
use Squeeze\Graph\StopImport;
use Squeeze\Graph\Tests\Support\ClientBehaviour;
use Squeeze\Graph\Tests\Support\ClientRules;
use Squeeze\Graph\TokenState;

final class FakeClientTest extends TestCase
{
    use ClientBehaviour;
    use ClientRules;

    private FakeClient $fake;
    private int $now;

    protected function setUp(): void
    {
        $this->now = time();
        $this->fake = new FakeClient(fn (): \DateTimeImmutable => new \DateTimeImmutable('@' . $this->now));
        $this->fake->addAccount('invoices');
    }

    protected function client(): Client
    {
        return $this->fake;
    }

    protected function arrives(string $subject, array $attachments = ['invoice.pdf' => '%PDF']): string
    {
        return $this->fake->mailbox('invoices')->deliver($subject, $attachments);
    }

    protected function arrivesWithEveryKind(): string
    {
        return $this->fake->mailbox('invoices')->deliver('Invoice 17', [
            '17.pdf' => '%PDF',
            Attached::inline('logo.png', 'a picture', contentId: 'logo@mail'),
            Attached::mail('Your request', "Subject: Your request\r\n\r\nPlease send it."),
            Attached::link('Plan.xlsx'),
        ]);
    }

    protected function signedInAt(string $url): array
    {
        return ['state' => $this->begun($url), 'code' => 'any'];
    }

    protected function certificate(string $name): array
    {
        return ['client_certificate' => "/etc/$name.pem", 'client_key' => "/etc/$name.key"];
    }

    protected function whileRenewalsFail(string $trouble, callable $run): mixed
    {
        $this->fake->failNext('refreshToken', match ($trouble) {
            'administrator' => Problems::actionRequired('invoices', null),
            'host' => new ConnectionException(Problems::of('tls', 'The certificate is not trusted.')),
            'passing' => new ConnectionException(Problems::of('connect', 'Nobody is there.', retryable: true)),
        });

        return $run();
    }

    public function testTroubleIsToldWhenAskedFor(): void
    {
        $trouble = new ConnectionException(Problems::of('connection_refused', 'Nobody is there.'));
        $this->fake->failNext('findFolder', $trouble);
        self::assertTrue($this->throws(ConnectionException::class, fn () => $this->fake->findFolder('invoices', 'inbox')));
        self::assertSame('inbox', $this->fake->findFolder('invoices', 'inbox')->wellKnownName);
        self::assertSame(['findFolder', 'findFolder'], array_slice(array_column($this->fake->calls(), 'method'), -2));
        self::assertTrue($this->throws(\ValueError::class, fn () => $this->fake->failNext('findFoldre', $trouble)));
    }

    public function testALimitThatCanBeNoneIsToldByTheNameOfWhatWasCalled(): void
    {
        $mailbox = $this->fake->mailbox('invoices');
        $mailbox->deliver('Invoice 17', ['17.pdf' => '%PDF-1.7']);
        $message = $mailbox->messagesIn('wellknown:inbox')[0]->id;
        $attachment = $this->fake->listAttachments('invoices', $message)[0]->id;
        $path = sys_get_temp_dir() . '/never-written-' . bin2hex(random_bytes(4));
        $calls = [
            'getMime' => ['invoices', $message],
            'saveMime' => ['invoices', $message, $path],
            'getAttachment' => ['invoices', $message, $attachment],
            'saveAttachment' => ['invoices', $message, $attachment, $path],
        ];
        foreach ($calls as $method => $arguments) {
            try {
                $this->fake->$method(...$arguments, maxBytes: -1);
                self::fail($method);
            } catch (\ValueError $refused) {
                self::assertSame($method . '(): Argument ($maxBytes) must be greater than or equal to 0', $refused->getMessage());
            }
        }
        self::assertFileDoesNotExist($path);
    }

    public function testTokensEndWithTime(): void
    {
        $token = $this->fake->accessToken('invoices');
        $this->now += 3_600;
        self::assertSame(TokenState::Expired, $this->fake->tokenStatus('invoices')->state);
        self::assertTrue($this->fake->isTokenExpired('invoices'));
        self::assertNotSame($token, $this->fake->accessToken('invoices'));
        $this->fake->expireToken('invoices');
        self::assertSame(RefreshOutcome::Refreshed, $this->fake->refreshTokens()->results[0]->outcome);
    }

    public function testAnEndedSignInAsksForAPerson(): void
    {
        $this->fake->endSignIn('invoices');
        $this->fake->expireToken('invoices');
        self::assertTrue($this->throws(SignInRequiredException::class, fn () => $this->fake->listFolders('invoices')));
        self::assertSame(RefreshOutcome::SignInRequired, $this->fake->refreshTokens()->results[0]->outcome);
        self::assertSame(TokenState::SignInRequired, $this->fake->tokenStatus('invoices')->state);
        $url = $this->fake->authorizationUrl('invoices');
        parse_str((string) parse_url($url, PHP_URL_QUERY), $query);
        self::assertSame(TokenState::Valid, $this->fake->exchangeCode(['state' => $query['state'], 'code' => 'any'])->state);
    }

    public function testAnAdministratorActsAndNobodySignsIn(): void
    {
        $this->fake->requireAction('invoices');
        self::assertSame(TokenState::ActionRequired, $this->fake->tokenStatus('invoices')->state);
        self::assertSame([], $this->fake->listFolders('invoices', '/Fehler'), 'the old token goes on working');
        $this->fake->expireToken('invoices');
        $failure = 'Squeeze\Graph\ActionRequiredException invalid_client';
        self::assertSame($failure, $this->failure(fn () => $this->fake->listFolders('invoices')));
        $result = $this->fake->refreshTokens()->results[0];
        self::assertSame([RefreshOutcome::ActionRequired, 7_000_222], [$result->outcome, $result->problem?->aadsts]);
        self::assertFalse($this->fake->saveAccount('invoices', ['client_secret' => 'a new one']));
        self::assertSame(RefreshOutcome::Refreshed, $this->fake->refreshTokens()->results[0]->outcome);
        self::assertSame(TokenState::Valid, $this->fake->tokenStatus('invoices')->state);
        self::assertSame('anna.gruber@contoso.example', $this->fake->tokenStatus('invoices')->signedInAs);
        $this->fake->requireAction('invoices');
        $this->fake->saveAccount('invoices', $this->certificate('app'));
        self::assertSame(TokenState::Valid, $this->fake->refreshToken('invoices')->state);

        $this->fake->requireAction('invoices', Problems::of('consent_required', 'A permission is missing.'));
        self::assertSame('consent_required', $this->fake->tokenStatus('invoices')->problem?->code);
        $this->fake->actionTaken('invoices');
        self::assertSame(TokenState::Valid, $this->fake->refreshToken('invoices')->state);
    }

    public function testOnlySomeScopesCanBeConsentedTo(): void
    {
        $this->fake->signIn('invoices', scopes: ['User.Read', 'Mail.ReadWrite', 'offline_access']);
        $status = $this->fake->refreshToken('invoices');
        self::assertSame(['Mail.ReadWrite.Shared', 'MailboxSettings.ReadWrite'], $status->missingScopes);
    }

    public function testASignInTakesTenMinutesAndItsOutcomeADay(): void
    {
        $late = $this->signedInAt($this->fake->authorizationUrl('invoices', 'browser'));
        $done = $this->signedInAt($this->fake->authorizationUrl('invoices', 'browser'));
        $this->fake->exchangeCode($done, 'browser');
        $this->now += 601;
        $failure = 'Squeeze\Graph\SignInFailedException sign_in_';
        self::assertSame($failure . 'expired_state', $this->failure(fn () => $this->fake->exchangeCode($late, 'browser')));
        self::assertNull($this->failure(fn () => $this->fake->exchangeCode($done, 'browser')));
        $this->now += 86_400;
        self::assertSame($failure . 'unknown_state', $this->failure(fn () => $this->fake->exchangeCode($done, 'browser')));
    }

    public function testWhoeverTheHintNamesSignsIn(): void
    {
        $hint = fn (string $who): ?string => $this->failure(fn () => $this->fake->exchangeCode(
            $this->signedInAt($this->fake->authorizationUrl('invoices', 'browser', loginHint: $who)),
            'browser',
        ));
        self::assertSame('Squeeze\Graph\SignInFailedException sign_in_wrong_account', $hint('bernd.jaeger@contoso.example'));
        self::assertNull($hint('Anna.Gruber@contoso.example'));
        $this->fake->revokeTokens('invoices');
        self::assertNull($hint('bernd.jaeger@contoso.example'));
        self::assertSame('bernd.jaeger@contoso.example', $this->fake->tokenStatus('invoices')->signedInAs);
    }

    public function testALongerLifeThanMicrosoftGivesIsAskedForOnceInFiveMinutes(): void
    {
        $first = $this->fake->accessToken('invoices', 7_200);
        self::assertSame($first, $this->fake->accessToken('invoices', 7_200));
        $this->now += 301;
        self::assertNotSame($first, $this->fake->accessToken('invoices', 7_200));
    }

    public function testAMailHasAllThatAnImporterLooksAt(): void
    {
        $id = $this->fake->mailbox('invoices')->deliver(
            'Rechnung März',
            [Attached::inline('logo.png', 'a picture', contentId: 'logo@mail'), Attached::file('a.xml', '<a/>', 'text/xml')],
            from: '"Müller, Söhne" <billing@supplier.example>',
            html: '<style>p{}</style><p>Gr&uuml;&szlig;e<br>K&ouml;ln</p><img src="cid:logo@mail">',
            to: ['invoices@contoso.example', 'Anna Gruber <anna.gruber@contoso.example>'],
            cc: ['cc@contoso.example'],
            replyTo: ['accounts@supplier.example'],
            headers: ['X-Invoice' => '17', 'Auto-Submitted' => 'no'],
            importance: Importance::High,
        );
        $message = $this->fake->getMessage('invoices', $id);
        self::assertSame(['Müller, Söhne', 'billing@supplier.example'], [$message->from?->name, $message->from?->address]);
        self::assertSame([null, 'Anna Gruber'], array_column($message->to, 'name'));
        self::assertSame(['cc@contoso.example'], array_column($message->cc, 'address'));
        self::assertSame(['accounts@supplier.example'], array_column($message->replyTo, 'address'));
        self::assertSame([BodyType::Html, Importance::High], [$message->bodyType, $message->importance]);
        self::assertStringContainsString('<img src="cid:logo@mail">', (string) $message->body);
        self::assertSame("Grüße\nKöln", $this->fake->getMessage('invoices', $id, textBody: true)->body);
        self::assertSame("Grüße\nKöln", $message->bodyPreview);
        self::assertSame('17', array_column((array) $message->headers, 'value', 'name')['X-Invoice']);
        self::assertTrue($message->hasAttachments);
        [$logo, $xml] = $this->fake->listAttachments('invoices', $id);
        self::assertSame(['logo@mail', true, 'image/png'], [$logo->contentId, $logo->isInline, $logo->contentType]);
        self::assertSame(['text/xml', '<a/>'], [$xml->contentType, $this->fake->getAttachment('invoices', $id, $xml->id)]);
        $mime = $this->fake->getMime('invoices', $id);
        foreach (["X-Invoice: 17\r\n", 'Content-ID: <logo@mail>', 'Content-Type: text/html', 'Cc: cc@contoso.example'] as $line) {
            self::assertStringContainsString($line, $mime);
        }
        $bodies = [];
        foreach (['html', 'text'] as $form) {
            $this->fake->importMessages('invoices', static function (IncomingMessage $mail) use (&$bodies): void {
                $bodies[] = $mail->body;

                throw new LeaveInInbox();
            }, body: $form);
        }
        self::assertSame([$message->body, "Grüße\nKöln"], $bodies);
        self::assertSame('ValueError', $this->failure(
            fn () => $this->fake->mailbox('invoices')->deliver('x', headers: ['X-A' => "1\r\nBcc: b@contoso.example"]),
        ));
    }

    public function testAPictureInTheTextAndALinkAreNoAttachments(): void
    {
        $link = Attached::link('Plan.xlsx', 'https://contoso.example/plan');
        $told = $this->fake->mailbox('invoices')->deliver('a link', [$link], folder: '/Fehler');
        self::assertSame('https://contoso.example/plan', $this->fake->listAttachments('invoices', $told)[0]->sourceUrl);
        $this->fake->deleteMessage('invoices', $told);
        $this->fake->mailbox('invoices')->deliver('only these', [Attached::inline('logo.png', 'a picture', 'logo@mail'), $link]);
        $this->fake->mailbox('invoices')->deliver('a document', [Attached::inline('17.pdf', '%PDF', '1@mail', 'application/pdf')]);
        $report = $this->fake->importMessages('invoices', static fn () => null);
        self::assertSame(['no attachment', null], array_column($report->results, 'reason'));
        self::assertSame([0, 1, 1], $this->counts());
    }

    public function testStoppingIsPoliteWhereverItIsThrown(): void
    {
        foreach (['first', 'second', 'third'] as $subject) {
            $this->arrives($subject);
        }
        $stop = static fn () => throw new StopImport();
        self::assertSame(0, $this->fake->importMessages('invoices', static fn () => null, accept: $stop)->imported);
        self::assertSame(1, $this->fake->importMessages('invoices', static fn () => null, progress: $stop)->imported);
        self::assertSame([2, 1, 0], $this->counts());
    }

    /** The fake is for machines without the extension, too. */
    public function testItWorksWithoutTheExtension(): void
    {
        $code = sprintf('require %s;', var_export(__DIR__ . '/../../php/src/autoload.php', true)) . <<<'PHP'
            $client = new Squeeze\Graph\FakeClient();
            $client->addAccount('invoices');
            $client->mailbox('invoices')->deliver('Invoice 17', ['17.pdf' => '%PDF']);
            $report = $client->importMessages('invoices', function (Squeeze\Graph\IncomingMessage $mail): void {
                echo $mail->message->subject, ' ', file_get_contents($mail->attachments[0]->path), "\n";
            });
            echo extension_loaded('squeeze_graph') ? 'with' : 'without', ' ', $report->imported, ' ';
            echo count($client->mailbox('invoices')->messagesIn('/Verarbeitet')), "\n";
            PHP;
        $php = escapeshellarg(PHP_BINARY) . ' -n';
        $own = explode("\n", (string) shell_exec($php . ' -m'));
        $php .= in_array('mbstring', $own, true) ? '' : ' -d extension=mbstring';
        exec($php . ' -r ' . escapeshellarg($code) . ' 2>&1', $lines, $status);
        self::assertSame(['Invoice 17 %PDF', 'without 1 1'], $lines);
        self::assertSame(0, $status);
    }
}
