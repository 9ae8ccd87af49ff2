<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** What the refresh job did with an account. */
enum RefreshOutcome: string
{
    case Refreshed = 'refreshed';
    case NotDue = 'not_due';
    case NeverSignedIn = 'never_signed_in';
    case SignInRequired = 'sign_in_required';
    /** Somebody acts first: an administrator, or whoever runs this host, whose trouble changes nothing of the account. */
    case ActionRequired = 'action_required';
    /** It passes by itself. */
    case TemporaryFailure = 'temporary_failure';
    case UnknownAccount = 'unknown_account';
}
