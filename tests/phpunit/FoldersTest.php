<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use Squeeze\Graph\AccessDeniedException;
use Squeeze\Graph\AmbiguousFolderException;
use Squeeze\Graph\Folder;
use Squeeze\Graph\FolderNotFoundException;
use Squeeze\Graph\Tests\Support\GraphTestCase;
use Squeeze\Graph\Tests\Support\World;

use function Squeeze\Graph\create_folder;
use function Squeeze\Graph\find_folder;
use function Squeeze\Graph\list_folders;

final class FoldersTest extends GraphTestCase
{
    protected function setUp(): void
    {
        parent::setUp();
        $this->signedIn();
    }

    public function testTheWholeTreeIsListedThoughPagesHaveTen(): void
    {
        $folders = [];
        foreach (list_folders('invoices') as $folder) {
            $folders[$folder->path] = $folder;
        }
        foreach (['/Posteingang', '/Posteingang/Rechnungen', '/Kunden/Müller & Söhne/Rechnungen', '/Projekte/2026/Q1/Angebote', '/Verarbeitet', '/Fehler'] as $path) {
            self::assertArrayHasKey($path, $folders);
        }
        self::assertSame('inbox', $folders['/Posteingang']->wellKnownName);
        self::assertSame('Angebote', $folders['/Projekte/2026/Q1/Angebote']->name);
        self::assertSame($folders['/Posteingang']->id, $folders['/Posteingang/Rechnungen']->parentId);
        self::assertGreaterThan(0, $folders['/Posteingang']->childCount);
        self::assertArrayNotHasKey('/Verborgen', $folders);
        self::assertSame([], array_filter(array_keys($folders), static fn (string $path): bool => str_contains($path, 'Ungelesene')));
        self::assertSame(count($folders), count(list_folders('invoices')));
    }

    public function testHiddenFoldersAreListedOnDemand(): void
    {
        $paths = array_column(list_folders('invoices', hidden: true), 'path');
        self::assertContains('/Verborgen', $paths);
    }

    public function testAHiddenFolderHasItsPathHoweverItIsNamed(): void
    {
        foreach (list_folders('invoices', hidden: true) as $folder) {
            self::assertEquals($folder, find_folder('invoices', 'id:' . $folder->id), $folder->path);
            self::assertEquals($folder, find_folder('invoices', $folder->path));
        }
        self::assertSame('/Synchronisierungsprobleme', find_folder('invoices', 'wellknown:syncissues')->path);
    }

    public function testWhatIsBelowAHiddenFolderCanBeListed(): void
    {
        $paths = array_column(list_folders('invoices', 'wellknown:syncissues'), 'path');
        self::assertContains('/Synchronisierungsprobleme/Konflikte', $paths);
        self::assertSame([], list_folders('invoices', '/Verborgen'));
    }

    public function testPartsOfTheTreeCanBeListed(): void
    {
        $top = array_column(list_folders('invoices', recursive: false), 'path');
        self::assertContains('/Kunden', $top);
        self::assertNotContains('/Posteingang/Rechnungen', $top);
        self::assertSame(['/Projekte/2025', '/Projekte/2026'], array_column(list_folders('invoices', 'Projekte', false), 'path'));
        self::assertContains('/Projekte/2026/Q1/Angebote', array_column(list_folders('invoices', '/Projekte'), 'path'));
    }

    public function testEveryPathCanBePassedBack(): void
    {
        foreach (list_folders('invoices') as $folder) {
            self::assertSame($folder->id, find_folder('invoices', $folder->path)->id, $folder->path);
            self::assertSame($folder->id, find_folder('invoices', 'id:' . $folder->id)->id, $folder->path);
        }
    }

    /**
     * @dataProvider names
     */
    public function testAFolderIsFound(string $name, string $path): void
    {
        self::assertSame($path, find_folder('invoices', $name)->path);
    }

    /**
     * @return iterable<string, array{string, string}>
     */
    public function names(): iterable
    {
        yield 'well-known' => ['wellknown:inbox', '/Posteingang'];
        yield 'well-known, other case' => ['wellknown:Inbox', '/Posteingang'];
        yield 'well-known as a plain name' => ['Inbox', '/Posteingang'];
        yield 'below a well-known one' => ['wellknown:inbox/Rechnungen', '/Posteingang/Rechnungen'];
        yield 'by path' => ['Posteingang/Rechnungen', '/Posteingang/Rechnungen'];
        yield 'by its only name, deep' => ['Angebote', '/Projekte/2026/Q1/Angebote'];
        yield 'other case' => ['verarbeitet', '/Verarbeitet'];
        yield 'blanks around it' => [' Verarbeitet ', '/Verarbeitet'];
        yield 'a blank that is not one' => ["/Verarbeitet\u{a0}", '/Verarbeitet'];
        yield 'blanks around a path and in it' => [' /Posteingang / Rechnungen', '/Posteingang/Rechnungen'];
        yield 'blanks around a well-known name' => [' wellknown:inbox ', '/Posteingang'];
        yield 'a slash in the name' => ['/Kunden/Muster\\/AG', '/Kunden/Muster\\/AG'];
        yield 'quotes' => ['"Zitat" & \'Apostroph\'', '/Kunden/"Zitat" & \'Apostroph\''];
        yield 'an emoji' => ['🎉 Feier', '/Kunden/🎉 Feier'];
        yield 'composed for decomposed' => ['Büro', "/Kunden/Bu\u{308}ro"];
        yield 'decomposed for decomposed' => ["Bu\u{308}ro", "/Kunden/Bu\u{308}ro"];
        yield 'decomposed for composed' => ["Mu\u{308}ller & So\u{308}hne", '/Kunden/Müller & Söhne'];
    }

    /**
     * @dataProvider ambiguousNames
     * @param list<string> $candidates
     */
    public function testANameInSeveralPlacesIsNeverGuessed(string $name, array $candidates): void
    {
        $error = $this->thrown(AmbiguousFolderException::class, static fn () => find_folder('invoices', $name));
        self::assertEqualsCanonicalizing($candidates, $error->getCandidates());
        foreach ($error->getCandidates() as $path) {
            self::assertInstanceOf(Folder::class, find_folder('invoices', $path));
        }
    }

    /**
     * @return iterable<string, array{string, list<string>}>
     */
    public function ambiguousNames(): iterable
    {
        yield 'three times' => ['Rechnungen', ['/Posteingang/Rechnungen', '/Kunden/Müller & Söhne/Rechnungen', '/Projekte/2025/Rechnungen']];
        yield 'two years' => ['2025', ['/Projekte/2025', '/Archiv/2025']];
    }

    public function testTheTopLevelDoesNotWinSilently(): void
    {
        create_folder('invoices', '/Angebote');
        $error = $this->thrown(AmbiguousFolderException::class, static fn () => find_folder('invoices', 'Angebote'));
        self::assertContains('/Angebote', $error->getCandidates());
        self::assertSame('/Angebote', find_folder('invoices', '/Angebote')->path);
    }

    /**
     * @dataProvider unknownNames
     */
    public function testAnUnknownFolderIsNotFound(string $name): void
    {
        $this->thrown(FolderNotFoundException::class, static fn () => find_folder('invoices', $name));
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function unknownNames(): iterable
    {
        yield 'nothing like it' => ['Zzyzx'];
        yield 'a path' => ['/Posteingang/Nirgends/Tief'];
        yield 'a search folder' => ['Ungelesene Rechnungen'];
        yield 'an id' => ['id:AAMkNothing'];
        yield 'a well-known name Graph has not' => ['wellknown:basement'];
        yield 'half of a path' => ['Müller & Söhne/Angebote'];
    }

    public function testTheClosestNamesAreSuggested(): void
    {
        $error = $this->thrown(FolderNotFoundException::class, static fn () => find_folder('invoices', 'Verarbeited'));
        self::assertContains('/Verarbeitet', $error->getSuggestions());
    }

    /**
     * @dataProvider badNames
     */
    public function testWhatIsNoNameIsRefusedBeforeAnyRequest(string $name): void
    {
        $before = $this->sandbox->asked('/me');
        try {
            find_folder('invoices', $name);
            self::fail('found');
        } catch (\ValueError | FolderNotFoundException $error) {
            self::assertLessThan(2_000, strlen($error->getMessage()));
        }
        self::assertSame($before, $this->sandbox->asked('/me'));
    }

    /**
     * @return iterable<string, array{string}>
     */
    public function badNames(): iterable
    {
        yield 'empty' => [''];
        yield 'NUL' => ["Post\0eingang"];
        yield 'invalid UTF-8' => ["Post\xffeingang"];
        yield 'ten megabytes' => [str_repeat('x', 10_000_000)];
        yield 'empty id' => ['id:'];
    }

    public function testAFolderIsMadeWithAllThatIsMissingAboveIt(): void
    {
        $folder = create_folder('invoices', '/Neu/Unter/Ordner mit \\/ und "x" 🎈');
        self::assertSame('Ordner mit / und "x" 🎈', $folder->name);
        self::assertSame($folder->path, find_folder('invoices', $folder->path)->path);
        self::assertSame($folder->id, create_folder('invoices', $folder->path)->id);
        self::assertSame(find_folder('invoices', 'Verarbeitet')->id, create_folder('invoices', '/Verarbeitet')->id);
    }

    public function testAFolderThatSomeoneElseMadeMeanwhileIsReturned(): void
    {
        $this->sandbox->fault(['method' => 'POST', 'path' => '/mailFolders', 'execute' => true, 'status' => 503, 'body' => '']);
        $folder = create_folder('invoices', '/Wettlauf');
        self::assertSame('/Wettlauf', $folder->path);
        self::assertCount(1, array_filter(list_folders('invoices'), static fn (Folder $other): bool => $other->name === 'Wettlauf'));
    }

    public function testANewNamesakeIsNoticed(): void
    {
        self::assertSame('/Projekte/2026/Q1/Angebote', find_folder('invoices', 'Angebote')->path);
        create_folder('invoices', '/Kunden/Angebote');
        $this->thrown(AmbiguousFolderException::class, static fn () => find_folder('invoices', 'Angebote'));
    }

    public function testASharedMailboxHasItsOwnFolders(): void
    {
        $own = find_folder('invoices', 'Verarbeitet')->id;
        $this->signedIn('shared', ['mailbox' => World::SHARED]);
        self::assertNotSame($own, find_folder('shared', 'Verarbeitet')->id);
    }

    public function testAMailboxWithoutRightsIsDenied(): void
    {
        $this->signedIn('closed', ['mailbox' => World::CLOSED]);
        $error = $this->thrown(AccessDeniedException::class, static fn () => list_folders('closed'));
        self::assertStringContainsString('Mail.ReadWrite.Shared', $error->getProblem()->remedy);
        self::assertSame('closed', $error->getAccount());
    }

    public function testAFolderCanBeBuiltFromItsJson(): void
    {
        $folder = find_folder('invoices', 'wellknown:inbox');
        self::assertEquals($folder, Folder::fromArray(json_decode(json_encode($folder), true)));
    }
}
