<?php

declare(strict_types=1);

// Does one row in one way and prints what it took: time by the clock from before the first call, which includes every connection
// that has to be made; processor time; peak memory.

namespace Squeeze\Graph\Benches;

require __DIR__ . '/autoload.php';

[, $name, $way, $file] = $argv;
$row = Rows::named($name);
$given = json_decode((string) file_get_contents($file), true, 512, JSON_THROW_ON_ERROR);
// The code is read and compiled for every way alike, before the clock runs.
class_exists(BatchClient::class);
$cpu = Process::cpu();
$began = hrtime(true);
$result = $row->$way($given);
$seconds = (hrtime(true) - $began) / 1e9;
echo json_encode(['seconds' => $seconds, 'cpu' => Process::cpu() - $cpu, 'peak' => Process::peak(), 'result' => $result], JSON_THROW_ON_ERROR);
