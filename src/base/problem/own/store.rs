//! Rows about the store and its key: each names the path, whose it is, and what to do.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::own::Entry;
use crate::base::problem::table::{passes, stays, text};

pub(super) static ROWS: &[Entry] = &[
    (
        "key_malformed",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The key file {key_file} of the store {path} holds no valid key[ in line {line}][ (owner: {owner}, current user: {user})].",
                "Die Schlüsseldatei {key_file} des Speichers {path} enthält[ in Zeile {line}] keinen gültigen Schlüssel[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Put one key a line into it, 32 bytes as hexadecimal digits or base64.",
                "Tragen Sie je Zeile einen Schlüssel ein: 32 Bytes, hexadezimal oder in Base64.",
            ),
        ),
    ),
    (
        "key_missing",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The key of the store {path} is missing[: there is no file {key_file}][ (owner: {owner}, current user: {user})].",
                "Der Schlüssel des Speichers {path} fehlt[: Es gibt keine Datei {key_file}][ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Put the key file back or set squeeze_graph.key_file; without the key, move the store away and sign in anew.",
                "Legen Sie die Schlüsseldatei zurück, oder setzen Sie squeeze_graph.key_file; ohne den Schlüssel verschieben Sie den Speicher, und melden Sie sich neu an.",
            ),
        ),
    ),
    (
        "key_not_readable",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The key file {key_file} can not be read[ by {user}; it belongs to {owner}].",
                "Die Schlüsseldatei {key_file} kann nicht gelesen werden[, jedenfalls nicht von {user}; sie gehört {owner}].",
            ),
            text(
                "Give the file to the user that PHP runs as, with mode 0600.",
                "Übereignen Sie die Datei dem Benutzer, unter dem PHP läuft, mit den Rechten 0600.",
            ),
        ),
    ),
    (
        "key_readable_by_others",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The key file {key_file} can be read or changed by other users of this machine[ (owner: {owner}, current user: {user})].",
                "Die Schlüsseldatei {key_file} kann von anderen Benutzern dieses Rechners gelesen oder geändert werden[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text("Run: chmod 600 {key_file}", "Führen Sie aus: chmod 600 {key_file}"),
        ),
    ),
    (
        "key_wrong",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} was sealed with another key[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} wurde mit einem anderen Schlüssel versiegelt[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Put the right key into the key file[ {key_file}]; an old and a new key can stand there one a line.",
                "Tragen Sie den richtigen Schlüssel in die Schlüsseldatei[ {key_file}] ein; ein alter und ein neuer können dort zeilenweise stehen.",
            ),
        ),
    ),
    (
        "store_corrupt",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} is damaged and can not be read[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} ist beschädigt und kann nicht gelesen werden[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Restore it from a backup together with its key, or move it away and let the accounts be saved and signed in anew.",
                "Stellen Sie ihn zusammen mit seinem Schlüssel aus einer Sicherung wieder her, oder verschieben Sie ihn, und lassen Sie die Konten neu anlegen und anmelden.",
            ),
        ),
    ),
    (
        "store_dsn_unsupported",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The store “{path}” is a database server, which this version can not use yet.",
                "Der Speicher „{path}“ ist ein Datenbankserver; diese Version kann ihn noch nicht verwenden.",
            ),
            text(
                "Set squeeze_graph.store to a path on a local disk.",
                "Setzen Sie squeeze_graph.store auf einen Pfad auf einer lokalen Festplatte.",
            ),
        ),
    ),
    (
        "store_folder_missing",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The folder of the store, {folder}, does not exist[ (owner: {owner}, current user: {user})].",
                "Das Verzeichnis des Speichers, {folder}, gibt es nicht[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Create it for the user {user}: install -d -m 0700 -o {user} {folder}",
                "Legen Sie es für den Benutzer {user} an: install -d -m 0700 -o {user} {folder}",
            ),
        ),
    ),
    (
        "store_foreign",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The file {path} is a database of another program[ (owner: {owner}, current user: {user})].",
                "Die Datei {path} ist die Datenbank eines anderen Programms[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Set squeeze_graph.store to a path of its own; the file was not changed.",
                "Setzen Sie squeeze_graph.store auf einen eigenen Pfad; die Datei wurde nicht verändert.",
            ),
        ),
    ),
    (
        "store_gone",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} was moved or deleted while it was in use[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} wurde verschoben oder gelöscht, während er verwendet wurde[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Put the file back, together with its key, or set squeeze_graph.store to its new path.",
                "Legen Sie die Datei mit ihrem Schlüssel zurück, oder setzen Sie squeeze_graph.store auf ihren neuen Pfad.",
            ),
        ),
    ),
    (
        "store_io_error",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} could not be read or written[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} konnte nicht gelesen oder geschrieben werden[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Look at the message and at the system's log for the disk.",
                "Lesen Sie die Meldung und das Systemprotokoll des Datenträgers.",
            ),
        ),
    ),
    (
        "store_locked",
        passes(
            Class::Store,
            text(
                "The store {path} was busy for too long[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} war zu lange belegt[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Nothing needs to be done: the next call tries again.",
                "Es ist nichts zu tun: Der nächste Aufruf versucht es wieder.",
            ),
        ),
    ),
    (
        "store_network_filesystem",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} lies on a network file system, where several machines would damage it[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} liegt auf einem Netzlaufwerk, wo mehrere Rechner ihn beschädigen würden[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Set squeeze_graph.store to a path on a local disk.",
                "Setzen Sie squeeze_graph.store auf einen Pfad auf einer lokalen Festplatte.",
            ),
        ),
    ),
    (
        "store_not_a_file",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} is not a file but a folder, a device or something else[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} ist keine Datei, sondern ein Verzeichnis, ein Gerät oder etwas anderes[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Set squeeze_graph.store to the path of a file.",
                "Setzen Sie squeeze_graph.store auf den Pfad einer Datei.",
            ),
        ),
    ),
    (
        "store_not_writable",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} can not be written by {user}; it belongs to {owner}.",
                "Der Speicher {path} kann von {user} nicht geschrieben werden; er gehört {owner}.",
            ),
            text(
                "Give the file and its folder {folder} to {user}, or run PHP as {owner}.",
                "Übereignen Sie die Datei und ihr Verzeichnis {folder} an {user}, oder führen Sie PHP als {owner} aus.",
            ),
        ),
    ),
    (
        "store_path_invalid",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The setting squeeze_graph.store is not the path of a file[: “{path}”].",
                "Die Einstellung squeeze_graph.store ist kein Pfad einer Datei[: „{path}“].",
            ),
            text(
                "Set it to a path such as /var/lib/squeeze-graph/store.sqlite.",
                "Setzen Sie sie auf einen Pfad wie /var/lib/squeeze-graph/store.sqlite.",
            ),
        ),
    ),
    (
        "store_read_only",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} lies in a folder or on a disk that is read-only[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} liegt in einem Verzeichnis oder auf einem Datenträger, der schreibgeschützt ist[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Make {folder} writable[ for {user}], or set squeeze_graph.store to another path.",
                "Machen Sie {folder}[ für {user}] beschreibbar, oder setzen Sie squeeze_graph.store auf einen anderen Pfad.",
            ),
        ),
    ),
    (
        "store_row_altered",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "A value in the store {path} was changed from outside or damaged: its seal is broken[ (owner: {owner}, current user: {user})].",
                "Ein Wert im Speicher {path} wurde von außen verändert oder beschädigt: Sein Siegel ist gebrochen[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Find out who wrote to the file, and restore it from a backup, or save and authenticate the account anew.",
                "Klären Sie, wer in die Datei geschrieben hat, und stellen Sie sie aus einer Sicherung wieder her, oder richten Sie das Konto neu ein.",
            ),
        ),
    ),
    (
        "store_too_new",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} was made by a newer version of this extension[ (owner: {owner}, current user: {user})].",
                "Der Speicher {path} stammt von einer neueren Version dieser Erweiterung[ (Eigentümer: {owner}, aktueller Benutzer: {user})].",
            ),
            text(
                "Update the extension on this machine; every machine that shares the store needs the same version.",
                "Aktualisieren Sie die Erweiterung auf diesem Rechner; alle Rechner mit diesem Speicher brauchen dieselbe Version.",
            ),
        ),
    ),
    (
        "store_wrong_owner",
        stays(
            Class::Store,
            Actor::Host,
            text(
                "The store {path} belongs to {owner}, but this process runs as {user}.",
                "Der Speicher {path} gehört {owner}, dieser Prozess läuft aber als {user}.",
            ),
            text(
                "Run PHP as {owner}, or give the store and its folder to {user}: chown {user} {path}*",
                "Führen Sie PHP als {owner} aus, oder übereignen Sie den Speicher mit seinem Verzeichnis an {user}: chown {user} {path}*",
            ),
        ),
    ),
];
