<?php

/**
 * usage: php import-invoices.php ACCOUNT DSN [--allow ADDRESS_OR_DOMAIN]... [--block ADDRESS_OR_DOMAIN]...
 */

declare(strict_types=1);

use Example\InvoiceImporter;
use Squeeze\Graph\ExtensionClient;

require __DIR__ . '/../php/src/autoload.php';
require __DIR__ . '/InvoiceImporter.php';

[, $account, $dsn] = array_pad($argv, 3, null);
if ($account === null || $dsn === null) {
    fwrite(STDERR, "usage: php import-invoices.php ACCOUNT DSN [--allow WHOM]... [--block WHOM]...\n");
    exit(78);
}
$rules = ['--allow' => [], '--block' => []];
foreach (array_chunk(array_slice($argv, 3), 2) as [$rule, $whom]) {
    $rules[$rule][] = $whom;
}
$database = new PDO($dsn, options: [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
// The unique key is what makes "at least once" exactly once: a mail that comes again has the same import key.
$database->exec(
    'CREATE TABLE IF NOT EXISTS invoice (import_key TEXT, sender TEXT, subject TEXT, received_at TEXT, file_name TEXT, sha256 TEXT,
        UNIQUE (import_key, sha256, file_name))',
);
$report = (new InvoiceImporter(new ExtensionClient(), $database, $rules['--allow'], $rules['--block']))->run($account);
printf("%d imported, %d rejected, %d left, %d failed\n", $report->imported, $report->rejected, $report->left, $report->failed);
