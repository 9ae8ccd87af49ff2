<?php

declare(strict_types=1);

// Writes which functions the rows run. Started by tools/orderfile, which builds what is looked at.

namespace Squeeze\Graph\Benches;

require __DIR__ . '/autoload.php';

[, $notes, $file] = $argv;
$map = LinkMap::read($notes . '/map');
$folder = Options::workFolder();
/** @var array<string, int> $rows how many rows run a function */
$rows = [];
try {
    $server = new Server($folder, false);
    foreach (Rows::all() as $row) {
        // FPM's worker runs what the other rows run.
        if (str_starts_with($row->name(), 'fpm-')) {
            continue;
        }
        fwrite(STDERR, $row->name() . "\n");
        $scene = new Scene($server, $folder);
        $row->setUp($scene);
        $profile = $notes . '/' . $row->name();
        Process::$under = ['valgrind', '--quiet', '--tool=callgrind', '--dump-instr=yes', '--callgrind-out-file=' . $profile];
        $row->run($scene, 'ours');
        Process::$under = [];
        foreach ($map->functions(Profile::executed($profile, (string) getenv('SQUEEZE_GRAPH_EXTENSION'))) as $function) {
            $rows[$function] = ($rows[$function] ?? 0) + 1;
        }
    }
} finally {
    unset($server, $scene);
    Scene::remove($folder);
}
// Those of as many rows stay where the linker had them: beside what they belong to.
$ranks = array_flip($map->names());
uksort($rows, static fn (string $a, string $b): int => [-$rows[$a], $ranks[$a]] <=> [-$rows[$b], $ranks[$b]]);
file_put_contents($file, "# Written by tools/orderfile.\n" . implode("\n", array_keys($rows)) . "\n");
printf("%d functions of %d, %d of them in every row\n", count($rows), count($ranks), count(array_keys($rows, max($rows), true)));
