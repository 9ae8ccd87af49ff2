<?php

/**
 * Prints everything in the namespace Squeeze\Graph that Reflection shows, as canonical JSON.
 *
 * Run with the stub as argument and without the extension, or with the extension and without an argument: both must
 * print the same. Bodies, comments and private properties are left out.
 */

declare(strict_types=1);

const NAMESPACE_PREFIX = 'Squeeze\\Graph\\';

/** @return list<array{name: string, arguments: array<array-key, mixed>}> */
function attributes(ReflectionFunctionAbstract|ReflectionClass|ReflectionProperty|ReflectionParameter|ReflectionClassConstant $of): array
{
    return array_map(
        static fn (ReflectionAttribute $attribute): array => ['name' => $attribute->getName(), 'arguments' => $attribute->getArguments()],
        $of->getAttributes(),
    );
}

/** A type with its alternatives in one order. */
function type(?ReflectionType $type): ?string
{
    if (!$type instanceof ReflectionUnionType) {
        return $type === null ? null : (string) $type;
    }
    $names = array_map(strval(...), $type->getTypes());
    sort($names);

    return implode('|', $names);
}

/** @return array<string, mixed> */
function parameter(ReflectionParameter $parameter): array
{
    return [
        'name' => $parameter->getName(),
        'type' => type($parameter->getType()),
        'optional' => $parameter->isOptional(),
        'default' => $parameter->isDefaultValueAvailable() ? var_export($parameter->getDefaultValue(), true) : null,
        'variadic' => $parameter->isVariadic(),
        'by reference' => $parameter->isPassedByReference(),
        'attributes' => attributes($parameter),
    ];
}

/** @return array<string, mixed> */
function signature(ReflectionFunctionAbstract $function): array
{
    return [
        'parameters' => array_map(parameter(...), $function->getParameters()),
        'returns' => type($function->getReturnType()) ?? type($function->hasTentativeReturnType() ? $function->getTentativeReturnType() : null),
        'attributes' => attributes($function),
    ];
}

/** @return array<string, mixed> */
function describe(ReflectionClass $class): array
{
    $methods = $properties = $constants = [];
    foreach ($class->getMethods() as $method) {
        if ($method->getDeclaringClass()->getName() === $class->getName()) {
            $methods[$method->getName()] = signature($method) + ['modifiers' => Reflection::getModifierNames($method->getModifiers())];
        }
    }
    foreach ($class->getProperties() as $property) {
        if ($property->getDeclaringClass()->getName() === $class->getName() && !$property->isPrivate()) {
            $properties[$property->getName()] = [
                'type' => type($property->getType()),
                'modifiers' => Reflection::getModifierNames($property->getModifiers()),
                'default' => $property->hasDefaultValue() ? var_export($property->getDefaultValue(), true) : null,
                'attributes' => attributes($property),
            ];
        }
    }
    foreach ($class->getReflectionConstants() as $constant) {
        $value = $constant->getValue();
        $constants[$constant->getName()] = $value instanceof BackedEnum ? ['case' => $value->value] : ['value' => $value];
    }
    $interfaces = $class->getInterfaceNames();
    sort($interfaces);
    ksort($methods);

    return [
        'kind' => $class->isEnum() ? 'enum' : ($class->isInterface() ? 'interface' : 'class'),
        'modifiers' => Reflection::getModifierNames($class->getModifiers()),
        'parent' => ($class->getParentClass() ?: null)?->getName(),
        'interfaces' => $interfaces,
        'backing' => $class->isEnum() ? type((new ReflectionEnum($class->getName()))->getBackingType()) : null,
        'constants' => $constants,
        'properties' => $properties,
        'methods' => $methods,
        'attributes' => attributes($class),
    ];
}

/** @return array{functions: array<string, mixed>, classes: array<string, mixed>, constants: array<string, mixed>} */
function everything(): array
{
    $ours = static fn (string $name): bool => str_starts_with(strtolower($name), strtolower(NAMESPACE_PREFIX));
    $functions = $classes = [];
    foreach (array_filter(array_merge(...array_values(get_defined_functions())), $ours) as $name) {
        $function = new ReflectionFunction($name);
        $functions[$function->getName()] = signature($function);
    }
    foreach (array_filter(array_merge(get_declared_classes(), get_declared_interfaces()), $ours) as $name) {
        $classes[$name] = describe(new ReflectionClass($name));
    }
    $constants = array_filter(get_defined_constants(), $ours, ARRAY_FILTER_USE_KEY);
    ksort($functions);
    ksort($classes);
    ksort($constants);

    return compact('functions', 'classes', 'constants');
}

if (isset($argv[1]) && realpath($argv[0]) === __FILE__) {
    foreach (array_slice($argv, 1) as $file) {
        require_once $file;
    }
}

echo json_encode(everything(), JSON_PRETTY_PRINT | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), "\n";
