<?php

declare(strict_types=1);

namespace Squeeze\Graph\Console;

use Symfony\Component\Console\Command\Command;
use Symfony\Component\Console\Input\InputOption;

/**
 * What Symfony's Console says by itself, in the reader's language: its options and commands, the headings of its help, and
 * what is wrong with a command line. A sentence that is not known here stays English.
 */
final class SymfonyWords
{
    private const OPTIONS = [
        'help' => 'Hilfe zu diesem Befehl; ohne Befehl die Liste der Befehle',
        'quiet' => 'nichts ausgeben',
        'silent' => 'gar nichts ausgeben, auch keine Fehler',
        'verbose' => 'mehr ausgeben: -v, -vv, -vvv',
        'version' => 'die Version',
        'ansi' => 'mit Farben (--no-ansi: ohne)',
        'no-interaction' => 'nichts fragen',
    ];

    private const COMMANDS = [
        'help' => 'Hilfe zu einem Befehl',
        'list' => 'Zeigt alle Befehle',
        'completion' => 'Gibt das Skript aus, mit dem die Shell Befehle ergänzt',
    ];

    private const HEADINGS = [
        'Usage:' => 'Aufruf:',
        'Options:' => 'Optionen:',
        'Arguments:' => 'Argumente:',
        'Description:' => 'Beschreibung:',
        'Help:' => 'Hilfe:',
        'Available commands:' => 'Befehle:',
        'Available commands for the "' => 'Befehle im Bereich "',
        '" namespace:' => '":',
        'command [options] [arguments]' => 'Befehl [Optionen] [Argumente]',
        '[options]' => '[Optionen]',
        '[default: ' => '[sonst: ',
        '(multiple values allowed)' => '(mehrfach möglich)',
        'The command to execute' => 'der Befehl',
        'The command name' => 'der Befehl',
        'The namespace name' => 'der Bereich',
        'The output format (txt, xml, json, or md)' => 'das Format: txt, xml, json oder md',
        'The output format (txt, xml, json, md, or rst)' => 'das Format: txt, xml, json, md oder rst',
        'To output raw command list' => 'die bloße Liste',
        'To output raw command help' => 'der bloße Text',
        'To skip describing commands\' arguments' => 'ohne Argumente',
        'The shell type (e.g. "bash"), the value of the "$SHELL" env var will be used if this is not given' => 'die Shell, etwa bash; sonst die aus $SHELL',
        'Tail the completion debug log' => 'das Protokoll des Ergänzens verfolgen',
    ];

    private const SENTENCES = [
        '/^Not enough arguments \(missing: "(.+)"\)\.$/' => 'Es fehlt: $1.',
        '/^Too many arguments(?: to "(.+)" command)?, expected arguments (.+)\.$/' => 'Das sind zu viele Argumente; erwartet: $2.',
        '/^No arguments expected(?: for "(.+)" command)?, got "(.+)"\.$/' => 'Hier steht kein Argument: $2.',
        '/^The "(-.+)" option does not exist\.$/' => 'Die Option $1 gibt es nicht.',
        '/^The "(-.+)" option does not accept a value\.$/' => 'Die Option $1 nimmt keinen Wert.',
        '/^The "(-.+)" option requires a value\.$/' => 'Die Option $1 braucht einen Wert.',
        '/^The command "(.+)" does not exist\.$/m' => 'Den Befehl $1 gibt es nicht.',
        '/^Command "(.+)" is not defined\.$/m' => 'Den Befehl $1 gibt es nicht.',
        '/^Command "(.+)" is ambiguous\.$/m' => 'Der Befehl $1 ist mehrdeutig.',
        '/^There are no commands defined in the "(.+)" namespace\.$/m' => 'Im Bereich $1 gibt es keine Befehle.',
        '/^The namespace "(.+)" is ambiguous\.$/m' => 'Der Bereich $1 ist mehrdeutig.',
        '/^Did you mean (?:this|one of these)\?$/m' => 'Meinten Sie:',
    ];

    public function __construct(private readonly string $language)
    {
    }

    public function option(InputOption $option): InputOption
    {
        $german = self::OPTIONS[$option->getName()] ?? null;
        if ($this->language !== 'de' || $german === null) {
            return $option;
        }
        $mode = $option->isNegatable() ? InputOption::VALUE_NEGATABLE : InputOption::VALUE_NONE;

        return new InputOption($option->getName(), $option->getShortcut(), $mode, $german);
    }

    public function command(Command $command): Command
    {
        $german = self::COMMANDS[(string) $command->getName()] ?? null;

        return $this->language === 'de' && $german !== null ? $command->setDescription($german)->setHelp('') : $command;
    }

    /** A page of help. */
    public function page(string $english): string
    {
        return $this->language === 'de' ? strtr($english, self::HEADINGS) : $english;
    }

    /** What is wrong with a command line. */
    public function sentence(string $english): string
    {
        return $this->language === 'de' ? (string) preg_replace(array_keys(self::SENTENCES), array_values(self::SENTENCES), $english) : $english;
    }
}
