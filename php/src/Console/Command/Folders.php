<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console\Command;

use Squeeze\Graph\Console\ExitCode;
use Squeeze\Graph\Console\Text;
use Squeeze\Graph\Folder;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Input\InputOption;
use Symfony\Component\Console\Output\OutputInterface;

/**
 * The mailbox's folders as a tree. A name that several have is marked: it has to be given with its path.
 */
final class Folders extends Command
{
    protected function configure(): void
    {
        $this->setName('folders')->describe('Shows the folders of a mailbox as a tree')->needsAccount()
            ->addOption('hidden', null, InputOption::VALUE_NONE, $this->text('hidden ones as well'));
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $folders = $this->client->listFolders(self::account($input), hidden: $input->getOption('hidden') === true);
        $named = array_count_values(array_map(static fn (Folder $folder): string => $folder->name, $folders));
        $children = [];
        $ids = array_map(static fn (Folder $folder): string => $folder->id, $folders);
        foreach ($folders as $folder) {
            $parent = in_array($folder->parentId, $ids, true) ? (string) $folder->parentId : '';
            $children[$parent][] = $folder;
        }
        if (self::wantsJson($input)) {
            foreach ($folders as $folder) {
                self::json($output, 'folder', $folder->jsonSerialize() + ['ambiguous' => $named[$folder->name] > 1]);
            }
        } else {
            $this->draw($output, $children, '', '', $named);
        }

        return ExitCode::AllWell;
    }

    /**
     * @param array<string, list<Folder>> $children by the parent's id
     * @param array<string, int> $named how many folders have a name
     */
    private function draw(OutputInterface $output, array $children, string $parent, string $indent, array $named): void
    {
        $here = $children[$parent] ?? [];
        foreach ($here as $index => $folder) {
            $last = $index === count($here) - 1;
            $line = $indent . ($last ? '└── ' : '├── ') . Text::line($folder->name);
            $counts = sprintf('%d', $folder->totalCount) . ($folder->unreadCount > 0 ? ', ' . $this->text('%d unread', $folder->unreadCount) : '');
            $notes = array_filter([
                $folder->wellKnownName,
                $folder->isHidden ? $this->text('hidden') : null,
            ]);
            $line .= sprintf(' (%s)%s', $counts, $notes === [] ? '' : ' <comment>' . Text::line(implode(', ', $notes)) . '</comment>');
            if ($named[$folder->name] > 1) {
                $line .= sprintf(' <error>%s</error> %s', $this->text('ambiguous'), Text::line($this->text('use %s', $folder->path)));
            }
            $output->writeln($line);
            $this->draw($output, $children, $folder->id, $indent . ($last ? '    ' : '│   '), $named);
        }
    }
}
