//! Rows about an import: its folders in the mailbox, its folder on the disk, and what ends a run.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::own::Entry;
use crate::base::problem::table::{passes, stays, text};

pub(super) static ROWS: &[Entry] = &[
    (
        "import_directory_unusable",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "Mails can not be put into the folder {path}[: {reason}].",
                "In den Ordner {path} können keine Mails gelegt werden[: {reason}].",
            ),
            text(
                "Create the folder and let the user PHP runs as write to it, or name another one as $directory.",
                "Legen Sie den Ordner an und geben Sie dem Benutzer, unter dem PHP läuft, Schreibrecht, oder nennen Sie einen anderen als $directory.",
            ),
        ),
    ),
    (
        "import_disk_failed",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "A downloaded mail could not be written to {path}[: {reason}]; it stays in the inbox.",
                "Eine geladene Mail konnte nicht nach {path} geschrieben werden[: {reason}]; sie bleibt im Posteingang.",
            ),
            text(
                "Free some space there and check the folder's permissions; the next run takes the mail up again.",
                "Schaffen Sie dort Platz und prüfen Sie die Rechte des Ordners; der nächste Lauf nimmt die Mail wieder auf.",
            ),
        ),
    ),
    (
        "import_folder_missing",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The account “{account}” has no {setting}, so an import would not know where to put its mails.",
                "Das Konto „{account}“ hat kein {setting}; ein Import wüsste nicht, wohin mit den Mails.",
            ),
            text(
                "Set {setting} to a folder of the mailbox, for example a path such as /Inbox/Done.",
                "Setzen Sie {setting} auf einen Ordner des Postfachs, zum Beispiel einen Pfad wie /Posteingang/Verarbeitet.",
            ),
        ),
    ),
    (
        "import_folder_unusable",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting {setting} names “{folder}”, which is not exactly one folder of the mailbox[; it may be any of {candidates}][; similar: {suggestions}].",
                "Die Einstellung {setting} nennt „{folder}“, das ist nicht genau ein Ordner des Postfachs[; es kann jeder von {candidates} sein][; ähnlich: {suggestions}].",
            ),
            text(
                "Enter the folder's full path in the account's settings, or create the folder in the mailbox.",
                "Geben Sie den vollständigen Pfad des Ordners in den Einstellungen des Kontos an, oder legen Sie den Ordner im Postfach an.",
            ),
        ),
    ),
    (
        "import_folders_same",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The settings {first} and {second} name the same folder “{folder}”: an import would never come to an end.",
                "Die Einstellungen {first} und {second} nennen denselben Ordner „{folder}“: Ein Import käme nie zu einem Ende.",
            ),
            text(
                "Choose a folder of its own for each of the three.",
                "Wählen Sie für jede der drei einen eigenen Ordner.",
            ),
        ),
    ),
    (
        "import_lease_lost",
        passes(
            Class::ImportRunning,
            text(
                "The lease of this import could not be renewed in time, and another process may be importing by now.",
                "Die Reservierung dieses Imports konnte nicht rechtzeitig verlängert werden; ein anderer Prozess kann inzwischen importieren.",
            ),
            text(
                "Nothing is lost: start the import again, and look whether the store's disk is slow or full.",
                "Es ist nichts verloren: Starten Sie den Import erneut, und prüfen Sie, ob der Datenträger des Speichers langsam oder voll ist.",
            ),
        ),
    ),
    (
        "import_threads_failed",
        passes(
            Class::Store,
            text(
                "The operating system gave the import no thread to download with[: {reason}].",
                "Das Betriebssystem gab dem Import keinen Thread zum Laden[: {reason}].",
            ),
            text(
                "Allow this process more threads (ulimit -u, the service's TasksMax), and start the import again.",
                "Erlauben Sie diesem Prozess mehr Threads (ulimit -u, TasksMax des Dienstes), und starten Sie den Import erneut.",
            ),
        ),
    ),
];
