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
        // Nobody waits for windows to grow, nor for a queue: measured is the journey, not the width of the road.
        foreach (['tcp_rmem', 'tcp_wmem'] as $buffers) {
            file_put_contents('/proc/sys/net/ipv4/' . $buffers, '4096 4194304 16777216');
        }
        $wide = ' dev ' . self::DEVICE . ' src 127.0.0.1 initcwnd 400 initrwnd 400';
        foreach (
            [
                'link set ' . self::DEVICE . ' txqueuelen 10000 up',
                'route replace ' . self::FIRST . '/32' . $wide,
                'route replace ' . self::SECOND . '/32' . $wide,
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
