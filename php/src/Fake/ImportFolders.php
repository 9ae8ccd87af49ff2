<?php

declare(strict_types=1);

namespace Squeeze\Graph\Fake;

use Squeeze\Graph\AmbiguousFolderException;
use Squeeze\Graph\ConfigurationException;
use Squeeze\Graph\Folder;
use Squeeze\Graph\FolderNotFoundException;

/**
 * Where an import takes mails from, and where they go.
 *
 * @internal
 */
final class ImportFolders
{
    /** @param \Closure(string): Mailbox $open the mailbox of an account whose token is good */
    public function __construct(private readonly Accounts $accounts, private readonly \Closure $open)
    {
    }

    /**
     * The three folders of an account.
     *
     * @return array{inbox: string, processed: string, error: string}
     * @throws ConfigurationException
     */
    public function of(string $account): array
    {
        $found = [];
        foreach (['inbox', 'processed', 'error'] as $which) {
            $folder = $this->folder($account, $which);
            if (in_array('id:' . $folder->id, $found, true)) {
                throw self::namedTwice($account, $folder);
            }
            $found[$which] = 'id:' . $folder->id;
        }

        return ['inbox' => $found['inbox'], 'processed' => $found['processed'], 'error' => $found['error']];
    }

    public static function namedTwice(string $account, Folder $folder): ConfigurationException
    {
        return Problems::configuration($account, 'import_folders_same', sprintf('The folder "%s" is named twice.', $folder->path));
    }

    /** @param 'inbox'|'processed'|'error' $which */
    private function folder(string $account, string $which): Folder
    {
        $setting = 'folder_' . $which;
        $name = $this->accounts->settings($account)->text($setting)
            ?? throw Problems::configuration($account, 'import_folder_missing', sprintf('The setting "%s" is missing.', $setting));
        try {
            return ($this->open)($account)->find($name);
        } catch (FolderNotFoundException | AmbiguousFolderException $failure) {
            // That there is no inbox is no matter of where mails go.
            throw $which === 'inbox'
                ? $failure
                : Problems::configuration($account, 'import_folder_unusable', $failure->getProblem()->explanation);
        }
    }
}
