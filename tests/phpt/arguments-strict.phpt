--TEST--
Under strict_types nothing is coerced
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
declare(strict_types=1);

use function Squeeze\Graph\{access_token, is_expired, list_folders};

foreach ([
    fn () => access_token(1),
    fn () => access_token('a', '300'),
    fn () => access_token('a', 1.0),
    fn () => access_token(null),
    fn () => list_folders('a', recursive: 1),
    fn () => is_expired(1.5),
] as $do) {
    try {
        $do();
        echo "accepted\n";
    } catch (TypeError $error) {
        echo $error->getMessage(), "\n";
    }
}
?>
--EXPECT--
Squeeze\Graph\access_token(): Argument #1 ($account) must be of type string, int given
Squeeze\Graph\access_token(): Argument #2 ($min_validity) must be of type int, string given
Squeeze\Graph\access_token(): Argument #2 ($min_validity) must be of type int, float given
Squeeze\Graph\access_token(): Argument #1 ($account) must be of type string, null given
Squeeze\Graph\list_folders(): Argument #3 ($recursive) must be of type bool, int given
Squeeze\Graph\is_expired(): Argument #1 ($expires_at) must be of type DateTimeInterface|string|int, float given
