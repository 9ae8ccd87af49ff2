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
 * The mailbox's folders as a tree. A name that several have is marked: it has to be given with its path. Creates folders.
 */
final class Folders extends Command
{
    protected function configure(): void
    {
        $this->setName('folders')->describe('Shows the folders of a mailbox as a tree')->needsAccount()
            ->addOption('hidden', null, InputOption::VALUE_NONE, $this->text('hidden ones as well'))
            ->addOption('create', null, InputOption::VALUE_REQUIRED | InputOption::VALUE_IS_ARRAY, $this->text('create this one, given as a path, and those above it'));
    }

    protected function act(InputInterface $input, OutputInterface $output): ExitCode
    {
        $account = $this->account($input);
        /** @var list<string> $wanted */
        $wanted = $input->getOption('create');
        foreach ($wanted as $path) {
            $folder = $this->client->createFolder($account, $path);
            if (self::wantsJson($input)) {
                $this->json($output, 'folder', $folder->jsonSerialize());
            } else {
                $output->writeln(sprintf('<info>✓</info> %s', Text::line($this->text('%s is there', $folder->path))));
            }
        }
        if ($wanted === []) {
            $this->show($this->client->listFolders($account, hidden: $input->getOption('hidden') === true), $input, $output);
        }

        return ExitCode::AllWell;
    }

    /** @param list<Folder> $folders */
    private function show(array $folders, InputInterface $input, OutputInterface $output): void
    {
        $ambiguous = self::ambiguous($folders);
        $ids = array_map(static fn (Folder $folder): string => $folder->id, $folders);
        $children = [];
        foreach ($folders as $folder) {
            $parent = in_array($folder->parentId, $ids, true) ? (string) $folder->parentId : '';
            $children[$parent][] = $folder;
            if (self::wantsJson($input)) {
                $this->json($output, 'folder', $folder->jsonSerialize() + ['ambiguous' => isset($ambiguous[$folder->id])]);
            }
        }
        if (!self::wantsJson($input)) {
            $this->draw($output, $children, '', '', $ambiguous);
        }
    }

    /**
     * The folders whose name alone means several: by the rule of folder names, to which Unicode's ways to write a letter are
     * one, and a well-known name is a name of its folder. Names that differ in case only are told apart.
     *
     * @param list<Folder> $folders
     * @return array<string, true> by id
     */
    private static function ambiguous(array $folders): array
    {
        $named = [];
        foreach ($folders as $folder) {
            $named[self::form($folder->name)][$folder->id] = true;
        }
        $known = array_filter($folders, static fn (Folder $folder): bool => $folder->wellKnownName !== null);
        foreach ($known as $folder) {
            // It has no case of its own, so it fits whatever the other's is.
            foreach ($folders as $other) {
                if (strcasecmp(trim($other->name), (string) $folder->wellKnownName) === 0) {
                    $named[self::form($other->name)][$folder->id] = true;
                }
            }
        }
        $ambiguous = [];
        foreach ($folders as $folder) {
            if (count($named[self::form($folder->name)]) > 1) {
                $ambiguous[$folder->id] = true;
            }
        }

        return $ambiguous;
    }

    private static function form(string $name): string
    {
        return class_exists(\Normalizer::class) ? \Normalizer::normalize($name) ?: $name : $name;
    }

    /**
     * @param array<string, list<Folder>> $children by the parent's id
     * @param array<string, true> $ambiguous by id
     */
    private function draw(OutputInterface $output, array $children, string $parent, string $indent, array $ambiguous): void
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
            if (isset($ambiguous[$folder->id])) {
                $line .= sprintf(' <error>%s</error> %s', $this->text('ambiguous'), Text::line($this->text('use %s', $folder->path)));
            }
            $output->writeln($line);
            $this->draw($output, $children, $folder->id, $indent . ($last ? '    ' : '│   '), $ambiguous);
        }
    }
}
