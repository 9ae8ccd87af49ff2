--TEST--
Values are final, read-only and refuse what does not fit, by the name of the key
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use Squeeze\Graph\{Message, MessageList, Problem, RefreshReport, TokenStatus};

function attempt(callable $do): void
{
    try {
        var_dump($do());
    } catch (Throwable $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}

$status = ['account' => 'a', 'state' => 'valid', 'clockSkew' => 0];
$value = TokenStatus::fromArray($status);
attempt(fn () => $value->account = 'b');
attempt(function () use ($value) { unset($value->account); });
attempt(fn () => $value->extra = 1);
attempt(fn () => new TokenStatus());
attempt(fn () => new MessageList());
attempt(fn () => serialize((new ReflectionClass(MessageList::class))->newInstanceWithoutConstructor()));
attempt(fn () => TokenStatus::fromArray([]));
attempt(fn () => TokenStatus::fromArray(['stat' => 1] + $status));
attempt(fn () => TokenStatus::fromArray([7 => 1] + $status));
attempt(fn () => TokenStatus::fromArray(['account' => null] + $status));
attempt(fn () => TokenStatus::fromArray(['clockSkew' => '0'] + $status));
attempt(fn () => TokenStatus::fromArray(['state' => 'good'] + $status));
attempt(fn () => TokenStatus::fromArray(['state' => Squeeze\Graph\Actor::User] + $status));
attempt(fn () => TokenStatus::fromArray(['expiresAt' => 'tomorrow'] + $status));
attempt(fn () => TokenStatus::fromArray(['expiresAt' => 1700000000] + $status));
attempt(fn () => TokenStatus::fromArray(['grantedScopes' => ['a', 1]] + $status));
attempt(fn () => TokenStatus::fromArray(['grantedScopes' => ['x' => 'a']] + $status));
attempt(fn () => TokenStatus::fromArray(['problem' => ['code' => 'x']] + $status));
attempt(fn () => RefreshReport::fromArray(['refreshed' => 0, 'skipped' => 0, 'failed' => 0, 'seconds' => 1, 'results' => [['account' => 'a']]]));
$endless = ['name' => 'n'];
$endless['value'] = &$endless;
$message = ['id' => 'i', 'hasAttachments' => true, 'isRead' => false, 'importance' => 'low', 'folderId' => 'f', 'bodyPreview' => 'p'];
attempt(fn () => Message::fromArray(['headers' => [$endless]] + $message));
unset($endless); // PHP frees a cycle that a variable still names at the end only in a debug build.
$text = 'before';
$referenced = Message::fromArray(['categories' => [&$text], 'headers' => [['name' => 'n', 'value' => &$text]]] + $message);
$text = 'after';
attempt(fn () => $referenced->categories[0] . ' ' . $referenced->headers[0]['value']);
attempt(fn () => unserialize(str_replace('i:7;', 'R:1;', serialize(Message::fromArray(['headers' => [['value' => 7]]] + $message))))->jsonSerialize());
attempt(fn () => TokenStatus::fromArray('no'));
attempt(fn () => TokenStatus::fromArray());
attempt(fn () => TokenStatus::fromArray(['expiresAt' => new DateTime('2026-01-01 00:00:00+02:00')] + $status)->expiresAt->format('c e'));
attempt(fn () => (new ReflectionClass(TokenStatus::class))->isFinal());
var_dump($value);
?>
--EXPECTF--
Error: Cannot modify readonly property Squeeze\Graph\TokenStatus::$account
Error: Cannot unset readonly property Squeeze\Graph\TokenStatus::$account
Error: Cannot create dynamic property Squeeze\Graph\TokenStatus::$extra
Error: Call to private Squeeze\Graph\TokenStatus::__construct() from global scope
Error: Call to private Squeeze\Graph\MessageList::__construct() from global scope
%s
ValueError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) must have the key "account"
ValueError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) has the unknown key "stat"
ValueError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) has the unknown key "7"
TypeError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "account" must be of type string, null given
TypeError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "clockSkew" must be of type int, string given
ValueError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "state" must be a value of enum Squeeze\Graph\TokenState
TypeError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "state" must be of type string, Squeeze\Graph\Actor given
ValueError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "expiresAt" must be an RFC 3339 time
TypeError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "expiresAt" must be of type RFC 3339 string, int given
TypeError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "grantedScopes[1]" must be of type string, int given
TypeError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) key "grantedScopes" must be of type list, array given
ValueError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) must have the key "problem.message"
ValueError: Squeeze\Graph\RefreshReport::fromArray(): Argument #1 ($data) must have the key "results[0].outcome"
TypeError: Squeeze\Graph\Message::fromArray(): Argument #1 ($data) key "headers[0].value" must be of type string|int|float|bool|null, array given
string(13) "before before"
ValueError: The value contains itself or is nested too deep
TypeError: Squeeze\Graph\TokenStatus::fromArray(): Argument #1 ($data) must be of type array, string given
ArgumentCountError: Squeeze\Graph\TokenStatus::fromArray() expects exactly 1 argument, 0 given
string(29) "2025-12-31T22:00:00+00:00 UTC"
bool(true)
object(Squeeze\Graph\TokenStatus)#%d (10) {
  ["account"]=>
  string(1) "a"
  ["state"]=>
  enum(Squeeze\Graph\TokenState::Valid)
  ["expiresAt"]=>
  NULL
  ["refreshedAt"]=>
  NULL
  ["signedInAs"]=>
  NULL
  ["grantedScopes"]=>
  array(0) {
  }
  ["missingScopes"]=>
  array(0) {
  }
  ["problem"]=>
  NULL
  ["clockSkew"]=>
  int(0)
  ["signInExpiresAt"]=>
  NULL
}
