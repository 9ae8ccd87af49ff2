<?php

declare(strict_types=1);

namespace Squeeze\Graph\Polyfill;

/**
 * What all values can do: built from plain data, told as plain data. As in the extension, a key left out is null where
 * null is allowed and an empty list where a list is; anything else that is missing, unknown or of a wrong type is refused.
 *
 * A value's properties say what it holds; a constant `LISTS` says which lists hold values.
 *
 * @internal
 */
trait PlainValue
{
    private function __construct()
    {
    }

    /** @param array<string, mixed> $data */
    public static function fromArray(array $data): static
    {
        $properties = (new \ReflectionClass(static::class))->getProperties();
        $names = array_map(static fn (\ReflectionProperty $property): string => $property->getName(), $properties);
        foreach (array_keys($data) as $key) {
            if (!in_array((string) $key, $names, true)) {
                throw new \ValueError(self::argument(sprintf('has the unknown key "%s"', $key)));
            }
        }
        $value = new static();
        foreach ($properties as $property) {
            $name = $property->getName();
            $type = $property->getType();
            assert($type instanceof \ReflectionNamedType);
            if (array_key_exists($name, $data)) {
                $value->{$name} = self::read($name, $type, $data[$name]);
            } elseif ($type->allowsNull()) {
                $value->{$name} = null;
            } elseif ($type->getName() === 'array') {
                $value->{$name} = [];
            } else {
                throw new \ValueError(self::argument(sprintf('must have the key "%s"', $name)));
            }
        }

        return $value;
    }

    /** @return array<string, mixed> */
    public function jsonSerialize(): array
    {
        return array_map(self::plain(...), get_object_vars($this));
    }

    private static function plain(mixed $value): mixed
    {
        return match (true) {
            $value instanceof \JsonSerializable => $value->jsonSerialize(),
            $value instanceof \BackedEnum => $value->value,
            $value instanceof \DateTimeImmutable => Time::text($value),
            is_array($value) => array_map(self::plain(...), $value),
            default => $value,
        };
    }

    private static function read(string $name, \ReflectionNamedType $type, mixed $given): mixed
    {
        if ($given === null && $type->allowsNull()) {
            return null;
        }
        $kind = $type->getName();

        return match (true) {
            $kind === 'array' => self::list($name, $given),
            $kind === 'float' && is_int($given) => (float) $given,
            $type->isBuiltin() => get_debug_type($given) === $kind
                ? $given
                : throw self::wrong($name, ($type->allowsNull() ? '?' : '') . $kind, $given),
            default => self::object($name, $kind, $given),
        };
    }

    /** @return list<mixed> */
    private static function list(string $name, mixed $given): array
    {
        if (!is_array($given) || !array_is_list($given)) {
            throw self::wrong($name, 'list', $given);
        }
        $lists = defined(static::class . '::LISTS') ? (new \ReflectionClass(static::class))->getConstant('LISTS') : [];
        foreach ($given as $index => $item) {
            $place = sprintf('%s[%d]', $name, $index);
            $given[$index] = match (true) {
                isset($lists[$name]) => self::object($place, $lists[$name], $item),
                $name === 'headers' => is_array($item) ? $item : throw self::wrong($place, 'array', $item),
                default => is_string($item) ? $item : throw self::wrong($place, 'string', $item),
            };
        }

        return $given;
    }

    private static function object(string $name, string $class, mixed $given): object
    {
        if ($class === \DateTimeImmutable::class) {
            return match (true) {
                $given instanceof \DateTimeInterface => Time::of($given),
                is_string($given) => Time::read($given)
                    ?? throw new \ValueError(self::argument(sprintf('key "%s" must be an RFC 3339 time', $name))),
                default => throw self::wrong($name, 'RFC 3339 string', $given),
            };
        }
        if ($given instanceof $class) {
            return $given;
        }
        if (is_subclass_of($class, \BackedEnum::class)) {
            return match (true) {
                is_string($given) => $class::tryFrom($given)
                    ?? throw new \ValueError(self::argument(sprintf('key "%s" must be a value of enum %s', $name, $class))),
                default => throw self::wrong($name, 'string', $given),
            };
        }

        return is_array($given) ? $class::fromArray($given) : throw self::wrong($name, 'array', $given);
    }

    private static function wrong(string $name, string $expected, mixed $given): \TypeError
    {
        return new \TypeError(
            self::argument(sprintf('key "%s" must be of type %s, %s given', $name, $expected, get_debug_type($given))),
        );
    }

    private static function argument(string $complaint): string
    {
        return sprintf('%s::fromArray(): Argument #1 ($data) %s', static::class, $complaint);
    }
}
