--TEST--
20,000 rounds over values, exceptions, arguments and callbacks keep no memory
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use Squeeze\Graph\{LeaveInInbox, Message, Problem, ThrottledException};
use function Squeeze\Graph\{access_token, callback_route, list_messages, set_logger, with_settings};

$problem = ['code' => 'c', 'message' => 'm', 'explanation' => 'e', 'remedy' => 'r', 'actor' => 'user', 'retryable' => false, 'since' => '2026-01-02T03:04:05Z'];
$message = ['id' => 'i', 'hasAttachments' => true, 'isRead' => false, 'importance' => 'low', 'folderId' => 'f', 'bodyPreview' => 'p',
    'to' => [['address' => 'a@b']], 'headers' => [['name' => 'n', 'value' => 'v']], 'receivedAt' => '2026-01-02T03:04:05Z'];
$rounds = [
    'values' => fn () => Message::fromArray(Message::fromArray($message)->jsonSerialize()),
    'refused values' => function () use ($problem) {
        try {
            Problem::fromArray(['since' => 'now'] + $problem);
        } catch (ValueError) {
        }
    },
    'exceptions' => fn () => (new ThrottledException(Problem::fromArray($problem), 'a', new Exception('x'), 3))->getProblem(),
    'leave' => fn () => (new LeaveInInbox('r', new DateTime('now')))->getNotBefore(),
    'refused arguments' => function () {
        try {
            access_token("a\xff" . random_int(0, 9));
        } catch (ValueError) {
        }
    },
    'coerced arguments' => function () {
        try {
            access_token('a', '-' . random_int(1, 9));
        } catch (ValueError) {
        }
    },
    'settings' => fn () => with_settings(['store' => '/' . random_int(0, 9)], fn () => str_repeat('x', 100)),
    'throwing callback' => function () {
        try {
            with_settings(['language' => 'de'], fn () => throw new Exception('out'));
        } catch (Exception) {
        }
    },
    'lists' => fn () => list_messages('a' . random_int(0, 9), since: new DateTimeImmutable('now'))->getIterator(),
    'loggers' => function () {
        set_logger(fn () => null);
        set_logger(null);
    },
    'queries' => fn () => callback_route(['state' => 'x' . random_int(0, 9), 'a' => []]),
];
// Under valgrind, which run-tests -m announces so, nothing is pooled and each round takes long: there it looks for what is lost.
$valgrind = getenv('USE_ZEND_ALLOC') === '0';
$resident = fn (): int => (int) preg_replace('~.*VmRSS:\s*(\d+).*~s', '$1', file_get_contents('/proc/self/status'));
foreach ($rounds as $name => $round) {
    for ($i = 0; $i < ($valgrind ? 0 : 2_000); $i++) {
        $round();
    }
    gc_collect_cycles();
    [$zend, $process] = [memory_get_usage(), $resident()];
    for ($i = 0; $i < ($valgrind ? 50 : 20_000); $i++) {
        $round();
    }
    gc_collect_cycles();
    [$zend, $process] = [memory_get_usage() - $zend, $resident() - $process];
    printf("%s: %s\n", $name, $valgrind || ($zend < 1024 && $process < 2048) ? 'flat' : "grew by $zend bytes, $process kB resident");
}
?>
--EXPECT--
values: flat
refused values: flat
exceptions: flat
leave: flat
refused arguments: flat
coerced arguments: flat
settings: flat
throwing callback: flat
lists: flat
loggers: flat
queries: flat
