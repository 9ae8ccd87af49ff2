<?php

/**
 * usage: php import-invoices.php ACCOUNT DSN [--allow WHOM]... [--block WHOM]... [--field NAME=SOURCE]...
 *
 * WHOM is an address or a domain. With --field the table's fields are those that are named, each filled from a SOURCE in the
 * mail: see InvoiceImporter::sources().
 */

declare(strict_types=1);

use Example\InvoiceImporter;
use Squeeze\Graph\ExtensionClient;

// In a checkout, and where the Debian package puts the library.
foreach ([__DIR__ . '/../php/src/autoload.php', '/usr/share/squeeze-graph/php/src/autoload.php'] as $autoload) {
    if (is_file($autoload)) {
        require_once $autoload;
        break;
    }
}
require_once __DIR__ . '/InvoiceImporter.php';

$refuse = static function (string $why): never {
    fwrite(STDERR, $why . "\nusage: php import-invoices.php ACCOUNT DSN [--allow WHOM]... [--block WHOM]... [--field NAME=SOURCE]...\n");
    exit(78);
};
$arguments = array_slice($argv, 1);
$account = array_shift($arguments);
$dsn = array_shift($arguments);
if ($account === null || $dsn === null || str_starts_with($account, '-') || str_starts_with($dsn, '-')) {
    $refuse('ACCOUNT and DSN are missing.');
}
$lists = ['--allow' => [], '--block' => []];
$fields = [];
while ($arguments !== []) {
    $option = array_shift($arguments);
    $value = array_shift($arguments) ?? '';
    // An option that is misspelt must not pass for none: an empty white list lets everyone send.
    if ($value === '' || str_starts_with($value, '-')) {
        $refuse(sprintf('%s needs a value.', $option));
    } elseif (array_key_exists($option, $lists)) {
        $lists[$option][] = $value;
    } elseif ($option === '--field' && str_contains($value, '=')) {
        [$field, $source] = explode('=', $value, 2);
        $fields[$field] = $source;
    } else {
        $refuse(sprintf('%s %s is not understood.', $option, $value));
    }
}
$database = new PDO($dsn);
try {
    $importer = new InvoiceImporter(
        new ExtensionClient(),
        $database,
        $lists['--allow'],
        $lists['--block'],
        $fields === [] ? InvoiceImporter::FIELDS : $fields,
    );
} catch (InvalidArgumentException $wrong) {
    $refuse($wrong->getMessage());
}
$importer->createTable();
$report = $importer->run($account);
printf("%d imported, %d rejected, %d left, %d failed\n", $report->imported, $report->rejected, $report->left, $report->failed);
