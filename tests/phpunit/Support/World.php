<?php

declare(strict_types=1);

namespace Squeeze\Graph\Tests\Support;

/**
 * What a new sandbox knows: the people, apps and places that the tests use.
 */
final class World
{
    public const TENANT = Sandbox::TENANT;
    public const CLIENT = Sandbox::CLIENT;
    public const SECRET = Sandbox::SECRET;
    public const REDIRECT_URI = Sandbox::REDIRECT_URI;
    public const USER = Sandbox::USER;
    public const COLLEAGUE = 'bernd.jaeger@contoso.example';
    /** USER has full access to it. */
    public const SHARED = Sandbox::SHARED;
    /** USER has no access to it. */
    public const CLOSED = 'personal@contoso.example';
    public const WITHOUT_MAILBOX = 'vorort@contoso.example';
    /** The app with application permissions. */
    public const DAEMON = 'c0ffee00-0007-4000-8000-000000000001';
    public const APP_WITH_EXPIRED_SECRET = 'c0ffee00-0002-4000-8000-000000000001';
}
