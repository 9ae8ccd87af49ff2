<?php

declare(strict_types=1);

// Prints what valgrind said in one set of logs and not in another: beyond.php OTHER… -- LOG…. The numbers of processes, threads and
// records, and addresses, do not count, for they differ from run to run.

$arguments = array_slice($argv, 1);
$at = (int) array_search('--', $arguments, true);

/**
 * @param list<string> $files
 *
 * @return array<string, string> what was said, by what counts of it
 */
$records = static function (array $files): array {
    $records = [];
    foreach ($files as $file) {
        $text = (string) preg_replace('/^==\d+== ?/m', '', (string) file_get_contents($file));
        foreach (preg_split('/\n\s*\n/', trim($text), -1, PREG_SPLIT_NO_EMPTY) ?: [] as $record) {
            $records[(string) preg_replace(['/^Thread \d+.*:\n/', '/loss record [\d,]+ of [\d,]+/', '/\b0x[0-9A-F]+\b/'], '', $record)] = $record;
        }
    }

    return $records;
};
$beyond = array_diff_key($records(array_slice($arguments, $at + 1)), $records(array_slice($arguments, 0, $at)));
echo implode("\n\n", $beyond), $beyond === [] ? '' : "\n";
