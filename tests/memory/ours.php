<?php

declare(strict_types=1);

// Prints what valgrind said that concerns the extension: ours.php LOG…. Every error does, and a loss where the extension is among the callers.

foreach (array_slice($argv, 1) as $file) {
    $text = (string) preg_replace('/^==\d+== ?/m', '', (string) file_get_contents($file));
    foreach (preg_split('/\n\s*\n/', trim($text), -1, PREG_SPLIT_NO_EMPTY) ?: [] as $record) {
        // Functions of the extension are named by their source, which is Rust, or else by its file.
        if (!str_contains($record, ' lost in loss record ') || preg_match('/\.rs:\d|squeeze_graph/', $record) === 1) {
            echo $record, "\n\n";
        }
    }
}
