<?php

/**
 * Prints a filter of PHPUnit for each test that a report in JUnit's format says failed. Argument: the report.
 */

declare(strict_types=1);

$report = simplexml_load_file($argv[1]) ?: exit(70);
foreach ($report->xpath('//testcase[failure or error]') ?: [] as $test) {
    // A data set is part of the name: "testX with data set "a""; the filter takes it as it stands.
    printf("/^%s::%s$/\n", preg_quote((string) $test['class'], '/'), preg_quote((string) $test['name'], '/'));
}
