--TEST--
Arguments follow PHP's own rules in weak mode: coercion, names, defaults, error texts
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use function Squeeze\Graph\{access_token, is_expired, list_messages, import_messages, move_messages, set_logger, to_utc, with_settings};

// Nothing here may reach a store.
ini_set('squeeze_graph.store', '/nonexistent/store.sqlite');

$stringable = new class {
    public function __toString(): string
    {
        return "a\0b";
    }
};
$attempts = [
    'empty account' => fn () => access_token(''),
    'NUL' => fn () => access_token("a\0b"),
    'Stringable' => fn () => access_token($stringable),
    'not UTF-8' => fn () => access_token("\xff"),
    'too long' => fn () => access_token(str_repeat('ü', 191)),
    '10 MB' => fn () => access_token(str_repeat('a', 10 << 20)),
    'array for string' => fn () => access_token([]),
    'word for int' => fn () => access_token('a', 'x'),
    'negative' => fn () => access_token('a', '-1'),
    'by name' => fn () => access_token('a', challenge: []),
    'unknown name' => fn () => access_token('a', chalenge: ''),
    'empty where a name is wanted' => fn () => access_token('a', challenge: ''),
    'none' => fn () => access_token(),
    'skipped' => fn () => access_token(min_validity: 1),
    'many' => fn () => access_token('a', 1, null, 4),
    'no callable' => fn () => with_settings([], 'nothing_of_that_name'),
    'no callable or null' => fn () => set_logger('nothing_of_that_name'),
    'class' => fn () => list_messages('a', since: 'yesterday'),
    'class, null' => fn () => get_class(list_messages('a', since: null)),
    'no list' => fn () => move_messages('a', ['x' => 'id', 3 => null], 'f'),
    'list of strings' => fn () => move_messages('a', [1], 'f'),
    'list of UTF-8' => fn () => move_messages('a', ["\xff"], 'f'),
    'one of' => fn () => import_messages('a', 'strlen', body: 'markdown'),
    'failures' => fn () => import_messages('a', 'strlen', max_failures: 0),
    'union' => fn () => is_expired([]),
    'union, weak bool' => fn () => is_expired(true),
    'null' => fn () => to_utc(null, 'Europe/Berlin'),
];
set_error_handler(function (int $level, string $message): bool {
    echo "  deprecated: $message\n";
    return true;
});
foreach ($attempts as $name => $do) {
    echo "$name\n";
    try {
        $result = var_export($do(), true);
        echo "  $result\n";
    } catch (Throwable $error) {
        echo '  ', get_class($error), ': ', $error->getMessage(), "\n";
    }
}
?>
--EXPECT--
empty account
  ValueError: Squeeze\Graph\access_token(): Argument #1 ($account) must not be empty
NUL
  ValueError: Squeeze\Graph\access_token(): Argument #1 ($account) must not contain any null bytes
Stringable
  ValueError: Squeeze\Graph\access_token(): Argument #1 ($account) must not contain any null bytes
not UTF-8
  ValueError: Squeeze\Graph\access_token(): Argument #1 ($account) must be valid UTF-8
too long
  ValueError: Squeeze\Graph\access_token(): Argument #1 ($account) must be at most 190 characters long
10 MB
  ValueError: Squeeze\Graph\access_token(): Argument #1 ($account) must be at most 190 characters long
array for string
  TypeError: Squeeze\Graph\access_token(): Argument #1 ($account) must be of type string, array given
word for int
  TypeError: Squeeze\Graph\access_token(): Argument #2 ($min_validity) must be of type int, string given
negative
  ValueError: Squeeze\Graph\access_token(): Argument #2 ($min_validity) must be greater than or equal to 0
by name
  TypeError: Squeeze\Graph\access_token(): Argument #3 ($challenge) must be of type ?string, array given
unknown name
  Error: Unknown named parameter $chalenge
empty where a name is wanted
  ValueError: Squeeze\Graph\access_token(): Argument #3 ($challenge) must not be empty
none
  ArgumentCountError: Squeeze\Graph\access_token() expects at least 1 argument, 0 given
skipped
  ArgumentCountError: Squeeze\Graph\access_token(): Argument #1 ($account) not passed
many
  ArgumentCountError: Squeeze\Graph\access_token() expects at most 3 arguments, 4 given
no callable
  TypeError: Squeeze\Graph\with_settings(): Argument #2 ($run) must be a valid callback, function "nothing_of_that_name" not found or invalid function name
no callable or null
  TypeError: Squeeze\Graph\set_logger(): Argument #1 ($logger) must be a valid callback or null, function "nothing_of_that_name" not found or invalid function name
class
  TypeError: Squeeze\Graph\list_messages(): Argument #4 ($since) must be of type ?DateTimeInterface, string given
class, null
  'Squeeze\\Graph\\MessageList'
no list
  TypeError: Squeeze\Graph\move_messages(): Argument #2 ($message_ids) must contain only strings, null given
list of strings
  TypeError: Squeeze\Graph\move_messages(): Argument #2 ($message_ids) must contain only strings, int given
list of UTF-8
  ValueError: Squeeze\Graph\move_messages(): Argument #2 ($message_ids) must contain only valid UTF-8
one of
  ValueError: Squeeze\Graph\import_messages(): Argument #7 ($body) must be either "text", "html" or null
failures
  ValueError: Squeeze\Graph\import_messages(): Argument #9 ($max_failures) must be greater than or equal to 1
union
  TypeError: Squeeze\Graph\is_expired(): Argument #1 ($expires_at) must be of type DateTimeInterface|string|int, array given
union, weak bool
  true
null
  deprecated: Squeeze\Graph\to_utc(): Passing null to parameter #1 ($local_time) of type string is deprecated
  ValueError: Squeeze\Graph\to_utc(): Argument #1 ($local_time) must not be empty
