<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * Chromium without a window, driven over the WebDriver protocol (W3C), for as long as this object lives.
 *
 * Elements are found as a person finds them: a button by what it says, a field by its label.
 */
final class Browser
{
    public const TAB = "\u{E004}";
    public const ENTER = "\u{E007}";
    public const UP = "\u{E013}";
    private const ELEMENT = 'element-6066-11e4-a52e-4f735466cecf';

    /** @var resource */
    private $driver;
    private readonly string $url;
    private readonly string $profile;
    private ?string $session = null;

    /** @param string $language what it asks pages for, such as `de` */
    public function __construct(string $folder, string $language = 'en', private readonly int $width = 1280, private readonly int $height = 844, bool $dark = false, bool $scripts = true)
    {
        $this->profile = $folder . '/browser-' . bin2hex(random_bytes(4));
        mkdir($this->profile, 0700);
        $this->driver = proc_open(
            ['chromedriver', '--port=0'],
            [['file', '/dev/null', 'r'], ['pipe', 'w'], ['file', $this->profile . '/driver.log', 'w']],
            $pipes,
        ) ?: throw new \RuntimeException('chromedriver can not be started');
        do {
            $line = fgets($pipes[1]);
        } while ($line !== false && preg_match('/started successfully on port (\d+)/', $line, $port) !== 1);
        if ($line === false) {
            throw new \RuntimeException('chromedriver did not start');
        }
        $this->url = 'http://localhost:' . $port[1];
        $arguments = [
            '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
            '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars',
            '--user-data-dir=' . $this->profile . '/profile', sprintf('--window-size=%d,%d', $width, $height),
            ...($dark ? ['--blink-settings=preferredColorScheme=0'] : []),
        ];
        $this->session = $this->ask('POST', '/session', ['capabilities' => ['alwaysMatch' => [
            'browserName' => 'chrome',
            'timeouts' => ['implicit' => 0, 'pageLoad' => 60_000, 'script' => 10_000],
            'goog:loggingPrefs' => ['browser' => 'ALL'],
            'goog:chromeOptions' => ['args' => $arguments, 'prefs' => [
                'intl.accept_languages' => $language,
                'profile.managed_default_content_settings.javascript' => $scripts ? 1 : 2,
            ]],
        ]]])['sessionId'];
        $this->resize();
    }

    public function __destruct()
    {
        try {
            if ($this->session !== null) {
                $this->ask('DELETE', $this->path(''));
            }
        } finally {
            proc_terminate($this->driver);
            proc_close($this->driver);
        }
    }

    public static function available(): bool
    {
        $found = static fn (string $program): bool => array_filter(
            explode(':', (string) getenv('PATH')),
            static fn (string $folder): bool => is_executable($folder . '/' . $program),
        ) !== [];

        return $found('chromedriver') && $found('chromium');
    }

    public function open(string $url): void
    {
        $this->ask('POST', $this->path('/url'), ['url' => $url]);
    }

    public function address(): string
    {
        return $this->ask('GET', $this->path('/url'));
    }

    public function title(): string
    {
        return $this->ask('GET', $this->path('/title'));
    }

    /** The text that can be seen. */
    public function text(string $xpath = '//body'): string
    {
        return $this->on($xpath, 'GET', 'text');
    }

    public function source(): string
    {
        return $this->ask('GET', $this->path('/source'));
    }

    public function back(): void
    {
        $this->ask('POST', $this->path('/back'), new \stdClass());
    }

    public function has(string $xpath): bool
    {
        return $this->all($xpath) !== [];
    }

    /** @return list<string> ids of elements */
    public function all(string $xpath): array
    {
        return array_column($this->ask('POST', $this->path('/elements'), ['using' => 'xpath', 'value' => $xpath]), self::ELEMENT);
    }

    /** Forgets a cookie of a site. */
    public function forget(string $url, string $cookie): void
    {
        $this->ask('POST', $this->path('/goog/cdp/execute'), ['cmd' => 'Network.deleteCookies', 'params' => ['name' => $cookie, 'url' => $url]]);
    }

    /** Presses the button or the link that begins with a text, the first of several. */
    public function press(string $text): void
    {
        $quoted = self::quoted($text);
        $this->click("(//button[starts-with(normalize-space(.), $quoted)] | //a[starts-with(normalize-space(.), $quoted)])[1]");
    }

    public function click(string $xpath): void
    {
        $this->on($xpath, 'POST', 'click', new \stdClass());
    }

    /** Types into the field of that label, in place of what is there. */
    public function fill(string $label, string $value): void
    {
        $this->on($this->field($label), 'POST', 'clear', new \stdClass());
        $this->on($this->field($label), 'POST', 'value', ['text' => $value]);
    }

    public function value(string $label): string
    {
        return $this->on($this->field($label), 'GET', 'property/value');
    }

    /** Presses keys, where the focus is. */
    public function keys(string $keys): void
    {
        $active = $this->ask('GET', $this->path('/element/active'))[self::ELEMENT];
        $this->ask('POST', $this->path('/element/' . $active . '/value'), ['text' => $keys]);
    }

    public function script(string $code): mixed
    {
        return $this->ask('POST', $this->path('/execute/sync'), ['script' => $code, 'args' => []]);
    }

    /** Waits until a text can be seen. */
    public function waitFor(string $text, float $seconds = 20): void
    {
        $end = microtime(true) + $seconds;
        do {
            try {
                $seen = $this->text();
            } catch (\RuntimeException) {
                // Between two pages.
                $seen = '';
            }
            if (str_contains($seen, $text)) {
                return;
            }
            usleep(50_000);
        } while (microtime(true) < $end);

        throw new \RuntimeException(sprintf("\"%s\" did not appear at %s:\n%s", $text, $this->address(), $seen));
    }

    /** Waits until there is such an element: a click returns before the page that it asks for is there. */
    public function waitForElement(string $xpath, float $seconds = 20): void
    {
        $end = microtime(true) + $seconds;
        do {
            try {
                if ($this->has($xpath)) {
                    return;
                }
            } catch (\RuntimeException) {
                // Between two pages.
            }
            usleep(50_000);
        } while (microtime(true) < $end);

        throw new \RuntimeException(sprintf('%s did not appear at %s', $xpath, $this->address()));
    }

    /** The elements as assistive technology gets them. @return list<array{role: string, name: string}> */
    public function accessible(): array
    {
        $nodes = $this->ask('POST', $this->path('/goog/cdp/execute'), ['cmd' => 'Accessibility.getFullAXTree', 'params' => new \stdClass()])['nodes'];
        $seen = array_filter($nodes, static fn (array $node): bool => !$node['ignored']);

        return array_values(array_map(static fn (array $node): array => [
            'role' => (string) ($node['role']['value'] ?? ''),
            'name' => (string) ($node['name']['value'] ?? ''),
        ], $seen));
    }

    /** What the browser complained about: broken policies, missing files, errors of scripts. @return list<string> */
    public function complaints(): array
    {
        return array_column($this->ask('POST', $this->path('/se/log'), ['type' => 'browser']), 'message');
    }

    /** @return string a PNG of the whole page */
    public function picture(): string
    {
        $shot = $this->ask('POST', $this->path('/goog/cdp/execute'), [
            'cmd' => 'Page.captureScreenshot',
            'params' => ['captureBeyondViewport' => true],
        ]);

        // A picture of all changes the window, and clicks would miss.
        $this->resize();

        return base64_decode($shot['data']);
    }

    /** A phone's width is below what a window may have. */
    private function resize(): void
    {
        $this->ask('POST', $this->path('/goog/cdp/execute'), ['cmd' => 'Emulation.setDeviceMetricsOverride', 'params' => [
            'width' => $this->width, 'height' => $this->height, 'deviceScaleFactor' => 1, 'mobile' => $this->width < 500,
        ]]);
    }

    private function field(string $label): string
    {
        return sprintf('//*[@id=//label[starts-with(normalize-space(.), %s)]/@for]', self::quoted($label));
    }

    /** Does something with an element: the next page may be still on its way, or come in between. */
    private function on(string $xpath, string $method, string $what, mixed $body = null): mixed
    {
        for ($end = microtime(true) + 10;; usleep(20_000)) {
            try {
                $element = $this->ask('POST', $this->path('/element'), ['using' => 'xpath', 'value' => $xpath])[self::ELEMENT];

                return $this->ask($method, $this->path('/element/' . $element . '/' . $what), $body);
            } catch (\RuntimeException $failure) {
                if (microtime(true) > $end || preg_match('/no such element|stale element/', $failure->getMessage()) !== 1) {
                    throw $failure;
                }
            }
        }
    }

    private function path(string $rest): string
    {
        return '/session/' . $this->session . $rest;
    }

    private static function quoted(string $text): string
    {
        return str_contains($text, '"') ? "'$text'" : "\"$text\"";
    }

    private function ask(string $method, string $path, mixed $body = null): mixed
    {
        $handle = curl_init($this->url . $path);
        curl_setopt_array($handle, [
            CURLOPT_CUSTOMREQUEST => $method,
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 90,
            CURLOPT_NOPROXY => '*',
            CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
        ] + ($body === null ? [] : [CURLOPT_POSTFIELDS => json_encode($body, JSON_THROW_ON_ERROR)]));
        $answer = curl_exec($handle);
        $value = is_string($answer) ? json_decode($answer, true)['value'] ?? null : null;
        if ($answer === false || curl_getinfo($handle, CURLINFO_RESPONSE_CODE) !== 200) {
            throw new \RuntimeException(sprintf('%s %s: %s', $method, $path, $value['message'] ?? curl_error($handle)));
        }

        return $value;
    }
}
