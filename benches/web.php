<?php

declare(strict_types=1);

// The page of the FPM rows: does a row in one way and tells the result.

namespace Squeeze\Graph\Benches;

require __DIR__ . '/autoload.php';

echo json_encode(Rows::named($_GET['row'])->{$_GET['way']}(json_decode((string) file_get_contents($_GET['given']), true, 512, JSON_THROW_ON_ERROR)), JSON_THROW_ON_ERROR);
