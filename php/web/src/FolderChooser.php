<?php

declare(strict_types=1);

namespace Squeeze\Graph\Web;

use Squeeze\Graph\AmbiguousFolderException;
use Squeeze\Graph\Folder;
use Squeeze\Graph\FolderNotFoundException;
use Squeeze\Graph\GraphException;

/**
 * Shows the folders of the mailbox as they are, to be chosen instead of guessed.
 */
final class FolderChooser
{
    public const FIELDS = ['folder_inbox', 'folder_processed', 'folder_error'];

    public function __construct(private readonly Visit $visit)
    {
    }

    public function show(): Response
    {
        return $this->tree();
    }

    public function choose(): Response
    {
        $account = $this->visit->account();
        $chosen = [];
        foreach (self::FIELDS as $field) {
            $value = $this->visit->request->form($field);
            if ($value !== '') {
                $chosen[$field] = $value;
            }
        }
        if (count(array_unique($chosen)) < count($chosen)) {
            return $this->tree($chosen, $this->visit->words->text('folders.twice'));
        }
        $this->visit->client->saveAccount($account->account, $chosen);
        $this->visit->tell(new Notice('success', 'folders.saved', ['account' => $account->account], $account->account));

        return $this->visit->seeOther();
    }

    public function create(): Response
    {
        $account = $this->visit->account();
        $path = $this->visit->request->form('path');
        if ($path === '') {
            return $this->tree([], $this->visit->words->text('form.required', ['field' => $this->visit->words->text('folders.new_path')]));
        }
        try {
            $folder = $this->visit->client->createFolder($account->account, $path);
        } catch (GraphException $failure) {
            return $this->tree([], $failure->getProblem()->explanation . ' ' . $failure->getProblem()->remedy);
        }
        $this->visit->tell(new Notice('success', 'folders.created', ['path' => $folder->path], $account->account));
        if ($this->visit->request->form('then') === 'test') {
            return (new ConnectionTest($this->visit))->run();
        }

        return $this->visit->seeOther('folders', ['account' => $account->account]);
    }

    /** @param array<string, string> $chosen what was chosen on the page, before what is stored */
    private function tree(array $chosen = [], ?string $error = null): Response
    {
        $account = $this->visit->account();
        $settings = $account->toSettings();
        $stored = [];
        foreach (self::FIELDS as $field) {
            $stored[$field] = (string) $settings[$field];
        }
        $lost = [];
        $rows = [];
        $folders = $this->visit->client->listFolders($account->account);
        foreach ($folders as $folder) {
            $rows[] = ['folder' => $folder, 'value' => self::name($folder), 'depth' => self::depth($folder->path)];
        }

        return $this->visit->page('folders', [
            'account' => $account,
            'rows' => $rows,
            'fields' => self::FIELDS,
            'chosen' => $this->found($account->account, $chosen + $stored, $folders, $lost),
            'lost' => $lost,
            'error' => $error,
        ], $error === null ? 200 : 422);
    }

    /**
     * Which rows are chosen now. A plain name, or a path in other words, is the folder that it finds.
     *
     * @param array<string, string> $names
     * @param list<Folder> $folders
     * @param array<string, array{name: string, candidates: list<string>, create: bool}> $lost by field, what is no folder
     * @return array<string, string> field to row; where nothing is found, nothing is chosen
     */
    private function found(string $account, array $names, array $folders, array &$lost): array
    {
        $rows = array_map(self::name(...), $folders);
        $found = [];
        foreach ($names as $field => $name) {
            if ($name === '' || in_array($name, $rows, true)) {
                $found[$field] = $name;
                continue;
            }
            try {
                $found[$field] = self::name($this->visit->client->findFolder($account, $name));
            } catch (AmbiguousFolderException $several) {
                $found[$field] = '';
                $lost[$field] = ['name' => $name, 'candidates' => $several->getCandidates(), 'create' => false];
            } catch (FolderNotFoundException) {
                $found[$field] = '';
                $lost[$field] = ['name' => $name, 'candidates' => [], 'create' => self::canBeCreated($name)];
            } catch (GraphException) {
                $found[$field] = '';
                $lost[$field] = ['name' => $name, 'candidates' => [], 'create' => false];
            }
        }

        return $found;
    }

    /** Whether there can be a folder of that name: an id or a well-known name is given by Microsoft only. */
    public static function canBeCreated(string $name): bool
    {
        return preg_match('#^(id:|wellknown:[^/]*$)#D', $name) === 0 && $name !== '';
    }

    /** How the account shall name a folder: as its inbox in whatever language, else by its path. */
    private static function name(Folder $folder): string
    {
        return $folder->wellKnownName === null ? $folder->path : 'wellknown:' . $folder->wellKnownName;
    }

    private static function depth(string $path): int
    {
        return substr_count((string) preg_replace('/\\\\./', '', $path), '/') - 1;
    }
}
