//! What goes wrong on the way to Microsoft, by the stage at which it broke.
//!
//! Most of it passes; what does not is the machine's: its proxy, its certificates, its settings.

use crate::base::failure::Class;
use crate::base::problem::Actor;
use crate::base::problem::table::{Row, passes, stays, text};

/// The row of a stage.
pub(super) fn row(stage: &str) -> &'static Row {
    ROWS.iter()
        .find(|(known, _)| *known == stage)
        .map_or(&DEFAULT, |(_, row)| row)
}

pub(super) static DEFAULT: Row = passes(
    Class::Connection,
    text(
        "The connection[ to {host}] failed.",
        "Die Verbindung[ zu {host}] ist fehlgeschlagen.",
    ),
    text(
        "Nothing needs to be done at once: the next call tries again; if it lasts, check this machine's network.",
        "Es ist nicht sofort etwas zu tun: Der nächste Aufruf versucht es wieder; hält es an, prüfen Sie das Netzwerk dieses Rechners.",
    ),
);

pub(super) static ROWS: &[(&str, Row)] = &[
    (
        "broken",
        passes(
            Class::Connection,
            text(
                "The connection[ to {host}] broke before the whole answer was there.",
                "Die Verbindung[ zu {host}] brach ab, bevor die ganze Antwort da war.",
            ),
            text(
                "Nothing needs to be done at once: the next call tries again; if it lasts, check the firewall and the proxy.",
                "Es ist nicht sofort etwas zu tun: Der nächste Aufruf versucht es wieder; hält es an, prüfen Sie Firewall und Proxy.",
            ),
        ),
    ),
    (
        "cancelled",
        passes(
            Class::Connection,
            text(
                "The call was stopped before the request[ to {host}] was sent.",
                "Der Aufruf wurde beendet, bevor die Anfrage[ an {host}] gesendet war.",
            ),
            text("Call again when it suits.", "Rufen Sie noch einmal auf, wenn es passt."),
        ),
    ),
    (
        "configuration",
        stays(
            Class::Configuration,
            Actor::Host,
            text(
                "The settings for the way[ to {host}] can not be used[: {reason}].",
                "Die Einstellungen für den Weg[ zu {host}] sind nicht brauchbar[: {reason}].",
            ),
            text(
                "Correct squeeze_graph.proxy, squeeze_graph.proxy_auth_file or squeeze_graph.ca_file.",
                "Berichtigen Sie squeeze_graph.proxy, squeeze_graph.proxy_auth_file oder squeeze_graph.ca_file.",
            ),
        ),
    ),
    (
        "connect",
        passes(
            Class::Connection,
            text(
                "No connection[ to {host}] could be made.",
                "Es kam keine Verbindung[ zu {host}] zustande.",
            ),
            text(
                "Nothing needs to be done at once: the next call tries again; if it lasts, open port 443 in the firewall or set squeeze_graph.proxy.",
                "Es ist nicht sofort etwas zu tun: Der nächste Aufruf versucht es wieder; hält es an, öffnen Sie Port 443 in der Firewall, oder setzen Sie squeeze_graph.proxy.",
            ),
        ),
    ),
    (
        "dns",
        passes(
            Class::Connection,
            text(
                "The name[ {host}] could not be resolved.",
                "Der Name[ {host}] konnte nicht aufgelöst werden.",
            ),
            text(
                "Nothing needs to be done at once: the next call tries again; if it lasts, check this machine's name servers or set squeeze_graph.proxy.",
                "Es ist nicht sofort etwas zu tun: Der nächste Aufruf versucht es wieder; hält es an, prüfen Sie die Nameserver dieses Rechners, oder setzen Sie squeeze_graph.proxy.",
            ),
        ),
    ),
    (
        "proxy",
        stays(
            Class::Connection,
            Actor::Host,
            text(
                "The proxy refused to connect[ to {host}], or it wants other credentials.",
                "Der Proxy verweigert die Verbindung[ zu {host}], oder er verlangt andere Zugangsdaten.",
            ),
            text(
                "Check squeeze_graph.proxy and squeeze_graph.proxy_auth_file, and let the proxy allow this host.",
                "Prüfen Sie squeeze_graph.proxy und squeeze_graph.proxy_auth_file, und geben Sie den Server im Proxy frei.",
            ),
        ),
    ),
    (
        "timeout",
        passes(
            Class::Connection,
            text(
                "The server[ {host}] did not answer in time.",
                "Der Server[ {host}] hat nicht rechtzeitig geantwortet.",
            ),
            text(
                "Nothing needs to be done at once: the next call tries again; if it lasts, raise squeeze_graph.timeout or check the network.",
                "Es ist nicht sofort etwas zu tun: Der nächste Aufruf versucht es wieder; hält es an, erhöhen Sie squeeze_graph.timeout, oder prüfen Sie das Netzwerk.",
            ),
        ),
    ),
    (
        "tls",
        stays(
            Class::Connection,
            Actor::Host,
            text(
                "The server's certificate[ of {host}] is not trusted on this machine.",
                "Dem Zertifikat des Servers[ {host}] wird auf diesem Rechner nicht vertraut.",
            ),
            text(
                "Install ca-certificates, set squeeze_graph.ca_file to your proxy's CA certificate, and check this machine's clock.",
                "Installieren Sie ca-certificates, setzen Sie squeeze_graph.ca_file auf das CA-Zertifikat Ihres Proxys, und prüfen Sie die Uhr dieses Rechners.",
            ),
        ),
    ),
    (
        "too_large",
        stays(
            Class::Service,
            Actor::Host,
            text(
                "The answer[ of {host}] is larger than allowed.",
                "Die Antwort[ von {host}] ist größer als erlaubt.",
            ),
            text(
                "Ask for less at a time, or use a save_ function, which writes to a file.",
                "Fordern Sie weniger auf einmal an, oder verwenden Sie eine save_-Funktion, die in eine Datei schreibt.",
            ),
        ),
    ),
];
