--TEST--
Exceptions have real file, line, trace and previous, can be built and extended, and know their problem
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
use Squeeze\Graph\{AccountNotFoundException, AmbiguousFolderException, ConfigurationException, FolderNotFoundException, GraphException, LeaveInInbox, Problem, RejectMessage, SignInFailedException, StopImport, ThrottledException};

$problem = Problem::fromArray([
    'code' => 'folder_ambiguous', 'message' => 'm', 'explanation' => 'Two folders fit.', 'remedy' => 'Use the full path.',
    'actor' => 'host', 'retryable' => false, 'since' => '2026-01-01T00:00:00Z',
]);

final class Own extends ConfigurationException
{
    public function hello(): string
    {
        return 'hello';
    }
}

function deep(Problem $problem): GraphException
{
    return new Own($problem, 'accounting', new LogicException('why'));
}

$own = deep($problem);
try {
    throw $own;
} catch (RuntimeException $caught) {
    printf("%s at %s:%d\n", $caught->getMessage(), basename($caught->getFile()), $caught->getLine());
    printf("%s\n", preg_replace('~ /.*/~', ' ', explode("\n", $caught->getTraceAsString())[0]));
    var_dump($caught->getProblem() === $problem, $caught->getAccount(), $caught->getPrevious()->getMessage(), $caught->getCode(), $caught->hello());
}

var_dump((new SignInFailedException($problem))->getReason(), (new SignInFailedException($problem, reason: 'denied'))->getReason());
var_dump((new ThrottledException($problem))->getRetryAfter(), (new ThrottledException($problem, retry_after: 30))->getRetryAfter());
var_dump((new FolderNotFoundException($problem, suggestions: ['/A']))->getSuggestions(), (new AmbiguousFolderException($problem))->getCandidates());
var_dump((new RejectMessage('no invoice'))->getMessage());
$leave = new LeaveInInbox('later', new DateTime('2026-07-01 12:00:00 Europe/Berlin'));
var_dump($leave->getMessage(), $leave->getNotBefore()->format('c e'), (new LeaveInInbox())->getNotBefore());
var_dump((new StopImport('enough'))->getMessage(), is_a(AccountNotFoundException::class, ConfigurationException::class, true));
var_dump((new ReflectionClass(GraphException::class))->isAbstract(), (new ReflectionClass(StopImport::class))->isFinal());

foreach ([
    fn () => new SignInFailedException('x'),
    fn () => new ThrottledException($problem, retry_after: -1),
    fn () => new FolderNotFoundException($problem, suggestions: [1]),
    fn () => new RejectMessage(),
    fn () => new Squeeze\Graph\StoreException(),
    fn () => (new class ($problem) extends GraphException { public function __construct() {} })->getProblem(),
] as $do) {
    try {
        $do();
    } catch (Error $error) {
        echo get_class($error), ': ', $error->getMessage(), "\n";
    }
}
?>
--EXPECT--
Two folders fit. Use the full path. at exceptions.php:19
#0 exceptions.php(22): deep(Object(Squeeze\Graph\Problem))
bool(true)
string(10) "accounting"
string(3) "why"
int(0)
string(5) "hello"
string(7) "refused"
string(6) "denied"
NULL
int(30)
array(1) {
  [0]=>
  string(2) "/A"
}
array(0) {
}
string(10) "no invoice"
string(5) "later"
string(29) "2026-07-01T10:00:00+00:00 UTC"
NULL
string(6) "enough"
bool(true)
bool(true)
bool(true)
TypeError: Squeeze\Graph\SignInFailedException::__construct(): Argument #1 ($problem) must be of type Squeeze\Graph\Problem, string given
ValueError: Squeeze\Graph\ThrottledException::__construct(): Argument #4 ($retry_after) must be greater than or equal to 0
TypeError: Squeeze\Graph\FolderNotFoundException::__construct(): Argument #4 ($suggestions) must contain only strings, int given
ArgumentCountError: Squeeze\Graph\RejectMessage::__construct() expects exactly 1 argument, 0 given
ArgumentCountError: Squeeze\Graph\GraphException::__construct() expects at least 1 argument, 0 given
Error: The exception was built without calling its parent constructor
