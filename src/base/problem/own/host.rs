//! Rows about what the host process itself does not allow: its limits, its paths, its configuration.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::own::Entry;
use crate::base::problem::table::{stays, text};

pub(super) static ROWS: &[Entry] = &[
    (
        "configuration_not_changeable",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "{setting} may not be changed here.",
                "{setting} darf hier nicht geändert werden.",
            ),
            text(
                "Set it in php.ini, or where the administrator fixed it.",
                "Setzen Sie es in der php.ini oder dort, wo der Administrator es festgelegt hat.",
            ),
        ),
    ),
    (
        "configuration_unknown",
        stays(
            Class::Configuration,
            Actor::Host,
            text("There is no setting {setting}.", "Es gibt keine Einstellung {setting}."),
            text("Use one of: {known}.", "Möglich sind: {known}."),
        ),
    ),
    (
        "configuration_value",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "{setting} can not be set to “{value}”.",
                "{setting} kann nicht auf „{value}“ gesetzt werden.",
            ),
            text("It takes: {known}.", "Möglich sind: {known}."),
        ),
    ),
    (
        "memory_limit",
        stays(
            Class::Service,
            Actor::Host,
            text(
                "This has more bytes than memory_limit leaves for it[ (room for {bytes})].",
                "Dies hat mehr Bytes, als memory_limit noch zulässt[ (Platz für {bytes})].",
            ),
            text(
                "Use {function}(), which needs little memory, or raise memory_limit.",
                "Verwenden Sie {function}(), das wenig Speicher braucht, oder erhöhen Sie memory_limit.",
            ),
        ),
    ),
    (
        "path_open_basedir",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "open_basedir does not allow the path {path}[ of the setting {key}].",
                "open_basedir lässt den Pfad {path}[ der Einstellung {key}] nicht zu.",
            ),
            text(
                "Use a path below open_basedir, or add the folder to open_basedir.",
                "Verwenden Sie einen Pfad unterhalb von open_basedir, oder nehmen Sie das Verzeichnis in open_basedir auf.",
            ),
        ),
    ),
    (
        "path_stream_wrapper",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "{path}[ in the setting {key}] is no path of a file on this machine.",
                "{path}[ in der Einstellung {key}] ist kein Pfad einer Datei auf diesem Rechner.",
            ),
            text(
                "Use a plain path; stream wrappers are not supported.",
                "Verwenden Sie einen einfachen Pfad; Stream-Wrapper werden nicht unterstützt.",
            ),
        ),
    ),
    (
        "session_required",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "Nothing ties this sign-in to a browser: there is no active session.",
                "Nichts bindet diese Anmeldung an einen Browser: Es gibt keine aktive Sitzung.",
            ),
            text(
                "Call session_start() first, or pass a random value of the browser's own as $session.",
                "Rufen Sie zuerst session_start() auf, oder übergeben Sie als $session einen Zufallswert, der nur zu diesem Browser gehört.",
            ),
        ),
    ),
];
