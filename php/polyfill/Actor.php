<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** Who must act on a problem. */
enum Actor: string
{
    /** It passes by itself. */
    case Nobody = 'nobody';
    /** The person who signs in. */
    case User = 'user';
    /** Whoever manages the app registration. */
    case AppAdministrator = 'app_administrator';
    /** Whoever manages the Microsoft 365 tenant. */
    case TenantAdministrator = 'tenant_administrator';
    /** Whoever runs this machine and the PHP application. */
    case Host = 'host';
}
