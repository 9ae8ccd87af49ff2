<?php

declare(strict_types=1);

namespace Squeeze\Graph\Benches;

/**
 * A distance between this machine and itself: two addresses behind a device through which every packet travels half a round trip.
 *
 * Only in a network namespace of its own, which tools/bench makes where it may.
 */
final class Distance
{
    /** The addresses behind the device. */
    public const FIRST = '127.0.0.2';
    public const SECOND = '127.0.0.3';

    private const DEVICE = 'far';

    /** @var resource */
    private readonly mixed $process;

    public function __construct(int $milliseconds)
    {
        $this->process = proc_open([self::program(), self::DEVICE, (string) $milliseconds], [['file', '/dev/null', 'r'], ['pipe', 'w']], $pipes) ?: throw new \RuntimeException('The distance can not be made');
        if (fgets($pipes[1]) !== "ready\n") {
            throw new \RuntimeException('The distance does not come up');
        }
        // Addresses of loopback may come in by this device.
        foreach (['all', self::DEVICE] as $of) {
            file_put_contents("/proc/sys/net/ipv4/conf/{$of}/rp_filter", '0');
        }
        file_put_contents('/proc/sys/net/ipv4/conf/' . self::DEVICE . '/route_localnet', '1');
        foreach (
            [
                'link set ' . self::DEVICE . ' up',
                'route replace ' . self::FIRST . '/32 dev ' . self::DEVICE . ' src 127.0.0.1',
                'route replace ' . self::SECOND . '/32 dev ' . self::DEVICE . ' src 127.0.0.1',
            ] as $command
        ) {
            Process::run(['ip', ...explode(' ', $command)]);
        }
    }

    public function __destruct()
    {
        proc_terminate($this->process);
        proc_close($this->process);
    }

    /** Whether tools/bench could make a namespace to do it in. */
    public static function isPossible(): bool
    {
        return self::program() !== '';
    }

    private static function program(): string
    {
        return (string) getenv('SQUEEZE_GRAPH_DISTANCE');
    }
}
