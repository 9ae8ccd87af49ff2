<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests;

use PHPUnit\Framework\TestCase;
use Squeeze\Graph\Client;
use Squeeze\Graph\ExtensionClient;
use Squeeze\Graph\FakeClient;
use Squeeze\Graph\MessageList;
use Squeeze\Graph\Messages;

/**
 * The interface stays the extension's: a function added, renamed or changed there is missed here.
 */
final class ClientTest extends TestCase
{
    /** @return iterable<string, array{\ReflectionFunction}> */
    public static function functions(): iterable
    {
        foreach ((new \ReflectionExtension('squeeze_graph'))->getFunctions() as $function) {
            yield $function->getShortName() => [$function];
        }
    }

    /** @dataProvider functions */
    public function testEveryFunctionIsAMethodWithTheSameArguments(\ReflectionFunction $function): void
    {
        foreach ([Client::class, ExtensionClient::class, FakeClient::class] as $class) {
            $method = new \ReflectionMethod($class, self::camel($function->getShortName()));
            $returned = str_replace(MessageList::class, Messages::class, (string) $function->getReturnType());
            self::assertSame($returned, (string) $method->getReturnType());
            self::assertSame(self::parameters($function), self::parameters($method));
        }
    }

    public function testThereIsNoMethodWithoutAFunction(): void
    {
        $functions = array_map(
            static fn (\ReflectionFunction $function): string => self::camel($function->getShortName()),
            array_values((new \ReflectionExtension('squeeze_graph'))->getFunctions()),
        );
        foreach ((new \ReflectionClass(Client::class))->getMethods() as $method) {
            self::assertContains($method->getName(), $functions);
        }
    }

    /** @return list<array{string, string, bool, mixed, list<string>}> */
    private static function parameters(\ReflectionFunctionAbstract $function): array
    {
        return array_map(static fn (\ReflectionParameter $parameter): array => [
            self::camel($parameter->getName()),
            (string) $parameter->getType(),
            $parameter->isOptional(),
            $parameter->isOptional() ? $parameter->getDefaultValue() : null,
            array_map(static fn (\ReflectionAttribute $attribute): string => $attribute->getName(), $parameter->getAttributes()),
        ], $function->getParameters());
    }

    private static function camel(string $name): string
    {
        return lcfirst(str_replace('_', '', ucwords($name, '_')));
    }
}
