<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** How an account's sign-in stands. */
enum TokenState: string
{
    /** Nobody has signed in yet. */
    case NeverSignedIn = 'never_signed_in';
    /** The access token is good. */
    case Valid = 'valid';
    /** The access token has ended; a refresh will do. */
    case Expired = 'expired';
    /** The user must sign in. */
    case SignInRequired = 'sign_in_required';
    /** An administrator must act first: secret expired, application disabled, consent missing. */
    case ActionRequired = 'action_required';
}
