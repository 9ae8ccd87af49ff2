<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * What a new sandbox knows: the people, apps and places that the tests use.
 */
final class World
{
    public const TENANT = '11111111-aaaa-4bbb-8ccc-000000000001';
    public const CLIENT = 'c0ffee00-0001-4000-8000-000000000001';
    public const SECRET = 'sbx8Q~c0ntoso+web/secret=Value.1%';
    public const REDIRECT_URI = 'http://localhost/callback';
    public const USER = 'anna.gruber@contoso.example';
    public const COLLEAGUE = 'bernd.jaeger@contoso.example';
    /** USER has full access to it. */
    public const SHARED = 'rechnung@contoso.example';
    /** USER has no access to it. */
    public const CLOSED = 'personal@contoso.example';
    public const WITHOUT_MAILBOX = 'vorort@contoso.example';
    /** The app with application permissions. */
    public const DAEMON = 'c0ffee00-0007-4000-8000-000000000001';
    public const APP_WITH_EXPIRED_SECRET = 'c0ffee00-0002-4000-8000-000000000001';
}
