<?php

declare(strict_types=1);

// The bench: see README.md beside this file. Started by tools/bench, which builds what is measured.

namespace Squeeze\Graph\Benches;

require __DIR__ . '/autoload.php';

set_error_handler(static function (int $level, string $message, string $file, int $line): bool {
    throw new \ErrorException($message, 0, $level, $file, $line);
});

$options = Options::read(array_slice($argv, 1));
$folder = Options::workFolder();
try {
    $bench = new Bench($options, $folder);
    $report = $bench->run();
} finally {
    unset($bench);
    Scene::remove($folder);
}
if ($options->json) {
    echo json_encode($report, JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES), "\n";
} else {
    echo $report->text();
}
if ($options->write) {
    $root = dirname(__DIR__);
    $readme = (string) file_get_contents($root . '/README.md');
    file_put_contents($root . '/README.md', $report->into($readme));
    file_put_contents($root . '/docs/speed.svg', (new Chart($report))->svg());
}
exit($report->holds() ? 0 : 1);
