--TEST--
fromArray() is the inverse of jsonSerialize() for every value, through arrays, JSON, serialize and clone
--EXTENSIONS--
squeeze_graph
--FILE--
<?php
/** A value for every type that a property can have; nullable ones are null where $sparse. */
function sample(ReflectionProperty $property, bool $sparse): mixed
{
    $type = $property->getType();
    $name = $type->getName();
    if ($sparse && $type->allowsNull()) {
        return null;
    }
    if (enum_exists($name)) {
        return $name::cases()[1]->value;
    }
    if (is_a($name, JsonSerializable::class, true)) {
        return build($name, $sparse);
    }
    return match ($name) {
        'string' => "text of {$property->getName()} – ü",
        'int' => 42,
        'float' => 1.5,
        'bool' => true,
        DateTimeImmutable::class => '2026-03-29T01:30:00Z',
        'array' => $sparse ? [] : items($property),
    };
}

/** The element type stands in the property's own class only; these lists hold objects. */
function items(ReflectionProperty $property): array
{
    $class = $property->getDeclaringClass()->getShortName();
    $item = match ("$class.{$property->getName()}") {
        'RefreshReport.results' => 'RefreshResult',
        'ImportReport.results' => 'ImportResult',
        'ConnectionReport.checks' => 'ConnectionCheck',
        'IncomingMessage.attachments' => 'IncomingAttachment',
        'Message.to', 'Message.cc', 'Message.bcc', 'Message.replyTo' => 'Address',
        default => null,
    };
    return match (true) {
        $item !== null => [build("Squeeze\\Graph\\$item", false), build("Squeeze\\Graph\\$item", true)],
        $property->getName() === 'headers' => [['name' => 'X-A', 'value' => 'b'], ['name' => 'X-A', 'value' => 'c']],
        default => ['one', 'two'],
    };
}

function build(string $class, bool $sparse): array
{
    $data = [];
    foreach ((new ReflectionClass($class))->getProperties() as $property) {
        $data[$property->getName()] = sample($property, $sparse);
    }
    return $data;
}

$seen = 0;
foreach ((new ReflectionExtension('squeeze_graph'))->getClasses() as $class) {
    if ($class->isEnum() || !$class->implementsInterface(JsonSerializable::class)) {
        continue;
    }
    $seen++;
    $name = $class->getName();
    foreach ([false, true] as $sparse) {
        $data = build($name, $sparse);
        $value = $name::fromArray($data);
        $checks = [
            'jsonSerialize' => $value->jsonSerialize() === $data,
            'array' => $name::fromArray($value->jsonSerialize()) == $value,
            'json' => $name::fromArray(json_decode(json_encode($value, JSON_PRESERVE_ZERO_FRACTION), true)) == $value,
            'objects' => $name::fromArray(get_object_vars($value)) == $value,
            'serialize' => unserialize(serialize($value)) == $value,
            'clone' => clone $value == $value,
        ];
        foreach (array_keys($checks, false, true) as $failed) {
            echo "$name: $failed\n";
        }
    }
}
echo "$seen values\n";
?>
--EXPECT--
17 values
