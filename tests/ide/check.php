<?php

/**
 * usage: php check.php PROJECT STORAGE SETTINGS SERVER...
 * Opens PHP that uses the extension in the language server SERVER, with the folder PROJECT as what the editor has open and SETTINGS (JSON)
 * as the editor's, and sees that what is right is not called wrong, what is wrong is, and everything is explained and completed.
 */

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Ide;

require __DIR__ . '/LanguageServer.php';

[, $project, $storage, $settings] = $argv;
$root = dirname(__DIR__, 2);
$server = new LanguageServer(array_slice($argv, 4), $project, json_decode($settings, true, 512, JSON_THROW_ON_ERROR), $storage);
$stub = (string) file_get_contents("$root/stubs/squeeze_graph.stub.php");
$mistakes = [];

// Every example and every sample of the pages, save those that are about other people's packages.
$texts = [];
foreach ([...glob("$root/examples/*.php"), ...glob("$root/examples/{symfony,tests}/*.php", GLOB_BRACE)] as $file) {
    $texts['examples/' . substr($file, strlen("$root/examples/"))] = (string) file_get_contents($file);
}
foreach (array_diff(["$root/README.md", ...glob("$root/docs/*.md")], ["$root/docs/comparison.md"]) as $page) {
    preg_match_all('/^```php[^\n]*\n(?:<\?php\n)?(.*?)^```/ms', (string) file_get_contents($page), $samples);
    foreach ($samples[1] as $index => $sample) {
        $texts[sprintf('%s-%d.php', basename($page, '.md'), $index + 1)] = "<?php\n" . $sample;
    }
}
foreach ($texts as $name => $text) {
    array_push($mistakes, ...$server->open($name, $text));
}

// What is wrong.
$wrong = [
    'use function Squeeze\Graph\list_folder;  list_folder("a");' => "Undefined function 'Squeeze\Graph\list_folder'.",
    '\Squeeze\Graph\list_messages();' => 'Not enough arguments. Expected 1. Found 0.',
    '\Squeeze\Graph\list_messages("a", unread: true);' => 'Unknown named argument $unread.',
    '\Squeeze\Graph\import_messages("a", 5);' => "Expected type 'callable'. Found '5'.",
    'echo \Squeeze\Graph\token_status("a")->expires;' => "Undefined property '\$expires'.",
    'echo \Squeeze\Graph\TokenState::Ended->name;' => "Undefined class constant 'Ended'.",
    'try { } catch (\Squeeze\Graph\GraphException $e) { $e->getCode2(); }' => "Undefined method 'getCode2'.",
    'new \Squeeze\Graph\Mail();' => "Undefined type 'Squeeze\Graph\Mail'.",
];
foreach (array_keys($wrong) as $index => $code) {
    $found = implode("\n", $server->open("wrong-$index.php", "<?php\n$code\n"));
    if (!str_contains($found, $wrong[$code])) {
        $mistakes[] = sprintf('not called wrong: %s (but: %s)', $code, $found);
    }
}

// Each function is explained: with its parameters, and the first sentence of the stub.
preg_match_all('~/\*\*\n \* ([^\n]+)\n(?: \*[^\n]*\n)+?\s*\*/\nfunction (\w+)\(~', $stub, $functions, PREG_SET_ORDER);
$declared = preg_match_all('/^function /m', $stub);
if (count($functions) !== $declared) {
    $mistakes[] = sprintf('%d functions are declared, %d have a text', $declared, count($functions));
}
foreach ($functions as [, $sentence, $function]) {
    $server->open("$function.php", $text = "<?php\n\\Squeeze\\Graph\\$function(");
    $hover = stripslashes((string) ($server->at('hover', "$function.php", $text, strpos($text, $function) + 1)['contents']['value'] ?? ''));
    if (!str_contains($hover, "function $function(") || !str_contains($hover, substr($sentence, 0, 20))) {
        $mistakes[] = sprintf('%s is not explained: %s', $function, $hover);
    }
}

// What is offered where somebody begins to write; | is the cursor.
$use = 'use Squeeze\Graph\{FolderNotFoundException, IncomingMessage, TokenState}; use function Squeeze\Graph\{import_messages, list_messages, token_status}; ';
$offered = [
    'import_me|' => 'import_messages',
    'TokenState::|' => 'SignInRequired',
    'token_status("a")->|' => 'expiresAt',
    'list_messages("a", newe|)' => 'newest_first',
    'foreach (list_messages("a") as $one) { $one->from?->| }' => 'address',
    'import_messages("a", function (IncomingMessage $mail): void { foreach ($mail->attachments as $one) { $one->attachment->| } });' => 'contentType',
    'try { } catch (FolderNotFoundException $e) { $e->| }' => 'getSuggestions',
];
foreach (array_keys($offered) as $index => $code) {
    $place = strlen("<?php\n$use") + (int) strpos($code, '|');
    $text = "<?php\n$use" . str_replace('|', '', $code) . "\n";
    $server->open("offered-$index.php", $text);
    $list = $server->at('completion', "offered-$index.php", $text, $place);
    if (!in_array($offered[$code], array_map(static fn (string $label): string => trim($label, '$: '), array_column($list['items'] ?? $list ?? [], 'label')), true)) {
        $mistakes[] = sprintf('%s is not offered at %s: %s', $offered[$code], $code, json_encode(array_slice(array_column($list['items'] ?? $list ?? [], 'label'), 0, 10)));
    }
}

foreach ($mistakes as $mistake) {
    fwrite(STDERR, $mistake . "\n");
}
printf("%d texts, %d mistakes in them found, %d functions explained, %d completions\n", count($texts), count($wrong), count($functions), count($offered));
exit($mistakes === [] ? 0 : 1);
