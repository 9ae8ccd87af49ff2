<?php

declare(strict_types=1);

namespace Squeeze\Graph;

/** An administrator must act first: secret expired, application disabled, consent missing. */
class ActionRequiredException extends ConfigurationException
{
}
