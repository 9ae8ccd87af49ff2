<?php

declare(strict_types=1);

namespace Example\Symfony;

use Example\InvoiceImporter;
use Symfony\Component\Console\Attribute\AsCommand;
use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputInterface;
use Symfony\Component\Console\Output\OutputInterface;

#[AsCommand(name: 'invoices:import')]
final class ImportCommand extends Command
{
    public function __construct(private readonly InvoiceImporter $importer)
    {
        parent::__construct('invoices:import');
    }

    protected function execute(InputInterface $input, OutputInterface $output): int
    {
        $report = $this->importer->run('invoices');
        $output->writeln(sprintf('%d imported, %d rejected', $report->imported, $report->rejected));

        return Command::SUCCESS;
    }
}
