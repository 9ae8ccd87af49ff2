//! AADSTS numbers: Microsoft's side is busy or broken for a while; all of it passes.

use crate::base::failure::Class;
use crate::base::problem::entra::Numbers;
use crate::base::problem::table::{NOTHING_TO_DO, passes, text};

pub(super) static ROWS: &[Numbers] = &[
    (
        &[50_196, 90_055],
        passes(
            Class::Throttled,
            text(
                "Microsoft Entra ID received too many requests in a short time.",
                "Microsoft Entra ID hat in kurzer Zeit zu viele Anfragen erhalten.",
            ),
            NOTHING_TO_DO,
        ),
    ),
    (
        &[90_024, 90_012, 90_006, 90_033, 50_033, 50_087, 90_090, 70_012],
        passes(
            Class::Service,
            text(
                "Microsoft Entra ID could not work on the request at the moment.",
                "Microsoft Entra ID konnte die Anfrage im Augenblick nicht bearbeiten.",
            ),
            NOTHING_TO_DO,
        ),
    ),
];
